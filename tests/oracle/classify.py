# SPDX-License-Identifier: Apache-2.0
"""From a decoded packet to its fate, kind, key and marks.

docs/definitions "The fate of a packet", "Solicited table", "Kind, class and port of an observed
packet", "Tool marks". The solicited table is a dictionary here: exact, without limit.
"""

import ipaddress

import udp
from decode import ICMP, ICMPV6, TCP, UDP

FATES = ("undecodable_link", "not_ip", "truncated", "malformed", "link_local", "outbound",
         "unobserved", "service", "solicited", "observed")

# By number: the order in which rows are printed (enum Kind of proto/teiten/v1/summary.proto).
KINDS = ("tcp_syn", "tcp_synack", "tcp_rst", "tcp_ack", "tcp_null", "tcp_fin", "tcp_xmas",
         "tcp_maimon", "tcp_odd", "udp_probe", "udp_response", "udp_odd", "icmp_echo_request",
         "icmp_request", "icmp_reply", "icmp_unreachable", "icmp_exceeded", "icmp_odd", "fragment",
         "ip_other")

BACKSCATTER = frozenset(("tcp_rst", "tcp_synack", "udp_response", "icmp_reply", "icmp_unreachable",
                         "icmp_exceeded"))

MARKS = ("zmap", "masscan", "mirai", "nmap", "amplification")
MARKS_OF_KIND = {
    "tcp_syn": ("zmap", "masscan", "mirai", "nmap"),
    "tcp_null": ("nmap",),
    "tcp_fin": ("nmap",),
    "tcp_xmas": ("nmap",),
    "tcp_maimon": ("nmap",),
    "tcp_ack": ("nmap",),
    "udp_probe": ("zmap", "amplification"),
    "icmp_echo_request": ("zmap",),
}

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CLASSIC_FLAGS = 0x3F

NMAP_WINDOWS = (1024, 2048, 3072, 4096)
MSS_1460 = b"\x02\x04\x05\xb4"

# Seconds an entry of the solicited table lives without a packet.
IDLE_SYN, IDLE_TCP, IDLE_UDP, IDLE_ICMP, IDLE_OTHER = 60, 7200, 60, 30, 60
REMEMBER_INBOUND_UDP = 60
FIRST_SECONDS = 300

# Requests the host may make by ICMP, and the reply of each by the type of its request.
ICMP_REQUESTS = (8, 13, 15)
ICMPV6_REQUESTS = (128, 139)
REQUEST_OF_REPLY = {0: 8, 14: 13, 16: 15}
REQUEST_OF_REPLY_V6 = {129: 128, 140: 139}


class Networks:
    """A set of prefixes that addresses, as bytes, are looked up in."""

    def __init__(self, text):
        self.networks = []
        for part in text.split(","):
            network = ipaddress.ip_network(part.strip(), strict=False)
            length = 4 if network.version == 4 else 16
            shift = length * 8 - network.prefixlen
            self.networks.append((length, shift, int(network.network_address) >> shift))

    def __contains__(self, address):
        number = int.from_bytes(address, "big")
        return any(len(address) == length and number >> shift == prefix
                   for length, shift, prefix in self.networks)


class Service:
    """PORT/PROTOCOL [from CIDR,...]: a real service of this host, for everyone or for some.

    Only TCP and UDP have ports here, other protocols are declared as a whole: 0/47.
    """

    NAMES = {"icmp": ICMP, "igmp": 2, "tcp": TCP, "udp": UDP, "gre": 47, "esp": 50,
             "icmpv6": ICMPV6, "sctp": 132}

    def __init__(self, text):
        declared, _, sources = text.partition(" from ")
        port, _, name = declared.strip().partition("/")
        self.protocol = self.NAMES.get(name.lower())
        if self.protocol is None:
            self.protocol = int(name)
        self.port = int(port)
        if self.protocol not in (TCP, UDP) and self.port != 0:
            raise ValueError(f"{text}: only TCP and UDP have ports")
        self.sources = Networks(sources) if sources else None

    def serves(self, protocol, port, remote):
        if (protocol, port) != (self.protocol, self.port):
            return False
        return self.sources is None or remote in self.sources


