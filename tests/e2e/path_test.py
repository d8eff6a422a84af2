#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way with real processes: what the sensor prints is what the record gives back.

  TEITEN_BUILD=build/release python3 tests/e2e/path_test.py
"""

import os
import random
import shutil
import signal
import subprocess
import unittest

from processes import CAPTURES, COLLECTOR, ROOT, SENSOR, Bench, packets, rows, wait_for

BEGIN, DAY, END = "2026-11-20T10:00:00Z", "2026-11-20", "2026-11-21T00:00:00Z"
KILLS = 6
# Where make_trace sends its packets.
TRACE_DARK = ("--observe", "203.0.0.0/16")


def make_trace(path, packet_count=20_000, pps=25):
    """About 13 minutes of synthetic background radiation."""
    subprocess.run([f"{os.environ['TEITEN_BUILD']}/tests/bench/make_trace", path,
                    str(packet_count), "300", str(pps), "200"], check=True)


class Path(unittest.TestCase):
    def test_tuples_come_back_row_for_row_and_the_report_sums_to_them(self):
        names = ["masscan_syn", "nmap_sS", "bs_synack", "nmap6_sS", "synthetic_malformed",
                 "zmap_udp53", "bs_icmp_unreach"]
        total = 0
        with Bench() as bench:
            for name in names:
                sensor = name.lower().replace("_", "-")
                printed = bench.read(sensor, CAPTURES / f"{name}.pcap", "--replay-at", BEGIN)
                stored = bench.tuples(sensor, DAY, END)
                self.assertEqual(rows(stored), rows(printed), name)
                self.assertTrue(rows(printed), name)
                total += packets(printed)
            report = bench.report(DAY)
            self.assertEqual(int(report["total"]["packets"]), total)

    def test_the_record_survives_a_restart(self):
        with Bench() as bench:
            printed = bench.read("a", CAPTURES / "masscan_syn.pcap", "--replay-at", BEGIN)
            bench.stop_collector()
            bench.start_collector()
            self.assertEqual(rows(bench.tuples("a", DAY, END)), rows(printed))

    def test_a_file_sent_twice_is_two_observations_but_a_resent_summary_is_one(self):
        with Bench() as bench:
            once = bench.read("a", CAPTURES / "nmap_sS.pcap", "--replay-at", BEGIN)
            bench.read("a", CAPTURES / "nmap_sS.pcap", "--replay-at", BEGIN)
            self.assertEqual(packets(bench.tuples("a", DAY, END)), 2 * packets(once))

    def test_killing_the_collector_loses_and_doubles_nothing(self):
        chance = random.Random(20261122)
        with Bench() as bench:
            trace = bench.folder / "trace.pcap"
            make_trace(trace)
            out = open(bench.folder / "a.csv", "w+", encoding="ascii")
            sensor = subprocess.Popen(
                bench.sensor_command("a", trace, "--replay-at", BEGIN, "--speed", "120",
                                     *TRACE_DARK),
                stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            for _ in range(KILLS):
                try:
                    sensor.wait(chance.uniform(0, 1.0))
                except subprocess.TimeoutExpired:
                    pass
                bench.kill_collector()
                bench.start_collector()
            self.assertEqual(sensor.wait(90), 0)
            out.seek(0)
            printed = out.read()
            out.close()
            self.assertGreater(len(rows(printed)), 1000)
            self.assertEqual(rows(bench.tuples("a", DAY, END)), rows(printed))

    def test_killing_the_sensor_loses_and_doubles_nothing_that_was_spooled(self):
        chance = random.Random(7)
        with Bench() as bench:
            trace = bench.folder / "trace.pcap"
            make_trace(trace)
            empty = bench.folder / "empty.pcap"
            empty.write_bytes(trace.read_bytes()[:24])
            for turn in range(KILLS):
                name = f"s{turn}"
                out = open(bench.folder / f"{name}.csv", "w+", encoding="ascii")
                sensor = subprocess.Popen(
                    bench.sensor_command(name, trace, "--replay-at", BEGIN, "--speed", "120",
                                     *TRACE_DARK),
                    stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
                wait_for("a window", lambda: out.seek(0) == 0 and len(out.readlines()) > 1)
                try:
                    sensor.wait(chance.uniform(0, 1.5))
                except subprocess.TimeoutExpired:
                    pass
                sensor.send_signal(signal.SIGKILL)
                sensor.wait()
                # The next run sends what the spool still holds.
                bench.read(name, empty)
                out.seek(0)
                printed = [line for line in out.read().split("\n")[1:] if line.count(",") == 21]
                out.close()
                stored = rows(bench.tuples(name, DAY, END))
                # A window is printed before it is spooled: the last one may not have got there.
                windows = sorted({line.split(",")[0] for line in printed})
                without_last = [line for line in printed if line.split(",")[0] != windows[-1]]
                self.assertEqual(stored[:len(without_last)], without_last)
                self.assertEqual(len(stored), len(set(stored)), "nothing twice")
                last = {line.split(",")[0] for line in stored[len(without_last):]}
                self.assertLessEqual(last, {windows[-1]}, "nothing that was never printed")

    def test_a_copied_spool_is_told_and_changes_nothing(self):
        """The copy says other things under numbers that are taken: exit 1, nothing of it stored."""
        with Bench() as bench:
            first = bench.read("a", CAPTURES / "nmap_sS.pcap", "--replay-at", BEGIN)
            shutil.copytree(bench.folder / "spool-a", bench.folder / "spool-copy")
            second = bench.read("a", CAPTURES / "zmap_syn80.pcap", "--replay-at", BEGIN)
            copied = bench.sensor_command("a", CAPTURES / "masscan_syn.pcap", "--replay-at",
                                          BEGIN, "--spool", bench.folder / "spool-copy")
            done = subprocess.run(copied, capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("rejected by the collector", done.stderr)
            self.assertTrue(list((bench.folder / "spool-copy/dead").iterdir()))
            wait_for("a line in the log",
                     lambda: "event=identity_conflict sensor=a spool=" in bench.collector_log())
            self.assertEqual(sorted(rows(bench.tuples("a", DAY, END))),
                             sorted(rows(first) + rows(second)))

    def test_a_file_belongs_to_group_replay(self):
        with Bench() as bench:
            command = bench.sensor_command("a", CAPTURES / "nmap_sS.pcap", "--group", "asia")
            done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--group", done.stderr)
            self.assertFalse((bench.folder / "spool-a").exists(), "nothing was begun")

    def test_rejections_are_in_the_log_folded(self):
        """Windows years ahead are refused: the operator reads it once, with how many there were."""
        with Bench() as bench:
            command = bench.sensor_command("a", CAPTURES / "nmap_sT.pcap", "--replay-at",
                                           "2099-01-01T00:00:00Z")
            done = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            bench.stop_collector()
            lines = [line for line in bench.collector_log().splitlines()
                     if "event=summary_rejected" in line]
            self.assertTrue(lines)
            self.assertLessEqual(len(lines), 2)
            self.assertIn("sensor=a spool=", lines[0])
            self.assertIn("reason=implausible", lines[0])

    def test_two_collectors_on_one_folder(self):
        with Bench() as bench:
            second = subprocess.run(
                [COLLECTOR, "serve", "--data", bench.folder / "data", "--listen",
                 f"unix:{bench.folder}/d.sock"], capture_output=True, text=True, timeout=30,
                check=False)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn(str(bench.collector.pid), second.stderr)


class Examples(unittest.TestCase):
    def test_config_examples_are_accepted(self):
        done = subprocess.run([SENSOR, "--config", ROOT / "config/sensor.toml", "--interface",
                               "lo", "--check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
