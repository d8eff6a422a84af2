# SPDX-License-Identifier: Apache-2.0
"""UDP payloads for the generator: per port what is a request, what a response, what nearly one.

Lists are (port, [requests], [responses], [near misses]), as DECISIONS.md reads the definitions;
AMPLIFYING are (port, payload) worth reflecting, NEARLY_AMPLIFYING differ from them in one thing.
"""

import struct


def dns(flags, qtype, edns=None, name=b"\x07example\x03com\x00", questions=1, answers=0, qclass=1):
    payload = struct.pack(">HHHHHH", 0x1234, flags, questions, answers, 0, int(edns is not None))
    for _ in range(questions):
        payload += name + struct.pack(">HH", qtype, qclass)
    for _ in range(answers):
        payload += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + b"\xc0\0\2\1"
    if edns is not None:
        payload += b"\0" + struct.pack(">HHIH", 41, edns, 0, 0)
    return payload


def ber(tag, content):
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    return bytes((tag, 0x82)) + struct.pack(">H", len(content)) + content


def snmp(tag, version=1, community=b"public", extra=b""):
    pdu = ber(tag, ber(2, b"\0\0\0\1") + ber(2, b"\0") + ber(2, b"\0") + ber(0x30, extra))
    return ber(0x30, ber(2, bytes((version,))) + ber(4, community) + pdu)


def snmp3(tag, encrypted=False):
    data = ber(0x30, ber(2, b"\1\2\3\4") + ber(2, b"\0\xff\xe3") + ber(4, b"\4") + ber(2, b"\3"))
    security = ber(4, ber(0x30, ber(4, b"") + ber(2, b"\0") + ber(2, b"\0") + ber(4, b"")))
    scoped = ber(0x30, ber(4, b"engine") + ber(4, b"") + ber(tag, ber(2, b"\1")))
    if encrypted:
        scoped = ber(4, bytes(24))
    return ber(0x30, ber(2, b"\3") + data + security + scoped)


def cldap(tag, base=b"", scope=0, identifier=b"\1"):
    search = ber(4, base) + ber(10, bytes((scope,))) + ber(10, b"\0") + ber(2, b"\0")
    search += ber(2, b"\0") + ber(1, b"\0") + ber(0x87, b"objectClass") + ber(0x30, b"")
    if tag != 0x63:
        search = ber(4, b"") + ber(0x30, b"")
    return ber(0x30, ber(2, identifier) + ber(tag, search))


def ike(responder=bytes(8), version=0x20, flags=0x08, size=28, exchange=34, length=None):
    return (b"initiatr" + responder + bytes((33, version, exchange, flags)) + bytes(4)
            + struct.pack(">I", size if length is None else length) + bytes(64))[:size]


def bacnet(apdu, function=0x0A, control=0, extra=b"", version=1):
    content = extra + bytes((version, control)) + apdu
    return struct.pack(">BBH", 0x81, function, 4 + len(content)) + content


def rpc(kind, *words):
    return struct.pack(f">{2 + len(words)}I", 0x01020304, kind, *words)


def netbios(flags, questions=0, answers=0, name=b" CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0"):
    return struct.pack(">HHHHHH", 0x80F0, flags, questions, answers, 0, 0) + name + b"\0!\0\1"


def openvpn(opcode, rest, session=b"\1session"):
    return bytes((opcode << 3,)) + session + rest


MEMCACHED = b"\0\1\0\0\0\1\0\0"
SIP_HEADERS = b"\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\n\r\n"
ENGINE = b"\xff\xff\xff\xff"
PROBE = b'<?xml version="1.0"?><s:Envelope><s:Body><d:Probe/></s:Body></s:Envelope>'
MATCH = PROBE.replace(b"Probe", b"ProbeMatches")

