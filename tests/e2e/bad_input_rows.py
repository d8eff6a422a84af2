# SPDX-License-Identifier: Apache-2.0
"""The table of bad input: what is run, how it must end, what it must say, and its mended twin."""

import os
import socket

from processes import CLIENT, COLLECTOR, SENSOR, rows
from refusals import Row, run
from world import NOBODY

USAGE, DAMAGED, UNREACHABLE, IO, PRIVILEGE, CONFIGURATION = 2, 65, 69, 74, 77, 78
FULL = ["sh", "-c", 'exec "$0" "$@" > /dev/full']


def files(w):
    """The sensor and what it is told to read."""
    def read(path):
        return [SENSOR, "--read", path]

    def counted(done):
        until_cut = run(read(w.until_cut))
        assert rows(done.stdout) == rows(until_cut.stdout), "what was readable is counted"
        assert len(rows(done.stdout)) > 10

    yield Row("missing file", read(w.folder / "no.pcap"), IO,
              [w.folder / "no.pcap", "No such file", "check the path"], read(w.good))
    yield Row("folder instead of a file", read(w.folder), DAMAGED,
              [w.folder, "is a folder", "give one capture file"], read(w.good))
    yield Row("not a capture", read(w.text), DAMAGED,
              [w.text, "not a capture file", "pcap or pcapng"], read(w.good))
    yield Row("empty file", read(w.empty), DAMAGED,
              [w.empty, "not a capture file", "pcap or pcapng"], read(w.no_packets))
    yield Row("empty standard input", read("-"), DAMAGED, ["not a capture file"], read(w.good))
    yield Row("file cut in the middle", read(w.cut), DAMAGED,
              [w.cut, f"damaged after packet {w.cut_after}", "are counted"], read(w.until_cut),
              also=counted)
    yield Row("unknown link type", read(w.unknown_link), DAMAGED,
              [w.unknown_link, "unknown link type 147", "known are", "EN10MB"], read(w.good))
    yield Row("full disk behind standard output", [*FULL, *read(w.good), "--print", "csv"], IO,
              ["standard output", "No space left on device", "make room"], read(w.good))


def privileges(w):
    lo = [SENSOR, "--interface", "lo", "--print", "none"]
    yield Row("unreadable file", [*NOBODY, SENSOR, "--read", w.secret], PRIVILEGE,
              [w.secret, "Permission denied", "run as a user who may read it"],
              [*NOBODY, SENSOR, "--read", w.good])
    yield Row("no privilege to capture", [*NOBODY, *lo], PRIVILEGE, ["lo", "CAP_NET_RAW"], lo)
    yield Row("unknown user", [*lo, "--user", "teiten-nobody-has-this"], CONFIGURATION,
              ["process.user", "no user \"teiten-nobody-has-this\"", "useradd"],
              [*lo, "--user", "nobody"])
    theirs = w.folder / "root"
    theirs.mkdir(mode=0o755)
    mine = w.folder / "nobodys"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    yield Row("socket in a folder of somebody else",
              [*NOBODY, COLLECTOR, "--data", mine, "--listen", f"unix:{theirs}/c.sock"], PRIVILEGE,
              [f"unix:{theirs}/c.sock", "Permission denied", "allow this user", "--listen"],
              [*NOBODY, COLLECTOR, "--data", mine, "--listen", f"unix:{mine}/c.sock"])
    live = [SENSOR, "--interface", "lo", "--window", "10s", "--print", "json"]
    yield Row("full disk behind a live sensor", [*FULL, *live], IO,
              ["standard output", "No space left on device", "make room"], live)
    yield Row("data folder of somebody else",
              [*NOBODY, COLLECTOR, "--data", w.folder / "theirs", "--listen", w.address], PRIVILEGE,
              [w.folder / "theirs", "Permission denied"],
              [COLLECTOR, "--data", w.folder / "theirs", "--listen", w.address])


