# SPDX-License-Identifier: Apache-2.0
"""UDP payloads: which are responses, which are requests, which are shaped for amplification.

docs/definitions "UDP responses" and the tool mark `amplification`. The protocol is the one of the
port; only captured bytes can prove anything. Every rule here returns RESPONSE, REQUEST or None.
"""

RESPONSE, REQUEST = "response", "request"


def dns(payload):
    if len(payload) < 12:
        return None
    return RESPONSE if payload[2] & 0x80 else REQUEST


def ntp(payload):
    if not payload:
        return None
    mode = payload[0] & 7
    if mode == 4 and len(payload) >= 48:
        return RESPONSE
    if mode == 3 and len(payload) >= 48:
        return REQUEST
    if mode == 6 and len(payload) >= 12:
        return RESPONSE if payload[1] & 0x80 else REQUEST
    if mode == 7 and len(payload) >= 8:
        return RESPONSE if payload[0] & 0x80 else REQUEST
    return None


def ber(payload, at):
    """One BER element: (tag, start of its content, end of its content); None if it is cut.

    The end may lie beyond the payload, because a snapshot cuts long messages.
    """
    if at + 2 > len(payload):
        return None
    tag, length = payload[at], payload[at + 1]
    at += 2
    if length & 0x80:
        count = length & 0x7F
        if count == 0 or count > 4 or at + count > len(payload):
            return None
        length = int.from_bytes(payload[at : at + count], "big")
        at += count
    return tag, at, at + length


def snmp_pdu(payload):
    """The tag of the PDU of an SNMP message; None if there is none, or it is encrypted."""
    message = ber(payload, 0)
    if message is None or message[0] != 0x30:
        return None
    version = ber(payload, message[1])
    if version is None or version[0] != 0x02 or version[2] != version[1] + 1:
        return None
    if version[2] > len(payload):
        return None
    number = payload[version[1]]
    if number in (0, 1):  # v1, v2c: community, PDU
        community = ber(payload, version[2])
        if community is None or community[0] != 0x04:
            return None
        pdu = ber(payload, community[2])
    elif number == 3:  # global data, security parameters, scoped PDU of engine, context, PDU
        data = ber(payload, version[2])
        if data is None or data[0] != 0x30:
            return None
        security = ber(payload, data[2])
        if security is None or security[0] != 0x04:
            return None
        scoped = ber(payload, security[2])
        if scoped is None or scoped[0] != 0x30:
            return None
        engine = ber(payload, scoped[1])
        if engine is None or engine[0] != 0x04:
            return None
        context = ber(payload, engine[2])
        if context is None or context[0] != 0x04:
            return None
        pdu = ber(payload, context[2])
    else:
        return None
    return pdu[0] if pdu is not None else None


def snmp(payload):
    tag = snmp_pdu(payload)
    if tag == 0xA2:
        return RESPONSE
    if tag in (0xA0, 0xA1, 0xA3, 0xA5):  # Get, GetNext, Set, GetBulk
        return REQUEST
    return None


def cldap_operation(payload):
    """The BER element of an LDAP message's operation."""
    message = ber(payload, 0)
    if message is None or message[0] != 0x30:
        return None
    identifier = ber(payload, message[1])
    if identifier is None or identifier[0] != 0x02 or not 1 <= identifier[2] - identifier[1] <= 4:
        return None
    return ber(payload, identifier[2])


def cldap(payload):
    operation = cldap_operation(payload)
    if operation is None:
        return None
    if operation[0] in (0x64, 0x65):  # SearchResultEntry, SearchResultDone
        return RESPONSE
    return REQUEST if operation[0] == 0x63 else None


def ssdp(payload):
    if payload.startswith(b"HTTP/1."):
        return RESPONSE
    return REQUEST if payload.startswith(b"M-SEARCH") else None


def sip(payload):
    if payload.startswith(b"SIP/2.0"):
        return RESPONSE
    line, end, _ = payload.partition(b"\r\n")
    return REQUEST if end and line.endswith(b" SIP/2.0") else None


def memcached(payload):
    text = payload[8:]  # after the frame header of its UDP protocol
    if text.startswith((b"STAT", b"VALUE", b"END")):
        return RESPONSE
    return REQUEST if text.startswith((b"stats", b"get")) else None


def ike(payload):
    if len(payload) < 28 or payload[17] >> 4 not in (1, 2):
        return None
    if payload[19] & 0x20 or any(payload[8:16]):
        return RESPONSE
    return REQUEST


def ike_behind_nat(payload):
    # RFC 3948: on port 4500 IKE has four zero bytes before it, everything else is ESP.
    return ike(payload[4:]) if payload[:4] == bytes(4) else None


def bacnet(payload):
    if len(payload) < 6 or payload[0] != 0x81:
        return None
    at = 4
    if payload[1] == 0x04:  # forwarded: the original address comes first
        at += 6
    elif payload[1] not in (0x09, 0x0A, 0x0B):
        return None
    if len(payload) < at + 2 or payload[at] != 0x01:
        return None
    control = payload[at + 1]
    at += 2
    if control & 0x80:  # a message of the network layer
        return None
    if control & 0x20:  # destination network, length, address
        if len(payload) < at + 3:
            return None
        at += 3 + payload[at + 2]
    if control & 0x08:  # source network, length, address
        if len(payload) < at + 3:
            return None
        at += 3 + payload[at + 2]
    if control & 0x20:  # hop count
        at += 1
    if len(payload) < at + 2:
        return None
    kind = payload[at] >> 4
    if kind in (2, 3, 4, 5):  # simple, complex, segment acknowledgement; error
        return RESPONSE
    if kind == 0:  # confirmed request
        return REQUEST
    if kind == 1:  # unconfirmed: the answer I-Am, the questions Who-Has and Who-Is
        if payload[at + 1] == 0:
            return RESPONSE
        return REQUEST if payload[at + 1] in (7, 8) else None
    return None


