# SPDX-License-Identifier: Apache-2.0
"""UDP payloads for the generator: per port what is a request, what a response, what nearly one.

Lists are (port, [requests], [responses], [near misses]); AMPLIFYING are (port, payload) worth
reflecting, NEARLY_AMPLIFYING differ from them in one thing. DEBATABLE lists those that are filed
here although DECISIONS.md had to choose a reading; the generator sends them all the same.
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


def ike(responder=bytes(8), version=0x20, flags=0x08, size=28):
    return (b"initiatr" + responder + bytes((33, version, 34, flags)) + bytes(4)
            + struct.pack(">I", size) + bytes(64))[:size]


def bacnet(apdu, function=0x0A, control=0, extra=b"", version=1):
    content = extra + bytes((version, control)) + apdu
    return struct.pack(">BBH", 0x81, function, 4 + len(content)) + content


def rpc(kind, word):
    return struct.pack(">III", 0x01020304, kind, word) + bytes(28)


MEMCACHED = b"\0\1\0\0\0\1\0\0"
SIP_HEADERS = b"\r\nVia: SIP/2.0/UDP 192.0.2.1:5060\r\n\r\n"
ENGINE = b"\xff\xff\xff\xff"
PROBE = b'<?xml version="1.0"?><s:Envelope><s:Body><d:Probe/></s:Body></s:Envelope>'
MATCH = PROBE.replace(b"Probe", b"ProbeMatches")

PORTS = [
    (53, [dns(0x0100, 1), dns(0x0120, 16, 1232), dns(0x1000, 0, questions=0)],
     [dns(0x8180, 1, answers=1), dns(0x8183, 1), bytes((0, 0, 0x80)) + bytes(9)],
     [dns(0x8180, 1)[:11], b"", b"\0", bytes(11), b"\xff" * 12, b"\x7f" * 12]),
    (5353, [dns(0, 12)], [dns(0x8400, 12, questions=0, answers=1)], [bytes(5), b"\xff" * 11]),
    (123, [b"\xe3" + bytes(47), b"\x1b" + bytes(47), b"\x23" + bytes(60), b"\x16\2" + bytes(10)],
     [b"\x24\1" + bytes(46), b"\x1c" + bytes(47), b"\x16\x82" + bytes(10), b"\x97\0\3\x2a"
      + bytes(44), b"\xd7\0\3\x2a" + bytes(4)],
     [b"\x24" + bytes(46), b"\x1b" + bytes(46), b"\x16\x82" + bytes(9), b"\x97\0\3\x2a\0\0\0",
      b"\x21" + bytes(47), b"\x25" + bytes(47), b"\x04" + bytes(47), b"\x03" + bytes(47), b""]),
    (161, [snmp(0xA0), snmp(0xA1, 0), snmp(0xA3), snmp3(0xA0)],
     [snmp(0xA2), snmp(0xA2, 0), snmp3(0xA2), snmp(0xA2, extra=bytes(200))],
     [snmp(0xA2, 2), snmp(0xA4), snmp(0xA7), snmp(0xA6), snmp(0xA2)[:14], snmp3(0xA8),
      snmp3(0xA2, True), b"\x31" + snmp(0xA2)[1:], snmp(0xA8), b"\x30", b"\x30\x84\xff"]),
    (389, [cldap(0x63)], [cldap(0x64), cldap(0x65), cldap(0x64, identifier=b"\0\0\1\2")],
     [cldap(0x73), cldap(0x61), cldap(0x64)[:5], cldap(0x64, identifier=b"\0\0\0\1\2")]),
    (1900, [b"M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n"],
     [b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", b"HTTP/1.0 200", b"HTTP/1."],
     [b"NOTIFY * HTTP/1.1\r\n\r\n", b"HTTP/2 200", b"http/1.1 200", b"HTTP/1", b"M-SEARC",
      b"m-search *"]),
    (5060, [b"OPTIONS sip:nm SIP/2.0" + SIP_HEADERS, b"REGISTER sip:x SIP/2.0" + SIP_HEADERS],
     [b"SIP/2.0 200 OK" + SIP_HEADERS, b"SIP/2.0"],
     [b"SIP/2.1 200 OK\r\n", b"OPTIONS sip:nm SIP/3.0\r\n", b"OPTIONS sip:nm SIP/2.0", b"SIP/2.",
      b"\r\n\r\n", b"jaK"]),
    (11211, [MEMCACHED + b"stats\r\n", MEMCACHED + b"get key\r\n", MEMCACHED + b"gets key\r\n"],
     [MEMCACHED + b"STAT pid 1\r\n", MEMCACHED + b"VALUE a 0 1\r\n", MEMCACHED + b"END\r\n"],
     [b"STAT pid 1\r\n", b"stats\r\n", MEMCACHED + b"ERROR\r\n", MEMCACHED, MEMCACHED[:7],
      MEMCACHED + b"version\r\n", MEMCACHED + b"ge"]),
    (500, [ike(), ike(version=0x10, flags=0)], [ike(b"responde"), ike(flags=0x20)],
     [ike(b"responde", size=27), ike(b"responde", version=0x30), ike(version=0, flags=0x20)]),
    (4500, [bytes(4) + ike()], [bytes(4) + ike(b"responde"), bytes(4) + ike(flags=0x28)],
     [ike(b"responde"), b"\xff", bytes(3) + ike(flags=0x20), bytes(4)]),
    (47808, [bacnet(b"\x10\x08"), bacnet(b"\0\5\1\x0c\x0c"), bacnet(b"\x10\7")],
     [bacnet(b"\x10\0\xc4\2"), bacnet(b"\x30\1\x0c"), bacnet(b"\x50\1\x0c\x91"), bacnet(b"\x20\1"),
      bacnet(b"\x10\0\xc4", 4, 0, bytes(6)),
      bacnet(b"\0\5\1\0\xff\x30\1", 10, 0x20), bacnet(b"\0\5\1\xff\x30\1", 10, 8)],
     [bacnet(b"\x30\1\x0c", 10, 0x20), bacnet(b"\x60\1\1"), bacnet(b"\x70\1\1"),
      bacnet(b"\x40\1\1"),
      bacnet(b"\x10\1"),
      bacnet(b"\x10\0", 0), bacnet(b"\x10\0", version=2), bacnet(b"\x10\0", control=0x80),
      bacnet(b"\x10"), b"\x82" + bacnet(b"\x10\0")[1:], bacnet(b"\x10\2"), b"\x81\x0a\0"]),
    (3702, [PROBE], [MATCH, PROBE.replace(b"Probe", b"ProbeMatch")],
     [b"<:/>", PROBE.replace(b"Probe", b"probe"), PROBE.replace(b"Probe", b"Resolve")]),
    (17, [b""], [b"A quote.\r\n", b"x"], [b"\0"]),
    (19, [b""], [b"!\"#$%&'()*+,-./0123456789\r\n" * 3, b"x"], [b"\0"]),
    (137, [b"\x80\xf0\0\x10\0\1\0\0\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0!\0\1"],
     [b"\x80\xf0\x84\0\0\0\0\1\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0!\0\1"],
     [b"\x80\xf0\x84\0\0\0\0\1\0\0\0", b"\x84"]),
    (69, [b"\0\1boot\0octet\0", b"\0\2boot\0octet\0"], [b"\0\3\0\1data", b"\0\5\0\1No\0"],
     [b"\0\4\0\1", b"\0\6blk\0", b"\0\3\0", b"\3\0\0\1", b"\0\0\0\0"]),
    (111, [rpc(0, 2)], [rpc(1, 0), rpc(1, 1), rpc(1, 0)[:12]],
     [rpc(0, 3), rpc(1, 2), rpc(2, 0), rpc(1, 0)[:11], rpc(1, 0)[:8]]),
    (5683, [b"\x40\1\0\1\xbb.well-known", b"\x40\x1f\0\1"],
     [b"\x60\x45\0\1\xff</>", b"\x40\x40\0\1", b"\x60\x84\0\1", b"\x61\xa0\0\1\0"],
     [b"\x40\0\0\1", b"\x70\0\0\1", b"\x00\x45\0\1", b"\x80\x45\0\1", b"\x4f\x45\0\1",
      b"\x60\x45\0",
      b"\x40\x20\0\1", b"\x40\x3f\0\1", b"\x48\x45\0\1", b"\x49\x45\0\1", b"\x60\xff\0\1"]),
    (27015, [ENGINE + b"TSource Engine Query\0", ENGINE + b"U\xff\xff\xff\xff", ENGINE + b"i"],
     [ENGINE + b"I\x11name\0", ENGINE + b"A\1\2\3\4", ENGINE + b"D\0", ENGINE + b"E\0\0",
      ENGINE + b"m", ENGINE + b"j00000000"],
     [ENGINE, ENGINE + b"Z", ENGINE[:3] + b"I", b"\xfe\xff\xff\xffI", ENGINE + b"\0"]),
    (6881, [b"d1:ad2:id20:" + b"a" * 20 + b"e1:q4:ping1:t2:aa1:y1:qe"],
     [b"d1:rd2:id20:" + b"a" * 20 + b"e1:t2:aa1:y1:re", b"d1:r"],
     [b"d1:eli201e4:Bad.e1:t2:aa1:y1:ee", b"d2:ip6:abcdef1:rd2:id20:", b"d1:", b"d1:q"]),
    (1194, [b"\x38" + bytes(13), b"\x08" + bytes(13), b"\x50" + bytes(60)],
     [b"\x40" + bytes(25), b"\x10" + bytes(13), b"\x42" + bytes(13)],
     [b"\x40", b"\x40" + bytes(12), b"\x20" + bytes(13), b"\x48" + bytes(13), b"\x30" + bytes(30),
      b"\x10" + bytes(8), b"\x40" + bytes(8)]),
    (3283, [b"\0\x14\0\0"], [b"\0\1\3\xe8" + bytes(1000)], [b"x"]),
    (10001, [b"\1\0\0\0"], [b"\1\0\0\x40" + bytes(64)], [b""]),
    (30718, [b"\0\0\0\xf8"], [b"\0\0\0\xf9" + bytes(120)], [b"\0\0\0\xf6"]),
    (37810, [b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"DHDiscover.search"}'],
     [b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"client.notifyDevInfo"}'],
     [b"DHDiscove", b"dhdiscover", b"DHDiscover"]),
]

BULK = snmp(0xA5)

AMPLIFYING = [
    (53, dns(0x0100, 255)), (53, dns(0x0100, 255, 4096)), (53, dns(0x0100, 16, 4096)),
    (53, dns(0x0100, 46, 9000)), (53, dns(0x0100, 255, name=b"\0")), (5353, dns(0, 255)),
    (123, b"\x17\0\3\x2a" + bytes(4)), (123, b"\x17\0\3\x2a" + bytes(44)),
    (123, b"\x16\2\0\1" + bytes(8)), (1900, b"M-SEARCH * HTTP/1.1\r\n\r\n"),
    (11211, MEMCACHED + b"stats\r\n"), (11211, MEMCACHED + b"get a\r\n"), (389, cldap(0x63)),
    (161, BULK), (17, b""), (17, b"\n"), (19, b""), (19, b"x"), (3702, PROBE),
    (37810, b'\x20\0\0\0DHIP' + bytes(24) + b'{"method":"DHDiscover.search"}'),
]

NEARLY_AMPLIFYING = [
    (53, dns(0x0100, 1, 4096)), (53, dns(0x0100, 16)), (53, dns(0x0100, 16, 4095)),
    (53, dns(0x0100, 46)), (53, dns(0x8180, 255)), (53, dns(0x0100, 255)[:20]),
    (53, dns(0x0100, 1, qclass=255)), (53, dns(0x0100, 254)), (53, dns(0x0100, 255, questions=0)),
    (53, dns(0x0100, 16, 4096)[:-11]), (53, dns(0x0100, 16, 4096)[:-6]),
    (53, dns(0x0100, 1, questions=2)), (53, dns(0x0100, 16, 4096, name=b"\x3f" + b"a" * 20)),
    (53, dns(0x0100, 16, 4096, answers=1)), (54, dns(0x0100, 255)), (8053, dns(0x0100, 255)),
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
    (161, snmp3(0xA5)), (18, b""), (20, b""), (3702, MATCH), (3702, b"Prob"), (3703, PROBE),
    (37810, b"DHDiscove"), (37811, b"DHDiscover"),
]

DEBATABLE = [
    # Near misses of a response or a request that are one if only the named fields are looked at.
    (53, b"\xff" * 12), (53, bytes(11)), (53, b"\x7f" * 12), (123, b"\x04" + bytes(47)),
    (123, b"\x03" + bytes(47)), (47808, bacnet(b"\x40\1\1")), (5683, b"\x48\x45\0\1"),
    (5683, b"\x60\xff\0\1"), (17, b"\0"), (19, b"\0"), (37810, b"DHDiscover"),
    # Near misses of amplification: opcode, answers, a pointer as name, a cut OPT record, versions.
    (53, dns(0x2100, 255)), (53, dns(0x0100, 16, 4096, answers=1)),
    (53, dns(0x0100, 16, 4096, name=b"\xc0\x0c")), (53, dns(0x0100, 16, 4096)[:-6]),
    (161, BULK[:13]), (161, snmp(0xA5, 0)), (161, snmp3(0xA5)),
]
