// SPDX-License-Identifier: Apache-2.0
// What a process that parses hostile bytes must not be able to do.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace teiten {

// After capture handles are open, before any thread and before gRPC. Becomes `user` (if started as
// root and one is named) with no supplementary groups, drops every capability from every set, sets
// no_new_privs and refuses core dumps. NotFound: no such user. PermissionDenied: the kernel
// refuses, and the process must not go on.
[[nodiscard]] absl::Status DropPrivileges(const std::string& user);

}  // namespace teiten
