// SPDX-License-Identifier: Apache-2.0
// Runs every target on every file of its corpus: `fuzz_replay corpus`. A crash found by a fuzzer
// stays fixed in every build. A target without a corpus is a failure: it would prove nothing.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/targets.h"

namespace {

std::vector<uint8_t> ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Number of files replayed. Each is also cut at every length, for over-reads.
int Replay(const teiten::fuzz::Target& target, const std::filesystem::path& folder) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::vector<uint8_t> bytes = ReadFile(entry.path());
    std::printf("%s %s\n", target.name, entry.path().filename().c_str());
    std::fflush(stdout);  // the last line names the file that crashed
    for (std::size_t n = bytes.size() > 4096 ? bytes.size() : 0; n <= bytes.size(); ++n) {
      const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(n));
      target.run(cut);
    }
    ++files;
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_replay CORPUS_FOLDER\n");
    return 2;
  }
  for (const teiten::fuzz::Target& target : teiten::fuzz::kTargets) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / target.name;
    if (!std::filesystem::is_directory(folder) || Replay(target, folder) == 0) {
      std::fprintf(stderr, "%s: no corpus\n", folder.c_str());
      return 1;
    }
  }
  return 0;
}