class Settings:
    def __init__(self, observe="everything", own=None, services=()):
        self.everything = observe == "everything"
        self.observed = None if self.everything else Networks(observe)
        self.also_own = Networks(own) if own and not self.everything else None
        self.services = [Service(text) for text in services]

    def is_own(self, address):
        if self.everything:
            return False
        return address in self.observed or (self.also_own is not None and address in self.also_own)

    def is_observed(self, address):
        return self.everything or address in self.observed

    def is_service(self, protocol, port, remote):
        return any(service.serves(protocol, port, remote) for service in self.services)


# docs/definitions "link_local" and "unobserved": addresses.


def is_link_local(address):
    if len(address) == 4:
        return address[:2] == b"\xa9\xfe"
    return address[0] == 0xFE and address[1] & 0xC0 == 0x80


def is_multicast(address):
    if len(address) == 4:
        return address[0] >> 4 == 0xE
    return address[0] == 0xFF


def is_never_observed(address):
    return is_multicast(address) or (len(address) == 4 and address[0] >= 240)


def is_loopback(address):
    if len(address) == 4:
        return address[0] == 127
    return address == bytes(15) + b"\x01"


class Solicited:
    """docs/definitions "Solicited table". Values are the second at which an entry ends."""

    def __init__(self, settings):
        self.settings = settings
        self.entries = {}  # (protocol, own, remote, own port or ICMP id, remote port or type)
        self.fragments = {}  # (protocol, own, remote)
        self.inbound_udp = {}  # as entries
        self.start = None  # second of the first packet

    @staticmethod
    def lives(table, key, second):
        return key in table and second < table[key]

    def extend(self, key, second, idle):
        """Opens or refreshes an entry, and the one for its fragments. Neither ever gets shorter."""
        end = second + idle
        self.entries[key] = max(self.entries.get(key, 0), end)
        fragment = key[:3]
        self.fragments[fragment] = max(self.fragments.get(fragment, 0), end)

    def outbound(self, packet, second):
        key = flow_key(packet, packet.source, packet.destination, outbound=True)
        idle = idle_of(packet)
        if lacks_ports(packet):
            fragment = (packet.protocol, packet.source, packet.destination)
            if self.lives(self.fragments, fragment, second):
                self.fragments[fragment] = max(self.fragments[fragment], second + idle)
            return
        if key is None:
            return
        if packet.protocol == TCP and packet.flags & RST:
            return
        if self.lives(self.entries, key, second) or self.opens(packet, key, second):
            self.extend(key, second, idle)

    def opens(self, packet, key, second):
        if packet.protocol in (TCP, UDP) and self.settings.is_service(
                packet.protocol, packet.source_port, packet.destination):
            return False
        if packet.protocol == TCP:
            if packet.flags & SYN:
                return not packet.flags & ACK
            return bool(packet.flags & ACK) and second < self.start + FIRST_SECONDS
        if packet.protocol == UDP:
            return not self.lives(self.inbound_udp, key, second)
        return True  # an ICMP request (flow_key gave a key), or any other protocol

    def inbound(self, packet, second):
        """True if the packet was asked for; it then refreshes the entry."""
        if lacks_ports(packet):
            fragment = (packet.protocol, packet.destination, packet.source)
            if not self.lives(self.fragments, fragment, second):
                return False
            end = second + idle_of(packet)
            self.fragments[fragment] = max(self.fragments[fragment], end)
            return True
        if packet.is_icmp_error():
            return packet.quote is not None and self.has_quoted(packet.quote, second)
        key = flow_key(packet, packet.destination, packet.source, outbound=False)
        if key is None or not self.lives(self.entries, key, second):
            return False
        if not (packet.protocol == TCP and packet.flags & RST):
            self.extend(key, second, idle_of(packet))
        return True

    def has_quoted(self, quote, second):
        addresses = (quote.protocol, quote.source, quote.destination)
        if quote.later:
            return self.lives(self.fragments, addresses, second)
        if quote.icmp_type is not None:
            key = addresses + (quote.icmp_id, quote.icmp_type)
        elif quote.protocol in (TCP, UDP):
            key = addresses + (quote.source_port, quote.destination_port)
        else:
            key = addresses + (0, 0)
        return self.lives(self.entries, key, second)

    def remember(self, packet, second):
        """Unsolicited inbound UDP: an answer to it opens nothing."""
        if packet.protocol == UDP and not packet.fragment:
            key = flow_key(packet, packet.destination, packet.source, outbound=False)
            self.inbound_udp[key] = second + REMEMBER_INBOUND_UDP