def sensor_flags(w):
    read = [SENSOR, "--read", w.good]
    yield Row("missing interface", [SENSOR, "--interface", "nope0"], CONFIGURATION,
              ["no interface \"nope0\"", "this host has", "lo"],
              [SENSOR, "--interface", "lo", "--check"])
    yield Row("missing interface, checked", [SENSOR, "--interface", "nope0", "--check"],
              CONFIGURATION, ["no interface \"nope0\"", "lo", "looked for now"],
              [SENSOR, "--interface", "lo", "--check"])
    yield Row("unknown user and too little memory, checked",
              [SENSOR, "--interface", "lo", "--check", "--user", "teiten-nobody-has-this",
               "--memory-limit", "70MiB"], CONFIGURATION,
              ["process.user: no user", "process.memory_limit: "],
              [SENSOR, "--interface", "lo", "--check"], lines=2)
    for name, more, code, says, good in [
            ("unknown flag", ["--nope"], USAGE, ["--nope", "see teiten-sensor --help"], []),
            ("a flag without its value", ["--print"], USAGE, ["--print", "--help"], []),
            ("a print format that is none", ["--print", "xml"], USAGE, ["xml", "csv"], []),
            ("both modes", ["--interface", "lo"], USAGE, ["--read or --interface"], []),
            ("a group for a file", ["--group", "asia"], USAGE, ["--group", "replay"],
             ["--group", "replay"]),
            ("a status file for a file", ["--status-file", w.folder / "s.json"], USAGE,
             ["--status-file goes with --interface"], []),
            ("a user for a file", ["--user", "nobody"], USAGE, ["--user goes with --interface"],
             []),
            ("dump without check", ["--dump"], USAGE, ["--dump goes with --check"],
             ["--dump", "--check"]),
            ("no time", ["--replay-at", "noon"], USAGE, ["\"noon\" is no time", "2026-11-22T"],
             ["--replay-at", "now"]),
            ("no speed", ["--speed", "-1"], USAGE, ["--speed", "write a number above 0"],
             ["--speed", "1000000"]),
            ("standstill", ["--speed", "0"], USAGE, ["--speed", '"0": write a number above 0, as'],
             ["--speed", "1e6"]),
            ("no wait", ["--wait", "long"], USAGE, ["--wait", "no duration", "90s"],
             ["--wait", "1s"]),
            ("window out of range", ["--window", "7s"], CONFIGURATION,
             ["--window", "out of range", "from \"10s\" to \"1h\""], ["--window", "10s"]),
            ("window that cuts an hour", ["--window", "70s"], CONFIGURATION,
             ["--window", "divide an hour"], ["--window", "60s"]),
            ("host bits in a prefix", ["--observe", "192.0.2.1/24"], CONFIGURATION,
             ["--observe", "192.0.2.1/24", "host bits"], ["--observe", "192.0.2.0/24"]),
            ("no service", ["--service", "ssh"], CONFIGURATION, ["--service", "22/tcp"],
             ["--service", "22/tcp"]),
            ("too little memory", ["--memory-limit", "1MiB"], CONFIGURATION, ["memory"], []),
    ]:
        yield Row(name, [*read, *more], code, says, [*read, *good])
    for flag, one, other in (("--interface", "nope0", "lo"), ("--sensor", "a", "b"),
                             ("--window", "10s", "60s"), ("--observe", "192.0.2.0/24", "192.0.2.1"),
                             ("--log-level", "info", "warn"), ("--read", w.cut, w.good)):
        mode = [] if flag in ("--interface", "--read") else ["--read", w.good]
        yield Row(f"{flag} twice", [SENSOR, *mode, flag, one, flag, other], USAGE,
                  [flag, "received 2"], [SENSOR, *mode, flag, other])
    yield Row("a service that is none among services",
              [*read, "--service", "22/tcp", "--service", "http"], CONFIGURATION,
              ["--service", "\"http\" is no service"],
              [*read, "--service", "22/tcp", "--service", "80/tcp"])
    yield Row("nothing to do", [SENSOR], USAGE, ["nothing to do", "--read FILE"], read)
    yield Row("speed without a file", [SENSOR, "--interface", "lo", "--speed", "2"], USAGE,
              ["go with --read"], [*read, "--speed", "1000000"])
    yield Row("plaintext to another host", [*read, "--collector", "192.0.2.1:9999"], CONFIGURATION,
              ["192.0.2.1:9999", "not a loopback address", "everyone on the way",
               "ssh -N -L 9999:127.0.0.1:9999 192.0.2.1,"],
              [*read, "--collector", "127.0.0.1:7843", "--check"])


