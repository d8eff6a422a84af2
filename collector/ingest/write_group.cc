// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/write_group.h"

#include <span>
#include <utility>

namespace teiten {
namespace {

absl::StatusOr<WriteResult> CommitOne(StoreWriter& store, const AcceptedFact& fact) {
  absl::StatusOr<std::vector<FactVerdict>> verdict = store.CommitFacts({&fact, 1});
  if (verdict.ok() && verdict->size() == 1) return verdict->front();
  if (!absl::IsInvalidArgument(verdict.status())) return verdict.status();
  Refused refused{std::string(verdict.status().message())};
  absl::Status recorded =
      store.CommitRejection(fact.key, v1::Rejection::REASON_IMPLAUSIBLE, refused.detail);
  if (!recorded.ok()) return recorded;
  return refused;
}

// Facts must lie side by side for CommitFacts.
absl::Status CommitRun(StoreWriter& store, const std::vector<AcceptedFact>& facts,
                       std::vector<WriteResult>& results) {
  if (facts.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<FactVerdict>> verdicts = store.CommitFacts(facts);
  if (absl::IsInvalidArgument(verdicts.status())) {
    for (const AcceptedFact& fact : facts) {
      absl::StatusOr<WriteResult> result = CommitOne(store, fact);
      if (!result.ok()) return result.status();
      results.push_back(*std::move(result));
    }
    return absl::OkStatus();
  }
  if (!verdicts.ok()) return verdicts.status();
  if (verdicts->size() != facts.size()) return absl::InternalError("a fact without a verdict");
  for (const FactVerdict verdict : *verdicts) results.emplace_back(verdict);
  return absl::OkStatus();
}

absl::StatusOr<WriteResult> Write(StoreWriter& store, const GreetItem& item) {
  if (absl::Status status = store.CommitContact(item.contact); !status.ok()) return status;
  absl::StatusOr<SpoolLedger> ledger = store.Ledger(item.contact.sensor, item.contact.spool);
  if (!ledger.ok()) return ledger.status();
  absl::StatusOr<v1::DeploymentKey> key = store.DeploymentKey();
  if (!key.ok()) return key.status();
  return Greeting{*std::move(ledger), *std::move(key)};
}

absl::StatusOr<WriteResult> Write(StoreWriter& store, const GapsItem& item) {
  if (item.gaps.empty()) return Done{};
  if (absl::Status s = store.CommitGaps(item.sensor, item.spool, item.gaps); !s.ok()) return s;
  return Done{};
}

absl::StatusOr<WriteResult> Write(StoreWriter& store, const RejectionItem& item) {
  absl::Status status = store.CommitRejection(item.key, item.reason, item.detail);
  if (!status.ok()) return status;
  return Done{};
}

absl::StatusOr<WriteResult> Write(StoreWriter&, const AcceptedFact&) {
  return absl::InternalError("facts are committed in runs");
}

}  // namespace

GroupResult ExecuteGroup(StoreWriter& store, const WriteGroup& group) {
  GroupResult out;
  std::vector<AcceptedFact> run;
  for (std::size_t i = 0; i <= group.size(); ++i) {
    if (i < group.size() && std::holds_alternative<AcceptedFact>(group[i])) {
      run.push_back(std::get<AcceptedFact>(group[i]));
      continue;
    }
    out.status = CommitRun(store, run, out.results);
    run.clear();
    if (!out.status.ok() || i == group.size()) break;
    absl::StatusOr<WriteResult> result =
        std::visit([&](const auto& item) { return Write(store, item); }, group[i]);
    out.status = result.status();
    if (!out.status.ok()) break;
    out.results.push_back(*std::move(result));
  }
  if (!out.status.ok()) out.results.clear();
  return out;
}

}  // namespace teiten
