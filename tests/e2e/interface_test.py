#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An interface that is down is waited for, at the start and later; one that is gone ends the
sensor with exit code 75. Nothing that arrived is lost, no time is called live in which nothing
could arrive, and no privilege is kept for coming back."""

import json
import signal
import subprocess
import time
import unittest

from network import Cable, Unavailable
from processes import DARK, LIMIT_S, SENSOR, Bench, as_printed, packets, wait_for
from refusals import messages

WINDOW_MS = 10_000


class Sensor:
    """A live sensor on a0, its log and its windows."""

    def __init__(self, cable, folder, *more):
        self.status_file = folder / "status.json"
        self.log = open(folder / "sensor.log", "w+", encoding="utf-8")
        self.csv = open(folder / "sensor.csv", "w+", encoding="ascii")
        self.process = subprocess.Popen(
            cable.command(SENSOR, "--interface", "a0", "--observe", DARK, "--sensor", "a",
                          "--window", f"{WINDOW_MS // 1000}s", "--status-file", self.status_file,
                          "--print", "csv", *more),
            stdout=self.csv, stderr=self.log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.csv.close()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def printed(self):
        self.csv.seek(0)
        return self.csv.read()

    def windows(self):
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def wait_for_state(self, state, times=1):
        words = f"event=interface name=a0 state={state}"
        wait_for(words, lambda: self.said().count(words) >= times)

    def status(self):
        return json.loads(self.status_file.read_text())

    def capabilities(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(line.split()[1] for line in status if line.startswith("CapEff:"))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


class Interface(unittest.TestCase):
    def setUp(self):
        try:
            self.cable = self.enterContext(Cable())
        except Unavailable as why:
            self.skipTest(f"no network namespace: {why}")
        self.bench = self.enterContext(Bench())

    def sensor(self, *more):
        return self.enterContext(Sensor(self.cable, self.bench.folder, *more))

    def assert_counted(self, sensor, frames):
        """Printed rows and accounting hold every frame, and nothing else."""
        self.assertEqual(packets(sensor.printed()), frames)
        self.assertEqual(sum(w["captured"] for w in sensor.windows()), frames)

    def test_down_at_the_start(self):
        sensor = self.sensor()
        sensor.wait_for_state("down")
        self.assertEqual(sensor.said().count("waiting for a0 to come up: ip link set a0 up"), 1)
        wait_for("the status", lambda: sensor.status_file.exists())
        self.assertEqual(sensor.status()["interface_state"], "down")
        self.assertEqual(int(sensor.capabilities(), 16), 0, "nothing is kept for coming back")
        came_up = time.monotonic()
        self.cable.ip("link", "set", "a0", "up")
        sensor.wait_for_state("up")
        self.cable.send(1000)
        self.assertEqual(sensor.end(), 0, sensor.said())
        up_ms = (time.monotonic() - came_up) * 1000
        self.assert_counted(sensor, 1000)
        self.assertLessEqual(sum(w["live_ms"] for w in sensor.windows()), up_ms)
        self.assertEqual(sensor.status()["interface_state"], "up")

    def test_down_while_running(self):
        self.cable.ip("link", "set", "a0", "up")
        sensor = self.sensor()
        wait_for("the start", lambda: "event=started" in sensor.said())
        # The first frame that is counted shows that the sensor listens.
        sent = 0
        while sent == 0 or not sensor.windows() or sensor.windows()[-1]["captured"] == 0:
            self.cable.send(100, sent)
            sent += 100
        self.cable.ip("link", "set", "a0", "down")
        sensor.wait_for_state("down")
        whole = wait_for("a window that was down from its begin to its end", lambda: [
            w for w in sensor.windows() if w["captured"] == 0 and w["live_ms"] == 0])
        self.assertEqual(whole[0]["flags"], ["partial"])
        self.assertEqual(sensor.status()["interface_state"], "down")
        self.cable.ip("link", "set", "a0", "up")
        sensor.wait_for_state("up")
        self.cable.send(500, sent)
        self.assertEqual(sensor.end(), 0, sensor.said())
        self.assert_counted(sensor, sent + 500)
        starts = [w["window_start"] for w in sensor.windows()]
        self.assertEqual(len(starts), len(set(starts)))

    def test_no_link_is_not_live(self):
        self.cable.ip("link", "set", "a0", "up")
        self.cable.ip("link", "set", "b0", "down")
        sensor = self.sensor()
        sensor.wait_for_state("no_link")
        self.assertIn("look at the cable", sensor.said())
        self.cable.ip("link", "set", "b0", "up")
        sensor.wait_for_state("up")
        self.cable.send(300)
        self.assertEqual(sensor.end(), 0, sensor.said())
        self.assert_counted(sensor, 300)

    def test_deleted_while_running(self):
        self.cable.ip("link", "set", "a0", "up")
        sensor = self.sensor("--collector", self.bench.address, "--spool",
                             self.bench.folder / "spool", "--group", "live")
        wait_for("the first sign of life", lambda: "uplink" in sensor.said()
                 or "event=started" in sensor.said())
        sent = 0
        while sent == 0 or not sensor.windows() or sensor.windows()[-1]["captured"] == 0:
            self.cable.send(100, sent)
            sent += 100
        self.cable.send(700, sent)
        self.cable.ip("link", "delete", "a0")
        self.assertEqual(sensor.process.wait(LIMIT_S), 75, sensor.said())
        self.assert_counted(sensor, sent + 700)
        last = messages(sensor.said())
        self.assertEqual(len(last), 1, last)
        self.assertTrue(last[0].startswith("teiten-sensor: a0 is gone"), last)
        self.assertEqual(sensor.status()["interface_state"], "gone")
        day_after = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400))
        stored = self.bench.ask("tuples", "--sensor", "a", "--to", day_after, "--last", "3d",
                                "--output", "csv")
        self.assertEqual(packets(as_printed("a", stored)), sent + 700, "and it reached the record")

    def test_deleted_while_down(self):
        sensor = self.sensor()
        sensor.wait_for_state("down")
        self.cable.ip("link", "delete", "a0")
        self.assertEqual(sensor.process.wait(LIMIT_S), 75, sensor.said())
        self.assertIn("a0 is gone", messages(sensor.said())[-1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
