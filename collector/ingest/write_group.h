// SPDX-License-Identifier: Apache-2.0
// What ingest wants written, in order, and what came of it. The writer thread executes groups;
// the simulation executes them in place.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "collector/store/store.h"

namespace teiten {

struct GreetItem {  // answered by Greeting
  SensorContact contact;
};
struct GapsItem {
  std::string sensor;
  Spool spool{};
  std::vector<v1::Gap> gaps;  // may be empty: only to keep its place in the order
};
struct RejectionItem {
  FactKey key;
  v1::Rejection::Reason reason = v1::Rejection::REASON_UNSPECIFIED;
  std::string detail;
};
using WriteItem = std::variant<GreetItem, AcceptedFact, GapsItem, RejectionItem>;
using WriteGroup = std::vector<WriteItem>;

struct Greeting {
  SpoolLedger ledger;
  v1::DeploymentKey key;
};
struct Done {};
struct Refused {  // a fact the store cannot hold, whatever we do; on record as a rejection
  std::string detail;
};
using WriteResult = std::variant<Done, Greeting, FactVerdict, Refused>;

// One result per item, in order, and all of it durable; or an error, after which any part of the
// group may or may not be durable.
struct GroupResult {
  absl::Status status;
  std::vector<WriteResult> results;
};

// Facts that follow one another are committed together. If the store finds one of them impossible
// (InvalidArgument), they go one by one, so that a bad one stops nobody else's.
[[nodiscard]] GroupResult ExecuteGroup(StoreWriter& store, const WriteGroup& group);

}  // namespace teiten