def icmp_of(packet):
    return ICMP if packet.version == 4 else ICMPV6


def lacks_ports(packet):
    """A fragment that cannot be looked up by ports; of other protocols all packets are alike."""
    return packet.fragment and packet.protocol in (TCP, UDP, icmp_of(packet))


def flow_key(packet, own, remote, outbound):
    """The key of a packet in the table of solicited traffic; None if it has no place there."""
    addresses = (packet.protocol, own, remote)
    if packet.protocol in (TCP, UDP):
        if outbound:
            return addresses + (packet.source_port, packet.destination_port)
        return addresses + (packet.destination_port, packet.source_port)
    if packet.protocol == icmp_of(packet):
        if outbound:
            requests = ICMP_REQUESTS if packet.version == 4 else ICMPV6_REQUESTS
            request = packet.icmp_type if packet.icmp_type in requests else None
        else:
            replies = REQUEST_OF_REPLY if packet.version == 4 else REQUEST_OF_REPLY_V6
            request = replies.get(packet.icmp_type)
        return None if request is None else addresses + (packet.icmp_id, request)
    return addresses + (0, 0)


def idle_of(packet):
    if packet.protocol == TCP:
        is_syn = not packet.fragment and packet.flags & (SYN | ACK) == SYN
        return IDLE_SYN if is_syn else IDLE_TCP
    if packet.protocol == UDP:
        return IDLE_UDP
    return IDLE_ICMP if packet.protocol == icmp_of(packet) else IDLE_OTHER


class Judge:
    """Gives each packet its fate, in the order of the file."""

    def __init__(self, settings):
        self.settings = settings
        self.solicited = Solicited(settings)
        self.self_addressed = 0

    def fate(self, packet, second):
        if self.solicited.start is None:
            self.solicited.start = second
        if packet.fate is not None:
            return packet.fate
        if self.is_link_local(packet):
            return "link_local"
        settings = self.settings
        source_is_own = settings.is_own(packet.source)
        if source_is_own and not settings.is_own(packet.destination):
            self.solicited.outbound(packet, second)
            return "outbound"
        if source_is_own:
            self.self_addressed += 1
            return "unobserved"
        if (not settings.is_observed(packet.destination) or packet.link_multicast
                or is_never_observed(packet.destination)):
            return "unobserved"
        if self.is_service(packet):
            return "service"
        if not settings.everything and self.solicited.inbound(packet, second):
            return "solicited"
        self.solicited.remember(packet, second)
        return "observed"

    @staticmethod
    def is_link_local(packet):
        if is_link_local(packet.source) or is_link_local(packet.destination):
            return True
        if not any(packet.source):
            return True
        if packet.version == 4:
            return packet.protocol == 2  # IGMP
        return packet.icmp_type is not None and (130 <= packet.icmp_type <= 137
                                                 or packet.icmp_type == 143)

    def is_service(self, packet):
        settings = self.settings
        if packet.is_icmp_error():
            quote = packet.quote
            if quote is None or quote.is_icmp_error():
                return False
            if not settings.everything and not settings.is_own(quote.source):
                return False
            if quote.protocol not in (TCP, UDP):
                return settings.is_service(quote.protocol, 0, quote.destination)
            return not quote.later and settings.is_service(quote.protocol, quote.source_port,
                                                           quote.destination)
        if packet.protocol not in (TCP, UDP):
            return settings.is_service(packet.protocol, 0, packet.source)
        return not packet.fragment and settings.is_service(
            packet.protocol, packet.destination_port, packet.source)


class Row:
    """What an observed packet is counted as."""

    def __init__(self, kind, source, protocol, port):
        self.kind = kind
        self.source = source
        self.protocol = protocol
        self.port = port
        self.source_port = 0
        self.quote_mismatch = False
        self.marks = ()


def classify(packet, settings):
    row = classify_kind(packet, settings)
    row.marks = marks_of(packet, row.kind)
    return row


