# SPDX-License-Identifier: Apache-2.0
"""The oracle has to be right about what is known: captures of real tools, and written-out cases."""

import contextlib
import io
import os
import pathlib
import re
import tempfile
import unittest

import build
import classify
import compare
import decode
import generate
import oracle
import payloads
import pcapread
import udp

HERE = pathlib.Path(__file__).resolve().parent
CAPTURES = pathlib.Path(os.environ.get("TEITEN_CAPTURES", HERE.parent / "captures"))

OUR, THEIR, OTHER = b"\xcb\0\x71\5", b"\xc0\0\2\1", b"\xc0\0\2\2"
OUR6 = bytes.fromhex("20010db8000d0000") + bytes(7) + b"\5"
THEIR6 = bytes.fromhex("20010db8000a0000") + bytes(7) + b"\1"
SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND  # at the start of a window
SYN, ACK, RST = classify.SYN, classify.ACK, classify.RST


def records(timed_packets):
    """(seconds from START, IP packet) as records of a raw link."""
    return [pcapread.Record(START + round(time * SECOND), 101, len(packet), packet)
            for time, packet in timed_packets]


def run(timed_packets, **settings):
    return oracle.Oracle(classify.Settings(**settings), 60).run(records(timed_packets))


def fates(timed_packets, **settings):
    """The fate of each packet, in order."""
    settings = classify.Settings(**({"observe": "203.0.113.0/28,2001:db8:d::/64"} | settings))
    judge = classify.Judge(settings)
    found = []
    for record in records(timed_packets):
        packet = decode.decode(record.link, record.wire, record.data)
        found.append(judge.fate(packet, record.time // SECOND))
    return found


def kind_of(packet, **settings):
    decoded = decode.decode(101, len(packet), packet)
    assert decoded.fate is None, decoded.fate
    return classify.classify(decoded, classify.Settings(**settings))


def syn(source=THEIR, destination=OUR, flags=SYN, sport=4000, dport=80):
    return build.ip(source, destination, build.TCP, build.tcp(sport, dport, flags, 1))


def totals(name, **settings):
    capture = pcapread.read(CAPTURES / f"{name}.pcap")
    kinds, marks, keys = {}, {}, set()
    for window in oracle.Oracle(classify.Settings(**settings), 60).run(capture.records):
        assert window.captured == sum(window.fates.values())
        for key, row in window.tuples.items():
            kinds[key[1]] = kinds.get(key[1], 0) + row.packets
            keys.add(key)
            for mark, count in row.marks.items():
                if count:
                    marks[mark] = marks.get(mark, 0) + count
    return kinds, marks, keys


@unittest.skipUnless(CAPTURES.is_dir(), "no captures")
class Captures(unittest.TestCase):
    def check(self, name, kinds, marks):
        found_kinds, found_marks, keys = totals(name)
        self.assertEqual(found_kinds, kinds, name)
        self.assertEqual(found_marks, marks, name)
        return keys

    def test_tools(self):
        self.check("zmap_syn80", {"tcp_syn": 256}, {"zmap": 256})
        self.check("zmap_icmp", {"icmp_echo_request": 128}, {"zmap": 128})
        self.check("zmap_udp53", {"udp_probe": 128}, {"zmap": 128})
        self.check("masscan_syn", {"tcp_syn": 256}, {"masscan": 256})
        self.check("masscan_seed1", {"tcp_syn": 64}, {"masscan": 64})
        self.check("nmap_sS", {"tcp_syn": 128}, {"nmap": 128})
        self.check("nmap6_sS", {"tcp_syn": 24}, {"nmap": 24})
        self.check("nmap_sT", {"tcp_syn": 16}, {})
        self.check("nmap_xmas_null_fin", {"tcp_xmas": 8, "tcp_null": 8, "tcp_fin": 8, "tcp_ack": 8,
                                          "tcp_maimon": 8}, {"nmap": 40})
        self.check("synthetic_mirai", {"tcp_syn": 200}, {"mirai": 200})
        self.check("hping3_syn", {"tcp_syn": 60}, {})
        self.check("hping3_portscan", {"tcp_syn": 60}, {})
        self.check("hping3_icmp", {"icmp_echo_request": 30}, {})
        self.check("fping", {"icmp_echo_request": 30}, {})
        self.check("ping_linux", {"icmp_echo_request": 5}, {})
        self.check("ping6_linux", {"icmp_echo_request": 4}, {})
        self.check("linux_connect", {"tcp_syn": 180}, {})
        self.check("rltraceroute6", {"udp_probe": 4}, {})

    def test_udp_scans(self):
        # masscan's 32 probes each: DNS (not worth reflecting), monlist, SNMP Get, M-SEARCH.
        self.check("masscan_udp", {"udp_probe": 128}, {"amplification": 64})
        kinds, _, _ = totals("nmap_sU")
        self.assertEqual(kinds, {"udp_probe": 72})

    def test_mixed_host_discovery(self):
        kinds, _, _ = totals("nmap_sn")
        self.assertEqual(set(kinds), {"icmp_echo_request", "icmp_request", "tcp_syn", "tcp_ack"})
        self.assertEqual(sum(kinds.values()), 98)

    def test_backscatter(self):
        self.check("bs_synack", {"tcp_synack": 160}, {})
        self.check("bs_rst", {"tcp_rst": 40}, {})
        self.check("bs_rst_ack", {"tcp_rst": 20}, {})
        self.check("bs_echo_reply", {"icmp_reply": 30}, {})
        self.check("bs_ttl_exceeded", {"icmp_exceeded": 20}, {})
        keys = self.check("bs_icmp_unreach", {"icmp_unreachable": 40}, {})
        # The attacked service, not the router: UDP port 9.
        self.assertEqual({key[2:] for key in keys}, {(17, 9)})

    def test_victim_of_ttl_exceeded_is_the_quoted_destination(self):
        _, _, keys = totals("bs_ttl_exceeded")
        self.assertEqual({key[0] for key in keys}, {bytes((192, 0, 2, 200))})

    def test_every_packet_has_one_fate(self):
        for path in sorted(CAPTURES.glob("*.pcap")):
            capture = pcapread.read(path)
            self.assertIsNone(capture.damage, path)
            windows = oracle.Oracle(classify.Settings(), 60).run(capture.records)
            self.assertEqual(sum(sum(w.fates.values()) for w in windows), len(capture.records))


class Files(unittest.TestCase):
    def test_forms_of_a_file_are_read_alike(self):
        found = []
        for form in build.PcapWriter.FORMS:
            with tempfile.NamedTemporaryFile() as file:
                file.write(generate.generate(3, 100, "mixed", form=form))
                file.flush()
                capture = pcapread.read(file.name)
            self.assertIsNone(capture.damage)
            found.append([(r.link, r.wire, r.data) for r in capture.records])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])
        self.assertEqual(found[0], found[3])

    def test_cut_file_counts_what_is_readable(self):
        writer = build.PcapWriter()
        for number in range(3):
            writer.add(START + number, build.ethernet(syn()))
        data = writer.bytes()
        one = (len(data) - 24) // 3
        for cut in range(len(data) + 1):
            with tempfile.NamedTemporaryFile() as file:
                file.write(data[:cut])
                file.flush()
                out, err = io.StringIO(), io.StringIO()
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    code = oracle.main([file.name])
            whole = cut >= 24 and (cut - 24) % one == 0
            self.assertEqual(code, 0 if whole else 65, cut)
            self.assertEqual(bool(err.getvalue()), not whole)
            packets = max(0, cut - 24) // one
            self.assertIn(f"captured={packets}" if packets else "window_start", out.getvalue())

    def test_generator_is_deterministic_and_reaches_every_kind(self):
        self.assertEqual(generate.generate(5, 500, "mixed"), generate.generate(5, 500, "mixed"))
        with tempfile.NamedTemporaryFile() as file:
            file.write(generate.generate(1, 6000, "mixed"))
            file.flush()
            capture = pcapread.read(file.name)
        windows = oracle.Oracle(classify.Settings(), 60).run(capture.records)
        kinds = {key[1] for window in windows for key in window.tuples}
        self.assertEqual(len(kinds), 20)
        reached = {fate for window in windows for fate, n in window.fates.items() if n}
        self.assertEqual(reached, set(classify.FATES) - {"outbound", "service", "solicited"})

    def test_links_agree(self):
        """The same IP packet has the same meaning in every link type."""
        import random
        packet = syn()
        for link in build.LINK_TYPES:
            rng = random.Random(1)
            if link == 229:
                packet6 = syn(THEIR6, OUR6)
                found = decode.decode(link, len(packet6), packet6)
                self.assertEqual((found.fate, found.destination_port), (None, 80))
                continue
            seen = set()
            for _ in range(50):
                frame = build.linked(rng, link, packet)
                found = decode.decode(link, len(frame), frame)
                seen.add((found.fate, found.destination_port))
            self.assertIn((None, 80), seen, link)
            self.assertLessEqual(seen, {(None, 80), ("not_ip", 0)}, link)


