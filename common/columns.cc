// SPDX-License-Identifier: Apache-2.0
#include "common/columns.h"

#include <bit>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>

namespace teiten {
namespace {

using Columns = v1::FlowColumns;

constexpr uint32_t kWireVarint = 0;
constexpr uint32_t kWireLengthDelimited = 2;
constexpr std::size_t kMostVarintBytes = 10;

// Values of the destination column beside the 64 single bits (summary.proto).
constexpr uint32_t kDestinationBitmap = 64;
constexpr uint32_t kDestinationNone = 65;

uint8_t* WriteVarint(uint64_t value, uint8_t* at) {
  while (value >= 0x80) {
    *at++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<uint8_t>(value);
  return at;
}

void AppendVarint(uint64_t value, std::string& out) {
  uint8_t bytes[kMostVarintBytes];
  uint8_t* end = WriteVarint(value, bytes);
  out.append(bytes, end);
}

uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

enum class Zeros { kDropColumn, kKeep };

// Appends packed fields in the order they are asked for.
class ColumnWriter {
 public:
  explicit ColumnWriter(std::size_t most_values)
      : scratch_(std::make_unique_for_overwrite<uint8_t[]>(most_values * kMostVarintBytes)) {}

  // get(i) → uint64_t for i in [0, count).
  template <typename Get>
  void Varints(int field, std::size_t count, Get get, Zeros zeros = Zeros::kDropColumn) {
    uint8_t* end = scratch_.get();
    uint64_t any = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const uint64_t value = get(i);
      any |= value;
      end = WriteVarint(value, end);
    }
    if (any == 0 && zeros == Zeros::kDropColumn) return;
    Append(field, end);
  }

  void Fixed64(int field, std::span<const uint64_t> values) {
    if (values.empty()) return;
    AppendHead(field, values.size_bytes());
    for (const uint64_t value : values) {
      char bytes[8];
      std::memcpy(bytes, &value, 8);  // rows are little-endian, as is the wire
      out_.append(bytes, 8);
    }
  }

  void Number(int field, uint64_t value) {
    AppendVarint(static_cast<uint64_t>(field) << 3 | kWireVarint, out_);
    AppendVarint(value, out_);
  }

  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void AppendHead(int field, std::size_t size) {
    AppendVarint(static_cast<uint64_t>(field) << 3 | kWireLengthDelimited, out_);
    AppendVarint(size, out_);
  }
  void Append(int field, const uint8_t* end) {
    const auto size = static_cast<std::size_t>(end - scratch_.get());
    AppendHead(field, size);
    out_.append(scratch_.get(), scratch_.get() + size);
  }

  std::unique_ptr<uint8_t[]> scratch_;
  std::string out_;
};

class SortedRows {
 public:
  SortedRows(std::span<const FlowRow> rows, std::span<const uint32_t> order)
      : rows_(rows), order_(order) {}
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  const FlowRow& operator[](std::size_t i) const { return rows_[order_[i]]; }