def configurations(w):
    """Each of the daemons, from a file."""
    for program, key, wrong in ((SENSOR, "capture.interface", "interfase"),
                                (COLLECTOR, "data.folder", "foldr")):
        def check(path, program=program):
            return [program, "--config", path, "--check"]

        name, table = program.name, key.split(".")[0]
        good = w.file(f"{name}.toml", f'\n[{table}]\n{key.split(".")[1]} = "lo"\n')
        unknown = w.file(f"{name}-unknown.toml", f'\n[{table}]\n{wrong} = "lo"\n')
        kind = w.file(f"{name}-type.toml", f'[{table}]\n{key.split(".")[1]} = 3\n')
        level = w.file(f"{name}-level.toml", '[log]\nlevel = "loud"\n')
        broken = w.file(f"{name}-broken.toml", '[log\nlevel = "info"\n')
        three = w.file(f"{name}-three.toml", f'[log]\nlevel = "loud"\nformat = 1\n\n[{table}]\n'
                       f'{wrong} = "lo"\n')
        missing = w.folder / "no.toml"
        yield Row(f"{name}: unknown key", check(unknown), CONFIGURATION,
                  [f"{unknown}:3: {table}.{wrong}: unknown key", f"did you mean {key}?"],
                  check(good))
        yield Row(f"{name}: wrong type", check(kind), CONFIGURATION,
                  [f"{kind}:2: {key}: must be a string, not an integer"], check(good))
        yield Row(f"{name}: out of range", check(level), CONFIGURATION,
                  [f"{level}:2: log.level:", '"loud"', '"debug", "info"'], check(good))
        yield Row(f"{name}: not TOML", check(broken), CONFIGURATION, [f"{broken}:1", "not TOML"],
                  check(good))
        yield Row(f"{name}: three errors at once", check(three), CONFIGURATION,
                  [f"{three}:2: ", f"{three}:3: ", f"{three}:6: "], check(good), lines=3)
        yield Row(f"{name}: no such configuration", check(missing), CONFIGURATION,
                  [missing, "No such file"], check(good))
        yield Row(f"{name}: folder as configuration", check(w.folder), CONFIGURATION,
                  [w.folder, "Is a directory"], check(good))
    mixed = w.file("mixed.toml", '[sensor]\nwindow = "7m"\n[spool]\nkeep = "1d"\n'
                   'keep_acknowledged = "2d"\n[log]\nlevel = "loud"\n')
    yield Row("a choice and rules between keys at once",
              [SENSOR, "--config", mixed, "--read", w.good], CONFIGURATION,
              [f"{mixed}:2: ", f"{mixed}:5: ", f"{mixed}:7: "], [SENSOR, "--read", w.good], lines=3)
    both = w.file("both.toml", '[listen]\naddress = "127.0.0.1:7999"\n[log]\nlevel = "loud"\n')
    yield Row("a choice and a rule of the collector at once",
              [COLLECTOR, "--config", both, "--check"], CONFIGURATION,
              [f"{both}:2: ", f"{both}:4: "], [COLLECTOR, "--check"], lines=2)
    nothing = w.file("nothing.toml", '[log]\nlevel = "info"\n')
    yield Row("a configuration without interface", [SENSOR, "--config", nothing], CONFIGURATION,
              [nothing, "capture.interface", "must be given"],
              [SENSOR, "--config", nothing, "--read", w.good])
    yield Row("a configuration without interface, checked",
              [SENSOR, "--config", nothing, "--check"], CONFIGURATION,
              [nothing, "capture.interface", "must be given"],
              [SENSOR, "--config", nothing, "--interface", "lo", "--check"])
    plain = w.file("plain.toml", '[collector]\naddress = "127.0.0.1:7843"\n')
    said = w.file("said.toml", '[collector]\naddress = "127.0.0.1:7843"\ninsecure = true\n')
    yield Row("plaintext in a file, unsaid", [SENSOR, "--config", plain, "--check"], CONFIGURATION,
              [f"{plain}:2: collector.address", "encrypted", "collector.insecure = true"],
              [SENSOR, "--config", said, "--check"])


