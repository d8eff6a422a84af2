# SPDX-License-Identifier: Apache-2.0
"""A network namespace with one cable in it: `a0`, where a sensor listens, and `b0`, from where
frames are sent. Nothing leaves it, and it ends with its object."""

import itertools
import os
import subprocess
import sys

NUMBER = itertools.count()

# Sends SYNs as bare Ethernet frames: count and first number are its arguments.
SEND = """
import socket, struct, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("b0", 0))
for n in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[1])):
    source = socket.inet_aton(f"198.51.100.{n % 250 + 1}")
    target = socket.inet_aton(f"203.0.113.{n % 250 + 1}")
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, n & 0xffff, 0, 64, 6, 0, source, target)
    tcp = struct.pack("!HHIIBBHHH", 40000, 23, n, 0, 0x50, 2, 1024, 0, 0)
    link.send(bytes.fromhex("020000000001020000000002" "0800") + ip + tcp)
"""


class Unavailable(Exception):
    """Why there can be no namespace here."""


class Cable:
    def __init__(self):
        self.name = f"teiten-{os.getpid()}-{next(NUMBER)}"
        made = subprocess.run(["ip", "netns", "add", self.name], capture_output=True, text=True,
                              check=False)
        if made.returncode != 0:
            raise Unavailable(made.stderr.strip())

    def __enter__(self):
        self.ip("link", "add", "a0", "type", "veth", "peer", "name", "b0")
        for end in ("a0", "b0"):  # no neighbour discovery among the frames that are counted
            self.run("sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
        self.ip("link", "set", "b0", "up")
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command):
        subprocess.run(self.command(*command), check=True, stdin=subprocess.DEVNULL)

    def ip(self, *what):
        subprocess.run(["ip", "-n", self.name, *what], check=True)

    def send(self, count, first=0):
        self.run(sys.executable, "-c", SEND, count, first)