 private:
  std::span<const FlowRow> rows_;
  std::span<const uint32_t> order_;
};

void WriteSources(const SortedRows& rows, ColumnWriter& writer) {
  const auto before = [&](std::size_t i) { return i == 0 ? Address{} : rows[i - 1].source; };
  if (rows[0].family() == Family::kIpv4) {
    writer.Varints(
        Columns::kSourceV4DeltaFieldNumber, rows.size(),
        [&](std::size_t i) { return rows[i].source.low - before(i).low; }, Zeros::kKeep);
    return;
  }
  writer.Varints(
      Columns::kSourceV6HighDeltaFieldNumber, rows.size(),
      [&](std::size_t i) { return rows[i].source.high - before(i).high; }, Zeros::kKeep);
  writer.Varints(
      Columns::kSourceV6LowFieldNumber, rows.size(),
      [&](std::size_t i) {
        const bool same = i > 0 && rows[i].source.high == before(i).high;
        return rows[i].source.low - (same ? before(i).low : 0);
      },
      Zeros::kKeep);
}

uint64_t RowFlags(const FlowRow& row) {
  return (row.lower_bound() ? 1U : 0U) | (row.prefix64() ? 2U : 0U);
}

int64_t BytesResidue(const FlowRow& row) {
  return static_cast<int64_t>(row.bytes()) - int64_t{row.packets} * row.ip_length;
}

void WriteDestinations(const SortedRows& rows, ColumnWriter& writer) {
  std::vector<uint64_t> bitmaps;
  writer.Varints(Columns::kDestinationFieldNumber, rows.size(), [&](std::size_t i) -> uint64_t {
    const uint64_t bitmap = rows[i].bitmap;
    if (bitmap == 0) return kDestinationNone;
    if (std::has_single_bit(bitmap)) return static_cast<uint64_t>(std::countr_zero(bitmap));
    bitmaps.push_back(bitmap);
    return kDestinationBitmap;
  });
  writer.Fixed64(Columns::kDestinationBitmapFieldNumber, bitmaps);
}

struct MarkColumn {
  Mark mark;
  int field;
};
constexpr MarkColumn kMarkColumns[] = {
    {Mark::kZmap, Columns::kZmapFieldNumber},
    {Mark::kMasscan, Columns::kMasscanFieldNumber},
    {Mark::kMirai, Columns::kMiraiFieldNumber},
    {Mark::kNmap, Columns::kNmapFieldNumber},
    {Mark::kAmplification, Columns::kAmplificationFieldNumber},
};

void WriteCounters(const SortedRows& rows, ColumnWriter& writer) {
  for (const MarkColumn& column : kMarkColumns) {
    writer.Varints(column.field, rows.size(), [&](std::size_t i) -> uint64_t {
      const int counter = CounterOf(rows[i].kind(), column.mark);
      return counter < 0 ? 0 : rows[i].counter(counter);
    });
  }
  std::vector<uint16_t> slots;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!HasSlots(rows[i].kind())) continue;
    for (int slot = 0; slot < kSlots; ++slot) slots.push_back(rows[i].slot(slot));
  }
  writer.Varints(Columns::kSlotsFieldNumber, slots.size(), [&](std::size_t i) { return slots[i]; });
}

}  // namespace

std::string SerializeColumns(std::span<const FlowRow> rows_in_memory,
                             std::span<const uint32_t> order) {
  if (order.empty()) return {};
  const SortedRows rows(rows_in_memory, order);
  const std::size_t n = rows.size();
  ColumnWriter writer(n * kSlots);
  writer.Number(Columns::kRowCountFieldNumber, n);
  WriteSources(rows, writer);
  const auto column = [&](int field, auto get) {
    writer.Varints(field, n, [&](std::size_t i) -> uint64_t { return get(rows[i]); });
  };
  column(Columns::kKindFieldNumber,
         [](const FlowRow& r) { return static_cast<uint8_t>(r.kind()); });
  column(Columns::kProtocolFieldNumber, [](const FlowRow& r) { return r.protocol; });
  column(Columns::kPortFieldNumber, [](const FlowRow& r) { return r.port; });
  column(Columns::kRowFlagsFieldNumber, RowFlags);
  column(Columns::kPacketsFieldNumber, [](const FlowRow& r) { return r.packets; });
  column(Columns::kBytesResidueFieldNumber,
         [](const FlowRow& r) { return ZigZag(BytesResidue(r)); });
  column(Columns::kFirstMsFieldNumber, [](const FlowRow& r) { return r.first_ms(); });
  column(Columns::kLastAfterFirstMsFieldNumber,
         [](const FlowRow& r) { return r.last_ms() - std::min(r.first_ms(), r.last_ms()); });
  WriteDestinations(rows, writer);
  WriteCounters(rows, writer);
  column(Columns::kTtlFieldNumber, [](const FlowRow& r) { return r.ttl; });
  column(Columns::kIpLengthFieldNumber, [](const FlowRow& r) { return r.ip_length; });
  column(Columns::kTcpWindowFieldNumber, [](const FlowRow& r) { return r.tcp_window; });
  column(Columns::kTcpOptionsLengthFieldNumber,
         [](const FlowRow& r) { return r.tcp_options_length; });
  column(Columns::kSourcePortFieldNumber, [](const FlowRow& r) { return r.source_port; });
  return writer.Take();
}

void EncodeColumns(std::span<const FlowRow> rows, v1::FlowColumns& out) {
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  // Bytes of our own writer always parse.
  if (!out.ParseFromString(SerializeColumns(rows, order))) out.Clear();
}

}  // namespace teiten
