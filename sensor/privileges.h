// SPDX-License-Identifier: Apache-2.0
// What a process that parses hostile bytes must not be able to do.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace teiten {

// As root, before privileges are dropped: makes `folder` (not its parents) and gives it to `user`,
// or does nothing if it is there. Otherwise nothing: the folder is then the administrator's to
// make, and whoever writes into it says what is wrong.
void MakeFolderOf(const std::string& user, const std::string& folder, mode_t mode);

// After capture handles are open, before any thread and before gRPC. Becomes `user` (if started as
// root and one is named) with no supplementary groups, drops every capability from every set, sets
// no_new_privs and refuses core dumps. NotFound: no such user. PermissionDenied: the kernel
// refuses, and the process must not go on.
[[nodiscard]] absl::Status DropPrivileges(const std::string& user);

}  // namespace teiten
