// SPDX-License-Identifier: Apache-2.0
// Protocols told by their words: SSDP, SIP, memcached, WS-Discovery, TFTP, BitTorrent's DHT and
// Dahua's discovery.
#include <algorithm>
#include <array>
#include <string_view>

#include "sensor/classify/udp_protocols.h"

namespace teiten::udp {
namespace {

// memcached's protocol.txt, "UDP protocol": request id, number of this datagram, how many there
// are, and two reserved zero bytes stand before the text; no server reads or writes one without.
// Empty where they do not.
std::string_view BehindMemcachedFrame(Payload p) {
  const bool framed = p.size() >= 8 && Be16(p, 2) < Be16(p, 4) && Be16(p, 6) == 0;
  return framed ? Text(p.subspan(8)) : std::string_view();
}

// Lines end with \r\n, and servers take \n alone as well.
bool IsCommand(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || text.size() == word.size()) return false;
  const char next = text[word.size()];
  return next == ' ' || next == '\r' || next == '\n';
}

bool IsMemcachedRetrieval(std::string_view text) {
  return text.starts_with("get ") || text.starts_with("gets ") || IsCommand(text, "stats");
}

bool EqualIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// RFC 1350 5: file name and mode, each ended by a zero byte.
bool IsTftpRequest(std::string_view text) {
  constexpr std::array<std::string_view, 3> kModes = {"octet", "netascii", "mail"};
  const std::size_t name_end = text.find('\0');
  if (name_end == 0 || name_end == std::string_view::npos) return false;
  const std::string_view rest = text.substr(name_end + 1);
  const std::size_t mode_end = rest.find('\0');
  if (mode_end == std::string_view::npos) return false;
  const std::string_view mode = rest.substr(0, mode_end);
  return std::any_of(kModes.begin(), kModes.end(),
                     [mode](std::string_view known) { return EqualIgnoringCase(mode, known); });
}

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

// UPnP Device Architecture 1.1, 1.3.2 and 1.3.3. NOTIFY is an announcement, neither of both.
UdpPayload JudgeSsdp(Payload p) {
  const std::string_view text = Text(p);
  if (text.starts_with("HTTP/1.")) return UdpPayload::kResponse;
  return text.starts_with("M-SEARCH") ? UdpPayload::kRequest : UdpPayload::kOther;
}

// RFC 3261 7.1 and 7.2: a status line begins with the version, a request line (method, URI,
// version) ends with it.
UdpPayload JudgeSip(Payload p) {
  const std::string_view text = Text(p);
  if (text.starts_with("SIP/2.0")) return UdpPayload::kResponse;
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos || text[0] < 'A' || text[0] > 'Z') return UdpPayload::kOther;
  const bool request = text.substr(0, end).ends_with(" SIP/2.0");
  return request ? UdpPayload::kRequest : UdpPayload::kOther;
}

// memcached's protocol.txt. Only the first datagram of a long answer begins with a word; the
// others prove nothing.
UdpPayload JudgeMemcached(Payload p) {
  const std::string_view text = BehindMemcachedFrame(p);
  if (text.starts_with("STAT ") || text.starts_with("VALUE ") || text.starts_with("END\r\n")) {
    return UdpPayload::kResponse;
  }
  const bool request =
      IsMemcachedRetrieval(text) || text.starts_with("set ") || IsCommand(text, "version");
  return request ? UdpPayload::kRequest : UdpPayload::kOther;
}

bool IsMemcachedAmplification(Payload p) { return IsMemcachedRetrieval(BehindMemcachedFrame(p)); }

// OASIS WS-Discovery 1.1, 5.2 and 5.3: a SOAP envelope with the action or element Probe, or
// ProbeMatches. The byte after "Probe" must be there: without it a cut ProbeMatches would ask.
UdpPayload JudgeWsDiscovery(Payload p) {
  constexpr std::string_view kProbe = "Probe";
  const std::string_view text = Text(p);
  if (!text.starts_with('<')) return UdpPayload::kOther;
  if (text.find("ProbeMatch") != std::string_view::npos) return UdpPayload::kResponse;
  for (std::size_t at = text.find(kProbe); at != std::string_view::npos;
       at = text.find(kProbe, at + 1)) {
    const std::size_t next = at + kProbe.size();
    if (next < text.size() && !IsLetter(text[next])) return UdpPayload::kRequest;
  }
  return UdpPayload::kOther;
}

// RFC 1350 5: DATA (3) with its block number, ERROR (5) with a code up to 8 (RFC 2347).
UdpPayload JudgeTftp(Payload p) {
  if (p.size() < 4) return UdpPayload::kOther;
  switch (Be16(p, 0)) {
    case 1:
    case 2:
      return IsTftpRequest(Text(p.subspan(2))) ? UdpPayload::kRequest : UdpPayload::kOther;
    case 3:
      return UdpPayload::kResponse;
    case 5:
      return Be16(p, 2) <= 8 ? UdpPayload::kResponse : UdpPayload::kOther;
    default:
      return UdpPayload::kOther;
  }
}

// BEP 5: a bencoded dictionary whose first key, in order, is "r" (return values) or "a"
// (arguments), each a dictionary.
UdpPayload JudgeBitTorrent(Payload p) {
  const std::string_view text = Text(p);
  if (text.starts_with("d1:rd")) return UdpPayload::kResponse;
  return text.starts_with("d1:ad") ? UdpPayload::kRequest : UdpPayload::kOther;
}

// Dahua's search: a frame "DHIP" of 32 bytes and JSON with the method DHDiscover.search. The word
// is looked for wherever it stands, as frames differ.
UdpPayload JudgeDhDiscover(Payload p) {
  const bool found = Text(p).find("DHDiscover") != std::string_view::npos;
  return found ? UdpPayload::kRequest : UdpPayload::kOther;
}

}  // namespace teiten::udp