def classify_kind(packet, settings):
    if packet.fragment:
        return Row("fragment", packet.source, packet.protocol, 0)
    if packet.protocol in (TCP, UDP):
        if packet.protocol == TCP:
            kind = tcp_kind(packet)
            by_source = kind in BACKSCATTER
        else:
            kind = udp.kind_of(packet.source_port, packet.destination_port, packet.payload)
            by_source = kind != "udp_probe"
        if by_source:
            return Row(kind, packet.source, packet.protocol, packet.source_port)
        row = Row(kind, packet.source, packet.protocol, packet.destination_port)
        row.source_port = packet.source_port
        return row
    if packet.protocol == icmp_of(packet):
        return icmp_row(packet, settings)
    return Row("ip_other", packet.source, packet.protocol, 0)


def tcp_kind(packet):
    f = packet.flags & CLASSIC_FLAGS
    if f & RST:
        return "tcp_odd" if f & (SYN | FIN) else "tcp_rst"
    if f & SYN:
        if f & FIN:
            return "tcp_odd"
        return "tcp_synack" if f & ACK else "tcp_syn"
    if (f == FIN | ACK and packet.data_length == 0 and packet.options_length == 0
            and packet.window in NMAP_WINDOWS):
        return "tcp_maimon"
    if f & ACK:
        return "tcp_ack"
    return {0: "tcp_null", FIN: "tcp_fin", FIN | PSH | URG: "tcp_xmas"}.get(f, "tcp_odd")


def icmp_row(packet, settings):
    number = packet.icmp_type
    if packet.is_icmp_error():
        return icmp_error_row(packet, settings)
    if packet.version == 4:
        requests, echo, replies = (13, 15, 17), 8, (0, 14, 16, 18)
    else:
        requests, echo, replies = (139,), 128, (129, 140)
    if number == echo:
        kind, port = "icmp_echo_request", 0
    elif number in requests:
        kind, port = "icmp_request", 0
    elif number in replies:
        kind, port = "icmp_reply", 0
    else:
        kind, port = "icmp_odd", number
    return Row(kind, packet.source, packet.protocol, port)


def icmp_error_row(packet, settings):
    quote = packet.quote
    odd = Row("icmp_odd", packet.source, packet.protocol, packet.icmp_type)
    if quote is None:
        return odd
    odd.quote_mismatch = quote.source != packet.destination
    if (odd.quote_mismatch or quote.is_icmp_error() or is_multicast(quote.destination)
            or is_loopback(quote.destination) or settings.is_own(quote.destination)):
        return odd
    exceeded = (5, 11) if packet.version == 4 else (3,)
    kind = "icmp_exceeded" if packet.icmp_type in exceeded else "icmp_unreachable"
    return Row(kind, quote.destination, quote.protocol, quote.destination_port)


# docs/definitions "Tool marks".


def marks_of(packet, kind):
    """The marks the packet has, of those its kind can have."""
    found = []
    for mark in MARKS_OF_KIND.get(kind, ()):
        rule = {"zmap": is_zmap, "masscan": is_masscan, "mirai": is_mirai, "nmap": is_nmap,
                "amplification": is_amplification}[mark]
        if rule(packet, kind):
            found.append(mark)
    return tuple(found)


def is_zmap(packet, kind):
    if packet.ip_id != 54321 or packet.ttl < 200:
        return False
    if kind != "tcp_syn":
        return True
    only_mss = packet.options is not None and (
        packet.options == b"" or (len(packet.options) == 4 and packet.options[:2] == b"\x02\x04"))
    return packet.flags == SYN and packet.window == 65535 and only_mss


def is_masscan(packet, _kind):
    if packet.version != 4 or packet.flags != SYN or packet.ttl < 128:
        return False
    destination = int.from_bytes(packet.destination, "big")
    expected = (destination ^ packet.destination_port ^ packet.sequence) & 0xFFFF
    return packet.ip_id == expected


def is_mirai(packet, _kind):
    return packet.version == 4 and packet.sequence == int.from_bytes(packet.destination, "big")


def is_nmap(packet, kind):
    if packet.window not in NMAP_WINDOWS or packet.dont_fragment:
        return False
    if kind == "tcp_syn":
        return (packet.flags == SYN and packet.options == MSS_1460
                and not is_masscan(packet, kind))
    if kind == "tcp_ack" and packet.flags != ACK:
        return False
    return packet.options_length == 0 and packet.data_length == 0


def is_amplification(packet, _kind):
    return udp.amplifies(packet.destination_port, packet.payload)