class Decoding(unittest.TestCase):
    def fate(self, packet, captured=None, wire=None):
        data = packet[:captured] if captured is not None else packet
        return decode.decode(101, wire or len(packet), data).fate

    def test_truncated_or_malformed(self):
        packet = syn()
        for captured in range(len(packet)):
            expected = "truncated" if captured < 34 else None
            self.assertEqual(self.fate(packet, captured), expected, captured)
            self.assertEqual(self.fate(packet[:captured]), "malformed", captured)

    def test_missing_payload_is_never_truncated(self):
        packet = build.ip(THEIR, OUR, build.UDP, build.udp(1, 2, bytes(100)))
        self.assertEqual(self.fate(packet, 28), None)
        self.assertEqual(self.fate(packet, 27), "truncated")

    def test_quotes_are_needed(self):
        quote = syn(OUR, THEIR)
        packet = build.ip(THEIR, OUR, build.ICMP, build.icmp(3, 1, bytes(4), quote))
        self.assertEqual(self.fate(packet, 28 + 24), None)
        self.assertEqual(self.fate(packet, 28 + 23), "truncated")
        short = build.ip(THEIR, OUR, build.ICMP, build.icmp(3, 1, bytes(4), quote[:23]))
        self.assertEqual(self.fate(short), None)
        self.assertEqual(kind_of(short).kind, "icmp_odd")

    def test_extension_headers(self):
        def chain(count):
            content, protocol = build.tcp(1, 2, SYN), build.TCP
            for _ in range(count):
                content, protocol = build.extension(protocol, bytes(6)) + content, 60
            return build.ip6(THEIR6, OUR6, protocol, content)
        self.assertEqual(kind_of(chain(8)).kind, "tcp_syn")
        self.assertEqual(self.fate(chain(9)), "malformed")

    def test_offload(self):
        for size, expected in ((1460, None), (1459, "malformed")):
            packet = build.ip4(THEIR, OUR, build.TCP, build.tcp(1, 2, ACK, payload=bytes(size)),
                               total=0)
            frame = build.ethernet(packet)
            self.assertEqual(decode.decode(1, len(frame) + 1, frame + b"\0").fate, expected)

    def test_cut_comes_before_too_short(self):
        tcp = build.tcp(1, 2, SYN)
        for make, wire in ((lambda: build.ip(THEIR, OUR, build.TCP, tcp[:12]), 32),
                           (lambda: build.ip(THEIR6, OUR6, 43, bytes(5)), 45)):
            packet = make()
            self.assertEqual(decode.decode(101, wire, packet).fate, "malformed")
            self.assertEqual(decode.decode(101, wire, packet[:-1]).fate, "truncated")

    def test_sixteen_tags(self):
        inner = build.ip(THEIR, OUR, 47, b"")
        for make in (lambda n: build.tagged(inner, (0x8100,) * n),
                     lambda n: build.ethernet(build.mpls(inner, [99] * n), 0x8847)):
            self.assertIsNone(decode.decode(1, 1500, make(16)).fate)
            self.assertEqual(decode.decode(1, 1500, make(17)).fate, "undecodable_link")

    def test_fragments(self):
        tiny = build.ip4(THEIR, OUR, build.TCP, bytes(19), fragment=build.MORE_FRAGMENTS)
        later = build.ip4(THEIR, OUR, build.UDP, bytes(4), fragment=100)
        for packet in (tiny, later):
            self.assertEqual(kind_of(packet).kind, "fragment")
        whole = build.ip4(THEIR, OUR, build.UDP, build.udp(1, 2, b"", 1000),
                          fragment=build.MORE_FRAGMENTS)
        self.assertEqual(kind_of(whole).kind, "udp_probe")
        unfragmented = build.ip4(THEIR, OUR, build.UDP, build.udp(1, 2, b"", 1000))
        self.assertEqual(self.fate(unfragmented), "malformed")