PORTS = [
    (53, [dns(0x0100, 1), dns(0x0120, 16, 1232), dns(0x1000, 0, questions=0)],
     [dns(0x8180, 1, answers=1), dns(0x8183, 1), bytes((0, 0, 0x80)) + bytes(9),
      dns(0xA800, 6), dns(0x8180, 1, name=(b"\x3e" + b"a" * 62) * 4 + b"\1a\0"),
      dns(0x8180, 1)[:-1] + b"\xff"],
     [dns(0x8180, 1)[:11], b"", b"\0", bytes(11), b"\xff" * 12, b"\x7f" * 12, dns(0x8180, 1)[:-1],
      dns(0x81C0, 1), dns(0x9980, 1), dns(0xB000, 1), dns(0x0103, 1), dns(0x8180, 1, questions=2),
      dns(0x8180, 1, name=b"\xc0\x0c"), dns(0x8180, 1, name=b"\x40" + b"a" * 64 + b"\0"),
      dns(0x8180, 1, name=(b"\x3e" + b"a" * 62) * 4 + b"\2aa\0")]),
    (5353, [dns(0, 12), dns(0, 12, questions=2), dns(0, 12, questions=7)],
     [dns(0x8400, 12, questions=0, answers=1), dns(0x8400, 12, questions=2)],
     [bytes(5), b"\xff" * 11, dns(0x0001, 12), dns(0, 12, questions=2)[:-1]]),
    (123, [b"\xe3" + bytes(47), b"\x1b" + bytes(47), b"\x23" + bytes(60), b"\x16\2" + bytes(10)],
     [b"\x24\1" + bytes(46), b"\x1c" + bytes(47), b"\x16\x82" + bytes(10), b"\x97\0\3\x2a"
      + bytes(44), b"\xd7\0\3\x2a" + bytes(4)],
     [b"\x24" + bytes(46), b"\x1b" + bytes(46), b"\x16\x82" + bytes(9), b"\x97\0\3\x2a\0\0\0",
      b"\x24\x11" + bytes(46), b"\x2c" + bytes(47), b"\x16\x8d" + bytes(10),
      b"\x16\x42" + bytes(10),
      b"\x97\0\1\x2a" + bytes(44), b"\x57\0\3\x2a" + bytes(4), b"\x16\x9e" + bytes(10),
      b"\x21" + bytes(47), b"\x25" + bytes(47), b"\x04" + bytes(47), b"\x03" + bytes(47), b""]),
    (161, [snmp(0xA0), snmp(0xA1, 0), snmp(0xA3), snmp3(0xA0)],
     [snmp(0xA2), snmp(0xA2, 0), snmp3(0xA2), snmp(0xA2, extra=bytes(200)), snmp3(0xA8)],
     [snmp(0xA2, 2), snmp(0xA4), snmp(0xA7), snmp(0xA6), snmp(0xA2)[:14], snmp(0xA5, 0),
      b"\x30\x0c" + snmp(0xA2)[2:], b"\x30\x83\1\0\0" + snmp(0xA2)[2:],
      snmp(0xA2)[:3] + b"\2\0\1" + snmp(0xA2)[5:], snmp3(0xA2, True), b"\x31" + snmp(0xA2)[1:],
      snmp(0xA8), b"\x30", b"\x30\x84\xff"]),
    (389, [cldap(0x63)], [cldap(0x64), cldap(0x65), cldap(0x64, identifier=b"\0\0\1\2")],
     [cldap(0x73), cldap(0x64, identifier=b""), b"\x30\5" + cldap(0x64)[2:], cldap(0x61),
      cldap(0x64)[:5], cldap(0x64, identifier=b"\0\0\0\1\2")]),
    (1900, [b"M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n"],
     [b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", b"HTTP/1.0 200", b"HTTP/1."],
     [b"NOTIFY * HTTP/1.1\r\n\r\n", b"HTTP/2 200", b"http/1.1 200", b"HTTP/1", b"M-SEARC",
      b"m-search *"]),
    (5060, [b"OPTIONS sip:nm SIP/2.0" + SIP_HEADERS, b"REGISTER sip:x SIP/2.0" + SIP_HEADERS],
     [b"SIP/2.0 200 OK" + SIP_HEADERS, b"SIP/2.0"],
     [b"SIP/2.1 200 OK\r\n", b"OPTIONS sip:nm SIP/3.0\r\n", b"OPTIONS sip:nm SIP/2.0", b"SIP/2.",
      b"\r\n\r\n", b"jaK", b"options sip:nm SIP/2.0" + SIP_HEADERS, b" SIP/2.0\r\n",
      b"\r\nOPTIONS sip:nm SIP/2.0\r\n"]),
    (11211, [MEMCACHED + b"stats\r\n", MEMCACHED + b"get key\r\n", MEMCACHED + b"gets key\r\n",
             MEMCACHED + b"version\r\n", MEMCACHED + b"set a 0 0 1\r\n", MEMCACHED + b"stats\n"],
     [MEMCACHED + b"STAT pid 1\r\n", MEMCACHED + b"VALUE a 0 1\r\n", MEMCACHED + b"END\r\n",
      b"\0\1\0\2\0\3\0\0VALUE a"],
     [b"STAT pid 1\r\n", b"stats\r\n", MEMCACHED + b"ERROR\r\n", MEMCACHED, MEMCACHED[:7],
      MEMCACHED + b"ge", MEMCACHED + b"STATS", MEMCACHED + b"END", MEMCACHED + b"stats",
      MEMCACHED + b"statsx\r\n", MEMCACHED + b"versions\r\n",
      b"\0\1\0\1\0\1\0\0STAT pid 1\r\n", b"\0\1\0\0\0\1\0\1STAT pid 1\r\n"]),
    (500, [ike(), ike(version=0x10, flags=0, exchange=2), ike(exchange=44)],
     [ike(b"responde"), ike(flags=0x20), ike(b"responde", 0x10, 0, exchange=4),
      ike(b"responde", length=65535)],
     [ike(b"responde", size=27), ike(b"responde", version=0x30), ike(version=0, flags=0x20),
      bytes(8) + ike(b"responde")[8:], ike(b"responde", exchange=45), ike(b"responde", exchange=33),
      ike(b"responde", 0x10, 0, exchange=7), ike(b"responde", 0x10, 0x08, exchange=2),
      ike(b"responde", flags=0x40), ike(b"responde", length=27), ike(b"responde", length=65536)]),
    (4500, [bytes(4) + ike()], [bytes(4) + ike(b"responde"), bytes(4) + ike(flags=0x28)],
     [ike(b"responde"), b"\xff", bytes(3) + ike(flags=0x20), bytes(4)]),
    (47808, [bacnet(b"\x10\x08"), bacnet(b"\0\5\1\x0c\x0c"), bacnet(b"\x10\7")],
     [bacnet(b"\x10\0\xc4\2"), bacnet(b"\x30\1\x0c"), bacnet(b"\x50\1\x0c\x91"), bacnet(b"\x20\1"),
      bacnet(b"\x10\0\xc4", 4, 0, bytes(6)), bacnet(b"\x60\1\1"), bacnet(b"\x71\1\1"),
      bacnet(b"\x41\1\1"),
      bacnet(b"\0\5\1\0\xff\x30\1", 10, 0x20), bacnet(b"\0\5\1\xff\x30\1", 10, 8)],
     [bacnet(b"\x30\1\x0c", 10, 0x20), bacnet(b"\x70\1\1"), bacnet(b"\x40\1\1"),
      bacnet(b"\x80\1\1"), bacnet(b"\x30\1", 9), bacnet(b"\x30\1")[:2] + b"\0\6\1\0\x30\1",
      bacnet(b"\x10\1"),
      bacnet(b"\x10\0", 0), bacnet(b"\x10\0", version=2), bacnet(b"\x10\0", control=0x80),
      bacnet(b"\x10"), b"\x82" + bacnet(b"\x10\0")[1:], bacnet(b"\x10\2"), b"\x81\x0a\0"]),
    (3702, [PROBE], [MATCH, PROBE.replace(b"Probe", b"ProbeMatch")],
     [b"<:/>", b" " + MATCH, PROBE.partition(b"/>")[0][:-1], PROBE.replace(b"Probe", b"probe"),
      PROBE.replace(b"Probe", b"Resolve")]),
    (17, [], [b"A quote.\r\n", b"x", b"", b"\0"], []),
    (19, [], [b"!\"#$%&'()*+,-./0123456789\r\n" * 3, b"x", b"", b"\0"], []),
    (137, [netbios(0x0010, 1), netbios(0x2910, 1)],
     [netbios(0x8400, 0, 1), netbios(0x8583, 0, 0), netbios(0x8583)[:12], netbios(0xAC00, 0, 1)],
     [netbios(0x8400, 0, 1)[:11], b"\x84", netbios(0x8400, 0, 1)[:44], netbios(0x8400, 1, 1),
      netbios(0x8400, 0, 2), netbios(0x8400, 0, 0), netbios(0x0010, 2), netbios(0x0010, 1, 1),
      netbios(0x0013, 1), netbios(0x8C00, 0, 1), netbios(0x8400, 0, 1, b" " + b"Q" * 32 + b"\0"),
      netbios(0x8400, 0, 1, b"\x1f" + b"A" * 32 + b"\0"), netbios(0xD400, 0, 1)]),
    (69, [b"\0\1boot\0octet\0", b"\0\2boot\0NetASCII\0blksize\0001428\0"],
     [b"\0\3\0\1data", b"\0\5\0\1No\0", b"\0\5\0\x08No\0", b"\0\3\0\1"],
     [b"\0\4\0\1", b"\0\6blk\0", b"\0\3\0", b"\3\0\0\1", b"\0\0\0\0", b"\0\5\0\x09No\0",
      b"\0\1boot\0octet", b"\0\1\0octet\0", b"\0\1boot\0octets\0", b"\0\1boot"]),
    (111, [rpc(0, 2, 100000, 2, 3, 0, 0, 0, 0), rpc(0, 2, 100000, 2, 3)[:24] + bytes(4)],
     [rpc(1, 0, 0, 0, 0), rpc(1, 1, 0, 2, 2), rpc(1, 1, 1, 5), rpc(1, 0, 1, 5, 7, 7, 5),
      rpc(1, 0, 1, 400, *[7] * 100, 0)],
     [rpc(0, 3, 100000, 2, 3, 0), rpc(1, 2, 0, 0, 0), rpc(2, 0, 0, 0, 0), rpc(1, 0, 0, 0, 6),
      rpc(1, 0, 0, 0), rpc(1, 0), rpc(1, 1, 2, 0), rpc(0, 2, 100000, 2), rpc(1, 1, 0)[:15],
      rpc(1, 0, 1, 401, *[7] * 101, 0), rpc(1, 0, 1, 5, 7, 0), rpc(1, 0, 0, 0xFFFFFFFF, 0)]),
    (5683, [b"\x40\1\0\1\xbb.well-known", b"\x50\7\0\1"],
     [b"\x60\x45\0\1\xff</>", b"\x40\x41\0\1", b"\x60\x84\0\1", b"\x61\xa0\0\1\0",
      b"\x48\x45\0\1" + bytes(8), b"\x60\x5f\0\1", b"\x60\x9d\0\1", b"\x50\xa8\0\1"],
     [b"\x40\0\0\1", b"\x70\0\0\1", b"\x00\x45\0\1", b"\x80\x45\0\1", b"\x4f\x45\0\1",
      b"\x60\x45\0", b"\x40\x40\0\1", b"\x40\x1f\0\1", b"\x40\x08\0\1", b"\x60\1\0\1",
      b"\x70\x45\0\1", b"\x60\x46\0\1", b"\x60\x9e\0\1", b"\x60\xa9\0\1", b"\x61\x45\0\1",
      b"\x40\x20\0\1", b"\x40\x3f\0\1", b"\x48\x45\0\1", b"\x49\x45\0\1" + bytes(9),
      b"\x60\xff\0\1"]),
    (27015, [ENGINE + b"TSource Engine Query\0", ENGINE + b"U\xff\xff\xff\xff", ENGINE + b"i"],
     [ENGINE + b"I\x11name\0", ENGINE + b"A\1\2\3\4", ENGINE + b"D\0", ENGINE + b"E\0\0",
      ENGINE + b"m", ENGINE + b"j00000000"],
     [ENGINE, ENGINE + b"Z", ENGINE[:3] + b"I", b"\xfe\xff\xff\xffI", ENGINE + b"\0"]),
    (6881, [b"d1:ad2:id20:" + b"a" * 20 + b"e1:q4:ping1:t2:aa1:y1:qe"],
     [b"d1:rd2:id20:" + b"a" * 20 + b"e1:t2:aa1:y1:re", b"d1:rd"],
     [b"d1:r", b"d1:r2:id", b"d1:ali", b"d1:eli201e4:Bad.e1:t2:aa1:y1:ee",
      b"d2:ip6:abcdef1:rd2:id20:", b"d1:", b"d1:q"]),
    (1194, [openvpn(7, bytes(5)), openvpn(1, bytes(5)), openvpn(10, b"\0\0\0\1" + bytes(60)),
            openvpn(10, b"\x0f\0\0\1" + bytes(42)), openvpn(7, bytes(5 + 8 + 20))],
     [openvpn(8, b"\1" + bytes(4) + b"sessionb" + bytes(4)), openvpn(2, bytes(5)),
      openvpn(8, b"x" * (5 + 8 + 32)), openvpn(8, b"x" * (17 + 8 + 64))],
     [b"\x40", openvpn(8, bytes(4)), openvpn(4, bytes(5)), openvpn(9, bytes(5)),
      openvpn(6, bytes(21)), openvpn(8, bytes(6)), openvpn(8, b"\1" + bytes(4)),
      openvpn(8, bytes(4) + b"\1"), openvpn(8, bytes(5), bytes(8)),
      openvpn(8, b"\2" + bytes(16)), openvpn(8, b"\1" + bytes(15) + b"\1"),
      openvpn(8, b"x" * (5 + 8 + 21)), b"\x41" + openvpn(8, bytes(5))[1:],
      openvpn(10, b"\0\0\0\2" + bytes(60)), openvpn(10, b"\0\0\0\1" + bytes(41)),
      openvpn(10, b"\1\0\0\1" + bytes(60))]),
    # No response is proven, nor a request but Dahua's.
    (3283, [], [], [b"\0\x14\0\0", b"\0\1\3\xe8" + bytes(1000)]),
    (10001, [], [], [b"\1\0\0\0", b"\1\0\0\x40" + bytes(64), b""]),
    (30718, [], [], [b"\0\0\0\xf8", b"\0\0\0\xf9" + bytes(120)]),
    (37810, [b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"DHDiscover.search"}', b"DHDiscover"], [],
     [b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"client.notifyDevInfo"}', b"DHDiscove",
      b"dhdiscover"]),
]

