// SPDX-License-Identifier: Apache-2.0
// What the executables tell scripts and service managers (after sysexits.h).
#pragma once

namespace teiten {

enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kDamagedInput = 65,   // what was readable is counted
  kUnreachable = 69,    // the collector
  kInternal = 70,
  kIo = 74,             // I/O error, disk full
  kTryAgain = 75,
  kPrivilege = 77,      // privilege or identity
  kConfiguration = 78,
};

}  // namespace teiten
