// SPDX-License-Identifier: Apache-2.0
#include "collector/query/exact_sources.h"

namespace teiten {

void ExactSources::Add(const RankKey& row, const Cell& cell) {
  if (too_many_) return;
  Row& counted = rows_.try_emplace(row, Row{static_cast<uint32_t>(rows_.size())}).first->second;
  counted.packets += cell.packets;
  const uint64_t source = cell.family == Family::kIpv6 ? cell.source->high : cell.source->low;
  if (!known_.emplace(counted.number, cell.family, source).second) return;
  ++counted.sources;
  if (known_.size() <= kMost) return;
  too_many_ = true;
  known_ = {};
}

std::optional<uint64_t> ExactSources::Count(const RankKey& row, uint64_t packets) const {
  const auto at = rows_.find(row);
  if (too_many_ || at == rows_.end() || at->second.packets != packets) return std::nullopt;
  return at->second.sources;
}

void WriteExact(const ExactSources& exact, const RankKey& row, v1::Counts& out) {
  const std::optional<uint64_t> sources = exact.Count(row, out.packets());
  if (!sources) return;
  out.set_sources(static_cast<double>(*sources));
  out.set_sources_standard_error(0);
}

}  // namespace teiten
