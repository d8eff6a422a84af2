// SPDX-License-Identifier: Apache-2.0
// A configuration as text: what holds (--check --dump), and what could be said (config/*.toml).
#include <fmt/format.h>

#include "common/config_file.h"
#include "common/text.h"

namespace teiten {
namespace {

constexpr std::size_t kColumns = 100;

struct Split {
  std::string_view table;
  std::string_view leaf;
};
Split SplitPath(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

std::string Comment(std::string_view text) {
  std::string out;
  std::string line = "#";
  for (const std::string_view word : SplitTrimmed(text, ' ')) {
    if (line.size() + 1 + word.size() > kColumns) {
      out += line + "\n";
      line = "#";
    }
    line += fmt::format(" {}", word);
  }
  return out + line + "\n";
}

}  // namespace

std::string ConfigFile::Dump() const {
  std::string out;
  std::string_view table;
  for (const ConfigKey& key : keys_) {
    const Split path = SplitPath(key.path_);
    if (path.table != table) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", path.table);
    table = path.table;
    out += fmt::format("{} = {}  # {}\n", path.leaf, key.Text(), key.origin_);
  }
  return out;
}

std::string ConfigFile::Example(std::string_view heading) const {
  std::string out = "# SPDX-License-Identifier: Apache-2.0\n" + Comment(heading);
  std::string_view table;
  for (const ConfigKey& key : keys_) {
    const Split path = SplitPath(key.path_);
    if (path.table != table) out += fmt::format("\n[{}]\n", path.table);
    table = path.table;
    out += fmt::format("\n{}# ({})\n", Comment(key.help_), key.Type());
    out += fmt::format("{} = {}\n", path.leaf, key.default_text_);
  }
  return out;
}

std::map<std::string, std::string> ConfigFile::Shareable() const {
  std::map<std::string, std::string> out;
  for (const ConfigKey& key : keys_) {
    if (!key.stays_here_) out[key.path_] = key.Text();
  }
  return out;
}

}  // namespace teiten
