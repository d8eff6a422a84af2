#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the running sensor may still do: every thread of it, while it captures and sends, is an
ordinary user without any capability, and nothing can connect to it."""

import contextlib
import os
import pwd
import unittest
from pathlib import Path

import watch
import wire
from processes import Bench
from wire import wait_for

wire.need()

NOBODY = pwd.getpwnam("nobody")
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
# The default table of files in /proc/PID/net: state LISTEN of TCP, SO_ACCEPTCON of Unix sockets.
TCP_LISTEN, UNIX_LISTENS = "0A", 0x10000


def threads(pid):
    """{name: {field of /proc/PID/task/TID/status: words}}"""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            lines = (line.partition(":") for line in (task / "status").read_text().splitlines())
            found[task.name] = {name: value.split() for name, _, value in lines}
    return found


def sockets(pid):
    """Inodes of its open sockets."""
    inodes = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            link = os.readlink(path)
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
    return inodes


def listening(pid):
    """Those that others can connect or send to, as /proc shows them."""
    mine = sockets(pid)
    for protocol in ("tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6"):
        for line in Path(f"/proc/{pid}/net/{protocol}").read_text().splitlines()[1:]:
            words = line.split()
            # A bound UDP socket listens, whatever its state.
            if words[9] in mine and (words[3] == TCP_LISTEN or not protocol.startswith("tcp")):
                yield f"{protocol} {words[1]}"
    for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if words[6] in mine and int(words[3], 16) & UNIX_LISTENS:
            yield f"unix {words[7:]}"


def powers(pid, uid, gid):
    """Sentences about threads that are someone else, or may do what an ordinary user may not."""
    wanted = {"Uid": [str(uid)] * 4, "Gid": [str(gid)] * 4, "NoNewPrivs": ["1"],
              **dict.fromkeys(CAPABILITIES, ["0" * 16])}
    if uid != 0:
        wanted["Groups"] = []
    for thread, status in threads(pid).items():
        for field, value in wanted.items():
            if status[field] != value:
                yield f"{status['Name']} {thread}: {field} is {status[field]}"


class Privileges(unittest.TestCase):
    def expect_harmless(self, sensor, uid, gid):
        self.assertEqual([*powers(sensor.process.pid, uid, gid)], [])
        self.assertEqual([*listening(sensor.process.pid)], [])

    def test_as_a_user_that_sends(self):
        with wire.Wire() as net, Bench() as bench:
            of_root = net.folder / "root"
            of_root.mkdir()
            spool = of_root / "spool"
            bench.folder.chmod(0o755)
            (bench.folder / "c.sock").chmod(0o777)
            sensor = watch.Sensor(net, "--collector", bench.address, "--spool", spool)
            # By then the threads of gRPC are there too.
            wait_for("the collector to know it", lambda: "live" in bench.ask(
                "sensors", "--output", "csv"))
            self.assertEqual(spool.stat().st_uid, NOBODY.pw_uid)
            self.expect_harmless(sensor, NOBODY.pw_uid, NOBODY.pw_gid)
            sensor.stop()

    def test_root_keeps_no_capability_either(self):
        with wire.Wire() as net:
            sensor = watch.Sensor(net, user="")
            wait_for("loop, encoder and capture", lambda: len(threads(sensor.process.pid)) == 3)
            self.expect_harmless(sensor, 0, 0)
            sensor.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
