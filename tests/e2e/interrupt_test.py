#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A signal ends the reading of a file at the packet it is at, and the wait for a collector that is
away; what was counted until then is neither lost nor counted twice."""

import re
import signal
import struct
import subprocess
import unittest

from processes import LIMIT_S, rows, wait_for
from world import World, records

MINUTES = 3000  # fewer packets than are read in one go
FIRST_S = 1_790_000_000


def a_packet_a_minute(pcap):
    """MINUTES packets of a file, a minute and a second apart."""
    starts = records(pcap)[:-1]
    out = [pcap[:24]]
    for i in range(MINUTES):
        at = starts[i % len(starts)]
        kept, wire = struct.unpack_from("<II", pcap, at + 8)
        out.append(struct.pack("<IIII", FIRST_S + 61 * i, 0, kept, wire))
        out.append(pcap[at + 16:at + 16 + kept])
    return b"".join(out)


class Interrupted(unittest.TestCase):
    def start(self, world, capture, *more):
        process = subprocess.Popen(
            list(map(str, world.sensor_command("a", capture, *more))), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.kill)
        return process

    def spooled(self, world):
        return len(list((world.folder / "spool-a").glob("*.sum")))

    def test_reading_ends_at_its_packet_and_loses_nothing(self):
        with World() as w:
            capture = w.file("days.pcap", a_packet_a_minute(w.good.read_bytes()))
            process = self.start(w, capture, "--speed", "6000", "--wait", "0s")
            wait_for("some windows", lambda: self.spooled(w) > 5)
            process.send_signal(signal.SIGTERM)
            printed, said = process.communicate(timeout=LIMIT_S)
            self.assertIn("event=stopping signal=Terminated", said)
            windows = int(re.search(r"event=read_done .* windows=(\d+)", said).group(1))
            self.assertIn("interrupted=true", said)
            self.assertLess(windows, MINUTES // 2, "it read on after the signal")
            self.assertEqual(self.spooled(w), windows)
            w.start_collector()
            w.read("a", w.no_packets)
            self.assertEqual(rows(w.tuples("a", "2026-09-20", "2026-09-25")), rows(printed))

    def test_the_wait_for_a_collector_ends(self):
        with World() as w:
            process = self.start(w, w.good, "--wait", "24h")
            wait_for("the only window", lambda: self.spooled(w) == 1)
            wait_for("the collector to be missed",
                     lambda: "event=uplink" in process.stderr.readline())
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=LIMIT_S)
            self.assertIn("stay in", said)
            self.assertEqual(process.returncode, 69)


if __name__ == "__main__":
    unittest.main(verbosity=2)
