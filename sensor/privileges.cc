// SPDX-License-Identifier: Apache-2.0
#include "sensor/privileges.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace teiten {
namespace {

absl::Status Refused(const char* what) {
  return absl::PermissionDeniedError(
      absl::StrCat("cannot drop privileges (", what, ": ", std::strerror(errno), ")"));
}

absl::Status BecomeUser(const std::string& name) {
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr) {
    return absl::NotFoundError(absl::StrCat("process.user: no user \"", name,
                                            "\"; make it with: useradd --system ", name));
  }
  if (geteuid() == user->pw_uid) return absl::OkStatus();
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("process.user: only root can become \"", name, "\"; leave the key out"));
  }
  if (setgroups(0, nullptr) != 0) return Refused("setgroups");
  if (setgid(user->pw_gid) != 0) return Refused("setgid");
  if (setuid(user->pw_uid) != 0) return Refused("setuid");
  return absl::OkStatus();
}

// As root, before it is another user: needs a capability that all the rest gives up.
absl::Status DropBoundingSet() {
  if (geteuid() != 0) return absl::OkStatus();
  for (int cap = 0; cap <= static_cast<int>(CAP_LAST_CAP); ++cap) {
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL && errno != EPERM) {
      return Refused("bounding set");
    }
  }
  return absl::OkStatus();
}

absl::Status DropCapabilities() {
  capng_clear(CAPNG_SELECT_ALL);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return Refused("capabilities");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
    return Refused("ambient set");
  }
  return absl::OkStatus();
}

}  // namespace

void MakeFolderOf(const std::string& user, const std::string& folder, mode_t mode) {
  if (geteuid() != 0 || ::mkdir(folder.c_str(), mode) != 0 || user.empty()) return;
  const passwd* owner = getpwnam(user.c_str());
  // By its descriptor: whoever may write beside it cannot have something else given away.
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const bool given = owner != nullptr && fd >= 0 && ::fchown(fd, owner->pw_uid, owner->pw_gid) == 0;
  if (fd >= 0) ::close(fd);
  if (!given) ::rmdir(folder.c_str());
}

absl::Status DropPrivileges(const std::string& user) {
  absl::Status status = DropBoundingSet();
  if (!status.ok()) return status;
  if (!user.empty()) {
    status = BecomeUser(user);
    if (!status.ok()) return status;
  } else if (geteuid() == 0) {
    Log(LogLevel::kWarn, "runs_as_root",
        {{"advice", "without capabilities, but root's files stay its own; set process.user"}});
  }
  status = DropCapabilities();
  if (!status.ok()) return status;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Refused("no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Refused("dumpable");
  return absl::OkStatus();
}

}  // namespace teiten
