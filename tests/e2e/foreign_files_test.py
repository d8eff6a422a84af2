#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole files that libpcap cannot read: what the sensor says to do about them is done, as it was
printed, and gives the packets that were in the file."""

import bz2
import gzip
import lzma
import re
import shutil
import struct
import subprocess
import unittest

from bad_input_rows import DAMAGED
from processes import SENSOR, rows
from refusals import messages, run
from world import World, records

ETHERNET, RAW_IP = 1, 101
ETHERNET_BYTES = 14


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def pcapng(pcap, interfaces):
    """The packets of a pcap file dealt out to interfaces (link type, snap length) in turn."""
    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    blocks += [block(1, struct.pack("<HHI", link, 0, snap)) for link, snap in interfaces]
    for i, at in enumerate(records(pcap)[:-1]):
        seconds, micros, kept, wire = struct.unpack_from("<IIII", pcap, at)
        link, snap = interfaces[i % len(interfaces)]
        skip = ETHERNET_BYTES if link == RAW_IP else 0
        data = pcap[at + 16 + skip:at + 16 + kept][:snap]
        time = seconds * 1_000_000 + micros
        blocks.append(block(6, struct.pack("<IIIII", i % len(interfaces), time >> 32,
                                           time & 0xFFFFFFFF, len(data), wire - skip) + data))
    return b"".join(blocks)


def shell(command, folder):
    """Runs what a message says, with this build's sensor."""
    return subprocess.run(["sh", "-c", f'PATH="{SENSOR.parent}:$PATH"; {command}'], cwd=folder,
                          capture_output=True, text=True, timeout=60, check=False)


class Foreign(unittest.TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.good = self.world.good.read_bytes()
        self.printed = rows(run([SENSOR, "--read", self.world.good]).stdout)

    def refused(self, path):
        done = run([SENSOR, "--read", path])
        self.assertEqual(done.returncode, DAMAGED, done.stderr)
        said = messages(done.stderr)
        self.assertEqual(len(said), 1, said)
        self.assertIn(str(path), said[0])
        return said[0]

    def test_a_compressed_file_is_read_as_the_message_says(self):
        for pack, name in ((gzip.compress, "gzip"), (lzma.compress, "xz"),
                           (bz2.compress, "bzip2")):
            with self.subTest(name):
                said = self.refused(self.world.file(f"capture.{name}-file", pack(self.good)))
                self.assertIn(f"compressed with {name}", said)
                done = shell(said.split("on the way: ")[1], self.world.folder)
                self.assertEqual(rows(done.stdout), self.printed, done.stderr)

    def test_a_compressed_standard_input_is_told_from_rubbish(self):
        packed = self.world.file("packed", gzip.compress(self.good))
        with open(packed, "rb") as stdin:
            done = run([SENSOR, "--read", "-"], stdin=stdin)
        self.assertEqual(done.returncode, DAMAGED)
        self.assertIn("zcat < FILE | teiten-sensor --read -", done.stderr)

    @unittest.skipUnless(shutil.which("tshark") and shutil.which("editcap"), "needs tshark, editcap")
    def test_interfaces_of_two_link_types_are_split_as_the_message_says(self):
        path = self.world.file("two.pcapng", pcapng(self.good, [(ETHERNET, 65535),
                                                                (RAW_IP, 65535)]))
        said = self.refused(path)
        self.assertIn("not damaged", said)
        command = re.search(r"shows: (tshark .*)$", said).group(1)
        packets = 0
        for number, kind in ((0, "ether"), (1, "rawip")):
            one = command.replace("== N", f"== {number}").replace("TYPE", kind)
            self.assertEqual(shell(one.replace("OUT-N", f"OUT-{number}"),
                                   self.world.folder).returncode, 0)
            done = run([SENSOR, "--read", self.world.folder / f"OUT-{number}.pcap"])
            packets += sum(int(line.split(",")[5]) for line in rows(done.stdout))
        self.assertEqual(packets, sum(int(line.split(",")[5]) for line in self.printed))

    @unittest.skipUnless(shutil.which("editcap"), "needs editcap")
    def test_interfaces_of_two_snap_lengths_are_rewritten_as_the_message_says(self):
        path = self.world.file("two.pcapng", pcapng(self.good, [(ETHERNET, 65535),
                                                                (ETHERNET, 256)]))
        said = self.refused(path)
        self.assertIn("not damaged", said)
        command = re.search(r"(editcap .*)$", said).group(1)
        self.assertEqual(shell(command, self.world.folder).returncode, 0)
        done = run([SENSOR, "--read", self.world.folder / "OUT.pcap"])
        self.assertEqual(rows(done.stdout), self.printed)

    def test_alike_interfaces_are_read(self):
        path = self.world.file("two.pcapng", pcapng(self.good, [(ETHERNET, 65535)] * 2))
        self.assertEqual(rows(run([SENSOR, "--read", path]).stdout), self.printed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
