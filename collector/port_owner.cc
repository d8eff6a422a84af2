// SPDX-License-Identifier: Apache-2.0
#include "collector/port_owner.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "fmt/format.h"

namespace teiten {
namespace {

class Socket {
 public:
  explicit Socket(int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string NameOf(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/comm");
  std::string name;
  std::getline(file, name);
  return fmt::format("process {} ({})", pid, name);
}

// The socket's inode of the listener on that port, from one of /proc/net/tcp{,6}.
std::optional<std::string> ListeningInode(const char* table, uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, skip, inode;
    fields >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skip;
    fields >> inode;
    const std::string wanted = fmt::format(":{:04X}", port);
    if (state == "0A" && local.ends_with(wanted) && inode != "0") return inode;
  }
  return std::nullopt;
}

std::string ProcessOf(const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  DIR* const proc = ::opendir("/proc");
  std::string found;
  while (const dirent* const process = proc == nullptr ? nullptr : ::readdir(proc)) {
    const std::string pid = process->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string folder = "/proc/" + pid + "/fd";
    DIR* const fds = ::opendir(folder.c_str());
    while (const dirent* const fd = fds == nullptr ? nullptr : ::readdir(fds)) {
      char target[64] = {};
      const std::string link = folder + "/" + fd->d_name;
      if (::readlink(link.c_str(), target, sizeof(target) - 1) > 0 && wanted == target) {
        found = NameOf(pid);
      }
    }
    if (fds != nullptr) ::closedir(fds);
    if (!found.empty()) break;
  }
  if (proc != nullptr) ::closedir(proc);
  return found;
}

absl::Status InUse(const Endpoint& endpoint, const std::string& owner) {
  return absl::FailedPreconditionError(
      fmt::format("{} is in use{}; stop it, or choose another with --listen", endpoint.ToString(),
                  owner.empty() ? " by another process" : " by " + owner));
}

absl::Status CannotListen(const Endpoint& endpoint, int error, const std::string& advice) {
  const std::string text = fmt::format("cannot listen on {}: {}; {}", endpoint.ToString(),
                                       std::generic_category().message(error), advice);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::FailedPreconditionError(text);
}

// gRPC says neither why it cannot make a socket nor what to do.
absl::Status CheckFolder(const Endpoint& endpoint) {
  const std::string folder = std::filesystem::path(endpoint.path).parent_path();
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    const int error = errno;
    return CannotListen(endpoint, error,
                        fmt::format("{} {}, or choose another path with --listen",
                                    error == ENOENT ? "make the folder" : "look at", folder));
  }
  if (!S_ISDIR(info.st_mode)) {
    return CannotListen(endpoint, ENOTDIR,
                        fmt::format("{} is a file: choose another path with --listen", folder));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return CannotListen(endpoint, errno,
                        fmt::format("allow this user to write into {}, or choose another path "
                                    "with --listen",
                                    folder));
  }
  return absl::OkStatus();
}

absl::Status CheckUnix(const Endpoint& endpoint) {
  if (absl::Status folder = CheckFolder(endpoint); !folder.ok()) return folder;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  struct stat info {};
  if (::lstat(endpoint.path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        endpoint.path + " exists and is not a socket; choose another path with --listen");
  }
  const Socket probe(AF_UNIX);
  if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::OkStatus();  // nobody there, or a socket file left behind
  }
  ucred peer{};
  socklen_t length = sizeof(peer);
  ::getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return InUse(endpoint, peer.pid > 0 ? NameOf(std::to_string(peer.pid)) : "");
}

absl::Status CheckTcp(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  sockaddr_storage address{};
  socklen_t length = 0;
  if (v6) {
    auto* const in6 = reinterpret_cast<sockaddr_in6*>(&address);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(endpoint.port);
    ::inet_pton(AF_INET6, endpoint.host.c_str(), &in6->sin6_addr);
    length = sizeof(*in6);
  } else {
    auto* const in = reinterpret_cast<sockaddr_in*>(&address);
    in->sin_family = AF_INET;
    in->sin_port = htons(endpoint.port);
    ::inet_pton(AF_INET, endpoint.host.c_str(), &in->sin_addr);
    length = sizeof(*in);
  }
  const Socket probe(v6 ? AF_INET6 : AF_INET);
  const int on = 1;  // else connections in TIME_WAIT would look like an owner
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), length) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  if (error != EADDRINUSE) {
    return CannotListen(endpoint, error,
                        error == EACCES ? "choose a port from 1024 on with --listen, or give "
                                          "CAP_NET_BIND_SERVICE"
                                        : "choose another address with --listen");
  }
  std::optional<std::string> inode = ListeningInode("/proc/net/tcp", endpoint.port);
  if (!inode) inode = ListeningInode("/proc/net/tcp6", endpoint.port);
  return InUse(endpoint, inode ? ProcessOf(*inode) : "");
}

}  // namespace

absl::Status CheckFree(const Endpoint& endpoint) {
  if (endpoint.unix_socket) return CheckUnix(endpoint);
  return endpoint.port == 0 ? absl::OkStatus() : CheckTcp(endpoint);
}

}  // namespace teiten
