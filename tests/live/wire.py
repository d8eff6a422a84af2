# SPDX-License-Identifier: Apache-2.0
"""Two hosts on one machine and a wire between them.

`here` is the sensor's host, `far` the Internet it listens to: two network namespaces, each with one
end of a veth pair of that name. The wire is silent but for what a test sends.
"""

import concurrent.futures
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in
                ("e2e", "oracle")]

from processes import LIMIT_S, wait_for

SKIPPED = 77  # for CTest
HERE_V4, HERE_V6 = "198.51.100.1", "2001:db8:a::1"
FAR_V4, FAR_V6 = "198.51.100.10", "2001:db8:a::10"
DARK_V4, DARK_V6 = "203.0.113.0/24", "2001:db8:d::/48"
CLONE_NEWNET = 0x40000000
# Nothing by itself: no router solicitation, no duplicate detection, no link-local address, and
# multicast reports at once.
QUIET = {"accept_ra": 0, "accept_dad": 0, "addr_gen_mode": 1,
         "mldv1_unsolicited_report_interval": 1, "mldv2_unsolicited_report_interval": 1}


def need(*tools):
    """Ends as skipped, with the reason, where a live test cannot be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that namespaces are removed
    absent = [tool for tool in ("ip", "sysctl", "tcpdump", *tools) if shutil.which(tool) is None]
    if os.geteuid() != 0:
        absent.append("root (it makes network namespaces)")
    if absent:
        print(f"skipped, for want of {', '.join(absent)}; see docs/contributing.md")
        sys.exit(SKIPPED)


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL, check=False, **more)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}{done.stdout}"
    return done.stdout


def remove_left_over():
    """Namespaces of live tests that were killed."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        owner = re.fullmatch(r"teiten-(\d+)-(here|far)", name)
        if owner and not os.path.exists(f"/proc/{owner[1]}"):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Wire:
    """The two namespaces; addresses and neighbours of both ends; a folder for what tests write."""

    def __init__(self, more_far=()):
        self.names = {end: f"teiten-{os.getpid()}-{end}" for end in ("here", "far")}
        self.temporary = tempfile.TemporaryDirectory(prefix="teiten-", dir="/tmp")
        self.folder = Path(self.temporary.name)
        self.folder.chmod(0o777)  # the sensor writes there as nobody
        self.mac = {}
        self.processes = []
        self.started = []
        self.more_far = more_far

    def __enter__(self):
        remove_left_over()
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        self.temporary.cleanup()

    def make(self):
        for name in self.names.values():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "far", "netns", self.names["far"], "type", "veth", "peer",
            "name", "here", "netns", self.names["here"])
        for end, name in self.names.items():
            run("ip", "netns", "exec", name, "sysctl", "-qw",
                *(f"net.ipv6.conf.{end}.{key}={value}" for key, value in QUIET.items()))
            run("ip", "-n", name, "link", "set", end, "up")
            link = json.loads(run("ip", "-n", name, "-j", "link", "show", end))
            self.mac[end] = link[0]["address"]
        for address in (HERE_V4, HERE_V6):
            self.add_address("here", address)
        for address in (FAR_V4, FAR_V6):
            self.add_address("far", address)
        for address in self.more_far:
            # Only for who asks for it by name.
            self.add_address("far", address, *(["preferred_lft", "0"] if ":" in address else []))
        # What is dark is routed to the sensor's host.
        run("ip", "-n", self.names["far"], "route", "add", "default", "via", HERE_V4)
        run("ip", "-n", self.names["far"], "-6", "route", "add", "default", "via", HERE_V6)
        self.settle()

    def add_address(self, end, address, *options):
        """An address and, at the other end, where it is: nobody has to ask."""
        length = 64 if ":" in address else 24
        nodad = ["nodad"] if ":" in address else []
        other = "far" if end == "here" else "here"
        run("ip", "-n", self.names[end], "addr", "add", f"{address}/{length}", "dev", end, *nodad,
            *options)
        run("ip", "-n", self.names[other], "neigh", "replace", address, "lladdr", self.mac[end],
            "dev", other, "nud", "permanent")

    def frames(self):
        """Packets that went over the sensor's interface, either way, by its own counters."""
        link = json.loads(run("ip", "-n", self.names["here"], "-j", "-s", "link", "show", "here"))
        stats = link[0]["stats64"]
        return stats["rx"]["packets"] + stats["tx"]["packets"]

    def settle(self):
        """Waits until neither end has anything more to say by itself."""
        seen, since = self.frames(), time.monotonic()
        while time.monotonic() - since < 0.4:
            time.sleep(0.02)
            now = self.frames()
            if now != seen:
                seen, since = now, time.monotonic()

    def on(self, end, function, *arguments):
        """A future: the function, run by a thread that lives in that namespace."""
        future = concurrent.futures.Future()

        def work():
            try:
                enter(self.names[end])
                future.set_result(function(*arguments))
            except BaseException as error:  # told by the future
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future

    def spawn(self, end, words, out, err):
        """A process of that host, which ends with the wire at the latest."""
        with open(out, "ab") as out_file, open(err, "ab") as err_file:
            process = subprocess.Popen(["ip", "netns", "exec", self.names[end], *words],
                                       cwd=self.folder, stdout=out_file, stderr=err_file,
                                       stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def start(self, end, command):
        """A tool of that host; `finish` waits for it."""
        log = self.folder / f"tool-{len(self.started)}.log"
        self.started.append((command, self.spawn(end, command.split(), log, log), log))

    def finish(self):
        """Waits until all that was started has sent what it had to send."""
        # Masscan never ends where nothing answers: it sleeps in libpcap.
        for command, process, log in sorted(self.started, key=lambda one: "masscan" in one[0]):
            if command.startswith("masscan"):
                wait_for("masscan to send all", lambda: b"100.00% done, waiting" in
                         log.read_bytes())
                process.kill()
            # hping3 and ping say 1 where nobody answered.
            assert process.wait(LIMIT_S) in (0, 1, -signal.SIGKILL), f"{command}: {log.read_text()}"
        self.started.clear()


def enter(namespace):
    with open(f"/run/netns/{namespace}", "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
