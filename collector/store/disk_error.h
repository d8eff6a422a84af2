// SPDX-License-Identifier: Apache-2.0
// What an errno means for whoever waits for the disk: no space (it may come back), not allowed (a
// file system that became read-only), not there, too busy, or broken.
#pragma once

#include <cerrno>

#include "absl/status/status.h"

namespace teiten {

[[nodiscard]] inline absl::StatusCode CodeOfErrno(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return absl::StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace teiten