def collector_flags(w):
    def listen(address):
        return [COLLECTOR, "--data", w.folder / "data", "--listen", address]

    serve = listen(w.address)
    listener = socket.create_server(("127.0.0.1", 0))
    w.keep.append(listener)
    port = f"127.0.0.1:{listener.getsockname()[1]}"
    yield Row("unknown flag of the collector", [*serve, "--nope"], USAGE,
              ["--nope", "see teiten-collector --help"], serve)
    yield Row("--data twice", [*serve, "--data", w.folder / "other"], USAGE,
              ["--data", "received 2"], serve)
    yield Row("--data before and after serve",
              [COLLECTOR, "--data", w.folder / "other", "serve", *serve[1:]], USAGE,
              ["--data: given twice"], [COLLECTOR, "serve", *serve[1:]])
    yield Row("unknown command of the collector", [COLLECTOR, "sevre", "--check"], USAGE,
              ["sevre", "--help"], [COLLECTOR, "serve", "--check"])
    yield Row("dump without check", [*serve, "--dump"], USAGE, ["--dump goes with --check"], serve)
    yield Row("a port that is taken", listen(port), CONFIGURATION,
              [port, f"in use by process {os.getpid()} (python3)", "--listen"], serve)
    yield Row("an address for all to see", listen("0.0.0.0:7843"), CONFIGURATION,
              ["0.0.0.0:7843", "not a loopback address", "everyone on the way",
               "Listen on 127.0.0.1:7843", "let each sensor's host open an encrypted tunnel"],
              serve)
    yield Row("a socket in no folder", listen(f"unix:{w.folder}/none/c.sock"), CONFIGURATION,
              [f"unix:{w.folder}/none/c.sock", "No such file or directory",
               f"make the folder {w.folder}/none", "--listen"], serve)
    yield Row("a socket below a file", listen(f"unix:{w.text}/c.sock"), CONFIGURATION,
              [w.text, "Not a directory", "--listen"], serve)
    yield Row("no port", listen("127.0.0.1:x"), CONFIGURATION,
              ["127.0.0.1:x", "not a number from 0 to 65535"], serve)
    yield Row("a socket where a file is", listen(f"unix:{w.text}"), CONFIGURATION,
              [w.text, "not a socket"], serve)
    yield Row("a zone that is none", [*serve, "--zone", "JST"], CONFIGURATION,
              ["--zone", "JST", "±HH:MM"], serve)
    yield Row("another zone than the store's", [*serve, "--zone", "+09:00"], CONFIGURATION,
              ["data.zone", "made with +00:00", "+09:00"], serve)
    yield Row("no region file", [*serve, "--region-file", w.folder / "no.mmdb"], CONFIGURATION,
              ["enrich.region_file", w.folder / "no.mmdb", "No such file"], serve)
    yield Row("a region file that is none", [*serve, "--region-file", w.text], CONFIGURATION,
              ["enrich.region_file", w.text], serve)
    yield Row("a file as data folder", [COLLECTOR, "--data", w.text, "--listen", w.address],
              CONFIGURATION, [w.text, "is not a folder"], serve)


