# SPDX-License-Identifier: Apache-2.0
"""UDP payloads: which are responses, which are requests, which are shaped for amplification.

docs/definitions "UDP responses" and the tool mark `amplification`. The protocol is the one of the
port; only captured bytes can prove anything. Every rule here returns RESPONSE, REQUEST or None.
"""

import re

RESPONSE, REQUEST = "response", "request"


def u16(data, at):
    return int.from_bytes(data[at : at + 2], "big")


def u32(data, at):
    return int.from_bytes(data[at : at + 4], "big")


# DNS and NetBIOS: RFC 1035, 6762, 6891, 6895, 9619; RFC 1002.


def name_end(payload, at, pointers):
    """Where the name at `at` ends; None if it is cut, too long, or no name."""
    start = at
    while at < len(payload) and at < start + 255:
        length = payload[at]
        if length == 0:
            return at + 1
        if length >= 0xC0 and pointers:
            return at + 2 if at + 2 <= len(payload) else None
        if length >= 0x40:
            return None
        at += 1 + length
    return None


def questions_end(payload):
    """Where the questions end; None if one is not whole. Only later ones can be compressed."""
    at = 12
    for number in range(u16(payload, 4)):
        at = name_end(payload, at, number > 0)
        if at is None or at + 4 > len(payload):
            return None
        at += 4
    return at


def any_dns(payload, most_questions):
    if len(payload) < 12:
        return None
    opcode, reserved, error = payload[2] >> 3 & 15, payload[3] & 0x40, payload[3] & 15
    if opcode not in (0, 1, 2, 4, 5) or reserved or u16(payload, 4) > most_questions:
        return None
    if questions_end(payload) is None:
        return None
    if payload[2] & 0x80:
        return RESPONSE
    return None if error else REQUEST


def dns(payload):
    return any_dns(payload, 1)


def multicast_dns(payload):
    return any_dns(payload, 65535)


def netbios(payload):
    if len(payload) < 12 or payload[2] >> 3 & 15 not in (0, 5, 6, 7, 8, 9, 15):
        return None
    name = payload[12:45]
    has_name = len(name) == 33 and name[0] == 32 and all(65 <= c <= 80 for c in name[1:])
    questions, answers, error = u16(payload, 4), u16(payload, 6), payload[3] & 15
    if payload[2] & 0x80:
        if questions == 0 and (answers == 1 and has_name or answers == 0 and error):
            return RESPONSE
        return None
    return REQUEST if (questions, answers, error) == (1, 0, 0) and has_name else None


def ntp(payload):
    """RFC 5905 7.3, RFC 9327 2, and ntp_request.h of ntpd for mode 7."""
    if not payload or not 1 <= payload[0] >> 3 & 7 <= 4:
        return None
    mode = payload[0] & 7
    if mode in (3, 4):
        if len(payload) < 48 or payload[1] > 16:  # stratum
            return None
        return RESPONSE if mode == 4 else REQUEST
    if mode == 6:
        if len(payload) < 12 or payload[1] & 31 not in (*range(13), 31):
            return None
        if payload[1] & 0x80:
            return RESPONSE
        return None if payload[1] & 0x60 else REQUEST  # only responses have errors and more
    if mode == 7:
        if len(payload) < 8 or payload[2] not in (0, 2, 3):
            return None
        if payload[0] & 0x80:
            return RESPONSE
        return None if payload[0] & 0x40 else REQUEST
    return None


# SNMP and CLDAP: BER. A snapshot cuts long messages, so an element may end beyond the payload, but
# never beyond the element around it.

LARGEST_MESSAGE = 65535


def ber(payload, at, limit):
    """One BER element: (tag, start of its content, end of its content); None if there is none."""
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
    return (tag, at, at + length) if at + length <= limit else None


def ber_path(payload, tags):
    """Walks into a message: elements by tag, one after the other; "in" goes into the last one.

    Returns the last element; None if one is not there. A tag of None takes any.
    """
    at, limit, element = 0, LARGEST_MESSAGE, None
    for tag in tags:
        if tag == "in":
            at, limit = element[1], element[2]
            continue
        element = ber(payload, at, limit)
        if element is None or tag not in (None, element[0]):
            return None
        at = element[2]
    return element


