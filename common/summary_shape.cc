// SPDX-License-Identifier: Apache-2.0
#include "common/summary_shape.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "common/envelope.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {
namespace {

using google::protobuf::internal::WireFormatLite;
using Summary = v1::WindowSummary;

constexpr int kMaxFieldsOfColumns = 64;                    // 25 and room for what may be added
constexpr std::size_t kMaxBytesBesideColumns = 16U << 20;  // 1,024 floods are 13 MiB

struct Field {
  int number = 0;
  std::string_view bytes;  // of a length-delimited one
};

// The fields of one message, one after the other. Groups, which we never use, end it as damage.
class Fields {
 public:
  explicit Fields(std::string_view message)
      : message_(message),
        stream_(reinterpret_cast<const uint8_t*>(message.data()),
                static_cast<int>(message.size())) {}

  // False at the end and on damage.
  bool Next(Field& field) {
    const uint32_t tag = stream_.ReadTag();
    if (tag == 0) return false;
    field = {WireFormatLite::GetTagFieldNumber(tag), {}};
    uint64_t ignored = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        return Sound(stream_.ReadVarint64(&ignored));
      case WireFormatLite::WIRETYPE_FIXED64:
        return Sound(stream_.Skip(8));
      case WireFormatLite::WIRETYPE_FIXED32:
        return Sound(stream_.Skip(4));
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return ReadBytes(field);
      default:
        return Sound(false);
    }
  }
  // After Next has returned false.
  [[nodiscard]] bool damaged() const {
    return damaged_ || stream_.CurrentPosition() != static_cast<int>(message_.size());
  }

 private:
  bool Sound(bool read) {
    damaged_ = damaged_ || !read;
    return read;
  }
  bool ReadBytes(Field& field) {
    uint32_t size = 0;
    if (!stream_.ReadVarint32(&size)) return Sound(false);
    const auto at = static_cast<std::size_t>(stream_.CurrentPosition());
    if (size > message_.size() - at) return Sound(false);
    field.bytes = message_.substr(at, size);
    return Sound(stream_.Skip(static_cast<int>(size)));
  }

  std::string_view message_;
  google::protobuf::io::CodedInputStream stream_;
  bool damaged_ = false;
};

absl::Status TooMany(std::string_view field, std::size_t limit) {
  return absl::ResourceExhaustedError(fmt::format("{}: more than {}", field, limit));
}

absl::Status Damaged(std::string_view field) {
  return absl::InvalidArgumentError(fmt::format("{}: not a message", field));
}

absl::Status CheckColumns(std::string_view message) {
  Fields fields(message);
  Field field;
  for (int count = 0; fields.Next(field); ++count) {
    if (count == kMaxFieldsOfColumns) return TooMany("columns", kMaxFieldsOfColumns);
  }
  return fields.damaged() ? Damaged("columns") : absl::OkStatus();
}

absl::Status CheckFlood(std::string_view message) {
  Fields fields(message);
  Field field;
  for (int ports = 0; fields.Next(field);) {
    if (field.number != v1::Flood::kTopPortsFieldNumber) continue;
    if (++ports > kMaxTopPortsOfFlood) return TooMany("floods.top_ports", kMaxTopPortsOfFlood);
  }
  return fields.damaged() ? Damaged("floods") : absl::OkStatus();
}

// How often a field of the summary may occur; 0: not a list, not counted.
int MostOf(int number) {
  switch (number) {
    case Summary::kBlindPortsFieldNumber:
      return kMaxBlindPortsOfSummary;
    case Summary::kIpv4FieldNumber:
    case Summary::kIpv6FieldNumber:
      return 1;
    case Summary::kFoldedFieldNumber:
      return kMaxFoldedRowsOfSummary;
    case Summary::kFoldedSourcesFieldNumber:
      return kMaxSketchesOfSummary;
    case Summary::kFloodsFieldNumber:
      return kMaxFloodsOfSummary;
    default:
      return 0;
  }
}

}  // namespace

absl::Status CheckSummaryShape(std::string_view serialized_summary) {
  Fields fields(serialized_summary);
  Field field;
  int seen[Summary::kHealthFieldNumber + 1] = {};
  std::size_t columns_bytes = 0;
  while (fields.Next(field)) {
    absl::Status status;
    if (field.number == Summary::kIpv4FieldNumber || field.number == Summary::kIpv6FieldNumber) {
      columns_bytes += field.bytes.size();
      status = CheckColumns(field.bytes);
    } else if (field.number == Summary::kFloodsFieldNumber) {
      status = CheckFlood(field.bytes);
    }
    if (!status.ok()) return status;
    const int most = MostOf(field.number);
    if (most != 0 && ++seen[field.number] > most) {
      return TooMany(Summary::descriptor()->FindFieldByNumber(field.number)->name(),
                     static_cast<std::size_t>(most));
    }
  }
  if (fields.damaged()) return Damaged("content");
  if (serialized_summary.size() - columns_bytes > kMaxBytesBesideColumns) {
    return TooMany("bytes beside the columns", kMaxBytesBesideColumns);
  }
  return absl::OkStatus();
}

}  // namespace teiten
