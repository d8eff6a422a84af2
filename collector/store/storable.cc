// SPDX-License-Identifier: Apache-2.0
#include "collector/store/storable.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr int64_t kYear10000Ms = 253'402'300'800'000;

absl::Status Impossible(const AcceptedFact& fact, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("{} {}: {}", fact.key.sensor, fact.key.sequence, what));
}

}  // namespace

absl::Status CheckStorable(const AcceptedFact& fact, const Zone& zone) {
  if (fact.content_sha256.size() != kHashBytes) {
    return Impossible(fact, "content_sha256: not 32 bytes");
  }
  if (fact.window_start_unix_ms < 0) {
    return Impossible(fact, "window_start_unix_ms: before 1970");
  }
  const int64_t first_unnamed_ms = kYear10000Ms - int64_t{zone.utc_offset_minutes()} * 60'000;
  if (fact.window_start_unix_ms >= std::min(kYear10000Ms, first_unnamed_ms)) {
    return Impossible(fact, "window_start_unix_ms: after 9999 in the store's zone");
  }
  return absl::OkStatus();
}

}  // namespace teiten
