// SPDX-License-Identifier: Apache-2.0
// Adding up the accounting of summaries, for every table and answer.
#pragma once

#include "teiten/v1/summary.pb.h"

namespace teiten {

// Drops stay absent until one term knows them: absent is unknown, never zero.
void AddAccounting(const v1::Accounting& term, v1::Accounting& sum);

}  // namespace teiten
