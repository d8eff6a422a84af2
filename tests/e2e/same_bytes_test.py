# SPDX-License-Identifier: Apache-2.0
"""The same file gives the same bytes, always: 50 readings as CSV and 50 as JSON while every core is
kept busy by others, and one sha256 of each."""

import collections
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENSOR = pathlib.Path(os.environ["TEITEN_BUILD"], "sensor", "teiten-sensor")
READINGS = 50
HOGS_PER_CORE = 2
PACKETS = 6000


class SameBytes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.trace = pathlib.Path(folder.name, "mixed.pcap")
        subprocess.run([sys.executable, ROOT / "tests/oracle/generate.py", "--seed", "50",
                        "--packets", str(PACKETS), "--profile", "mixed", self.trace], check=True)
        for _ in range(HOGS_PER_CORE * (os.cpu_count() or 1)):
            hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(hog.wait)
            self.addCleanup(hog.kill)

    def read(self, form):
        ran = subprocess.run([SENSOR, "--read", self.trace, "--print", form], capture_output=True,
                             check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertGreater(len(ran.stdout), 100 * 1000)
        return hashlib.sha256(ran.stdout).hexdigest()

    def test_fifty_readings(self):
        for form in ("csv", "json"):
            hashes = collections.Counter(self.read(form) for _ in range(READINGS))
            self.assertEqual(len(hashes), 1, f"{form}: {hashes}")
            self.assertEqual(hashes.total(), READINGS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
