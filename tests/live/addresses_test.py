#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Addresses that come and go change what is observed from the next window on, never within one;
and the sensor's own way to its collector is never observed."""

import socket
import unittest

import wire  # finds the others
import build
import watch
from processes import Bench
from watch import WINDOW_S
from wire import FAR_V4, FAR_V6, HERE_V4, HERE_V6, wait_for

wire.need()

TCP = 6
NEW_V4, NEW_V6 = "198.51.100.2", "2001:db8:b::1"  # the latter in another /64


def probe(net, port, count, *targets):
    """From the far end `count` SYNs to each; their checksum is wrong, so that none is answered."""
    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("far", 0))
            for target in targets:
                family = socket.AF_INET6 if ":" in target else socket.AF_INET
                source = FAR_V6 if ":" in target else FAR_V4
                packet = build.ip(socket.inet_pton(family, source),
                                  socket.inet_pton(family, target), TCP,
                                  build.tcp(40_000, port, 0x02))
                mac = bytes.fromhex(net.mac["here"].replace(":", ""))
                for _ in range(count):
                    out.send(build.ethernet(packet, destination=mac))

    net.on("far", send).result(wire.LIMIT_S)


class Addresses(unittest.TestCase):
    def change(self, net, sensor, action, n4, p6):
        """Adds or removes the new addresses; waits until the sensor knows."""
        said = f"event=addresses_changed n4={n4} p6={p6}"
        before = sensor.log().count(said)
        for address, length in ((NEW_V4, 24), (NEW_V6, 64)):
            wire.run("ip", "-n", net.names["here"], "addr", action, f"{address}/{length}", "dev",
                     "here", *(["nodad"] if action == "add" and length == 64 else []))
        wait_for(said, lambda: sensor.log().count(said) > before)

    def wait_for_windows(self, sensor, count):
        wait_for(f"window {count} to close", lambda: len(sensor.windows()) == count, 2 * WINDOW_S)

    def three_windows(self, net, sensor):
        """All windows; three of them after the first, which is only waited for."""
        self.wait_for_windows(sensor, 1)
        probe(net, 1000, 5, HERE_V4, HERE_V6, NEW_V4, NEW_V6)
        self.change(net, sensor, "add", 2, 2)
        probe(net, 1001, 6, HERE_V4, HERE_V6, NEW_V4, NEW_V6)
        self.assertEqual(len(sensor.windows()), 1)
        self.wait_for_windows(sensor, 2)
        probe(net, 1002, 7, HERE_V4, HERE_V6, NEW_V4, NEW_V6)
        self.change(net, sensor, "del", 1, 1)
        probe(net, 1003, 8, HERE_V4, HERE_V6, NEW_V4, NEW_V6)
        self.assertEqual(len(sensor.windows()), 2)
        self.wait_for_windows(sensor, 3)
        probe(net, 1004, 9, HERE_V4, HERE_V6, NEW_V4, NEW_V6)
        return sensor.stop()

    def test_they_change_with_the_window(self):
        with wire.Wire() as net, Bench() as bench:
            bench.folder.chmod(0o755)
            (bench.folder / "c.sock").chmod(0o777)
            sensor = watch.Sensor(net, "--collector", bench.address, "--spool",
                                  net.folder / "spool")
            windows = self.three_windows(net, sensor)
        self.assertEqual([*watch.not_conserved(windows)], [])
        self.assertEqual([(w["n4"], w["p6"]) for w in windows],
                         [("1", "1"), ("1", "1"), ("2", "2"), ("1", "1")])
        # {(source, port): (packets, distinct destinations)}: two of four targets are observed only
        # in the window that began with them.
        expected = [{}] + [
            {(source, port): (packets * targets, targets) for source in (FAR_V4, FAR_V6)
             for port, packets in ports.items()}
            for ports, targets in (({1000: 5, 1001: 6}, 1), ({1002: 7, 1003: 8}, 2), ({1004: 9}, 1))
        ]
        found = [{(row["source"], row["port"]): (row["packets"], row["destinations"])
                  for row in window["tuples"]} for window in windows]
        self.assertEqual(found, expected)
        self.assertEqual([int(w["accounting"]["unobserved"]) for w in windows],
                         [0, 2 * (5 + 6), 0, 2 * 9])
        keys = [window["bitmap_key_id"] for window in windows]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[1], keys[2])
        self.assertNotEqual(keys[2], keys[3])

    def test_the_way_to_the_collector_is_never_observed(self):
        # Plaintext goes to loopback only: there the collector has an address that is not ours.
        with wire.Wire() as net:
            here = ("ip", "netns", "exec", net.names["here"])
            with Bench("127.0.0.2:7843", here) as bench:
                sensor = watch.Sensor(net, "--observe", "127.0.0.1", "--collector", bench.address,
                                      "--spool", net.folder / "spool", interface="lo")
                net.on("here", knock).result(wire.LIMIT_S)
                # A window has gone over the watched interface, and been acknowledged.
                wait_for("a window to be stored", lambda: '"captured"' in bench.ask(
                    "sensors", "--output", "json"))
                windows = sensor.stop()
        self.assertEqual([*watch.not_conserved(windows)], [])
        self.assertEqual({key: row["packets"] for key, row in watch.rows(windows).items()},
                         {("127.0.0.3", "tcp_syn", TCP, port): 1 for port in range(1000, 1020)})
        total = watch.total(windows)
        # Beyond the refusals of what knocked.
        self.assertGreater(total["outbound"], 20)
        self.assertGreater(total["solicited"], 0)


def knock():
    """A neighbour tries 20 closed ports of ours."""
    for port in range(1000, 1020):
        with socket.socket() as out:
            out.bind(("127.0.0.3", 0))
            assert out.connect_ex(("127.0.0.1", port)) != 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
