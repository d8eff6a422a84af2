# SPDX-License-Identifier: Apache-2.0
"""Reads capture files: classic pcap (both byte orders, micro- and nanoseconds) and simple pcapng.

The whole file is read into memory; the oracle is for small files. A file may be cut or damaged
anywhere: what comes before the damage is returned, and `damage` says what was wrong.
"""

import struct
from collections import namedtuple

# time is in nanoseconds since 1970; wire is the length the frame had on the wire.
Record = namedtuple("Record", "time link wire data")

NANOSECONDS = 1_000_000_000
# The largest record libpcap accepts for ordinary links; beyond it the file is damaged.
LARGEST_RECORD = 262_144

CLASSIC_MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"


class CaptureFile:
    """The records of a file, and what was wrong with it (None if nothing)."""

    def __init__(self):
        self.records = []
        self.damage = None


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    capture = CaptureFile()
    if data[:4] in CLASSIC_MAGICS:
        read_classic(data, capture)
    elif data[:4] == PCAPNG_MAGIC:
        read_pcapng(data, capture)
    else:
        capture.damage = "not a capture file"
    return capture


def add_record(capture, time, link, wire, data):
    # A wire length below the captured length cannot be true; the bytes are there, so they count.
    capture.records.append(Record(time, link, max(wire, len(data)), data))


def read_classic(data, capture):
    endian, unit = CLASSIC_MAGICS[data[:4]]
    if len(data) < 24:
        capture.damage = "the file header is cut"
        return
    snapshot, link = struct.unpack_from(endian + "II", data, 16)
    # The upper bits of the link type tell of frame check sequences.
    link &= 0x03FFFFFF
    if snapshot == 0 or snapshot > 0x7FFFFFFF:
        snapshot = LARGEST_RECORD
    at = 24
    while at < len(data):
        if len(data) - at < 16:
            capture.damage = "the header of a record is cut"
            return
        seconds, fraction, captured, wire = struct.unpack_from(endian + "IIII", data, at)
        at += 16
        if captured > LARGEST_RECORD:
            capture.damage = "a record is impossibly long"
            return
        if len(data) - at < captured:
            capture.damage = "the bytes of a record are cut"
            return
        # Like libpcap: a record longer than the snapshot length of its file is shortened to it.
        kept = data[at : at + min(captured, snapshot)]
        add_record(capture, seconds * NANOSECONDS + fraction * unit, link, wire, kept)
        at += captured


def read_pcapng(data, capture):
    endian = "<"
    interfaces = []  # (link type, snapshot length, units per second, offset in seconds)
    at = 0
    while at < len(data):
        if len(data) - at < 12:
            capture.damage = "a block header is cut"
            return
        if data[at : at + 4] == PCAPNG_MAGIC:
            order = data[at + 8 : at + 12]
            if order not in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"):
                capture.damage = "a section without byte order"
                return
            endian = ">" if order == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces = []
        kind, length = struct.unpack_from(endian + "II", data, at)
        if length < 12 or length % 4 != 0 or length > len(data) - at:
            capture.damage = "a block is cut"
            return
        body = data[at + 8 : at + length - 4]
        at += length
        try:
            read_pcapng_block(endian, kind, body, interfaces, capture)
        except (struct.error, IndexError, ValueError):
            capture.damage = "a block is damaged"
            return


def read_pcapng_block(endian, kind, body, interfaces, capture):
    if kind == 1:  # interface description
        link, _, snapshot = struct.unpack_from(endian + "HHI", body)
        units, offset = 1_000_000, 0
        at = 8
        while at + 4 <= len(body):
            code, length = struct.unpack_from(endian + "HH", body, at)
            value = body[at + 4 : at + 4 + length]
            at += 4 + (length + 3) // 4 * 4
            if code == 0:
                break
            if code == 9 and length == 1:  # if_tsresol
                exponent = value[0] & 0x7F
                units = 2**exponent if value[0] & 0x80 else 10**exponent
            if code == 14 and length == 8:  # if_tsoffset
                offset = struct.unpack(endian + "q", value)[0]
        interfaces.append((link, snapshot or LARGEST_RECORD, units, offset))
    elif kind in (2, 6):  # obsolete packet block, enhanced packet block
        if kind == 6:
            number, high, low, captured, wire = struct.unpack_from(endian + "IIIII", body)
        else:
            number, _, high, low, captured, wire = struct.unpack_from(endian + "HHIIII", body)
        link, snapshot, units, offset = interfaces[number]
        if captured > len(body) - 20:
            raise ValueError("packet beyond its block")
        ticks = (high << 32) | low
        time = ticks * NANOSECONDS // units + offset * NANOSECONDS
        add_record(capture, time, link, wire, body[20 : 20 + min(captured, snapshot)])
    elif kind == 3:  # simple packet block: it has no time
        link, snapshot, _, _ = interfaces[0]
        wire = struct.unpack_from(endian + "I", body)[0]
        captured = min(wire, snapshot, len(body) - 4)
        add_record(capture, 0, link, wire, body[4 : 4 + captured])
