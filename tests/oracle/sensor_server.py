# SPDX-License-Identifier: Apache-2.0
"""teiten-sensor run thousands of times: by a server that has it loaded (sensor_server.cc)."""

import collections
import subprocess

Ran = collections.namedtuple("Ran", "returncode stdout stderr")


class SensorServer:
    """One child at a time; not for several threads."""

    def __init__(self, executable):
        self.process = subprocess.Popen([executable], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def run(self, *arguments):
        line = "\t".join(str(argument) for argument in arguments)
        assert "\n" not in line
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        code, out, err = map(int, self.process.stdout.readline().split())
        return Ran(code, self.process.stdout.read(out).decode(),
                   self.process.stdout.read(err).decode())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
