// SPDX-License-Identifier: Apache-2.0
// A small MaxMind DB file from a list of prefixes, by the format's description (MaxMind DB File
// Format Specification 2.0): a binary tree with 24-bit records, data, metadata.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/address.h"

namespace teiten {

class MmdbWriter {
 public:
  // Data of one prefix, as data-section bytes: Map and Text below.
  void Add(const std::string& prefix, const std::string& data) {
    const Prefix parsed = *ParsePrefix(prefix);
    // The tree is of IPv6; IPv4 hangs below ::/96.
    const bool v4 = parsed.family == Family::kIpv4;
    const int length = parsed.length + (v4 ? 96 : 0);
    std::size_t node = 0;
    for (int bit = 0; bit < length; ++bit) {
      const uint64_t word = bit < 64 ? parsed.base.high : parsed.base.low;
      const bool one = (v4 && bit < 96) ? false : (word >> (63 - bit % 64) & 1) != 0;
      if (bit == length - 1) {
        nodes_[node][one] = {Kind::kData, data_.size()};
      } else if (nodes_[node][one].kind != Kind::kNode) {
        nodes_[node][one] = {Kind::kNode, nodes_.size()};
        nodes_.emplace_back();
      }
      node = nodes_[node][one].value;
    }
    data_ += data;
  }

  [[nodiscard]] std::string Bytes() const {
    std::string out;
    for (const auto& node : nodes_) {
      for (const Record& record : node) {
        std::size_t value = nodes_.size();  // nothing there
        if (record.kind == Kind::kNode) value = record.value;
        if (record.kind == Kind::kData) value = nodes_.size() + 16 + record.value;
        for (const int shift : {16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
      }
    }
    out += std::string(16, '\0') + data_ + "\xab\xcd\xef" + "MaxMind.com";
    return out + Map({{"node_count", Number(6, 4, nodes_.size())},
                      {"record_size", Number(5, 2, 24)},
                      {"ip_version", Number(5, 2, 6)},
                      {"database_type", Text("test country")},
                      {"languages", std::string("\x00\x04", 2)},
                      {"binary_format_major_version", Number(5, 2, 2)},
                      {"binary_format_minor_version", Number(5, 2, 0)},
                      {"build_epoch", std::string("\x08\x02", 2) + Big(1'781'726'061, 8)},
                      {"description", Map({})}});
  }

  static std::string Text(const std::string& text) {
    return static_cast<char>(2 << 5 | static_cast<int>(text.size())) + text;
  }
  static std::string Map(const std::vector<std::pair<std::string, std::string>>& entries) {
    std::string out(1, static_cast<char>(7 << 5 | static_cast<int>(entries.size())));
    for (const auto& [name, value] : entries) out += Text(name) + value;
    return out;
  }

 private:
  enum class Kind { kNothing, kNode, kData };
  struct Record {
    Kind kind = Kind::kNothing;
    std::size_t value = 0;
  };

  static std::string Big(uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  }
  static std::string Number(int type, int bytes, uint64_t value) {
    return static_cast<char>(type << 5 | bytes) + Big(value, bytes);
  }

  std::vector<std::array<Record, 2>> nodes_ = std::vector<std::array<Record, 2>>(1);
  std::string data_;
};

}  // namespace teiten
