#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real scanners scan a dark prefix behind a live sensor, all at once, and every probe is counted:
once, under its kind, with its tool's mark."""

import unittest

import watch
import wire
from wire import DARK_V4, DARK_V6

wire.need("zmap", "masscan", "nmap", "hping3")

TCP, UDP, ICMP = 6, 17, 1
ZMAP, MASSCAN, NMAP, HPING, NMAP_V6 = (
    "198.51.100.11", "198.51.100.12", "198.51.100.13", "198.51.100.14", "2001:db8:a::13")
DNS_QUERY = "1234010000010000000000000377777706676f6f676c6503636f6d0000010001"

COMMANDS = (
    # 256 addresses × 1 port; 128 × 1
    "zmap -i far -G {gateway} -b empty -S {zmap} -c 1 -q -r 1000 -o out -p 80 203.0.113.0/24",
    "zmap -i far -G {gateway} -b empty -S {zmap} -c 1 -q -r 1000 -o out -M icmp_echoscan"
    " 203.0.113.0/25",
    "zmap -i far -G {gateway} -b empty -S {zmap} -c 1 -q -r 1000 -o out -M udp -p 53"
    " --probe-args=hex:{dns} 203.0.113.0/25",
    # 64 addresses × 4 ports; 32 × 3
    "masscan 203.0.113.0/26 -p22,23,80,443 -e far --router-mac {gateway} --source-ip {masscan}"
    " --rate 1000 --wait 0",
    "masscan 203.0.113.0/27 -pU:123,U:161,U:1900 -e far --router-mac {gateway}"
    " --source-ip {masscan} --rate 1000 --wait 0",
    # 16 addresses × 4 ports; 4 × 2 each; over IPv6 8 × 3
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sS -p 22,80,445,3389 203.0.113.0/28",
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sX -p 80,443 203.0.113.0/30",
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sN -p 80,443 203.0.113.0/30",
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sF -p 80,443 203.0.113.0/30",
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sM -p 80,443 203.0.113.0/30",
    "nmap -n -Pn -T4 --max-retries 0 -S {nmap} -e far -sA -p 80,443 203.0.113.0/30",
    "nmap -6 -n -Pn -T4 --max-retries 0 -S {nmap6} -e far -sS -p 22,80,443 2001:db8:d::/125",
    # one address, so many packets
    "hping3 -q -S -p 8080 -i u5000 -c 60 -a {hping} 203.0.113.77",
    "hping3 -q --icmp -i u5000 -c 30 -a {hping} 203.0.113.78",
    "hping3 -q --udp -p 19 -d 16 -i u5000 -c 30 -a {hping} 203.0.113.79",
    "hping3 -q -S -A -s 443 -k -p 40000 -i u5000 -c 40 -a {hping} 203.0.113.80",
)

# (source, kind, protocol, port): (packets, tool mark, packets that carry it)
EXPECTED = {
    (ZMAP, "tcp_syn", TCP, 80): (256, "zmap", 256),
    (ZMAP, "icmp_echo_request", ICMP, 0): (128, "zmap", 128),
    (ZMAP, "udp_probe", UDP, 53): (128, "zmap", 128),
    **{(MASSCAN, "tcp_syn", TCP, port): (64, "masscan", 64) for port in (22, 23, 80, 443)},
    # NTP monlist and M-SEARCH are worth reflecting, SNMP Get is not.
    (MASSCAN, "udp_probe", UDP, 123): (32, "amplification", 32),
    (MASSCAN, "udp_probe", UDP, 161): (32, "amplification", 0),
    (MASSCAN, "udp_probe", UDP, 1900): (32, "amplification", 32),
    **{(NMAP, "tcp_syn", TCP, port): (16, "nmap", 16) for port in (22, 80, 445, 3389)},
    **{(NMAP, kind, TCP, port): (4, "nmap", 4) for port in (80, 443)
       for kind in ("tcp_xmas", "tcp_null", "tcp_fin", "tcp_maimon", "tcp_ack")},
    **{(NMAP_V6, "tcp_syn", TCP, port): (8, "nmap", 8) for port in (22, 80, 443)},
    (HPING, "tcp_syn", TCP, 8080): (60, "nmap", 0),
    (HPING, "icmp_echo_request", ICMP, 0): (30, "zmap", 0),
    (HPING, "udp_probe", UDP, 19): (30, "amplification", 30),
    (HPING, "tcp_synack", TCP, 443): (40, None, 0),
}


class Scanners(unittest.TestCase):
    def scan(self, net):
        (net.folder / "empty").touch()
        names = {"gateway": net.mac["here"], "zmap": ZMAP, "masscan": MASSCAN, "nmap": NMAP,
                 "hping": HPING, "nmap6": NMAP_V6, "dns": DNS_QUERY}
        for command in COMMANDS:
            net.start("far", command.format(**names))
        net.finish()

    def test_every_probe_is_counted_once_under_its_kind_with_its_mark(self):
        observe = f"{DARK_V4},{DARK_V6}"
        with wire.Wire(more_far=(ZMAP, MASSCAN, NMAP, HPING, NMAP_V6)) as net:
            before = net.frames()
            sensor = watch.Sensor(net, "--observe", observe)
            witness = watch.Witness(net)
            self.scan(net)
            net.settle()
            frames = net.frames() - before
            records = witness.stop(frames)
            windows = sensor.stop()
        counted, total = watch.rows(windows), watch.total(windows)
        self.assertEqual([*watch.not_conserved(windows)], [])
        self.assertEqual({(w["n4"], w["p6"]) for w in windows}, {("256", "65536")})

        with self.subTest("what was sent"):
            marks = {key: mark for key, (_, mark, _) in EXPECTED.items()}
            found = {key: (row["packets"], marks.get(key), row.get(marks.get(key), 0))
                     for key, row in counted.items()}
            self.assertEqual(watch.differences(found, EXPECTED), [])
        with self.subTest("what the interface counted"):
            self.assertEqual(total["captured"], frames)
        with self.subTest("what the oracle makes of tcpdump's file"):
            fates, truth = watch.judge(records, observe, f"{wire.HERE_V4}/32,{wire.HERE_V6}/128")
            self.assertEqual({fate: total[fate] for fate in fates}, fates)
            self.assertEqual(watch.differences(counted, truth), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
