// SPDX-License-Identifier: Apache-2.0
// The store as a slow and obvious model: everything in maps, every answer added up from the
// beginning. For tests; nothing survives it.
#pragma once

#include <cstdint>
#include <memory>

#include "collector/store/store.h"

namespace teiten {

struct MemoryStoreOptions {
  int32_t utc_offset_minutes = 0;
  Retention retention;
  v1::DeploymentKey deployment_key;
};

// Readers may be used on other threads than the writer.
[[nodiscard]] std::unique_ptr<Store> MakeMemoryStore(const MemoryStoreOptions& options);

}  // namespace teiten
