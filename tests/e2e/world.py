# SPDX-License-Identifier: Apache-2.0
"""A folder with everything bad input needs: good, cut, empty and foreign files."""

import os
import shutil
import struct

from processes import CAPTURES, Bench

GOOD = CAPTURES / "synthetic_mirai.pcap"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
AS_ROOT = os.geteuid() == 0


def records(pcap):
    """The byte offsets at which packets begin, and the end of the last whole one."""
    at = 24
    offsets = [at]
    while at + 16 <= len(pcap):
        at += 16 + struct.unpack_from("<I", pcap, at + 8)[0]
        if at <= len(pcap):
            offsets.append(at)
    return offsets


class World(Bench):
    """A Bench whose collector runs only if it is started."""

    def __init__(self):
        super().__init__()
        os.chmod(self.folder, 0o755)
        self.good = self.folder / "good.pcap"
        shutil.copy(GOOD, self.good)
        whole = GOOD.read_bytes()
        middle = records(whole)[len(records(whole)) // 2]
        self.cut = self.file("cut.pcap", whole[:middle + 20])
        self.until_cut = self.file("until-cut.pcap", whole[:middle])
        self.cut_after = len(records(whole)) // 2
        self.empty = self.file("empty.pcap", b"")
        self.text = self.file("notes.txt", b"This is no capture file, whatever its name is.\n")
        self.unknown_link = self.file("link.pcap", whole[:20] + struct.pack("<I", 147) + whole[24:])
        self.no_packets = self.file("none.pcap", whole[:24])
        self.secret = self.file("secret.pcap", whole)
        os.chmod(self.secret, 0)
        self.keep = []  # open as long as the world
        self.nowhere = f"unix:{self.folder}/nobody.sock"

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        for thing in self.keep:
            thing.close()
        super().__exit__(*arguments)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