class Kinds(unittest.TestCase):
    def test_are_numbered_as_on_the_wire(self):
        proto = (HERE.parents[1] / "proto/teiten/v1/summary.proto").read_text(encoding="utf-8")
        numbers = dict(re.findall(r"^  KIND_([A-Z_]+) = (\d+);", proto, re.MULTILINE))
        for number, kind in enumerate(classify.KINDS, start=1):
            self.assertEqual(numbers[kind.upper()], str(number))
        self.assertEqual(len([name for name in numbers if not name.startswith("CLASS")]),
                         len(classify.KINDS) + 1)

    # docs/definitions "Kind, class and port": all 64 values of the six flags, with a window and
    # data that are not maimon. Rows: URG ACK of the flags, columns: PSH RST SYN FIN.
    TABLE = {
        0x00: "null fin syn odd rst odd odd odd odd odd syn odd rst odd odd odd",
        0x10: "ack ack synack odd rst odd odd odd ack ack synack odd rst odd odd odd",
        0x20: "odd odd syn odd rst odd odd odd odd xmas syn odd rst odd odd odd",
        0x30: "ack ack synack odd rst odd odd odd ack ack synack odd rst odd odd odd",
    }

    def test_all_64_flags(self):
        for high, kinds in self.TABLE.items():
            for low, name in enumerate(kinds.split()):
                for ecn in (0, 0x40, 0x80, 0xC0):
                    segment = build.tcp(1000, 80, high | low | ecn, window=5, payload=b"x")
                    row = kind_of(build.ip(THEIR, OUR, build.TCP, segment))
                    self.assertEqual(row.kind, f"tcp_{name}", (high, low))
                    self.assertEqual(row.port, 1000 if name in ("rst", "synack") else 80)

    def test_maimon(self):
        for window in (1024, 2048, 3072, 4096, 5120):
            row = kind_of(build.ip(THEIR, OUR, build.TCP, build.tcp(1, 2, 0x11, window=window)))
            self.assertEqual(row.kind, "tcp_maimon" if window < 5000 else "tcp_ack")

    def test_quotes(self):
        def row(quote, number=3, **settings):
            packet = build.ip(THEIR, OUR, build.ICMP, build.icmp(number, 1, bytes(4), quote))
            return kind_of(packet, **settings)
        found = row(syn(OUR, OTHER, dport=443))
        self.assertEqual((found.kind, found.source, found.protocol, found.port),
                         ("icmp_unreachable", OTHER, 6, 443))
        self.assertEqual(row(syn(OUR, OTHER), 5).kind, "icmp_exceeded")
        mismatch = row(syn(THEIR, OTHER))
        self.assertEqual((mismatch.kind, mismatch.port), ("icmp_odd", 3))
        self.assertTrue(mismatch.quote_mismatch)
        self.assertEqual(row(syn(OUR, b"\xe0\0\0\1")).kind, "icmp_odd")
        self.assertEqual(row(syn(OUR, OUR), observe="203.0.113.0/28").kind, "icmp_odd")
        nested = build.ip(OUR, OTHER, build.ICMP, build.icmp(3))
        self.assertEqual(row(nested).kind, "icmp_odd")
        for protocol, port in ((132, 443), (33, 443), (136, 443), (47, 0)):
            quoted = row(build.ip(OUR, OTHER, protocol, b"\0\5\1\xbb" + bytes(16)))
            self.assertEqual((quoted.protocol, quoted.port), (protocol, port))
        echo = row(build.ip(OUR, OTHER, build.ICMP, build.echo(8, 1)))
        self.assertEqual((echo.kind, echo.protocol, echo.port), ("icmp_unreachable", 1, 0))

    def test_listed_udp_payloads(self):
        for port, requests, responses, near in payloads.PORTS:
            for payload in responses:
                kind = udp.kind_of(port, 40000, payload)
                self.assertEqual(kind, "udp_response", (port, payload))
            for payload in near:
                self.assertEqual(udp.kind_of(port, 40000, payload), "udp_odd", (port, payload))
                self.assertEqual(udp.kind_of(port, 1023, payload), "udp_probe")
                self.assertEqual(udp.kind_of(port, 1194, payload), "udp_probe")
            for payload in requests:
                kind = udp.kind_of(port, 40000, payload)
                self.assertEqual(kind, "udp_probe", (port, payload))
                self.assertEqual(udp.kind_of(40000, port, payload), "udp_probe")

    def test_amplification(self):
        for port, payload in payloads.AMPLIFYING:
            self.assertTrue(udp.amplifies(port, payload), (port, payload))
        for port, payload in payloads.NEARLY_AMPLIFYING:
            self.assertFalse(udp.amplifies(port, payload), (port, payload))


