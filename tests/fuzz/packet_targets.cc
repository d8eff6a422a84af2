// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sensor/classify/udp_rules.h"
#include "sensor/decode/quote.h"
#include "tests/fuzz/targets.h"
#include "tests/sensor/judge.h"

namespace teiten::fuzz {
namespace {

constexpr std::array kLinks = {LinkType::kEthernet, LinkType::kLinuxSll,  LinkType::kLinuxSll2,
                               LinkType::kRaw,      LinkType::kNull,      LinkType::kLoop,
                               LinkType::kPpp,      LinkType::kPppSerial, LinkType::kPppEther,
                               LinkType::kRawIpv4,  LinkType::kRawIpv6};

// What holds of any row of any packet.
void RequireSaneRow(const test::Judgement& j) {
  const FlowRow& row = j.row;
  const Kind kind = row.kind();
  Require(kind != Kind::kNone && static_cast<int>(kind) < kKindCount,
          "an observed packet is a kind");
  Require(row.packets == 1, "one packet");
  Require(std::has_single_bit(row.bitmap), "one destination");
  Require(!row.lower_bound() && !row.prefix64(), "no flags of folding");
  Require(row.family() == Family::kIpv6 || row.source.high == 0, "IPv4 in the low word");
  if (HasSlots(kind)) {
    int slots = 0;
    for (int i = 0; i < kSlots; ++i) slots += row.slot(i);
    Require(slots == 1, "backscatter counts in one slot");
    return;
  }
  for (int i = 0; i < 4; ++i) {
    bool used = false;
    for (const Mark mark :
         {Mark::kZmap, Mark::kMasscan, Mark::kMirai, Mark::kNmap, Mark::kAmplification}) {
      used = used || CounterOf(kind, mark) == i;
    }
    Require(row.counter(i) <= (used ? 1U : 0U), "a mark counts once, where the kind has it");
  }
}

}  // namespace

void Decode(Input input) {
  static test::SensorUnderTest directed(
      {{kProtocolTcp, 80, {}}, {kProtocolUdp, 53, {test::P("198.51.100.0/24")}}});
  static test::SensorUnderTest everything(AddressView::Everything(PublishedKey()), {});
  static uint32_t now_s = test::SensorUnderTest::kNow;
  if (input.size() < 3) return;
  test::BuiltPacket frame;
  frame.link = kLinks[input[0] % kLinks.size()];
  frame.captured.assign(input.begin() + 3, input.end());
  frame.wire = static_cast<uint32_t>(frame.captured.size()) + input[1] * 256U + input[2];
  for (test::SensorUnderTest* sensor : {&directed, &everything}) {
    const test::Judgement j = sensor->Judge(frame, now_s, input[2] * 300U);
    Require(j.fate != Fate::kNone && static_cast<int>(j.fate) < kFateCount, "exactly one fate");
    Require(j.fate != Fate::kTruncated || frame.frame().cut(), "a whole frame is not truncated");
    if (j.fate == Fate::kObserved) RequireSaneRow(j);
  }
  ++now_s;  // so that entries of the solicited table die as well
}

void Quotes(Input input) {
  if (input.size() < 3) return;
  const Family family = (input[0] & 1) != 0 ? Family::kIpv6 : Family::kIpv4;
  const test::Bytes bytes(input.begin() + 3, input.end());
  const IpPayload at{bytes.data(), static_cast<uint32_t>(bytes.size()), input[1] * 256U + input[2]};
  teiten::Quote quote;
  const Need need = ReadQuote(family, at, quote);
  Require(quote.readable == (need == Need::kThere), "readable is what is there");
  Require(need != Need::kCut || at.captured < at.length, "a whole message is not cut");
  Require(!quote.later_fragment || (quote.source_port == 0 && quote.destination_port == 0),
          "a later fragment has no ports");
}

void UdpRules(Input input) {
  if (input.size() < 2) return;
  // Half of the inputs at a listed port.
  const auto chosen = static_cast<uint16_t>(input[0] * 256U + input[1]);
  const uint16_t port =
      (chosen & 1) != 0 ? chosen : kListedUdpPorts[(chosen >> 1) % kListedUdpPorts.size()];
  const test::Bytes payload(input.begin() + 2, input.end());
  const UdpPayload verdict = JudgeUdpPayload(port, payload);
  const bool amplifies = IsAmplificationRequest(port, payload);
  const bool any = port == 17 || port == 19;
  Require(IsListedUdpPort(port) || verdict == UdpPayload::kOther, "only listed ports have a rule");
  Require(!amplifies || any || verdict == UdpPayload::kRequest, "what amplifies is a request");
}

}  // namespace teiten::fuzz
