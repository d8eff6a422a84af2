// SPDX-License-Identifier: Apache-2.0
// One target of targets.h as a libFuzzer executable.
#include <cstring>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const teiten::fuzz::Target& target : teiten::fuzz::kTargets) {
    if (std::strcmp(target.name, TEITEN_FUZZ_TARGET) == 0) target.run({data, size});
  }
  return 0;
}