INTEGER, STRING, ENUMERATED, SEQUENCE = 0x02, 0x04, 0x0A, 0x30
GET, GET_NEXT, GET_RESPONSE, SET, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8


def snmp_pdu(payload):
    """The tag of the PDU of an SNMP message; None if there is none, or it is encrypted."""
    version = ber_path(payload, (SEQUENCE, "in", INTEGER))
    if version is None or version[2] != version[1] + 1 or version[2] > len(payload):
        return None
    number = payload[version[1]]
    if number in (0, 1):  # v1, v2c: community, PDU
        pdu = ber_path(payload, (SEQUENCE, "in", INTEGER, STRING, None))
    elif number == 3:  # header, security parameters, then engine, context and PDU
        pdu = ber_path(payload, (SEQUENCE, "in", INTEGER, SEQUENCE, STRING, SEQUENCE, "in", STRING,
                                 STRING, None))
    else:
        return None
    # RFC 1157 knows no GetBulk, and a Report is of version 3 (RFC 3412 7.1).
    if pdu is None or (pdu[0] == GET_BULK and number == 0) or (pdu[0] == REPORT and number != 3):
        return None
    return pdu[0]


def snmp(payload):
    tag = snmp_pdu(payload)
    if tag in (GET_RESPONSE, REPORT):
        return RESPONSE
    return REQUEST if tag in (GET, GET_NEXT, SET, GET_BULK) else None


SEARCH_REQUEST, SEARCH_ENTRY, SEARCH_DONE = 0x63, 0x64, 0x65


def cldap_operation(payload):
    """The BER element of an LDAP message's operation."""
    identifier = ber_path(payload, (SEQUENCE, "in", INTEGER))
    if identifier is None or not 1 <= identifier[2] - identifier[1] <= 4:
        return None
    return ber_path(payload, (SEQUENCE, "in", INTEGER, None))


def cldap(payload):
    operation = cldap_operation(payload)
    if operation is None:
        return None
    if operation[0] in (SEARCH_ENTRY, SEARCH_DONE):
        return RESPONSE
    return REQUEST if operation[0] == SEARCH_REQUEST else None


# Protocols of words.


def ssdp(payload):
    if payload.startswith(b"HTTP/1."):
        return RESPONSE
    return REQUEST if payload.startswith(b"M-SEARCH") else None


def sip(payload):
    if payload.startswith(b"SIP/2.0"):
        return RESPONSE
    line, end, _ = payload.partition(b"\r\n")
    is_request = end and b"A" <= line[:1] <= b"Z" and line.endswith(b" SIP/2.0")
    return REQUEST if is_request else None


def memcached_text(payload):
    """What stands behind the frame header of memcached's UDP protocol; it is never left out."""
    is_frame = len(payload) >= 8 and u16(payload, 2) < u16(payload, 4) and u16(payload, 6) == 0
    return payload[8:] if is_frame else b""


MEMCACHED_RETRIEVAL = (b"get ", b"gets ", b"stats\r", b"stats\n", b"stats ")


def memcached(payload):
    text = memcached_text(payload)
    if text.startswith((b"STAT ", b"VALUE ", b"END\r\n")):
        return RESPONSE
    is_request = text.startswith((*MEMCACHED_RETRIEVAL, b"set ", b"version\r", b"version\n"))
    return REQUEST if is_request else None


def discovery(payload):
    if not payload.startswith(b"<"):
        return None
    if b"ProbeMatch" in payload:
        return RESPONSE
    # A word of its own, its end within what was captured.
    return REQUEST if re.search(rb"Probe[^A-Za-z]", payload) else None


def bittorrent(payload):
    if payload.startswith(b"d1:rd"):
        return RESPONSE
    return REQUEST if payload.startswith(b"d1:ad") else None


def dahua(payload):
    return REQUEST if b"DHDiscover" in payload else None


# Protocols of fields.


