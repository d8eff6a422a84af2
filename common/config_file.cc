// SPDX-License-Identifier: Apache-2.0
#include "common/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

// Debian's toml++ library is built with exceptions; ours is header-only and has none.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <fmt/format.h>
#include <toml++/toml.h>

#include "common/text.h"

namespace teiten {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

std::string_view Leaf(std::string_view path) { return path.substr(path.rfind('.') + 1); }

// Edit distance, for "did you mean"; both are short.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) {  // a folder opens, but does not read
    const int error = errno;
    const std::string message = fmt::format("cannot read {}: {}", path, std::strerror(error));
    if (error == ENOENT) return absl::NotFoundError(message);
    if (error == EACCES) return absl::PermissionDeniedError(message);
    return absl::UnavailableError(message);
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::DataLossError(fmt::format("{}: larger than 1MiB", path));
  }
  return text;
}

std::string TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

}  // namespace

// Walks one parsed document and sets keys, gathering every problem.
class ConfigReader {
 public:
  ConfigReader(ConfigFile* file, std::string_view name) : file_(file), name_(name) {}

  void Walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string path =
          prefix.empty() ? std::string(name.str()) : fmt::format("{}.{}", prefix, name.str());
      const int line = static_cast<int>(name.source().begin.line);
      const toml::table* inner = node.as_table();
      if (ConfigKey* key = file_->Find(path)) {
        const std::string problem = Apply(node, key);
        key->refused_ = !problem.empty();
        if (problem.empty()) {
          key->origin_ = fmt::format("{}:{}", name_, line);
        } else {
          Add(line, path, problem);
        }
      } else if (inner != nullptr && IsTable(path)) {
        Walk(*inner, path);
      } else if (IsTable(path)) {
        Add(line, path, fmt::format("must be a table ([{}]), not {}", path, TypeName(node)));
      } else {
        Add(line, path, file_->UnknownKey(path));
      }
    }
  }

  // In order of line: a table's keys come sorted by name.
  [[nodiscard]] absl::Status Result() const {
    if (problems_.empty()) return absl::OkStatus();
    std::string text;
    for (const auto& [line, problem] : problems_) text += (text.empty() ? "" : "\n") + problem;
    return absl::InvalidArgumentError(text);
  }

 private:
  [[nodiscard]] bool IsTable(const std::string& path) const {
    return std::any_of(file_->keys_.begin(), file_->keys_.end(),
                       [&](const ConfigKey& key) { return key.path_.starts_with(path + "."); });
  }

  [[nodiscard]] static std::string Apply(const toml::node& node, ConfigKey* key) {
    const std::string mismatch = fmt::format("must be {}, not {}", key->Type(), TypeName(node));
    if (bool** target = std::get_if<bool*>(&key->target_)) {
      const auto* value = node.as_boolean();
      if (value == nullptr) return mismatch;
      **target = value->get();
      return "";
    }
    if (std::holds_alternative<std::vector<std::string>*>(key->target_)) {
      const toml::array* array = node.as_array();
      return array == nullptr ? mismatch : ApplyList(*array, key);
    }
    if (std::holds_alternative<int64_t*>(key->target_) && key->unit_ == ConfigKey::Unit::kNone) {
      const auto* value = node.as_integer();
      return value == nullptr ? mismatch : key->SetNumber(value->get());
    }
    const auto* text = node.as_string();
    return text == nullptr ? mismatch : key->SetText(text->get());
  }

  [[nodiscard]] static std::string ApplyList(const toml::array& array, ConfigKey* key) {
    std::vector<std::string> values;
    for (const toml::node& element : array) {
      const auto* text = element.as_string();
      if (text == nullptr) {
        return fmt::format("its elements must be strings, not {}", TypeName(element));
      }
      values.push_back(text->get());
    }
    return key->SetList(std::move(values));
  }

  void Add(int line, std::string_view path, std::string_view problem) {
    problems_.emplace(line, fmt::format("{}:{}: {}: {}", name_, line, path, problem));
  }

  ConfigFile* file_;
  std::string name_;
  std::multimap<int, std::string> problems_;
};

ConfigFile::ConfigFile(std::vector<ConfigKey> keys) : keys_(std::move(keys)) {
  for (ConfigKey& key : keys_) key.default_text_ = key.Text();
}

absl::Status ConfigFile::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWhole(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::Status ConfigFile::Parse(std::string_view text, std::string_view name) {
  const toml::parse_result result = toml::parse(text, name);
  if (!result) {
    const toml::parse_error& error = result.error();
    return absl::DataLossError(
        fmt::format("{}:{}: not TOML: {}", name, error.source().begin.line, error.description()));
  }
  name_ = std::string(name);
  ConfigReader reader(this, name);
  reader.Walk(result.table(), "");
  return reader.Result();
}

absl::Status ConfigFile::Set(std::string_view path, std::string_view text, std::string_view flag) {
  ConfigKey* key = Find(path);
  if (key != nullptr && std::holds_alternative<std::vector<std::string>*>(key->target_)) {
    std::vector<std::string> values;
    for (const std::string_view part : SplitTrimmed(text, ',')) values.emplace_back(part);
    return SetList(path, std::move(values), flag);
  }
  return Took(key, path, key == nullptr ? "no such key" : key->SetText(text), flag);
}

absl::Status ConfigFile::SetList(std::string_view path, std::vector<std::string> values,
                                 std::string_view flag) {
  ConfigKey* key = Find(path);
  const std::string problem = key == nullptr ? "no such key" : key->SetList(std::move(values));
  return Took(key, path, problem, flag);
}

absl::Status ConfigFile::Took(ConfigKey* key, std::string_view path, std::string_view problem,
                              std::string_view flag) {
  if (key != nullptr) key->refused_ = !problem.empty();
  if (!problem.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: {}: {}", flag, path, problem));
  }
  key->origin_ = std::string(flag);
  return absl::OkStatus();
}

ConfigKey* ConfigFile::Find(std::string_view path) {
  const auto it = std::find_if(keys_.begin(), keys_.end(),
                               [&](const ConfigKey& key) { return key.path_ == path; });
  return it == keys_.end() ? nullptr : &*it;
}

const ConfigKey* ConfigFile::Find(std::string_view path) const {
  return const_cast<ConfigFile*>(this)->Find(path);
}

std::string ConfigFile::UnknownKey(std::string_view path) const {
  const ConfigKey* nearest = nullptr;
  std::size_t least = 3;  // further away is no help
  for (const ConfigKey& key : keys_) {
    const std::size_t distance = Leaf(key.path_) == Leaf(path) ? 1 : Distance(key.path_, path);
    if (distance < least) {
      least = distance;
      nearest = &key;
    }
  }
  if (nearest == nullptr) return "unknown key";
  return fmt::format("unknown key; did you mean {}?", nearest->path_);
}

const std::string& ConfigFile::Origin(std::string_view path) const {
  static const std::string kNone = "unknown key";
  const ConfigKey* key = Find(path);
  return key == nullptr ? kNone : key->origin_;
}

absl::Status ConfigFile::Error(std::string_view path, std::string_view problem) const {
  if (!IsDefault(path)) {
    return absl::InvalidArgumentError(fmt::format("{}: {}: {}", Origin(path), path, problem));
  }
  return absl::InvalidArgumentError(name_.empty()
                                        ? fmt::format("{}: {}", path, problem)
                                        : fmt::format("{}: {}: {}", name_, path, problem));
}

bool ConfigFile::IsRefused(std::string_view path) const {
  const ConfigKey* key = Find(path);
  return key != nullptr && key->refused_;
}

}  // namespace teiten