class Fates(unittest.TestCase):
    def test_order_of_addresses(self):
        multicast = b"\xe0\0\0\1"
        found = fates([
            (0, syn(b"\xa9\xfe\0\1", OUR)), (0, syn(bytes(4), OUR)), (0, syn(OUR, THEIR)),
            (0, syn(OUR, multicast)), (0, syn(THEIR, multicast)), (0, syn(OUR, OUR)),
            (0, syn(THEIR, b"\xcb\0\x71\x40")), (0, syn(OTHER, OUR)),
        ])
        self.assertEqual(found, ["link_local", "link_local", "outbound", "outbound", "unobserved",
                                 "unobserved", "unobserved", "observed"])

    def test_everything_has_no_own_addresses(self):
        found = fates([(0, syn(OUR, THEIR)), (1, syn(THEIR, OUR, SYN | ACK, 80, 4000))],
                      observe="everything")
        self.assertEqual(found, ["observed", "observed"])

    def test_service(self):
        found = fates([(0, syn(dport=22)), (0, syn(dport=443)), (0, syn(OTHER, dport=443))],
                      services=["22/tcp", "443/tcp from 192.0.2.1/32"])
        self.assertEqual(found, ["service", "service", "observed"])
        error = build.ip(OTHER, OUR, build.ICMP,
                         build.icmp(3, 1, bytes(4), syn(OUR, THEIR, SYN | ACK, 22, 9)))
        self.assertEqual(fates([(0, error)], services=["22/tcp"]), ["service"])
        self.assertEqual(fates([(0, error)], services=["22/tcp from 192.0.2.2/32"]), ["observed"])

    def answers(self, request, answer, waits):
        """The fates of the same answer after each of the waits, each from a new start."""
        return [fates([(0, syn(OTHER)), (400.9, request),
                       (400.9 + wait, answer)])[-1] for wait in waits]

    def test_service_of_a_whole_protocol(self):
        def about(packet):
            return build.ip(OTHER, OUR, build.ICMP, build.icmp(3, 0, bytes(4), packet))
        gre = build.ip(THEIR, OUR, 47, bytes(8))
        found = fates(
            [(0, gre), (0, build.ip(THEIR, OUR, 47, bytes(8), fragment=9)),
             (0, build.ip(OTHER, OUR, 47, bytes(8))), (0, build.ip(THEIR, OUR, 50, bytes(8))),
             (0, about(build.ip(OUR, THEIR, 47, bytes(8)))),
             (0, build.ip(THEIR, OUR, build.ICMP, build.echo(8, 1))), (0, about(syn(OUR, THEIR))),
             (0, about(build.ip(OUR, THEIR, build.ICMP, build.echo(0, 1)))),
             (0, about(build.ip(OUR, THEIR, build.ICMP, build.icmp(11))))],
            services=["0/gre from 192.0.2.1", "0/icmp"])
        self.assertEqual(found, ["service", "service", "observed", "observed", "service", "service",
                                 "observed", "service", "observed"])
        with self.assertRaises(ValueError):
            classify.Service("80/gre")

    def test_errors_about_sctp_are_looked_up_without_ports(self):
        sctp = build.ip(OUR, THEIR, 132, b"\0\5\1\xbb" + bytes(16))
        error = build.ip(OTHER, OUR, build.ICMP, build.icmp(3, 0, bytes(4), sctp))
        self.assertEqual(fates([(0, sctp), (1, error)]), ["outbound", "solicited"])

    def test_syn_lives_sixty_seconds(self):
        request = syn(OUR, THEIR, SYN, 4000, 80)
        answer = syn(THEIR, OUR, SYN | ACK, 80, 4000)
        # 400.9 s: the entry ends at second 460.
        self.assertEqual(self.answers(request, answer, (1, 59.0, 59.099, 59.1, 60)),
                         ["solicited", "solicited", "solicited", "observed", "observed"])

    def test_established_lives_two_hours(self):
        found = fates([(0, syn(OUR, THEIR)), (1, syn(THEIR, OUR, SYN | ACK, 80, 4000)),
                       (7200.5, syn(THEIR, OUR, ACK, 80, 4000)),
                       (14400.5, syn(THEIR, OUR, RST, 80, 4000))])
        self.assertEqual(found[1:], ["solicited", "solicited", "observed"])
        self.assertEqual(fates([(0, syn(OUR, THEIR)), (1, syn(THEIR, OUR, RST | ACK, 80, 4000)),
                                (61, syn(THEIR, OUR, SYN | ACK, 80, 4000))])[1:],
                         ["solicited", "observed"])

    def test_what_opens_nothing(self):
        for flags in (RST, RST | ACK, SYN | ACK, 0, classify.FIN):
            found = fates([(0, syn(OUR, THEIR, flags)), (1, syn(THEIR, OUR, ACK, 80, 4000))])
            self.assertEqual(found[1], "observed", flags)
        found = fates([(0, syn(OUR, THEIR, SYN, 22)), (1, syn(THEIR, OUR, ACK, 80, 22))],
                      services=["22/tcp from 198.51.100.0/24"])
        self.assertEqual(found[1], "solicited")

    def test_first_300_seconds(self):
        for time, expected in ((299.9, "solicited"), (300, "observed")):
            found = fates([(0, syn(OTHER)), (time, syn(OUR, THEIR, ACK)),
                           (time + 1, syn(THEIR, OUR, ACK, 80, 4000))])
            self.assertEqual(found[2], expected)

    def test_answer_to_unsolicited_udp_opens_nothing(self):
        query = build.ip(THEIR, OUR, build.UDP, build.udp(5000, 6000))
        reply = build.ip(OUR, THEIR, build.UDP, build.udp(6000, 5000))
        self.assertEqual(fates([(0, query), (1, reply), (2, query)])[2], "observed")
        self.assertEqual(fates([(0, query), (60, reply), (61, query)])[2], "solicited")
        self.assertEqual(fates([(1, reply), (2, query)])[1], "solicited")

    def test_icmp(self):
        for request, reply, expected in ((8, 0, "solicited"), (13, 14, "solicited"),
                                         (8, 14, "observed"), (17, 18, "observed")):
            found = fates([(0, build.ip(OUR, THEIR, build.ICMP, build.echo(request, 7))),
                           (1, build.ip(THEIR, OUR, build.ICMP, build.echo(reply, 7)))])
            self.assertEqual(found[1], expected)

    def test_icmp_error_of_an_asked_packet(self):
        error = build.ip(OTHER, OUR, build.ICMP, build.icmp(11, 0, bytes(4), syn(OUR, THEIR)))
        self.assertEqual(fates([(0, syn(OUR, THEIR)), (1, error)])[1], "solicited")
        self.assertEqual(fates([(0, error)]), ["observed"])


