// SPDX-License-Identifier: Apache-2.0
#include "common/envelope.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "common/sha256.h"
#include "common/summary_shape.h"

namespace teiten {
namespace {

constexpr int kCompressionLevel = 3;
// zstd makes one code for each block and its own are 128 KiB, which would mix columns that have
// nothing in common: smaller ones save 3 %.
constexpr std::size_t kBlockBytes = 32 << 10;
// Level 3 never asks for more than 2 MiB; a frame that wants more is not ours.
constexpr int kMaxWindowLog = 23;
constexpr std::size_t kChunkBytes = 256 << 10;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

bool IsZstdError(std::size_t result) { return ZSTD_isError(result) != 0; }

absl::Status TooLarge(std::string_view what, uint64_t size, uint64_t limit) {
  return absl::ResourceExhaustedError(fmt::format("{}: {} bytes, limit {}", what, size, limit));
}

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError(fmt::format("content: {}", what));
}

absl::StatusOr<std::string> Compress(std::string_view raw) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), raw.size());  // the frame states it
  std::string content(ZSTD_compressBound(raw.size()) + raw.size() / kBlockBytes * 16, '\0');
  ZSTD_outBuffer out{content.data(), content.size(), 0};
  for (std::size_t at = 0;;) {
    const std::size_t size = std::min(kBlockBytes, raw.size() - at);
    const bool last = at + size == raw.size();
    ZSTD_inBuffer in{raw.data() + at, size, 0};
    const std::size_t left =
        ZSTD_compressStream2(context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);
    if (IsZstdError(left)) {
      return absl::InternalError(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    }
    if (left != 0) return absl::InternalError("zstd: more output than its own bound");
    if (last) break;
    at += size;
  }
  content.resize(out.pos);
  content.shrink_to_fit();
  return content;
}

absl::Status CheckSizes(const v1::Envelope& envelope) {
  if (envelope.content().size() > kMaxContentBytes) {
    return TooLarge("content", envelope.content().size(), kMaxContentBytes);
  }
  if (envelope.raw_size_bytes() > kMaxRawBytes) {
    return TooLarge("raw_size_bytes", envelope.raw_size_bytes(), kMaxRawBytes);
  }
  const unsigned long long declared =
      ZSTD_getFrameContentSize(envelope.content().data(), envelope.content().size());
  if (declared == ZSTD_CONTENTSIZE_ERROR || declared == ZSTD_CONTENTSIZE_UNKNOWN) {
    return Damaged("not a zstd frame that states its size");
  }
  if (declared > kMaxRawBytes) return TooLarge("zstd frame", declared, kMaxRawBytes);
  if (declared != envelope.raw_size_bytes()) return Damaged("size is not raw_size_bytes");
  return absl::OkStatus();
}

// Memory grows with what really comes out, never with what was promised, and stops at the promise.
absl::StatusOr<std::string> Decompress(std::string_view content, uint64_t raw_size) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (IsZstdError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog))) {
    return absl::InternalError("zstd: window limit refused");
  }
  std::string raw;
  std::size_t filled = 0;
  ZSTD_inBuffer in{content.data(), content.size(), 0};
  for (std::size_t left = 1; left != 0;) {
    if (filled == raw.size()) {
      if (filled > raw_size) return TooLarge("decompressed content", filled, raw_size);
      // One byte beyond the promise shows a frame that goes on.
      raw.resize(std::min<uint64_t>(raw_size + 1, std::max(kChunkBytes, raw.size() * 2)));
    }
    ZSTD_outBuffer out{raw.data(), raw.size(), filled};
    const std::size_t consumed_before = in.pos;
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (IsZstdError(left)) return Damaged(ZSTD_getErrorName(left));
    if (left != 0 && out.pos == filled && in.pos == consumed_before) return Damaged("cut off");
    filled = out.pos;
  }
  if (filled > raw_size) return TooLarge("decompressed content", filled, raw_size);
  if (filled != raw_size) return Damaged("shorter than raw_size_bytes");
  if (in.pos != in.size) return Damaged("bytes after the zstd frame");
  raw.resize(filled);
  return raw;
}

}  // namespace

std::string FormatSpool(std::string_view spool_bytes) {
  std::string text;
  for (const char c : spool_bytes) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<uint8_t>(c));
  }
  return text;
}

absl::StatusOr<v1::Envelope> Seal(const v1::Identity& identity, const v1::WindowSummary& summary) {
  std::string raw;
  {
    google::protobuf::io::StringOutputStream stream(&raw);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!summary.SerializeToCodedStream(&coded)) {
      return absl::InternalError("summary does not serialise");
    }
  }
  return SealBytes(identity, raw);
}

absl::StatusOr<v1::Envelope> SealBytes(const v1::Identity& identity,
                                       std::string_view serialized_summary) {
  if (absl::Status status = ValidateIdentity(identity); !status.ok()) return status;
  if (serialized_summary.size() > kMaxRawBytes) {
    return TooLarge("summary", serialized_summary.size(), kMaxRawBytes);
  }
  absl::StatusOr<std::string> content = Compress(serialized_summary);
  if (!content.ok()) return content.status();
  if (content->size() > kMaxContentBytes) {
    return TooLarge("content", content->size(), kMaxContentBytes);
  }
  v1::Envelope envelope;
  *envelope.mutable_identity() = identity;
  envelope.set_content_sha256(Sha256Bytes(serialized_summary));
  envelope.set_raw_size_bytes(serialized_summary.size());
  envelope.set_content(*std::move(content));
  return envelope;
}

absl::StatusOr<v1::WindowSummary> Open(const v1::Envelope& envelope) {
  if (absl::Status status = CheckSizes(envelope); !status.ok()) return status;
  absl::StatusOr<std::string> raw = Decompress(envelope.content(), envelope.raw_size_bytes());
  if (!raw.ok()) return raw.status();
  if (Sha256Bytes(*raw) != envelope.content_sha256()) {
    return absl::DataLossError("content_sha256: not the hash of the content");
  }
  if (absl::Status shape = CheckSummaryShape(*raw); !shape.ok()) return shape;
  v1::WindowSummary summary;
  if (!summary.ParseFromString(*raw)) {
    return absl::InvalidArgumentError("content: not a WindowSummary");
  }
  return summary;
}

bool ValidSensorId(std::string_view id) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (id.empty() || id.size() > 63 || !alphanumeric(id.front())) return false;
  return std::all_of(id.begin(), id.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

absl::Status ValidateIdentity(const v1::Identity& identity) {
  if (!ValidSensorId(identity.sensor())) {
    return absl::InvalidArgumentError("identity.sensor: not [a-z0-9][a-z0-9-]{0,62}");
  }
  if (identity.spool().size() != sizeof(Spool)) {
    return absl::InvalidArgumentError(
        fmt::format("identity.spool: {} bytes, not 16", identity.spool().size()));
  }
  if (identity.sequence() == 0) return absl::InvalidArgumentError("identity.sequence: 0");
  return absl::OkStatus();
}

}  // namespace teiten
