// SPDX-License-Identifier: Apache-2.0
// Sums of what became of packets.
#pragma once

#include "teiten/v1/summary.pb.h"

namespace teiten::report {

// Every counter added. Drops that are absent (unknown) add nothing and stay absent where both are.
void AddTo(const v1::Accounting& from, v1::Accounting& sum);

}  // namespace teiten::report