class Time(unittest.TestCase):
    def shape(self, times):
        windows = run([(time, syn()) for time in times])
        return [((w.start - START) // SECOND, w.captured, w.late, w.time_bad) for w in windows]

    def test_windows_and_empty_ones(self):
        self.assertEqual(self.shape([0, 59.999, 60, 180]),
                         [(0, 2, 0, 0), (60, 1, 0, 0), (120, 0, 0, 0), (180, 1, 0, 0)])

    def test_hole(self):
        self.assertEqual(len(self.shape([0, 3600])), 61)
        self.assertEqual(self.shape([0, 3600.001]), [(0, 1, 0, 0), (3600, 1, 0, 0)])

    def test_late(self):
        self.assertEqual(self.shape([60, 30, 61]), [(60, 3, 1, 0)])
        window = run([(60, syn()), (30, syn(OTHER))])[0]
        self.assertEqual(window.tuples[(OTHER, "tcp_syn", 6, 80)].first, 0)

    def test_time_bad(self):
        self.assertEqual(self.shape([0, 5000] + [1] * 5), [(0, 7, 0, 1)])
        self.assertEqual(self.shape([0] + [5000] * 16 + [1]), [(0, 18, 0, 16)])
        self.assertEqual(self.shape([0] + [5000] * 17 + [5001]),
                         [(0, 1, 0, 0), (4980, 18, 0, 0)])
        self.assertEqual(self.shape([0, 5000]), [(0, 1, 0, 0), (4980, 1, 0, 0)])
        window = run([(0, syn()), (5000, syn(OTHER)), (1, syn())])[0]
        self.assertEqual(window.tuples[(OTHER, "tcp_syn", 6, 80)].first, 59999)

    def test_clock_stepped(self):
        self.assertEqual(self.shape([600] + [10] * 999), [(600, 1000, 999, 0)])
        self.assertEqual(self.shape([600] + [10] * 1001), [(600, 1000, 999, 0), (0, 2, 0, 0)])
        self.assertEqual(self.shape([600] + [480] * 1001), [(600, 1002, 1001, 0)])
        self.assertEqual(self.shape([600] + [479.9] * 1001), [(600, 1000, 999, 0), (420, 2, 0, 0)])
        self.assertEqual(self.shape([600] + [10] * 999 + [601] + [10] * 999),
                         [(600, 2000, 1998, 0)])


class Comparing(unittest.TestCase):
    def compare(self, change):
        out = io.StringIO()
        window = run([(0, syn()), (1, build.ip(THEIR, OUR, build.TCP, build.tcp(80, 9, 0x12)))])
        oracle.print_windows(window, out)
        with tempfile.TemporaryDirectory() as folder:
            want, have = pathlib.Path(folder, "want"), pathlib.Path(folder, "have")
            want.write_text(out.getvalue(), encoding="utf-8")
            rows = "".join(line + "\n" for line in out.getvalue().splitlines() if line[0] != "#")
            have.write_text(change(rows), encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()):
                return compare.main([str(want), str(have)])

    def test_equal_and_not(self):
        self.assertEqual(self.compare(lambda rows: rows), 0)
        self.assertEqual(self.compare(lambda rows: rows.replace("tcp_synack", "tcp_syn")), 1)
        self.assertEqual(self.compare(lambda rows: rows.replace(";0;0", ";0;1")), 1)
        self.assertEqual(self.compare(lambda rows: rows.splitlines()[0] + "\n"), 1)
        self.assertEqual(self.compare(lambda rows: rows + rows.splitlines()[1] + "\n"), 1)

    def test_order(self):
        def swap(rows):
            head, first, second = rows.splitlines()
            return "\n".join((head, second, first)) + "\n"
        self.assertEqual(self.compare(swap), 1)

    def test_destinations(self):
        for exact, estimate, expected in ((1, 1, True), (1, 2, False), (5, 5, True), (5, 6, False),
                                          (5, 3, True), (5, 1, False), (30, 40, True),
                                          (30, 42, False), (30, 14, False), (100, 133, True),
                                          (100, 50, False), (121, 160, True), (400, 84, False)):
            self.assertEqual(compare.destinations_agree(exact, estimate), expected)


if __name__ == "__main__":
    unittest.main()
