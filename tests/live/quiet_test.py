#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On a wire without a single packet windows close on time and say that they were watched; while the
sensor did not run there is no window at all: a gap is never a zero."""

import os
import signal
import time
import unittest
from pathlib import Path

import watch
import wire
from watch import WINDOW_S
from wire import wait_for

wire.need()

WINDOW_MS = WINDOW_S * 1000
# A sensor that did not turn for more than two windows watched nothing.
HELD_S = 2 * WINDOW_S + 2


def now_ms():
    return time.time_ns() // 1_000_000


def is_stopped(pid):
    states = [(task / "stat").read_text().rpartition(") ")[2][0]
              for task in Path(f"/proc/{pid}/task").iterdir()]
    return set(states) == {"T"}


class Span:
    """Times of one window, in milliseconds."""

    def __init__(self, window):
        self.start, self.end = (int(window[f"window_{name}_unix_ms"]) for name in ("start", "end"))
        self.live_from, self.live_to = (int(window[f"live_{name}_unix_ms"])
                                        for name in ("from", "to"))
        self.live_ms = int(window["live_ms"])
        self.is_partial = window["flags"]["partial"]


class Quiet(unittest.TestCase):
    def watch_nothing(self, net):
        """All windows of a sensor that was held up; what it had closed before; when it was."""
        sensor = watch.Sensor(net)
        for count in (1, 2):
            # Nothing wakes the sensor but the end of the window.
            wait_for(f"window {count} to close", lambda: len(sensor.windows()) == count,
                     2 * WINDOW_S)
        os.kill(sensor.process.pid, signal.SIGSTOP)
        wait_for("the sensor to be held", lambda: is_stopped(sensor.process.pid))
        held = time.monotonic()
        from_ms = now_ms()
        while time.monotonic() < held + HELD_S:
            time.sleep(0.1)
        to_ms = now_ms()
        os.kill(sensor.process.pid, signal.SIGCONT)
        wait_for("the window it was held up in", lambda: len(sensor.windows()) == 3)
        windows = sensor.stop()
        self.assertEqual(sensor.status()["windows"], len(windows))
        return windows, from_ms, to_ms

    def test_windows_close_by_the_clock_and_a_gap_has_none(self):
        begin_ms = now_ms()
        with wire.Wire() as net:
            before = net.frames()
            windows, from_ms, to_ms = self.watch_nothing(net)
            frames = net.frames() - before
        end_ms = now_ms()
        self.assertEqual(frames, 0)
        self.assertEqual([*watch.not_conserved(windows)], [])
        for window in windows:
            self.assertEqual((window["accounting"]["captured"], window["n4"], window["p6"],
                              window["health"]["interface_up"]), ("0", "1", "1", True))
        spans = [Span(window) for window in windows]
        self.assertEqual(len(spans), 4)
        first, full, cut, last = spans

        for span in spans:
            self.assertEqual((span.start % WINDOW_MS, span.end - span.start), (0, WINDOW_MS))
        with self.subTest("what was watched follows on without a hole"):
            self.assertEqual([first.end, full.end], [full.start, cut.start])
            self.assertEqual([first.live_to, full.live_from, full.live_to, cut.live_from],
                             [first.end, full.start, full.end, cut.start])
            self.assertEqual([span.is_partial for span in spans], [True, False, True, True])
        with self.subTest("and is what was really watched"):
            self.assertGreaterEqual(first.live_from, begin_ms)
            self.assertLessEqual(cut.live_to, from_ms)
            self.assertGreaterEqual(last.live_from, to_ms)
            self.assertLessEqual(last.live_to, end_ms)
        with self.subTest("by the monotonic clock too"):
            watched_ms = [cut.live_to - first.live_from, last.live_to - last.live_from]
            self.assertLessEqual(sum(span.live_ms for span in spans),
                                 (from_ms - begin_ms) + (end_ms - to_ms))
            # Both clocks are read one after the other, which may take a moment.
            self.assertLess(abs(sum(s.live_ms for s in spans[:3]) - watched_ms[0]), 1000)
            self.assertLess(abs(last.live_ms - watched_ms[1]), 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