def ike(payload):
    """RFC 2408 3.1, RFC 7296 3.1 and IANA's exchange types."""
    if len(payload) < 28 or not any(payload[:8]):
        return None
    major, exchange, flags = payload[17] >> 4, payload[18], payload[19]
    if major == 1:
        known = exchange in (1, 2, 3, 4, 5, 6, 32, 33) and flags & ~0x07 == 0
    else:
        known = major == 2 and 34 <= exchange <= 44 and flags & ~0x38 == 0
    if not known or not 28 <= u32(payload, 24) <= 65535:
        return None
    return RESPONSE if flags & 0x20 or any(payload[8:16]) else REQUEST


def ike_behind_nat(payload):
    # RFC 3948: on port 4500 IKE has four zero bytes before it, everything else is ESP.
    return ike(payload[4:]) if payload[:4] == bytes(4) else None


def bacnet_apdu(payload):
    """The two first bytes of the APDU; None if there is none."""
    if len(payload) < 4 or payload[0] != 0x81 or payload[1] not in (0x04, 0x0A, 0x0B):
        return None
    at = 10 if payload[1] == 0x04 else 4  # forwarded: the original address comes first
    if len(payload) < at + 2 or payload[at] != 0x01:
        return None
    control = payload[at + 1]
    at += 2
    if control & 0x80:  # a message of the network layer
        return None
    for has_address in (control & 0x20, control & 0x08):  # destination, source
        if has_address:
            if len(payload) < at + 3:
                return None
            at += 3 + payload[at + 2]
    if control & 0x20:  # hop count
        at += 1
    if at + 2 > len(payload) or at >= u16(payload, 2):
        return None
    return payload[at : at + 2]


def bacnet(payload):
    apdu = bacnet_apdu(payload)
    if apdu is None:
        return None
    kind = apdu[0] >> 4
    if kind == 0:  # confirmed request
        return REQUEST
    if kind == 1:  # unconfirmed: the answer I-Am, the questions Who-Has and Who-Is
        return {0: RESPONSE, 7: REQUEST, 8: REQUEST}.get(apdu[1])
    if kind in (2, 3, 5, 6):  # simple and complex acknowledgement, error, reject
        return RESPONSE
    if kind in (4, 7):  # segment acknowledgement, abort: either side sends them, and says which
        return RESPONSE if apdu[0] & 1 else None
    return None


def anything(_payload):
    return RESPONSE


def tftp(payload):
    if len(payload) < 4:
        return None
    opcode = u16(payload, 0)
    if opcode == 3 or (opcode == 5 and u16(payload, 2) <= 8):
        return RESPONSE
    if opcode in (1, 2):
        name, *rest = payload[2:].split(b"\0")
        if name and len(rest) >= 2 and rest[0].lower() in (b"octet", b"netascii", b"mail"):
            return REQUEST
    return None


def rpc(payload):
    """RFC 5531 9."""
    if len(payload) < 16:
        return None
    kind, word = u32(payload, 4), u32(payload, 8)
    if kind == 0:
        return REQUEST if word == 2 and len(payload) >= 24 else None  # version of RPC
    if kind == 1 and word == 1:  # denied: by version or by credentials
        return RESPONSE if u32(payload, 12) <= 1 else None
    if kind == 1 and word == 0 and len(payload) >= 20:
        verifier = u32(payload, 16)
        state = 20 + (verifier + 3) // 4 * 4
        if verifier <= 400 and state + 4 <= len(payload) and u32(payload, state) <= 5:
            return RESPONSE
    return None


COAP_RESPONSES = frozenset((*range(0x41, 0x46), 0x5F, *range(0x80, 0x9E), *range(0xA0, 0xA9)))


def coap(payload):
    if len(payload) < 4 or payload[0] >> 6 != 1:
        return None
    kind, token, code = payload[0] >> 4 & 3, payload[0] & 15, payload[1]
    if kind == 3 or token > 8 or len(payload) < 4 + token:  # a reset is empty
        return None
    if code in COAP_RESPONSES:
        return RESPONSE
    return REQUEST if 1 <= code <= 7 and kind != 2 else None  # an acknowledgement never asks


