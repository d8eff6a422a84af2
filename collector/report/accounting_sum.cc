// SPDX-License-Identifier: Apache-2.0
#include "collector/report/accounting_sum.h"

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace teiten::report {

// By reflection: a counter added to the message cannot be forgotten here.
void AddTo(const v1::Accounting& from, v1::Accounting& sum) {
  using google::protobuf::FieldDescriptor;
  const auto* reflection = v1::Accounting::GetReflection();
  const auto* descriptor = v1::Accounting::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->has_presence() && !reflection->HasField(from, field)) continue;
    reflection->SetUInt64(&sum, field,
                          reflection->GetUInt64(sum, field) + reflection->GetUInt64(from, field));
  }
}

}  // namespace teiten::report
