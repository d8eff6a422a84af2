// SPDX-License-Identifier: Apache-2.0
// `teiten tuples`: prints rows as they come and says where to go on when they end early.
#pragma once

#include "client/collector_link.h"
#include "client/options.h"
#include "client/text_table.h"
#include "common/exit_code.h"

namespace teiten {

struct Terminal;

// `failed` prints a status and returns its exit code.
[[nodiscard]] ExitCode RunTuples(const ClientOptions& options, CollectorLink& link,
                                 const Terminal& terminal,
                                 const std::function<ExitCode(const absl::Status&)>& failed);

}  // namespace teiten
