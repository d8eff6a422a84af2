// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/spool_format.h"

#include <cstring>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kSummaryMagic = "TEITSPL1";
constexpr std::string_view kIdentityMagic = "TEITSID1";
constexpr std::string_view kGapsMagic = "TEITGAP1";
constexpr uint32_t kVersion = 1;
constexpr std::size_t kPrefixBytes = 16;  // magic, version, checksum
constexpr std::size_t kSensorBytes = 64;

template <typename T>
void Put(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

// Reads front to back; once something is missing every later read gives zeros and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T Take() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const std::string_view raw = Bytes(sizeof(T));
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::string_view Bytes(std::size_t count) {
    if (rest_.size() < count) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string Frame(std::string_view magic, std::string_view body) {
  std::string out;
  out.reserve(kPrefixBytes + body.size());
  out.append(magic);
  Put(out, kVersion);
  Put(out, Crc32c(body));
  out.append(body);
  return out;
}

absl::StatusOr<std::string_view> Unframe(std::string_view magic, std::string_view bytes) {
  Reader reader(bytes);
  if (reader.Bytes(magic.size()) != magic) return absl::DataLossError("wrong magic number");
  const auto version = reader.Take<uint32_t>();
  const auto crc = reader.Take<uint32_t>();
  if (!reader.ok()) return absl::DataLossError("shorter than its header");
  if (version != kVersion) return absl::DataLossError(absl::StrCat("unknown version ", version));
  if (Crc32c(reader.rest()) != crc) return absl::DataLossError("checksum does not match");
  return reader.rest();
}

void PutSensor(std::string& out, std::string sensor) {
  sensor.resize(kSensorBytes, '\0');
  out.append(sensor);
}

std::string TakeSensor(Reader& reader) {
  const std::string_view field = reader.Bytes(kSensorBytes);
  return std::string(field.substr(0, field.find('\0')));
}

}  // namespace

std::string EncodeSpoolFile(const SpoolHeader& header, std::string_view envelope) {
  std::string body;
  body.reserve(kSpoolHeaderBytes - kPrefixBytes + envelope.size());
  Put(body, header.sequence);
  Put(body, header.spool);
  PutSensor(body, header.sensor);
  Put(body, header.spooled_unix_ms);
  Put(body, header.from_unix_ms);
  Put(body, header.to_unix_ms);
  body.append(envelope);
  return Frame(kSummaryMagic, body);
}

absl::StatusOr<SpoolFile> ParseSpoolFile(std::string_view bytes) {
  if (bytes.size() > kMaxSpoolFileBytes) return absl::DataLossError("larger than any summary");
  absl::StatusOr<std::string_view> body = Unframe(kSummaryMagic, bytes);
  if (!body.ok()) return body.status();
  Reader reader(*body);
  SpoolFile file;
  file.header.sequence = reader.Take<uint64_t>();
  file.header.spool = reader.Take<Spool>();
  file.header.sensor = TakeSensor(reader);
  file.header.spooled_unix_ms = reader.Take<int64_t>();
  file.header.from_unix_ms = reader.Take<int64_t>();
  file.header.to_unix_ms = reader.Take<int64_t>();
  if (!reader.ok()) return absl::DataLossError("shorter than its header");
  if (file.header.sequence == 0) return absl::DataLossError("sequence 0");
  file.envelope = reader.rest();
  return file;
}

std::string SpoolFileName(uint64_t sequence, bool acknowledged) {
  return fmt::format("{:020}.{}", sequence, acknowledged ? "ack" : "sum");
}

std::optional<SpoolFileKind> ParseSpoolFileName(std::string_view name) {
  constexpr std::size_t kDigits = 20;
  if (name.size() != kDigits + 4) return std::nullopt;
  const std::string_view suffix = name.substr(kDigits);
  if (suffix != ".sum" && suffix != ".ack") return std::nullopt;
  uint64_t value = 0;
  for (const char c : name.substr(0, kDigits)) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(c - '0'), &value)) {
      return std::nullopt;
    }
  }
  if (value == 0) return std::nullopt;
  return SpoolFileKind{value, suffix == ".ack"};
}

