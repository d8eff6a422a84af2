// SPDX-License-Identifier: Apache-2.0
#include "common/hyperloglog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace teiten {
namespace {

namespace format = hyperloglog_format;

// Σ over the registers never set and those that overflowed, of Ertl 2017, algorithm 6.
double Sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double y = 1;
  double sum = x;
  for (double before = -1; sum != before;) {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double y = 1;
  double sum = 1 - x;
  for (double before = -1; sum != before;) {
    x = std::sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  }
  return sum / 3;
}

double StandardErrorOf(uint8_t precision) { return 1.04 / std::sqrt(std::ldexp(1.0, precision)); }

uint16_t ErrorField(uint8_t precision) {
  return static_cast<uint16_t>(std::lround(StandardErrorOf(precision) * format::kErrorUnits));
}

uint16_t Load16(std::string_view bytes, std::size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) | static_cast<uint8_t>(bytes[at + 1])
                                                                     << 8);
}

void Append16(std::size_t value, std::string& out) {
  out.push_back(static_cast<char>(value));
  out.push_back(static_cast<char>(value >> 8));
}

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("sketch: ", std::string(what)));
}

}  // namespace

HyperLogLog::HyperLogLog(uint8_t precision)
    : precision_(std::clamp(precision, kMinPrecision, kMaxPrecision)) {}

void HyperLogLog::AddRank(uint32_t index, uint8_t rank) {
  if (dense_.empty()) {
    AddSparse(index, rank);
  } else {
    dense_[index] = std::max(dense_[index], rank);
  }
}

void HyperLogLog::AddSparse(uint32_t index, uint8_t rank) {
  const auto at = std::lower_bound(sparse_.begin(), sparse_.end(), index << 8);
  if (at != sparse_.end() && *at >> 8 == index) {
    *at = std::max(*at, index << 8 | rank);
    return;
  }
  if (sparse_.size() == kMaxSparse) {
    ToDense();
    dense_[index] = rank;
    return;
  }
  sparse_.insert(at, index << 8 | rank);
}

void HyperLogLog::ToDense() {
  dense_.assign(std::size_t{1} << precision_, 0);
  for (const uint32_t entry : sparse_) dense_[entry >> 8] = static_cast<uint8_t>(entry);
  sparse_ = {};
}

template <typename Visit>
void HyperLogLog::ForEach(Visit visit) const {
  for (const uint32_t entry : sparse_) visit(entry >> 8, static_cast<uint8_t>(entry));
  for (uint32_t index = 0; index < dense_.size(); ++index) {
    if (dense_[index] != 0) visit(index, dense_[index]);
  }
}

// The bits that move from the index to the rank are the first the coarse sketch would have
// looked at for its rank; only where they are all zero does the fine rank still count.
void HyperLogLog::ReduceTo(uint8_t precision) {
  const int shift = precision_ - precision;
  HyperLogLog coarse(precision);
  ForEach([&](uint32_t index, uint8_t rank) {
    const uint32_t moved = index & ((1U << shift) - 1);
    const int coarse_rank =
        moved == 0 ? shift + rank : shift - static_cast<int>(std::bit_width(moved)) + 1;
    coarse.AddRank(index >> shift, static_cast<uint8_t>(coarse_rank));
  });
  *this = std::move(coarse);
}

HyperLogLog HyperLogLog::FromRegisters(uint8_t precision, std::span<const uint8_t> registers) {
  HyperLogLog sketch(precision);
  for (std::size_t index = 0; index < registers.size(); ++index) {
    if (registers[index] != 0) sketch.AddRank(static_cast<uint32_t>(index), registers[index]);
  }
  return sketch;
}

void HyperLogLog::Merge(const HyperLogLog& other) {
  if (other.precision_ > precision_) {
    HyperLogLog reduced = other;
    reduced.ReduceTo(precision_);
    return Merge(reduced);
  }
  if (other.precision_ < precision_) ReduceTo(other.precision_);
  other.ForEach([this](uint32_t index, uint8_t rank) { AddRank(index, rank); });
}

void HyperLogLog::Clear() {
  sparse_.clear();
  dense_ = {};
}

double HyperLogLog::Estimate() const {
  const double m = std::ldexp(1.0, precision_);
  std::array<uint32_t, 64> registers_of_rank{};
  ForEach([&](uint32_t, uint8_t rank) { ++registers_of_rank[rank]; });
  uint32_t set = 0;
  for (const uint32_t n : registers_of_rank) set += n;
  if (set == 0) return 0;
  const int q = 64 - precision_;
  double z = m * Tau(1.0 - registers_of_rank[static_cast<std::size_t>(q + 1)] / m);
  for (int rank = q; rank >= 1; --rank) {
    z = 0.5 * (z + registers_of_rank[static_cast<std::size_t>(rank)]);
  }
  z += m * Sigma((m - set) / m);
  return m * m / (2 * std::log(2.0) * z);
}