def client(w):
    w.start_collector()
    rank = [CLIENT, "rank", "--collector", w.address]
    report = [CLIENT, "report", "--collector", w.address]
    yield Row("no collector", [CLIENT, "rank", "--collector", w.nowhere], UNREACHABLE,
              [w.nowhere, "Is it running?", "teiten-collector", "--collector"], rank)
    for name, more, says, good in [
            ("unknown flag", ["--nope"], ["--nope", "see teiten rank --help"], []),
            ("no beginning", ["--from", "noon"], ["--from", "noon", "2026-11-22"],
             ["--from", "2026-11-22"]),
            ("no length", ["--last", "week"], ["--last", "week", "24h"], ["--last", "1w"]),
            ("an end before the beginning", ["--from", "2026-11-22", "--to", "2026-11-21"],
             ["not before --to"], ["--from", "2026-11-20", "--to", "2026-11-21"]),
            ("too many times",
             ["--from", "2026-11-20", "--to", "2026-11-21", "--last", "1d"],
             ["--last: not together"], ["--from", "2026-11-20", "--to", "2026-11-21"]),
            ("no kind", ["--kind", "syn"], ["--kind", "syn", "tcp_syn"], ["--kind", "tcp_syn"]),
            ("no class", ["--class", "bad"], ["--class", "bad", "backscatter"],
             ["--class", "scan"]),
            ("a port without protocol", ["--port", "23"], ["--port", "23/TCP"],
             ["--port", "23/TCP"]),
            ("a prefix with host bits", ["--source-prefix", "192.0.2.1/24"],
             ["--source-prefix", "192.0.2.1/24", "host bits"], ["--source-prefix", "192.0.2.0/24"]),
            ("no region", ["--region", "Japan"], ["--region", "Japan", "JP"], ["--region", "JP"]),
            ("no tool", ["--tool", "nc"], ["--tool", "nc", "masscan"], ["--tool", "masscan"]),
            ("no sensor id", ["--sensor", "Web 3"], ["--sensor", "Web 3", "teiten sensors"],
             ["--sensor", "web-3"]),
            ("no family", ["--family", "ipv5"], ["--family", "ipv6"], ["--family", "ipv6"]),
            ("no order", ["--by", "colour"], ["--by", "colour", "source"], ["--by", "source"]),
            ("no number", ["--limit", "ten"], ["--limit", "ten"], ["--limit", "10"]),
            ("less than none", ["--limit", "-1"], ["--limit -1: write a number from 1"],
             ["--limit", "1"]),
            ("kinds of another class", ["--kind", "tcp_syn", "--class", "other"],
             ["--kind: none of", "--class"], ["--kind", "tcp_syn", "--class", "scan"]),
            ("times before there were any", ["--from", "1950-01-01", "--to", "1960-01-01"],
             ['--from "1950-01-01": nothing is kept of before 1970'],
             ["--from", "1970-01-02", "--to", "1970-01-03"]),
            ("no timeout", ["--timeout", "soon"], ["--timeout", "soon", "24h"],
             ["--timeout", "1s"]),
            ("no output", ["--output", "xml"], ["--output", "xml", "csv"], ["--output", "csv"]),
    ]:
        yield Row(f"teiten: {name}", [*rank, *more], USAGE, says, [*rank, *good])
    yield Row("teiten: --last twice", [*rank, "--last", "1d", "--last", "2d"], USAGE,
              ["--last", "received 2"], [*rank, "--last", "2d"])
    series = [CLIENT, "series", "--collector", w.address]
    yield Row("a step that cuts hours", [*series, "--step", "7m"], USAGE,
              ["--step 7m: write minutes that divide an hour"], [*series, "--step", "6m"])
    yield Row("more steps than fit", [*series, "--step", "1m", "--last", "30d"], USAGE,
              ["--step: 43,20", "at most 20,000", "longer step"],
              [*series, "--step", "1h", "--last", "4d", "--split", "sensor", "--limit", "1000"])
    tuples = [CLIENT, "tuples", "--collector", w.address]
    yield Row("a token that is none", [*tuples, "--resume", "garbage"], USAGE,
              ["--resume: not a token"], tuples)
    yield Row("two mistakes", [*rank, "--kind", "syn", "--port", "23"], USAGE,
              ["--kind", "--port"], [*rank, "--kind", "tcp_syn", "--port", "23/TCP"], lines=2)
    yield Row("no such command", [CLIENT, "rnak"], USAGE, ["rnak", "rank, series"],
              [CLIENT, "rank", "--help"])
    yield Row("no such language", [*report, "--language", "ja"], USAGE, ["--language"], report)
    yield Row("a day that is none", [*report, "--day", "32"], USAGE, ["--day", "32", "yesterday"],
              [*report, "--day", "today"])
    yield Row("a report into no folder", [*report, "--out", w.folder / "no/report.md"], IO,
              [w.folder / "no/report.md", "cannot be written"],
              [*report, "--out", w.folder / "report.md"])
    yield Row("no room for the report", [*FULL, *report], IO,
              ["standard output", "No space left on device"], report)
    yield Row("an address that is none", [CLIENT, "source", "192.0.2", "--collector", w.address],
              USAGE, ["192.0.2", "192.0.2.0/24"],
              [CLIENT, "source", "192.0.2.7", "--collector", w.address])
    yield Row("another host", [CLIENT, "rank", "--collector", "192.0.2.1:7843"], USAGE,
              ["192.0.2.1:7843", "not a loopback address", "everyone on the way"], rank)
    yield Row("no room for the help", [*FULL, CLIENT, "--help"], IO,
              ["standard output", "No space left on device"], [CLIENT, "--help"])
    home = w.folder / "home/.config/teiten"
    home.mkdir(parents=True)
    (home / "profile.toml").write_text('collectr = "127.0.0.1:7843"\n')
    at_home = ["env", "-u", "XDG_CONFIG_HOME", f"HOME={w.folder}/home", CLIENT, "rank"]
    yield Row("a profile with an unknown key", at_home, CONFIGURATION,
              [f"{home}/profile.toml:1: collectr: unknown key", "did you mean collector?"],
              [*at_home, "--collector", w.address])
    xdg = w.folder / "xdg/teiten"
    xdg.mkdir(parents=True)
    (xdg / "profile.toml").write_text('a = 1\nb = 2\n')
    elsewhere = ["env", f"HOME={w.folder}/home", f"XDG_CONFIG_HOME={xdg.parent}", CLIENT, "rank"]
    yield Row("a profile elsewhere with two unknown keys", elsewhere, CONFIGURATION,
              [f"{xdg}/profile.toml:1: a: unknown key", f"{xdg}/profile.toml:2: b: unknown key"],
              [*elsewhere, "--collector", w.address], lines=2)