std::string EncodeIdentity(const SpoolIdentity& identity) {
  std::string body;
  PutSensor(body, identity.sensor);
  Put(body, identity.spool);
  Put(body, identity.first);
  Put(body, identity.used);
  Put(body, identity.reserved);
  Put(body, identity.bitmap_key);
  Put(body, identity.bitmap_key_id);
  Put(body, identity.observed_fingerprint);
  Put(body, identity.deployment_key_id);
  Put(body, identity.deployment_key);
  Put(body, static_cast<uint32_t>(identity.retired.size()));
  for (const RetiredSpool& old : identity.retired) {
    Put(body, old.spool);
    Put(body, old.first);
    Put(body, old.end);
    Put(body, static_cast<uint8_t>(old.settled ? 1 : 0));
  }
  return Frame(kIdentityMagic, body);
}

absl::StatusOr<SpoolIdentity> ParseIdentity(std::string_view bytes) {
  absl::StatusOr<std::string_view> body = Unframe(kIdentityMagic, bytes);
  if (!body.ok()) return body.status();
  Reader reader(*body);
  SpoolIdentity identity;
  identity.sensor = TakeSensor(reader);
  identity.spool = reader.Take<Spool>();
  identity.first = reader.Take<uint64_t>();
  identity.used = reader.Take<uint64_t>();
  identity.reserved = reader.Take<uint64_t>();
  identity.bitmap_key = reader.Take<Key128>();
  identity.bitmap_key_id = reader.Take<uint64_t>();
  identity.observed_fingerprint = reader.Take<uint64_t>();
  identity.deployment_key_id = reader.Take<uint64_t>();
  identity.deployment_key = reader.Take<Key128>();
  const auto retired = reader.Take<uint32_t>();
  if (retired > kMaxRetired) return absl::DataLossError("too many retired spools");
  for (uint32_t i = 0; i < retired; ++i) {
    RetiredSpool old;
    old.spool = reader.Take<Spool>();
    old.first = reader.Take<uint64_t>();
    old.end = reader.Take<uint64_t>();
    old.settled = reader.Take<uint8_t>() != 0;
    identity.retired.push_back(old);
  }
  if (!reader.ok() || !reader.rest().empty()) return absl::DataLossError("wrong length");
  if (identity.first == 0 || identity.used < identity.first || identity.reserved < identity.used) {
    return absl::DataLossError("sequences out of order");
  }
  return identity;
}

std::string EncodeGapRecords(const std::vector<GapRecord>& records) {
  std::string body;
  for (const GapRecord& record : records) {
    Put(body, record.first);
    Put(body, record.last);
    Put(body, static_cast<uint32_t>(record.reason));
    Put(body, record.from_unix_ms);
    Put(body, record.to_unix_ms);
  }
  return Frame(kGapsMagic, body);
}

absl::StatusOr<std::vector<GapRecord>> ParseGapRecords(std::string_view bytes) {
  absl::StatusOr<std::string_view> body = Unframe(kGapsMagic, bytes);
  if (!body.ok()) return body.status();
  Reader reader(*body);
  std::vector<GapRecord> records;
  while (reader.ok() && !reader.rest().empty()) {
    GapRecord record;
    record.first = reader.Take<uint64_t>();
    record.last = reader.Take<uint64_t>();
    const auto reason = reader.Take<uint32_t>();
    record.from_unix_ms = reader.Take<int64_t>();
    record.to_unix_ms = reader.Take<int64_t>();
    if (!reader.ok() || record.first == 0 || record.first > record.last ||
        !v1::Gap::Reason_IsValid(static_cast<int>(reason))) {
      return absl::DataLossError("a record is damaged");
    }
    record.reason = static_cast<v1::Gap::Reason>(reason);
    records.push_back(record);
  }
  return records;
}

}  // namespace teiten