BULK = snmp(0xA5)

AMPLIFYING = [
    (53, dns(0x0100, 255)), (53, dns(0x0100, 255, 4096)), (53, dns(0x0100, 16, 4096)),
    (53, dns(0x0100, 46, 9000)), (53, dns(0x0100, 255, name=b"\0")), (5353, dns(0, 255)),
    (123, b"\x17\0\3\x2a" + bytes(4)), (123, b"\x17\0\3\x2a" + bytes(44)),
    (123, b"\x16\2\0\1" + bytes(8)), (1900, b"M-SEARCH * HTTP/1.1\r\n\r\n"),
    (11211, MEMCACHED + b"stats\r\n"), (11211, MEMCACHED + b"get a\r\n"), (389, cldap(0x63)),
    (53, dns(0x0100, 16, 4096, answers=1)), (11211, MEMCACHED + b"stats\n"),
    (11211, MEMCACHED + b"gets a\r\n"), (161, snmp3(0xA5)),
    (161, BULK), (17, b""), (17, b"\n"), (19, b""), (19, b"x"), (3702, PROBE),
    (37810, b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"DHDiscover.search"}'),
]

NEARLY_AMPLIFYING = [
    (53, dns(0x0100, 1, 4096)), (53, dns(0x0100, 16)), (53, dns(0x0100, 16, 4095)),
    (53, dns(0x0100, 46)), (53, dns(0x8180, 255)), (53, dns(0x0100, 255)[:20]),
    (53, dns(0x0100, 1, qclass=255)), (53, dns(0x0100, 254)), (53, dns(0x0100, 255, questions=0)),
    (53, dns(0x0100, 16, 4096)[:-11]), (53, dns(0x0100, 16, 4096)[:-6]),
    (53, dns(0x0100, 1, questions=2)), (53, dns(0x0100, 16, 4096, name=b"\x3f" + b"a" * 20)),
    (53, dns(0x0103, 255)), (53, dns(0x0140, 255)), (53, dns(0x0100, 255, questions=2)),
    (5353, dns(0, 255, questions=2)), (53, dns(0x0100, 16, 4096)[:-10] + b"\x2a" * 10), (54,
    dns(0x0100, 255)), (8053, dns(0x0100, 255)),
    (53, dns(0x2100, 255)), (53, dns(0x0100, 16, 4096, name=b"\xc0\x0c")),
    (123, b"\x17\0\3\x2b" + bytes(4)), (123, b"\x17\0\3\x2a\0\0\0"),
    (123, b"\x97\0\3\x2a" + bytes(4)),
    (123, b"\x16\x82\0\1" + bytes(8)), (123, b"\x16\2"), (123, b"\x1b" + bytes(47)),
    (123, b"\x17\0\3\x14" + bytes(44)), (123, b"\x17\0\3\x2a"), (123, b"\x16\2\0\1" + bytes(7)),
    (1900, b"M-SEARC"), (1900, b" M-SEARCH * HTTP/1.1"), (1901, b"M-SEARCH * HTTP/1.1\r\n\r\n"),
    (11211, b"stats\r\n"), (11211, MEMCACHED + b"set a 0 0 1\r\n"),
    (11211, MEMCACHED + b"STATS\r\n"),
    (389, cldap(0x63, base=b"dc=a")), (389, cldap(0x63, scope=2)), (389, cldap(0x60)),
    (389, cldap(0x63)[:9]), (161, snmp(0xA1)), (161, BULK[:13]), (161, snmp(0xA5, 0)),
    (161, snmp3(0xA2)), (18, b""), (20, b""), (3702, MATCH), (3702, b"Prob"), (3703, PROBE),
    (37810, b"DHDiscove"), (37811, b"DHDiscover"),
]
