// SPDX-License-Identifier: Apache-2.0
// Two passes over the rows in sorted order, which is random order in memory: the first finds how
// wide each column is, and with that where each plane lies; the second puts every byte in its
// place. All columns of a row are handled while its cache line is at hand.
#include "common/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

namespace teiten {
namespace {

using Columns = v1::FlowColumns;

constexpr uint64_t kWireVarint = 0;
constexpr uint64_t kWireLengthDelimited = 2;

// Values of the destination column beside the 64 single bits (summary.proto).
constexpr uint64_t kDestinationBitmap = 64;
constexpr uint64_t kDestinationNone = 65;

constexpr std::size_t kPrefetchRows = 16;

// The entries of one row, by field number; [0], [1] and the two columns that do not have one
// entry for each row stay 0.
constexpr int kFields = Columns::kSourcePortFieldNumber + 1;
using Entries = std::array<uint64_t, kFields>;

uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

void SourceEntries(const FlowRow& row, const FlowRow& before, Entries& e) {
  if (row.family() == Family::kIpv4) {
    e[Columns::kSourceV4DeltaFieldNumber] = row.source.low - before.source.low;
    return;
  }
  const uint64_t high_delta = row.source.high - before.source.high;
  e[Columns::kSourceV6HighDeltaFieldNumber] = high_delta;
  e[Columns::kSourceV6LowFieldNumber] = row.source.low - (high_delta == 0 ? before.source.low : 0);
}

uint64_t DestinationEntry(uint64_t bitmap) {
  if (bitmap == 0) return kDestinationNone;
  if (std::has_single_bit(bitmap)) return static_cast<uint64_t>(std::countr_zero(bitmap));
  return kDestinationBitmap;
}

void MarkEntries(const FlowRow& row, Entries& e) {
  const auto packets = [&](Mark mark) -> uint64_t {
    const int counter = CounterOf(row.kind(), mark);
    return counter < 0 ? 0 : row.counter(counter);
  };
  e[Columns::kZmapFieldNumber] = packets(Mark::kZmap);
  e[Columns::kMasscanFieldNumber] = packets(Mark::kMasscan);
  e[Columns::kMiraiFieldNumber] = packets(Mark::kMirai);
  e[Columns::kNmapFieldNumber] = packets(Mark::kNmap);
  e[Columns::kAmplificationFieldNumber] = packets(Mark::kAmplification);
}

// `before` is the row before, or an empty one: in the first row of IPv6 that is the same, because
// a difference to :: is the address itself.
void RowEntries(const FlowRow& row, const FlowRow& before, Entries& e) {
  SourceEntries(row, before, e);
  e[Columns::kKindFieldNumber] = static_cast<uint8_t>(row.kind());
  e[Columns::kProtocolFieldNumber] = row.protocol;
  e[Columns::kPortFieldNumber] = row.port;
  e[Columns::kRowFlagsFieldNumber] = (row.lower_bound() ? 1U : 0U) | (row.prefix64() ? 2U : 0U);
  e[Columns::kPacketsFieldNumber] = row.packets;
  e[Columns::kBytesResidueFieldNumber] =
      ZigZag(static_cast<int64_t>(row.bytes()) - int64_t{row.packets} * row.ip_length);
  const uint32_t first = row.first_ms();
  e[Columns::kFirstMsFieldNumber] = first;
  e[Columns::kLastAfterFirstMsFieldNumber] = std::max(row.last_ms(), first) - first;
  e[Columns::kDestinationFieldNumber] = DestinationEntry(row.bitmap);
  MarkEntries(row, e);
  e[Columns::kTtlFieldNumber] = row.ttl;
  e[Columns::kIpLengthFieldNumber] = row.ip_length;
  e[Columns::kTcpWindowFieldNumber] = row.tcp_window;
  e[Columns::kTcpOptionsLengthFieldNumber] = row.tcp_options_length;
  e[Columns::kSourcePortFieldNumber] = row.source_port;
}

std::size_t WidthOf(uint64_t any) {
  return (static_cast<std::size_t>(std::bit_width(any)) + 7) / 8;
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendTag(int field, uint64_t wire_type, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | wire_type, out);
}

// Planes of a column that is already in one piece.
template <typename Value>
void AppendPlanes(int field, std::span<const Value> values, std::string& out) {
  uint64_t any = 0;
  for (const Value value : values) any |= value;
  if (any == 0) return;
  AppendTag(field, kWireLengthDelimited, out);
  AppendVarint(WidthOf(any) * values.size(), out);
  for (std::size_t plane = 0; plane < WidthOf(any); ++plane) {
    for (const Value value : values) out.push_back(static_cast<char>(value >> (8 * plane)));
  }
}

class ColumnWriter {
 public:
  ColumnWriter(std::span<const FlowRow> rows, std::span<const uint32_t> order)
      : rows_(rows), order_(order) {}