double HyperLogLog::StandardError() const { return StandardErrorOf(precision_); }

std::string HyperLogLog::Serialize() const {
  std::string out;
  out.push_back(static_cast<char>(format::kVersion));
  out.push_back(static_cast<char>(precision_));
  Append16(ErrorField(precision_), out);
  if (dense_.empty()) {
    out.push_back(static_cast<char>(format::kSparse));
    Append16(sparse_.size(), out);
    for (const uint32_t entry : sparse_) {
      Append16(entry >> 8, out);
      out.push_back(static_cast<char>(entry));
    }
    return out;
  }
  out.push_back(static_cast<char>(format::kDense));
  out.reserve(format::kHeaderBytes + format::DenseBytes(precision_));
  for (std::size_t i = 0; i < dense_.size(); i += 4) {  // four registers are three bytes
    const uint32_t word = dense_[i] | static_cast<uint32_t>(dense_[i + 1]) << 6 |
                          static_cast<uint32_t>(dense_[i + 2]) << 12 |
                          static_cast<uint32_t>(dense_[i + 3]) << 18;
    Append16(word & 0xffff, out);
    out.push_back(static_cast<char>(word >> 16));
  }
  return out;
}

absl::StatusOr<HyperLogLog> HyperLogLog::Parse(std::string_view bytes) {
  if (bytes.size() < format::kHeaderBytes) return Invalid("shorter than its header");
  if (static_cast<uint8_t>(bytes[0]) != format::kVersion) return Invalid("unknown version");
  const auto precision = static_cast<uint8_t>(bytes[1]);
  if (precision < kMinPrecision || precision > kMaxPrecision) {
    return Invalid(absl::StrCat("precision ", precision, " is not in 10..16"));
  }
  if (Load16(bytes, 2) != ErrorField(precision)) {
    return Invalid("standard error does not belong to the precision");
  }
  HyperLogLog sketch(precision);
  const std::string_view body = bytes.substr(format::kHeaderBytes);
  absl::Status status = Invalid("unknown form");
  if (bytes[4] == format::kSparse) status = sketch.ParseSparse(body);
  if (bytes[4] == format::kDense) status = sketch.ParseDense(body);
  if (!status.ok()) return status;
  return sketch;
}

absl::Status HyperLogLog::ParseSparse(std::string_view body) {
  if (body.size() < format::kCountBytes) return Invalid("sparse without a count");
  const std::size_t count = Load16(body, 0);
  if (count > kMaxSparse) return Invalid("too many sparse entries");
  if (body.size() != format::kCountBytes + count * format::kEntryBytes) {
    return Invalid("length does not fit the number of entries");
  }
  sparse_.reserve(count);
  for (std::size_t at = format::kCountBytes; at < body.size(); at += format::kEntryBytes) {
    const uint32_t index = Load16(body, at);
    const auto rank = static_cast<uint8_t>(body[at + 2]);
    if (index >> precision_ != 0) return Invalid("register beyond the last");
    if (rank == 0 || rank > MaxRank()) return Invalid("impossible rank");
    if (!sparse_.empty() && index <= sparse_.back() >> 8) return Invalid("entries out of order");
    sparse_.push_back(index << 8 | rank);
  }
  return absl::OkStatus();
}

absl::Status HyperLogLog::ParseDense(std::string_view body) {
  if (body.size() != format::DenseBytes(precision_)) {
    return Invalid("length does not fit the number of registers");
  }
  dense_.reserve(std::size_t{1} << precision_);
  std::size_t set = 0;
  for (std::size_t at = 0; at < body.size(); at += 3) {
    const uint32_t word =
        Load16(body, at) | static_cast<uint32_t>(static_cast<uint8_t>(body[at + 2])) << 16;
    for (int shift = 0; shift < 24; shift += 6) {
      const auto rank = static_cast<uint8_t>(word >> shift & 0x3f);
      if (rank > MaxRank()) return Invalid("impossible rank");
      if (rank != 0) ++set;
      dense_.push_back(rank);
    }
  }
  if (set <= kMaxSparse) return Invalid("dense although 256 entries would do");
  return absl::OkStatus();
}

}  // namespace teiten
