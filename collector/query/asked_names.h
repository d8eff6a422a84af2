// SPDX-License-Identifier: Apache-2.0
// The sensors and groups that a question names, held against those the store knows: a typing error
// must not look like silence.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/store/store.h"

namespace teiten {

struct AskedNames {
  // "sensor "nosuch" is not known; known: a, b": of lists that have other, known names.
  std::vector<std::string> notes;
  // Why nothing can match, as a sentence, where a list has no known name; else empty.
  std::string nothing_matches;
};

// Empty lists name nothing. A group is known if a sensor is in it, or if it has data in the time.
// Errors: those of the store.
[[nodiscard]] absl::StatusOr<AskedNames> CheckNames(StoreReader& store, const FactSelection& asked);

// True if the group has data of the asked sensors in the asked time.
[[nodiscard]] absl::StatusOr<bool> GroupHasData(StoreReader& store, FactSelection asked,
                                                const std::string& group);

// "a, b, c", and of more than ten how many more there are.
[[nodiscard]] std::string NameList(const std::vector<std::string>& names,
                                   const char* separator = ", ");

}  // namespace teiten