  std::string Write() {
    Measure();
    LayOut();
    Fill();
    return std::move(out_);
  }

 private:
  template <typename Visit>
  void ForEachRow(Visit visit) const {
    static const FlowRow kNoRow;
    const FlowRow* before = &kNoRow;
    Entries entries{};
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (i + kPrefetchRows < order_.size()) {
        __builtin_prefetch(&rows_[order_[i + kPrefetchRows]]);
      }
      const FlowRow& row = rows_[order_[i]];
      RowEntries(row, *before, entries);
      visit(i, row, entries);
      before = &row;
    }
  }

  void Measure() {
    Entries any{};
    ForEachRow([&](std::size_t, const FlowRow& row, const Entries& entries) {
      for (std::size_t field = 0; field < kFields; ++field) any[field] |= entries[field];
      if (entries[Columns::kDestinationFieldNumber] == kDestinationBitmap) {
        bitmaps_.push_back(row.bitmap);
      }
      if (!HasSlots(row.kind())) return;
      for (int slot = 0; slot < kSlots; ++slot) slots_.push_back(row.slot(slot));
    });
    std::transform(any.begin(), any.end(), width_.begin(), WidthOf);
  }

  // Heads of all columns in order of field number, and room for their planes.
  void LayOut() {
    const std::size_t widths = std::accumulate(width_.begin(), width_.end(), std::size_t{0});
    out_.reserve(widths * order_.size() + bitmaps_.size() * 8 + slots_.size() * 2 + 8 * kFields);
    AppendTag(Columns::kRowCountFieldNumber, kWireVarint, out_);
    AppendVarint(order_.size(), out_);
    for (int field = Columns::kSourceV4DeltaFieldNumber; field < kFields; ++field) {
      const auto column = static_cast<std::size_t>(field);
      if (field == Columns::kDestinationBitmapFieldNumber) {
        AppendPlanes<uint64_t>(field, bitmaps_, out_);
      } else if (field == Columns::kSlotsFieldNumber) {
        AppendPlanes<uint16_t>(field, slots_, out_);
      } else if (width_[column] != 0) {
        AppendTag(field, kWireLengthDelimited, out_);
        AppendVarint(width_[column] * order_.size(), out_);
        planes_[plane_count_++] = {column, width_[column], out_.size()};
        out_.resize(out_.size() + width_[column] * order_.size());
      }
    }
  }

  void Fill() {
    char* const out = out_.data();
    const std::size_t rows = order_.size();
    ForEachRow([&](std::size_t i, const FlowRow&, const Entries& entries) {
      for (std::size_t p = 0; p < plane_count_; ++p) {
        uint64_t value = entries[planes_[p].field];
        char* at = out + planes_[p].offset + i;
        for (std::size_t k = 0; k < planes_[p].width; ++k, at += rows, value >>= 8) {
          *at = static_cast<char>(value);
        }
      }
    });
  }

  struct Planes {
    std::size_t field;
    std::size_t width;
    std::size_t offset;  // of the lowest plane in out_
  };

  const std::span<const FlowRow> rows_;
  const std::span<const uint32_t> order_;
  std::array<std::size_t, kFields> width_{};
  std::vector<uint64_t> bitmaps_;
  std::vector<uint16_t> slots_;
  std::array<Planes, kFields> planes_{};
  std::size_t plane_count_ = 0;
  std::string out_;
};

}  // namespace

std::string SerializeColumns(std::span<const FlowRow> rows, std::span<const uint32_t> order) {
  if (order.empty()) return {};
  return ColumnWriter(rows, order).Write();
}

void EncodeColumns(std::span<const FlowRow> rows, v1::FlowColumns& out) {
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  // Bytes of our own writer always parse.
  if (!out.ParseFromString(SerializeColumns(rows, order))) out.Clear();
}

}  // namespace teiten
