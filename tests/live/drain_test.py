#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sensor that is stopped counts all that had reached it, and one that was held up says exactly
what it lost. Every packet of the stream has a source of its own, so that each is told apart."""

import ipaddress
import os
import signal
import socket
import threading
import unittest

import wire  # finds the others
import build
import watch
from wire import DARK_V4, wait_for

wire.need()

FIRST_SOURCE = int(ipaddress.ip_address("198.18.0.0"))
TARGET = socket.inet_aton("203.0.113.1")
# All of these fit into the default ring of 16 MiB at once; the smallest, 2 MiB, holds about 14,000.
MOST = 60_000


class Stream:
    """TCP SYN after TCP SYN from the far end, as fast as they go, until told or MOST are sent."""

    def __init__(self, net):
        packet = build.ip4(bytes(4), TARGET, build.TCP, build.tcp(40_000, 23, 0x02))
        destination = bytes.fromhex(net.mac["here"].replace(":", ""))
        self.frame = bytearray(build.ethernet(packet, destination=destination))
        self.sent = 0
        self.over = threading.Event()
        self.done = net.on("far", self.send)

    def send(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("far", 0))
            while self.sent < MOST and not self.over.is_set():
                self.frame[26:30] = (FIRST_SOURCE + self.sent).to_bytes(4, "big")
                out.send(self.frame)
                self.sent += 1

    def wait_until(self, sent):
        wait_for(f"{sent} packets to be sent", lambda: self.sent >= sent or self.done.done())
        assert self.sent >= sent

    def stop(self):
        self.over.set()
        self.done.result(wire.LIMIT_S)
        return self.sent


def numbers(windows):
    """{number of the packet in the stream: how often it was counted}"""
    return {int(ipaddress.ip_address(key[0])) - FIRST_SOURCE: row["packets"]
            for key, row in watch.rows(windows).items()}


class Drain(unittest.TestCase):
    def test_a_signal_after_the_last_packet_loses_none(self):
        with wire.Wire() as net:
            sensor = watch.Sensor(net, "--observe", DARK_V4)
            stream = Stream(net)
            stream.wait_until(20_000)
            sent = stream.stop()
            windows = sensor.stop()
        self.assertEqual([*watch.not_conserved(windows)], [])
        self.assertEqual(watch.total(windows)["captured"], sent)
        self.assertEqual(numbers(windows), dict.fromkeys(range(sent), 1))

    def test_a_signal_in_the_middle_loses_none_that_was_sent_before_it(self):
        with wire.Wire() as net:
            sensor = watch.Sensor(net, "--observe", DARK_V4)
            stream = Stream(net)
            stream.wait_until(20_000)
            before = stream.sent
            windows = sensor.stop()
            sent = stream.stop()
        self.assertEqual([*watch.not_conserved(windows)], [])
        captured = watch.total(windows)["captured"]
        self.assertGreaterEqual(captured, before)
        self.assertLess(captured, sent)
        # It heard everything up to one moment, and nothing after it.
        self.assertEqual(numbers(windows), dict.fromkeys(range(captured), 1))

    def test_what_a_full_ring_lost_is_accounted_for(self):
        with wire.Wire() as net:
            (net.folder / "small.toml").write_text('[capture]\nring = "2MiB"\n')
            before = net.frames()
            sensor = watch.Sensor(net, "--observe", DARK_V4, "--config", net.folder / "small.toml")
            stream = Stream(net)
            stream.wait_until(2_000)
            self.hold_up(sensor, stream)
            stream.wait_until(stream.sent + 2_000)
            sent = stream.stop()
            frames = net.frames() - before
            windows = sensor.stop()
            status = sensor.status()
        self.assertEqual(frames, sent)
        total = watch.total(windows)
        self.assertGreater(total["kernel_dropped"], 0)
        self.assertEqual(total["captured"] + total["kernel_dropped"], sent)
        self.assertEqual(sum(numbers(windows).values()), total["captured"])
        self.assertEqual({sentence.split(": ")[1].split()[0]
                          for sentence in watch.not_conserved(windows)}, {"kernel_dropped"})
        self.assertEqual(status["total"]["kernel_dropped"], total["kernel_dropped"])

    def hold_up(self, sensor, stream):
        """The sensor does not run while far more is sent than its ring holds."""
        os.kill(sensor.process.pid, signal.SIGSTOP)
        stream.wait_until(stream.sent + 40_000)
        os.kill(sensor.process.pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
