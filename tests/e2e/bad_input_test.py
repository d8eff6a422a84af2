#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input to the real executables, one row each: the exit code, one line that says what to do,
nothing accepted lost. Each row is run beside its mended twin, so that it is the fault that is seen.
"""

import os
import re
import signal
import subprocess
import unittest

import bad_input_rows as table
from bad_input_rows import CONFIGURATION, UNREACHABLE
from processes import CLIENT, COLLECTOR, ROOT, SENSOR, as_printed, rows, wait_for
from refusals import PROGRAMS, Row, fault_of, messages, run, run_until_started
from world import AS_ROOT, World


class BadInput(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.enterContext(self.world)

    def check(self, rows_of):
        names = []
        for row in rows_of(self.world):
            names.append(row.name)
            with self.subTest(row.name):
                done = run(row.bad)
                self.assertEqual(fault_of(row, done), "")
                if row.also is not None:
                    row.also(done)
                self.assertNotEqual(fault_of(row, run_until_started(row.good)), "",
                                    "the mended twin is refused in the same way")
        self.assertEqual(len(names), len(set(names)))

    def test_files(self):
        self.check(table.files)

    @unittest.skipUnless(AS_ROOT, "only root can become somebody else")
    def test_privileges(self):
        self.check(table.privileges)

    def test_sensor_flags(self):
        self.check(table.sensor_flags)

    def test_configurations(self):
        self.check(table.configurations)

    def test_collector_flags(self):
        self.check(table.collector_flags)

    def test_client(self):
        self.check(table.client)


class Pipes(unittest.TestCase):
    """`| head -1`: the reader has what it wanted. Quiet, and no crash."""

    def first_line_only(self, command):
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.assertTrue(process.stdout.readline())
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        return process.wait(60), messages(said)

    def test_a_closed_pipe_is_quiet(self):
        with World() as w:
            w.start_collector()
            trace = w.folder / "trace.pcap"
            subprocess.run([f"{os.environ['TEITEN_BUILD']}/tests/bench/make_trace", trace,
                            "100000", "3000", "1000", "20000"], check=True)
            read = [SENSOR, "--read", trace, "--print", "csv"]
            self.assertGreater(len(run(read).stdout), 1 << 20, "more than a pipe holds")
            self.assertEqual(self.first_line_only(read), (0, []))
            sent = [*read, "--collector", w.address, "--spool", w.folder / "s", "--sensor", "a",
                    "--replay-at", "2026-11-20T10:00:00Z"]
            self.assertEqual(self.first_line_only(sent), (0, []))
            ask = [CLIENT, "tuples", "--group", "replay", "--from", "2026-11-20", "--to",
                   "2026-11-21", "--limit", "10000000", "--output", "csv", "--collector",
                   w.address]
            printed = run([*read, "--replay-at", "2026-11-20T10:00:00Z"]).stdout
            self.assertEqual(rows(as_printed("a", run(ask).stdout)), rows(printed),
                             "what nobody read was sent all the same")
            ignoring = ["sh", "-c", 'trap "" PIPE; exec "$0" "$@"', *ask]  # as some services do
            for command in (ask, ignoring):
                self.assertEqual(self.first_line_only(command), (-signal.SIGPIPE, []))

    @unittest.skipUnless(AS_ROOT, "only root can listen")
    def test_a_live_sensor_that_nobody_reads_ends(self):
        live = [SENSOR, "--interface", "lo", "--window", "10s", "--print", "json"]
        self.assertEqual(self.first_line_only(live), (0, []))


class StatusFile(unittest.TestCase):
    """Written at the start, or said then that it cannot be: no window closes in this test."""

    def start(self, path):
        live = ["timeout", "30", SENSOR, "--interface", "lo", "--window", "1h", "--print", "none",
                "--status-file", path]
        process = subprocess.Popen(list(map(str, live)), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    @unittest.skipUnless(AS_ROOT, "only root can listen")
    def test_it_is_written_or_missed_at_once(self):
        with World() as w:
            said = []
            for line in self.start(w.folder / "no/such/status.json").stderr:
                said.append(line)
                if "event=status_file_failed" in line:
                    break
            self.assertIn("event=status_file_failed", said[-1])
            self.assertIn("for none", said[-1])
            self.assertNotIn("event=stopping", "".join(said))
            good = w.folder / "status.json"
            self.start(good)
            wait_for("the status file", good.exists)


class Owners(unittest.TestCase):
    """Two daemons on one folder: the second names the first and goes."""

    def test_one_spool(self):
        with World() as w:
            command = [SENSOR, "--collector", w.nowhere, "--spool", w.folder / "spool"]
            first = subprocess.Popen([*map(str, command), "--read", "-"], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(first.wait)
            self.addCleanup(first.kill)
            first.stdin.write(w.no_packets.read_bytes())
            first.stdin.flush()
            lock = w.folder / "spool/lock"
            wait_for("the spool's lock", lambda: lock.exists() and lock.read_text().strip())
            row = Row("one spool", [*command, "--read", w.good], CONFIGURATION,
                      [w.folder / "spool", f"used by process {first.pid}", "stop it"], [])
            self.assertEqual(fault_of(row, run(row.bad)), "")
            first.kill()
            first.wait()
            first.stdin.close()
            self.assertNotEqual(fault_of(row, run([*row.bad, "--wait", "0s"])), "")

    def test_one_data_folder(self):
        with World() as w:
            w.start_collector()
            command = [COLLECTOR, "--data", w.folder / "data", "--listen",
                       f"unix:{w.folder}/other.sock"]
            row = Row("one data folder", command, CONFIGURATION,
                      [w.folder / "data", f"used by process {w.collector.pid}", "stop it"], [])
            self.assertEqual(fault_of(row, run(row.bad)), "")
            w.stop_collector()
            self.assertNotEqual(fault_of(row, run_until_started(row.bad)), "")


class NoCollector(unittest.TestCase):
    """A sensor whose collector is away says so, and loses nothing of what it spooled."""

    def test_read_waits_says_so_and_sends_later(self):
        with World() as w:
            command = w.sensor_command("a", w.good, "--replay-at", "2026-11-20T10:00:00Z")
            row = Row("unreachable", [*command, "--wait", "1s"], UNREACHABLE,
                      [w.address, "summaries", f"stay in {w.folder}/spool-a", "running?"], [])
            away = run(row.bad)
            self.assertEqual(fault_of(row, away), "")
            w.start_collector()
            w.read("a", w.no_packets)
            self.assertEqual(rows(w.tuples("a", "2026-11-20", "2026-11-21")), rows(away.stdout))
            self.assertNotEqual(fault_of(row, run(row.bad)), "")


class Help(unittest.TestCase):
    """What --help shows can be typed: its examples are understood."""

    def examples(self, text):
        for line in re.findall(r"^ +(teiten(?:-\w+)? .*)$", text, re.MULTILINE):
            yield re.split(r"   +| [|>] ", line)[0].split()

    def test_examples_are_understood(self):
        replaced = {"scan.pcap": "", "eth0": "lo",
                    "/etc/teiten/collector.toml": str(ROOT / "config/collector.toml")}
        seen = 0
        with World() as w:
            replaced["scan.pcap"] = str(w.good)
            text = (ROOT / "config/sensor.toml").read_text()
            replaced["/etc/teiten/sensor.toml"] = str(w.file(
                "sensor.toml", text.replace('interface = ""', 'interface = "lo"')))
            for program in (SENSOR, COLLECTOR, CLIENT):
                texts = [run([program, "--help"]).stdout]
                if program is CLIENT:
                    texts += [run([program, c, "--help"]).stdout for c in
                              ("rank", "series", "source", "sensors", "tuples", "report")]
                for words in (e for text in texts for e in self.examples(text)):
                    command = [program, *(replaced.get(word, word) for word in words[1:])]
                    more = ["--collector", w.nowhere] if program is CLIENT else ["--check"]
                    done = run([*command, *more])
                    self.assertIn(done.returncode, (0, UNREACHABLE), (words, done.stderr))
                    seen += 1
        self.assertGreater(seen, 15)
        self.assertEqual({p.name for p in (SENSOR, COLLECTOR, CLIENT)}, set(PROGRAMS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