def discovery(payload):
    if b"ProbeMatch" in payload:
        return RESPONSE
    return REQUEST if b"Probe" in payload else None


def anything(_payload):
    return RESPONSE


def tftp(payload):
    if len(payload) < 4:
        return None
    opcode = payload[0] << 8 | payload[1]
    if opcode in (3, 5):
        return RESPONSE
    return REQUEST if opcode in (1, 2) else None


def rpc(payload):
    if len(payload) < 12:
        return None
    kind = int.from_bytes(payload[4:8], "big")
    word = int.from_bytes(payload[8:12], "big")
    if kind == 1 and word in (0, 1):  # accepted or denied
        return RESPONSE
    return REQUEST if kind == 0 and word == 2 else None  # version of RPC


def coap(payload):
    if len(payload) < 4 or payload[0] >> 6 != 1 or payload[0] & 15 > 8:
        return None
    if payload[1] >= 0x40:  # 2.00
        return RESPONSE
    return REQUEST if 0x01 <= payload[1] <= 0x1F else None


def source_engine(payload):
    if payload[:4] != b"\xff\xff\xff\xff":
        return None
    if payload[4:5] in (b"I", b"m", b"D", b"E", b"A", b"j"):
        return RESPONSE
    return REQUEST if payload[4:5] in (b"T", b"U", b"V", b"W", b"i") else None


def bittorrent(payload):
    if payload.startswith(b"d1:r"):
        return RESPONSE
    return REQUEST if payload.startswith(b"d1:a") else None


def openvpn(payload):
    if len(payload) < 14:
        return None
    opcode = payload[0] >> 3
    if opcode in (2, 8):  # hard reset by the server, V1 and V2
        return RESPONSE
    return REQUEST if opcode in (1, 7, 10) else None  # by the client, V1, V2, V3


def dahua(payload):
    return REQUEST if b"DHDiscover" in payload else None


def unproven(_payload):
    return None


PROTOCOLS = {
    53: dns, 5353: dns, 123: ntp, 161: snmp, 389: cldap, 1900: ssdp, 5060: sip, 11211: memcached,
    500: ike, 4500: ike_behind_nat, 47808: bacnet, 3702: discovery, 17: anything, 19: anything,
    137: dns, 69: tftp, 111: rpc, 5683: coap, 27015: source_engine, 6881: bittorrent,
    1194: openvpn, 3283: unproven, 10001: unproven, 30718: unproven, 37810: dahua,
}


def kind_of(source_port, destination_port, payload):
    """docs/definitions "Kind, class and port of an observed packet", the three kinds of UDP."""
    protocol = PROTOCOLS.get(source_port)
    if protocol is None:
        return "udp_probe"
    shape = protocol(payload)
    if shape == RESPONSE:
        return "udp_response"
    if shape is None and destination_port >= 1024 and destination_port not in PROTOCOLS:
        return "udp_odd"
    return "udp_probe"


# docs/definitions "Tool marks", `amplification`: by the port that would have to reflect it.


def dns_name_end(payload, at):
    """Where the name at `at` ends; None if it is cut."""
    while at < len(payload):
        length = payload[at]
        if length == 0:
            return at + 1
        if length >= 0xC0:
            return at + 2
        if length >= 0x40:
            return None
        at += 1 + length
    return None


def dns_amplifies(payload):
    if dns(payload) != REQUEST:
        return False
    questions, *others = (payload[i] << 8 | payload[i + 1] for i in (4, 6, 8, 10))
    if questions == 0:
        return False
    at = 12
    types = []
    for _ in range(questions):
        at = dns_name_end(payload, at)
        if at is None or at + 4 > len(payload):
            return 255 in types[:1]
        types.append(payload[at] << 8 | payload[at + 1])
        at += 4
    if types[0] == 255:
        return True
    if types[0] not in (16, 46):  # TXT, RRSIG
        return False
    for _ in range(sum(others)):
        at = dns_name_end(payload, at)
        if at is None or at + 10 > len(payload):
            return False
        record = payload[at] << 8 | payload[at + 1]
        if record == 41:  # OPT: its class is the size of answers the asker takes
            return (payload[at + 2] << 8 | payload[at + 3]) >= 4096
        at += 10 + (payload[at + 8] << 8 | payload[at + 9])
    return False


def ntp_amplifies(payload):
    if ntp(payload) != REQUEST:
        return False
    mode = payload[0] & 7
    return mode == 6 or (mode == 7 and payload[3] == 42)


def cldap_amplifies(payload):
    """A search of the root: base object empty, scope base."""
    operation = cldap_operation(payload)
    if operation is None or operation[0] != 0x63:
        return False
    return payload[operation[1] : operation[1] + 5] == b"\x04\x00\x0a\x01\x00"


def is_request(port):
    return lambda payload: PROTOCOLS[port](payload) == REQUEST


AMPLIFIED = {
    53: dns_amplifies,
    5353: dns_amplifies,
    123: ntp_amplifies,
    1900: is_request(1900),
    11211: is_request(11211),
    389: cldap_amplifies,
    161: lambda payload: snmp_pdu(payload) == 0xA5,
    17: lambda payload: True,
    19: lambda payload: True,
    3702: is_request(3702),
    37810: is_request(37810),
}


def amplifies(destination_port, payload):
    rule = AMPLIFIED.get(destination_port)
    return rule is not None and rule(payload)
