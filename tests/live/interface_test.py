#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An interface that is down is waited for, at the start and later; one that is gone ends the
sensor with exit code 75. Nothing that arrived is lost, no time is called live in which nothing
could arrive, and no privilege is kept for coming back."""

import ipaddress
import socket
import time
import unittest

import wire  # finds the others
import build
import watch
from processes import Bench, as_printed, packets
from refusals import messages
from wire import DARK_V4, LIMIT_S, wait_for

wire.need()

FIRST_SOURCE = int(ipaddress.ip_address("198.18.0.0"))
TARGET = socket.inet_aton("203.0.113.1")


class Case:
    """A wire, and a sensor that listens to one end of it."""

    def __init__(self, net, up, *arguments, user="nobody"):
        self.net = net
        self.sent = 0
        self.link("here", "up" if up else "down")
        self.sensor = watch.Sensor(net, "--observe", DARK_V4, *arguments, user=user)

    def link(self, end, state):
        wire.run("ip", "-n", self.net.names[end], "link", "set", end, state)

    def delete(self):
        wire.run("ip", "-n", self.net.names["here"], "link", "delete", "here")

    def wait_for_state(self, state, times=1):
        words = f"event=interface name=here state={state}"
        wait_for(words, lambda: self.sensor.log().count(words) >= times)

    def send(self, count):
        """SYNs, each from a source of its own."""
        self.net.on("far", self.send_from_far, self.sent, count).result(LIMIT_S)
        self.sent += count

    def send_from_far(self, first, count):
        packet = build.ip4(bytes(4), TARGET, build.TCP, build.tcp(40_000, 23, 0x02))
        destination = bytes.fromhex(self.net.mac["here"].replace(":", ""))
        frame = bytearray(build.ethernet(packet, destination=destination))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("far", 0))
            for number in range(first, first + count):
                frame[26:30] = (FIRST_SOURCE + number).to_bytes(4, "big")
                out.send(frame)

    def counted(self):
        """The numbers of the packets that were counted, each as often as it was."""
        return sorted(int(ipaddress.ip_address(row["source"])) - FIRST_SOURCE
                      for window in self.sensor.windows() for row in window["tuples"]
                      for _ in range(row["packets"]))


class Interface(unittest.TestCase):
    def case(self, up, *arguments, **more):
        return Case(self.enterContext(wire.Wire()), up, *arguments, **more)

    def assert_all_counted(self, case):
        windows = case.sensor.windows()
        self.assertEqual([*watch.differences({"sent": case.counted()},
                                             {"sent": [*range(case.sent)]})], [])
        starts = [window["window_start_unix_ms"] for window in windows]
        self.assertEqual(len(starts), len(set(starts)))

    def wait_for_dead_window(self, case):
        """Windows go on closing on time; in one of them nothing could arrive at all."""
        dead = wait_for("a window without live time", lambda: [
            w for w in case.sensor.windows() if w["live_ms"] == "0"])[0]
        self.assertTrue(dead["flags"]["partial"])
        self.assertFalse(dead["health"]["interface_up"])
        self.assertEqual(dead["live_to_unix_ms"], dead["window_end_unix_ms"])

    def assert_gone(self, case):
        self.assertEqual(case.sensor.process.wait(LIMIT_S), 75, case.sensor.log())
        said = messages(case.sensor.log())
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith("teiten-sensor: here is gone"), said)
        self.assertEqual(case.sensor.status()["interface_state"], "gone")
        self.assert_all_counted(case)

    def test_down_at_the_start(self):
        case = self.case(False)
        case.wait_for_state("down")
        advice = "waiting for here to come up: ip link set here up"
        self.assertEqual(case.sensor.log().count(advice), 1)
        wait_for("the status", case.sensor.status_path.exists)
        self.assertEqual(case.sensor.status()["interface_state"], "down")
        with open(f"/proc/{case.sensor.process.pid}/status", encoding="ascii") as status:
            held = next(line.split()[1] for line in status if line.startswith("CapPrm:"))
        self.assertEqual(int(held, 16), 0, "nothing is kept for coming back")
        self.wait_for_dead_window(case)
        came_up = time.monotonic()
        case.link("here", "up")
        case.wait_for_state("up")
        case.send(1000)
        windows = case.sensor.stop()
        up_ms = (time.monotonic() - came_up) * 1000
        self.assert_all_counted(case)
        self.assertLessEqual(sum(int(w["live_ms"]) for w in windows), up_ms)
        self.assertGreater(sum(int(w["live_ms"]) for w in windows), 0)
        self.assertEqual(windows[0]["link_type"], "EN10MB", "the same frames as otherwise")
        self.assertEqual(case.sensor.status()["interface_state"], "up")

    def test_down_while_running(self):
        case = self.case(True)
        case.send(500)
        case.link("here", "down")
        case.wait_for_state("down")
        self.wait_for_dead_window(case)
        self.assertEqual(case.sensor.status()["interface_state"], "down")
        case.link("here", "up")
        case.wait_for_state("up")
        case.send(500)
        windows = case.sensor.stop()
        self.assert_all_counted(case)
        self.assertTrue(windows[-1]["health"]["interface_up"])
        self.assertGreater(int(windows[-1]["live_ms"]), 0)

    def test_without_a_link(self):
        case = self.case(True)
        case.link("far", "down")
        case.wait_for_state("no_link")
        self.assertIn("look at the cable", case.sensor.log())
        self.wait_for_dead_window(case)
        case.link("far", "up")
        case.wait_for_state("up")
        case.send(300)
        case.sensor.stop()
        self.assert_all_counted(case)

    def test_merging_of_frames_is_told(self):
        case = self.case(True)
        ethtool = ("ip", "netns", "exec", case.net.names["here"], "ethtool", "-K", "here", "gro")
        wire.run(*ethtool, "on")
        wait_for("a window that tells it", lambda: any(
            w["health"]["offload_on"] for w in case.sensor.windows()))
        wire.run(*ethtool, "off")
        self.assertFalse(case.sensor.stop()[-1]["health"]["offload_on"])

    def test_deleted_while_running(self):
        with Bench() as bench:
            case = self.case(True, "--collector", bench.address, "--spool", bench.folder / "spool",
                             user="root")
            case.send(700)
            case.delete()
            self.assert_gone(case)
            later = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400))
            stored = bench.ask("tuples", "--to", later, "--last", "3d", "--output", "csv")
            self.assertEqual(packets(as_printed("live", stored)), case.sent, "and it reached the record")

    def test_deleted_while_down(self):
        case = self.case(True)
        case.send(200)
        case.link("here", "down")
        case.wait_for_state("down")
        case.delete()
        self.assert_gone(case)


if __name__ == "__main__":
    unittest.main(verbosity=2)
