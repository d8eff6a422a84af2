// SPDX-License-Identifier: Apache-2.0
// Strict configuration from one TOML file and the command line, into a plain struct.
//
// A daemon describes its keys in one table: where the value lives in its struct, what it may be
// and what it does. The struct's own initialisers are the defaults. From that table come reading,
// errors, `--check --dump` and the commented file in config/, so they cannot disagree.
//
//   SensorConfig config;
//   ConfigFile file({ConfigKey::Size("capture.ring", &config.capture.ring_bytes,
//                                    {2 * kMiB, 1024 * kMiB}, "Smaller is cheaper; …")});
//   absl::Status status = file.Read("/etc/teiten/sensor.toml");
//
// Unknown keys, wrong types and values out of range are errors that name file, line and key; all
// of them are reported at once, one a line. Nothing is guessed and nothing is ignored.
// Not thread-safe; used before threads start.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace teiten {

inline constexpr int64_t kKiB = 1024;
inline constexpr int64_t kMiB = 1024 * kKiB;
inline constexpr int64_t kGiB = 1024 * kMiB;
inline constexpr int64_t kSecondMs = 1000;
inline constexpr int64_t kMinuteMs = 60 * kSecondMs;
inline constexpr int64_t kHourMs = 60 * kMinuteMs;
inline constexpr int64_t kDayMs = 24 * kHourMs;

// Inclusive.
struct ConfigRange {
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
};

// Says what is wrong with one string (or one element of a list); empty: nothing.
using ConfigCheck = std::function<std::string(std::string_view)>;

class ConfigKey {
 public:
  // The target must outlive the ConfigFile; its value at this moment is the default. `help` is
  // one or two sentences: what it is, and what follows from changing it.
  static ConfigKey Bool(std::string path, bool* target, std::string help);
  static ConfigKey Integer(std::string path, int64_t* target, ConfigRange range, std::string help);
  // Milliseconds; written "100ms", "90s", "15m", "24h", "7d", "2w".
  static ConfigKey Duration(std::string path, int64_t* target, ConfigRange range, std::string help);
  // Bytes; written "512B", "256KiB", "16MiB", "1GiB".
  static ConfigKey Size(std::string path, int64_t* target, ConfigRange range, std::string help);
  static ConfigKey String(std::string path, std::string* target, std::string help,
                          ConfigCheck check = nullptr);
  static ConfigKey Choice(std::string path, std::string* target, std::vector<std::string> allowed,
                          std::string help);
  static ConfigKey List(std::string path, std::vector<std::string>* target, std::string help,
                        ConfigCheck check = nullptr);
  // Neither secret nor an observed address, unless this says so; see ConfigFile::Shareable.
  ConfigKey&& StaysHere() &&;

 private:
  friend class ConfigFile;
  friend class ConfigReader;
  enum class Unit { kNone, kDuration, kSize };
  using Target = std::variant<bool*, int64_t*, std::string*, std::vector<std::string>*>;

  ConfigKey(std::string path, Target target, std::string help)
      : path_(std::move(path)), target_(target), help_(std::move(help)) {}
  // The value as TOML: `"16MiB"`, `true`, `["a", "b"]`.
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] std::string Number(int64_t value) const;
  // "bool", "size, 2MiB to 1GiB", "one of logfmt, json"
  [[nodiscard]] std::string Type() const;
  // Empty, or what is wrong.
  [[nodiscard]] std::string SetNumber(int64_t value);
  [[nodiscard]] std::string SetText(std::string_view text);
  [[nodiscard]] std::string SetList(std::vector<std::string> values);

  std::string path_;
  Target target_;
  std::string help_;
  Unit unit_ = Unit::kNone;
  ConfigRange range_;
  std::vector<std::string> allowed_;
  ConfigCheck check_;
  bool stays_here_ = false;
  bool refused_ = false;
  std::string default_text_;
  std::string origin_ = "default";
};

class ConfigFile {
 public:
  // Keys of one table ("capture.…") stand together; at most 1,000.
  explicit ConfigFile(std::vector<ConfigKey> keys);

  // Reads a file of at most 1 MiB. NotFound, PermissionDenied or Unavailable where it cannot be
  // read, DataLoss where it is no TOML or too large, else InvalidArgument with a line for each
  // problem: "sensor.toml:12: capture.ring: …". Values without a problem are set even then.
  [[nodiscard]] absl::Status Read(const std::string& path);
  // The same for text already read; `name` stands for the file in messages.
  [[nodiscard]] absl::Status Parse(std::string_view text, std::string_view name);
  // From the command line: `flag` is "--observe"; lists are separated by commas. Wins over the
  // file, so call it after Read. The path must be one of the keys.
  [[nodiscard]] absl::Status Set(std::string_view path, std::string_view text,
                                 std::string_view flag);

  // For a list given by repeating its flag: elements may hold commas.
  [[nodiscard]] absl::Status SetList(std::string_view path, std::vector<std::string> values,
                                     std::string_view flag);

  // "default", "sensor.toml:12" or "--observe".
  [[nodiscard]] const std::string& Origin(std::string_view path) const;
  // For rules between keys: InvalidArgument "<origin>: <path>: <problem>". A default stands in no
  // line; the file that could set it is named, if there is one.
  [[nodiscard]] absl::Status Error(std::string_view path, std::string_view problem) const;
  [[nodiscard]] bool IsDefault(std::string_view path) const { return Origin(path) == "default"; }
  // What was given was refused: the value is not what its author meant, and a rule between keys
  // has nothing to say of it.
  [[nodiscard]] bool IsRefused(std::string_view path) const;

  // The effective configuration as TOML that reads back, each value with its origin.
  [[nodiscard]] std::string Dump() const;
  // Every key with its default, what it does and what it may be: config/*.toml.
  [[nodiscard]] std::string Example(std::string_view heading) const;
  // Effective values that may leave this host: those whose key is not StaysHere().
  [[nodiscard]] std::map<std::string, std::string> Shareable() const;

 private:
  [[nodiscard]] ConfigKey* Find(std::string_view path);
  [[nodiscard]] const ConfigKey* Find(std::string_view path) const;
  [[nodiscard]] static absl::Status Took(ConfigKey* key, std::string_view path,
                                         std::string_view problem, std::string_view flag);
  [[nodiscard]] std::string UnknownKey(std::string_view path) const;

  std::vector<ConfigKey> keys_;
  std::string name_;  // of the file read last

  friend class ConfigReader;
};

// "16MiB" → 16777216; InvalidArgument unless a whole number and B, KiB, MiB, GiB or TiB.
[[nodiscard]] absl::StatusOr<int64_t> ParseConfigSize(std::string_view text);
// "90s" → 90000; ms, s, m, h, d, w.
[[nodiscard]] absl::StatusOr<int64_t> ParseConfigDuration(std::string_view text);

}  // namespace teiten
