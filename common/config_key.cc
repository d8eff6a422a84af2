// SPDX-License-Identifier: Apache-2.0
// One key: its type in words, its value as TOML, and what may be put into it.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "common/config_file.h"

namespace teiten {
namespace {

struct Scale {
  std::string_view suffix;
  int64_t factor;
};
// Largest first, so that formatting finds the shortest exact form.
constexpr std::array<Scale, 5> kSizes{
    {{"TiB", 1024 * kGiB}, {"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}, {"B", 1}}};
// "w" is read, but never written: "7d" is what people expect back.
constexpr std::array<Scale, 6> kDurations{{{"w", 7 * kDayMs},
                                           {"d", kDayMs},
                                           {"h", kHourMs},
                                           {"m", kMinuteMs},
                                           {"s", kSecondMs},
                                           {"ms", 1}}};

template <std::size_t N>
absl::StatusOr<int64_t> ParseScaled(std::string_view text, const std::array<Scale, N>& scales) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  if (error == std::errc() && number >= 0) {
    for (const Scale& scale : scales) {
      if (suffix != scale.suffix) continue;
      int64_t product = 0;
      if (!__builtin_mul_overflow(number, scale.factor, &product)) return product;
    }
  }
  return absl::InvalidArgumentError("");
}

template <std::size_t N>
std::string FormatScaled(int64_t value, const std::array<Scale, N>& scales, std::size_t first) {
  for (std::size_t i = first; i < N; ++i) {
    if (value != 0 && value % scales[i].factor == 0) {
      return fmt::format("{}{}", value / scales[i].factor, scales[i].suffix);
    }
  }
  return scales[0].suffix == "w" ? "0s" : "0B";
}

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string QuotedList(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + Quoted(value);
  return out;
}

}  // namespace

absl::StatusOr<int64_t> ParseConfigSize(std::string_view text) {
  absl::StatusOr<int64_t> value = ParseScaled(text, kSizes);
  if (value.ok()) return value;
  return absl::InvalidArgumentError(
      fmt::format("{} is no size; write \"256KiB\", \"16MiB\" or \"1GiB\"", Quoted(text)));
}

absl::StatusOr<int64_t> ParseConfigDuration(std::string_view text) {
  absl::StatusOr<int64_t> value = ParseScaled(text, kDurations);
  if (value.ok()) return value;
  return absl::InvalidArgumentError(
      fmt::format("{} is no duration; write \"100ms\", \"90s\", \"24h\" or \"7d\"", Quoted(text)));
}

ConfigKey ConfigKey::Bool(std::string path, bool* target, std::string help) {
  return {std::move(path), target, std::move(help)};
}

ConfigKey ConfigKey::Integer(std::string path, int64_t* target, ConfigRange range,
                             std::string help) {
  ConfigKey key(std::move(path), target, std::move(help));
  key.range_ = range;
  return key;
}

ConfigKey ConfigKey::Duration(std::string path, int64_t* target, ConfigRange range,
                              std::string help) {
  ConfigKey key = Integer(std::move(path), target, range, std::move(help));
  key.unit_ = Unit::kDuration;
  return key;
}

ConfigKey ConfigKey::Size(std::string path, int64_t* target, ConfigRange range, std::string help) {
  ConfigKey key = Integer(std::move(path), target, range, std::move(help));
  key.unit_ = Unit::kSize;
  return key;
}

ConfigKey ConfigKey::String(std::string path, std::string* target, std::string help,
                            ConfigCheck check) {
  ConfigKey key(std::move(path), target, std::move(help));
  key.check_ = std::move(check);
  return key;
}

ConfigKey ConfigKey::Choice(std::string path, std::string* target, std::vector<std::string> allowed,
                            std::string help) {
  ConfigKey key(std::move(path), target, std::move(help));
  key.allowed_ = std::move(allowed);
  return key;
}

ConfigKey ConfigKey::List(std::string path, std::vector<std::string>* target, std::string help,
                          ConfigCheck check) {
  ConfigKey key(std::move(path), target, std::move(help));
  key.check_ = std::move(check);
  return key;
}

ConfigKey&& ConfigKey::StaysHere() && {
  stays_here_ = true;
  return std::move(*this);
}

std::string ConfigKey::Number(int64_t value) const {
  switch (unit_) {
    case Unit::kDuration:
      return FormatScaled(value, kDurations, 1);
    case Unit::kSize:
      return FormatScaled(value, kSizes, 0);
    case Unit::kNone:
      break;
  }
  return std::to_string(value);
}

std::string ConfigKey::Text() const {
  if (bool* const* target = std::get_if<bool*>(&target_)) return **target ? "true" : "false";
  if (int64_t* const* target = std::get_if<int64_t*>(&target_)) {
    return unit_ == Unit::kNone ? Number(**target) : Quoted(Number(**target));
  }
  if (std::string* const* target = std::get_if<std::string*>(&target_)) return Quoted(**target);
  return "[" + QuotedList(*std::get<std::vector<std::string>*>(target_)) + "]";
}

std::string ConfigKey::Type() const {
  if (std::holds_alternative<bool*>(target_)) return "true or false";
  if (std::holds_alternative<std::vector<std::string>*>(target_)) return "a list of strings";
  if (std::holds_alternative<std::string*>(target_)) {
    if (allowed_.empty()) return "a string";
    return "one of " + QuotedList(allowed_);
  }
  const char* type = unit_ == Unit::kDuration ? "a duration"
                     : unit_ == Unit::kSize   ? "a size"
                                              : "an integer";
  const auto text = [&](int64_t value) {
    return unit_ == Unit::kNone ? Number(value) : Quoted(Number(value));
  };
  return fmt::format("{} from {} to {}", type, text(range_.least), text(range_.most));
}

std::string ConfigKey::SetNumber(int64_t value) {
  if (value < range_.least || value > range_.most) {
    return fmt::format("{} is out of range; must be {}", Number(value), Type());
  }
  *std::get<int64_t*>(target_) = value;
  return "";
}

std::string ConfigKey::SetText(std::string_view text) {
  if (bool** target = std::get_if<bool*>(&target_)) {
    if (text != "true" && text != "false") return "must be true or false";
    **target = text == "true";
    return "";
  }
  if (std::holds_alternative<int64_t*>(target_)) {
    if (unit_ == Unit::kNone) {
      int64_t value = 0;
      const char* end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data(), end, value);
      if (error != std::errc() || rest != end) {
        return Quoted(text) + " is no integer";
      }
      return SetNumber(value);
    }
    const absl::StatusOr<int64_t> value =
        unit_ == Unit::kSize ? ParseConfigSize(text) : ParseConfigDuration(text);
    return value.ok() ? SetNumber(*value) : std::string(value.status().message());
  }
  if (!allowed_.empty() && std::find(allowed_.begin(), allowed_.end(), text) == allowed_.end()) {
    return fmt::format("{} is none of them; must be {}", Quoted(text), Type());
  }
  if (check_) {
    if (std::string problem = check_(text); !problem.empty()) return problem;
  }
  *std::get<std::string*>(target_) = std::string(text);
  return "";
}

std::string ConfigKey::SetList(std::vector<std::string> values) {
  std::string problems;
  for (const std::string& value : values) {
    const std::string problem = check_ ? check_(value) : std::string();
    if (!problem.empty()) problems += (problems.empty() ? "" : "; ") + problem;
  }
  if (!problems.empty()) return problems;
  *std::get<std::vector<std::string>*>(target_) = std::move(values);
  return "";
}

}  // namespace teiten
