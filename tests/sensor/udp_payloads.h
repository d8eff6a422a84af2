// SPDX-License-Identifier: Apache-2.0
// One response and one request of every listed protocol, byte for byte as the specification or a
// tool writes them. For each: the least number of bytes that proves it, and the byte that, changed,
// makes it nothing.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sensor/classify/udp_rules.h"
#include "tests/sensor/bytes.h"

namespace teiten::test {

struct UdpSample {
  const char* name;
  uint16_t port;
  UdpPayload verdict;
  Bytes payload;
  std::size_t needed;        // bytes; one less is kOther
  std::size_t near_miss_at;  // this byte …
  uint8_t near_miss;         // … with this value is kOther
};

// "www.example" type A class IN.
inline const Bytes kQuestion = Hex("03 777777 07 6578616d706c65 00 0001 0001");
inline const Bytes kNetbiosName =
    Hex("20") + FromText("CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") + Zeros(1);
inline const Bytes kSpi = Hex("0102030405060708");

inline std::vector<UdpSample> DnsSamples() {
  const auto res = UdpPayload::kResponse;
  const auto req = UdpPayload::kRequest;
  return {
      {"dns response", 53, res, Hex("1234 8180 0001 0000 0000 0000") + kQuestion, 29, 3, 0xc0},
      {"dns refused, no question", 53, res, Hex("1234 8005 0000 0000 0000 0000"), 12, 2, 0x98},
      {"dns request", 53, req, Hex("1234 0100 0001 0000 0000 0000") + kQuestion, 29, 12, 0x40},
      {"dns status request (nmap)", 53, req, Hex("0000 1000 0000 0000 0000 0000"), 12, 2, 0x18},
      {"mdns response", 5353, res,
       Hex("0000 8400 0000 0001 0000 0000") + kQuestion + Hex("0000003c 0004 c0000207"), 12, 2,
       0xb4},
      {"mdns request, two questions", 5353, req,
       Hex("0000 0000 0002 0000 0000 0000") + kQuestion + kQuestion, 46, 3, 0x01},
      {"netbios response", 137, res,
       Hex("80f0 8400 0000 0001 0000 0000") + kNetbiosName + Hex("0021 0001 00000000 0041"), 45, 5,
       0x01},
      {"netbios negative response", 137, res, Hex("80f0 8583 0000 0000 0000 0000"), 12, 3, 0x80},
      {"netbios request (nbtscan)", 137, req,
       Hex("80f0 0010 0001 0000 0000 0000") + kNetbiosName + Hex("0021 0001"), 45, 20, 'Q'},
  };
}

inline std::vector<UdpSample> BerSamples() {
  const auto res = UdpPayload::kResponse;
  const auto req = UdpPayload::kRequest;
  const Bytes pdu = Hex("19 0202 1234 0201 00 0201 00 300d 300b 0607 2b060102010101 0500");
  const Bytes v2 = Hex("30 26 0201 01 04 06 7075626c6963");
  const Bytes v3 =
      Hex("30 3a 0201 03 30 0e 0201 01 0203 00ffe3 0401 04 0201 03"
          "04 10 300e 0400 0201 00 0201 00 0400 0400 0400 30 13 0400 0400");
  const Bytes entry = Hex("0400 3000");
  return {
      {"snmp response v2c", 161, res, v2 + Hex("a2") + pdu, 15, 13, 0xa4},
      {"snmp response v1", 161, res, Hex("30 26 0201 00 04 06 7075626c6963 a2") + pdu, 15, 4, 0x02},
      {"snmp report v3", 161, res, v3 + Hex("a8 0d 0201 00 0201 00 0201 00 3002 3000"), 47, 4,
       0x02},
      {"snmp response, long lengths", 161, res,
       Hex("30 82 002a 0201 01 04 81 06 7075626c6963 a2 81") + pdu, 19, 1, 0x80},
      {"snmp get", 161, req, v2 + Hex("a0") + pdu, 15, 13, 0xa4},
      {"snmp get next", 161, req, v2 + Hex("a1") + pdu, 15, 5, 0x05},
      {"snmp get bulk", 161, req, v2 + Hex("a5") + pdu, 15, 6, 0x40},
      {"cldap entry", 389, res, Hex("30 09 0201 01 64 04") + entry, 7, 5, 0x73},
      {"cldap done", 389, res, Hex("30 0c 0201 07 65 07 0a0100 0400 0400"), 7, 5, 0x61},
      {"cldap done, long lengths", 389, res,
       Hex("30 84 00000010 0201 07 65 84 00000007 0a0100 0400 0400"), 15, 9, 0x61},
      {"cldap search", 389, req,
       Hex("30 25 0201 01 63 20 0400 0a0100 0a0100 020100 020100 010100"
           "870b 6f626a656374636c617373 3000"),
       7, 2, 0x04},
  };
}

inline std::vector<UdpSample> BinarySamples() {
  const auto res = UdpPayload::kResponse;
  const auto req = UdpPayload::kRequest;
  const Bytes sa = Hex("21 20 22 08 00000000 00000128") + Zeros(8);
  const Bytes sa_response = Hex("21 20 22 20 00000000 00000128") + Zeros(8);
  const Bytes isakmp = Hex("01 10 02 00 00000000 00000054") + Zeros(8);
  return {
      {"ntp server", 123, res, Hex("24 02 06 e9") + Zeros(44), 48, 0, 0x25},
      {"ntp client", 123, req, Hex("e3 00 04 fa") + Zeros(44), 48, 0, 0x03},
      {"ntp control response", 123, res, Hex("16 82 0001 0615 0000 0000 0004 61623d31"), 12, 1,
       0x8d},
      {"ntp control request", 123, req, Hex("16 02 0001 0000 0000 0000 0000"), 12, 1, 0x42},
      {"ntp monlist response", 123, res, Hex("d7 00 03 2a 0006 0048") + Zeros(16), 8, 2, 0x01},
      {"ntp monlist request", 123, req, Hex("17 00 03 2a 0000 0000"), 8, 0, 0x57},
      {"ike v2 response", 500, res, kSpi + Zeros(8) + sa_response, 28, 17, 0x30},
      {"ike v1 response", 500, res, kSpi + kSpi + isakmp, 28, 18, 0x00},
      {"ike v2 request", 500, req, kSpi + Zeros(8) + sa, 28, 19, 0x09},
      {"ike v1 request", 500, req, kSpi + Zeros(8) + isakmp, 28, 24, 0x01},
      {"ike behind nat response", 4500, res, Zeros(4) + kSpi + kSpi + sa_response, 32, 3, 0x01},
      {"ike behind nat request", 4500, req, Zeros(4) + kSpi + Zeros(8) + sa, 32, 21, 0x00},
      {"bacnet complex ack", 47808, res, Hex("81 0a 0014 01 00 30 01 0c 0c023fffff 194b 3ec400 3f"),
       8, 6, 0x80},
      {"bacnet error", 47808, res, Hex("81 0a 0009 01 00 50 01 0c 9102 9120"), 8, 4, 0x02},
      {"bacnet reject", 47808, res, Hex("81 0a 0009 01 00 60 01 09"), 8, 6, 0x80},
      {"bacnet abort of the server", 47808, res, Hex("81 0a 0009 01 00 71 01 04"), 8, 6, 0x70},
      {"bacnet segment ack of the server", 47808, res, Hex("81 0a 000a 01 00 41 01 00 01"), 8, 6,
       0x40},
      {"bacnet i-am, routed", 47808, res,
       Hex("81 0b 0018 01 20 ffff 00 ff 10 00 c4 02000001 22 01e0 9103 2101"), 12, 11, 0x01},
      {"bacnet i-am, forwarded", 47808, res,
       Hex("81 04 0019 c0000207 bac0 01 08 0005 01 07 10 00 c4 02000001 22 01e0 91 03"), 18, 10,
       0x03},
      {"bacnet read property", 47808, req, Hex("81 0a 0011 01 04 00 05 01 0c 0c 023fffff 194b"), 8,
       0, 0x82},
      {"bacnet who-is", 47808, req, Hex("81 0b 0008 01 00 10 08"), 8, 7, 0x09},
      {"rpc reply", 111, res, Hex("72fe1d13 00000001 00000000 00000000 00000000 00000000 00000000"),
       24, 7, 0x02},
      {"rpc denied", 111, res, Hex("72fe1d13 00000001 00000001 00000000 00000002 00000002"), 16, 11,
       0x02},
      {"rpc call (nmap)", 111, req,
       Hex("72fe1d13 00000000 00000002 000186a0 0001977c 00000000") + Zeros(16), 24, 11, 0x03},
      {"coap content", 5683, res, Hex("64 45 1234 deadbeef ff 7b7d"), 8, 1, 0x60},
      {"coap request", 5683, req, Hex("40 01 1234 bb 2e77656c6c2d6b6e6f776e 04 636f7265"), 4, 0,
       0x80},
      {"openvpn server v2", 1194, res,
       Hex("40 6a02030405060708 01 00000000 1112131415161718 00000000"), 26, 0, 0x41},
      {"openvpn server v1", 1194, res,
       Hex("10 0102030405060708 01 00000000 1112131415161718 00000000"), 26, 0, 0x18},
      {"openvpn client v2", 1194, req, Hex("38 0102030405060708 00 00000000"), 14, 0, 0x30},
      {"openvpn client v3", 1194, req, Hex("50 0102030405060708 00000001 6a000000") + Zeros(80), 55,
       12, 0x02},
      {"valve info", 27015, res, Raw("\xff\xff\xff\xffI\x11Server\0de_dust\0"), 5, 4, 'J'},
      {"valve challenge", 27015, res, Hex("ffffffff 41 01020304"), 5, 3, 0xfe},
      {"valve info request", 27015, req, Raw("\xff\xff\xff\xffTSource Engine Query\0"), 5, 4, 'S'},
  };
}

inline std::vector<UdpSample> TextSamples() {
  const auto res = UdpPayload::kResponse;
  const auto req = UdpPayload::kRequest;
  const Bytes frame = Hex("0001 0000 0001 0000");
  const Bytes soap = FromText("<?xml version=\"1.0\"?><e:Envelope><e:Body><d:");
  return {
      {"ssdp response", 1900, res, FromText("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n"), 7, 6,
       ','},
      {"ssdp search", 1900, req, FromText("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n"), 8,
       7, 'h'},
      {"sip response", 5060, res, FromText("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP"), 7, 4, '1'},
      {"sip request", 5060, req, FromText("OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/UDP nm\r\n"), 24,
       21, '1'},
      {"memcached stat", 11211, res, frame + FromText("STAT pid 1\r\n"), 13, 11, 'F'},
      {"memcached value", 11211, res, frame + FromText("VALUE a 0 1\r\n"), 14, 6, 0x01},
      {"memcached end", 11211, res, frame + FromText("END\r\n"), 13, 10, 'T'},
      {"memcached value, frame 2 of 3", 11211, res,
       Hex("0001 0001 0003 0000") + FromText("VALUE a 0 1\r\n"), 14, 3, 0x03},
      {"memcached stats", 11211, req, frame + FromText("stats\r\n"), 14, 13, 'x'},
      {"memcached stats, line feed alone", 11211, req, frame + FromText("stats\n"), 14, 5, 0},
      {"memcached get", 11211, req, frame + FromText("get a b\r\n"), 12, 11, 'x'},
      {"ws-discovery match", 3702, res, soap + FromText("ProbeMatches><d:"), soap.size() + 10,
       soap.size() + 5, 'm'},
      {"ws-discovery probe", 3702, req, soap + FromText("Probe></d:Probe>"), soap.size() + 6, 0,
       'x'},
      {"qotd", 17, res, {}, 0, 0, 0},
      {"chargen", 19, res, FromText(" !\"#$%&'()*+,-./0123456789"), 0, 0, 0},
      {"tftp data", 69, res, Hex("0003 0001") + FromText("line"), 4, 1, 0x04},
      {"tftp error", 69, res, Hex("0005 0001") + Raw("File not found\0"), 4, 3, 0x09},
      {"tftp read request", 69, req, Raw("\0\1r7tftp.txt\0octet\0"), 19, 14, 'a'},
      {"dht response", 6881, res, FromText("d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re"), 5, 3,
       'e'},
      {"dht query", 6881, req, FromText("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"),
       5, 1, '2'},
      {"dahua search", 37810, req,
       Hex("20000000 44484950 00000000 00000000 49000000 00000000 49000000 00000000") +
           FromText("{ \"method\" : \"DHDiscover.search\" }\n"),
       56, 48, 'h'},
  };
}

inline std::vector<UdpSample> AllUdpSamples() {
  std::vector<UdpSample> all = DnsSamples();
  for (const auto& more : {BerSamples(), BinarySamples(), TextSamples()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

struct AmplificationSample {
  const char* name;
  uint16_t port;
  Bytes payload;
  std::size_t needed;
  std::size_t near_miss_at;
  uint8_t near_miss;
};

inline Bytes DnsQuery(uint16_t type, std::optional<uint16_t> edns_size) {
  Bytes query = Hex("1234 0100 0001 0000 0000 00") + Bytes{edns_size ? uint8_t{1} : uint8_t{0}};
  query = query + Hex("03 697363 03 6f7267 00");  // isc.org
  query = query + Bytes{static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type), 0, 1};
  if (!edns_size) return query;
  return query + Hex("00 0029") +
         Bytes{static_cast<uint8_t>(*edns_size >> 8), static_cast<uint8_t>(*edns_size)} +
         Hex("00008000 0000");
}

inline std::vector<AmplificationSample> AmplificationSamples() {
  const Bytes frame = Hex("0000 0000 0001 0000");
  const Bytes bulk = Hex("30 26 0201 01 04 06 7075626c6963 a5 19 0201 01 0201 00 0202 03e8 300d") +
                     Hex("300b 0607 2b060102010101 0500");
  const Bytes root_dse =
      Hex("30 25 0201 01 63 20 0400 0a0100 0a0100 020100 020100 010100"
          "870b 6f626a656374636c617373 3000");
  return {
      {"dns any", 53, DnsQuery(255, std::nullopt), 25, 22, 0xfe},
      {"dns any, small edns", 53, DnsQuery(255, 512), 25, 21, 0x01},
      {"dns txt, edns 4096", 53, DnsQuery(16, 4096), 36, 28, 0x0f},
      {"dns rrsig, edns 9000", 53, DnsQuery(46, 9000), 36, 22, 0x30},
      {"mdns any", 5353, DnsQuery(255, std::nullopt), 25, 2, 0x81},
      {"ntp monlist", 123, Hex("17 00 03 2a 0000 0000"), 8, 3, 0x2b},
      {"ntp readvar", 123, Hex("16 02 0001 0000 0000 0000 0000"), 12, 0, 0x15},
      {"snmp get bulk", 161, bulk, 15, 13, 0xa1},
      {"cldap root dse", 389, root_dse, 12, 11, 0x02},
      {"m-search", 1900, FromText("M-SEARCH * HTTP/1.1\r\n"), 8, 1, '_'},
      {"memcached stats", 11211, frame + FromText("stats\r\n"), 14, 12, 'z'},
      {"memcached gets", 11211, frame + FromText("gets a b c\r\n"), 13, 8, 's'},
      {"memcached get", 11211, frame + FromText("get a\r\n"), 12, 5, 0},
      {"probe", 3702, FromText("<x><Action>http://d/Probe</Action></x>"), 26, 20, 'p'},
      {"dahua", 37810, FromText("{\"method\":\"DHDiscover.search\"}"), 21, 12, 'h'},
      {"qotd", 17, {}, 0, 0, 0},
      {"chargen", 19, FromText("x"), 0, 0, 0},
  };
}

}  // namespace teiten::test
