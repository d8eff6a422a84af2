// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/ingest_core.h"
#include "common/envelope.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint32_t kProtocol = 1;
constexpr uint64_t kMostSequence = 1ULL << 62;
constexpr int kMostHeldRanges = 200'000;
constexpr std::size_t kMostTextBytes = 256;
constexpr std::size_t kMostConfigurationBytes = 64 * 1024;

absl::Status Invalid(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("hello.{}: {}", field, what));
}

absl::Status CheckTexts(const v1::Hello& hello) {
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"machine_sha256", &hello.machine_sha256()},
      {"boot_id", &hello.boot_id()},
      {"software", &hello.software()},
      {"definitions_version", &hello.definitions_version()},
      {"group", &hello.group()},
  };
  for (const auto& [name, text] : texts) {
    if (text->size() > kMostTextBytes) {
      return Invalid(name, fmt::format("{} bytes, limit {}", text->size(), kMostTextBytes));
    }
  }
  std::size_t configuration = 0;
  for (const auto& [key, value] : hello.configuration()) configuration += key.size() + value.size();
  if (configuration > kMostConfigurationBytes) {
    return Invalid("configuration",
                   fmt::format("{} bytes, limit {}", configuration, kMostConfigurationBytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateHello(const v1::Hello& hello) {
  if (hello.protocol() != kProtocol) {
    return absl::FailedPreconditionError(
        fmt::format("hello.protocol: {}, this collector speaks {}; update the older of the two",
                    hello.protocol(), kProtocol));
  }
  if (!ValidSensorId(hello.sensor())) return Invalid("sensor", "not [a-z0-9][a-z0-9-]{0,62}");
  if (hello.spool().size() != sizeof(Spool)) return Invalid("spool", "not 16 bytes");
  if (hello.next_sequence() == 0 || hello.next_sequence() > kMostSequence) {
    return Invalid("next_sequence", "out of range");
  }
  if (hello.held_size() > kMostHeldRanges) return Invalid("held", "too many ranges");
  for (const v1::SequenceRange& range : hello.held()) {
    if (range.first() == 0 || range.first() > range.last() ||
        range.last() >= hello.next_sequence()) {
      return Invalid("held", "a range is not within 1 … next_sequence");
    }
  }
  return CheckTexts(hello);
}

}  // namespace teiten
