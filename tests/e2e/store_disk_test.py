#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A collector whose disk is full: real processes on a real tiny file system.

What it proves: while nothing can be written, questions are answered, nothing is acknowledged, both
sides say why, and the log says it once; when there is room everything goes on by itself, and what
the sensors counted is in the record once.

Runs itself again in a mount namespace of its own. Exit code 77 where that is not permitted.

  TEITEN_BUILD=build/release python3 tests/e2e/store_disk_test.py
"""

import os
import subprocess
import sys
import unittest

from path_test import BEGIN, DAY, END, TRACE_DARK, make_trace
from processes import CAPTURES, CLIENT, Bench, packets, rows, wait_for

EXIT_SKIPPED = 77
INSIDE = "TEITEN_TEST_MOUNTS"  # set in the namespace


class SmallDisk(Bench):
    """A bench whose data folder is a file system of its own."""

    def __init__(self, size):
        super().__init__()
        (self.folder / "data").mkdir()
        mount("-t", "tmpfs", "-o", f"size={size}", "teiten", self.folder / "data")

    def __exit__(self, *error):
        if self.collector is not None:
            self.collector.kill()
            self.collector.wait()
            self.collector = None
        subprocess.run(["umount", self.folder / "data"], check=True)
        super().__exit__(*error)

    def fill(self):
        """Not a byte is left."""
        with open(self.folder / "data/ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def make_room(self):
        (self.folder / "data/ballast").unlink()

    def events(self, name):
        return [line for line in self.collector_log().splitlines() if f" event={name} " in line]


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


class FullDisk(unittest.TestCase):
    def test_a_full_disk_refuses_answers_and_goes_on(self):
        with SmallDisk("64m") as bench:
            before = bench.read("before", CAPTURES / "masscan_syn.pcap", "--replay-at", BEGIN)
            # A report waits for its rollups, and on a full disk there would be none to come.
            self.assertEqual(int(bench.report(DAY)["total"]["packets"]), packets(before))
            trace = bench.folder / "trace.pcap"
            make_trace(trace)
            bench.fill()
            with open(bench.folder / "a.csv", "w+", encoding="ascii") as out, \
                    open(bench.folder / "a.log", "w+", encoding="ascii") as log:
                sensor = subprocess.Popen(
                    bench.sensor_command("a", trace, "--replay-at", BEGIN, *TRACE_DARK),
                    stdout=out, stderr=log, stdin=subprocess.DEVNULL)
                self.addCleanup(sensor.kill)
                wait_for("the sensor to be refused twice", lambda: (
                    (bench.folder / "a.log").read_text().count("the collector's store: ") >= 2))
                self.check_while_full(bench, before)
                bench.make_room()
                sensor.wait(120)  # it may give up before the pause is over
                out.seek(0)
                printed = out.read()
            empty = bench.folder / "empty.pcap"
            empty.write_bytes(trace.read_bytes()[:24])
            bench.read("a", empty)  # what the spool still holds
            self.assertGreater(len(rows(printed)), 1000)
            self.assertEqual(rows(bench.tuples("a", DAY, END)), rows(printed))
            self.assertEqual(rows(bench.tuples("before", DAY, END)), rows(before))
            self.check_after(bench, printed, before)

    def check_while_full(self, bench, before):
        self.assertIsNone(bench.collector.poll(), "it is still there")
        self.assertEqual(rows(bench.tuples("before", DAY, END)), rows(before))
        self.assertEqual(rows(bench.tuples("a", DAY, END)), [], "half a window is none")
        self.assertEqual(int(bench.report(DAY)["total"]["packets"]), packets(before))
        told = bench.ask("sensors")
        self.assertIn("The store has taken no ", told)  # contacts come before summaries
        self.assertIn(f"make room on the disk of {bench.folder}/data", told)
        self.assertEqual(len(bench.events("store_failing")), 1, bench.collector_log())
        said = bench.events("store_failing")[0]
        self.assertIn(f"folder={bench.folder}/data ", said)
        self.assertIn('free="0 B of 64.0 MiB"', said)
        self.assertEqual(bench.events("store_works"), [])

    def check_after(self, bench, printed, before):
        # One more summary, once the trouble is long enough ago.
        wait_for("the collector to say that it works", lambda: (
            bench.read("after", CAPTURES / "nmap_sS.pcap", "--replay-at", BEGIN) and
            bench.events("store_works")))
        self.assertEqual(len(bench.events("store_failing")), 1, bench.collector_log())
        self.assertNotIn("The store has taken no ", bench.ask("sensors"))
        bench.stop_collector()
        bench.start_collector()
        self.assertEqual(rows(bench.tuples("a", DAY, END)), rows(printed))
        self.assertEqual(rows(bench.tuples("before", DAY, END)), rows(before))

    def test_it_does_not_start_on_a_full_disk_and_says_what_to_do(self):
        with SmallDisk("8m") as bench:
            before = bench.read("before", CAPTURES / "masscan_syn.pcap", "--replay-at", BEGIN)
            bench.kill_collector()
            bench.fill()
            with self.assertRaisesRegex(AssertionError, "make room on the disk of "):
                bench.start_collector()
            self.assertEqual(bench.collector.returncode, 74)
            self.assertRegex(bench.collector_log(), "free: [0-9.]+ (KiB|B) of 8.0 MiB")
            bench.make_room()
            bench.start_collector()
            self.assertEqual(rows(bench.tuples("before", DAY, END)), rows(before))


def run_inside():
    """This file again, as root of a mount namespace; None if that may not be."""
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                           capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        print(f"skipped: no mount namespace may be made here: {tried.stderr.strip()}")
        return EXIT_SKIPPED
    return subprocess.run(["unshare", "-m", sys.executable, __file__, *sys.argv[1:]], check=False,
                          env={**os.environ, INSIDE: "1"}).returncode


if __name__ == "__main__":
    if INSIDE not in os.environ:
        sys.exit(run_inside())
    unittest.main(verbosity=2)