def source_engine(payload):
    if payload[:4] != b"\xff\xff\xff\xff":
        return None
    if payload[4:5] in (b"I", b"m", b"D", b"E", b"A", b"j"):
        return RESPONSE
    return REQUEST if payload[4:5] in (b"T", b"U", b"V", b"W", b"i") else None


def openvpn(payload):
    """Only hard resets name the side. Opcode and key, session, [digest, 8 bytes of packet id]."""
    if len(payload) < 14 or payload[0] & 7 or not any(payload[1:9]):
        return None
    opcode = payload[0] >> 3
    if opcode == 10:  # version 3 is always wrapped; packet id 1, or 0x0f000001
        return REQUEST if len(payload) > 54 and u32(payload, 9) in (1, 0x0F000001) else None
    # Bare: acknowledges nothing or one packet, packet id 0. With a digest the size has to fit.
    size = len(payload)
    bare = size == 14 and not any(payload[9:]) or (
        size == 26 and payload[9] == 1 and not any(payload[22:]))
    wrapped = any(size in (14 + 8 + digest, 26 + 8 + digest) for digest in (16, 20, 32, 48, 64))
    if not bare and not wrapped:
        return None
    if opcode in (2, 8):  # by the server, V1 and V2
        return RESPONSE
    return REQUEST if opcode in (1, 7) else None  # by the client


def unproven(_payload):
    return None


PROTOCOLS = {
    53: dns, 5353: multicast_dns, 123: ntp, 161: snmp, 389: cldap, 1900: ssdp, 5060: sip,
    11211: memcached, 500: ike, 4500: ike_behind_nat, 47808: bacnet, 3702: discovery,
    17: anything, 19: anything, 137: netbios, 69: tftp, 111: rpc, 5683: coap,
    27015: source_engine, 6881: bittorrent, 1194: openvpn, 37810: dahua,
    3283: unproven, 10001: unproven, 30718: unproven,
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


def dns_amplifies(payload):
    """A query of one question: ANY; or RRSIG or TXT where EDNS takes 4,096 bytes or more."""
    if any_dns(payload, 1) != REQUEST or payload[2] >> 3 & 15 != 0 or u16(payload, 4) != 1:
        return False
    at = questions_end(payload)
    kind = u16(payload, at - 4)
    if kind == 255:
        return True
    if kind not in (16, 46):  # TXT, RRSIG
        return False
    for _ in range(u16(payload, 6) + u16(payload, 8) + u16(payload, 10)):
        is_root = payload[at : at + 1] == b"\0"
        at = name_end(payload, at, True)
        if at is None or at + 10 > len(payload):
            return False
        if is_root and u16(payload, at) == 41:  # OPT: its class is the size of answers it takes
            return u16(payload, at + 2) >= 4096
        at += 10 + u16(payload, at + 8)
    return False


def ntp_amplifies(payload):
    if ntp(payload) != REQUEST:
        return False
    mode = payload[0] & 7
    return mode == 6 or (mode == 7 and payload[3] == 42)


def cldap_amplifies(payload):
    """A search of the root: base object empty, scope base."""
    inside = (SEQUENCE, "in", INTEGER, SEARCH_REQUEST, "in")
    base = ber_path(payload, (*inside, STRING))
    scope = ber_path(payload, (*inside, STRING, ENUMERATED))
    if cldap(payload) != REQUEST or base is None or scope is None:
        return False
    return base[1] == base[2] and payload[scope[1] : scope[2]] == b"\0"


def memcached_amplifies(payload):
    return memcached_text(payload).startswith(MEMCACHED_RETRIEVAL)


def is_request(port):
    return lambda payload: PROTOCOLS[port](payload) == REQUEST


AMPLIFIED = {
    53: dns_amplifies,
    5353: dns_amplifies,
    123: ntp_amplifies,
    1900: is_request(1900),
    11211: memcached_amplifies,
    389: cldap_amplifies,
    161: lambda payload: snmp_pdu(payload) == GET_BULK,
    17: lambda payload: True,
    19: lambda payload: True,
    3702: is_request(3702),
    37810: is_request(37810),
}


def amplifies(destination_port, payload):
    rule = AMPLIFIED.get(destination_port)
    return rule is not None and rule(payload)
