# SPDX-License-Identifier: Apache-2.0
"""The sensor and the oracle read the same files and have to say the same, row for row.

    agree.py --sensor build/dev/sensor/teiten-sensor [--seeds 2] [--first-seed 1] [--packets 1500]
             [--profiles mixed,links,...] [--jobs 2] [--no-captures] [--keep FOLDER]

Compares all captures of tests/captures, then generated traces: every profile with every seed, in
turn in each form of the file format; `links` with every link type. Each file is read with several
settings (see SETTINGS). Prints what was compared; exits 1 if anything differs, and then leaves the
files that did in --keep (default: a folder it names). For long runs: --seeds 50 --packets 20000.
"""

import argparse
import collections
import concurrent.futures
import io
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import build
import classify
import compare
import conversations
import generate
import oracle
import pcapread

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
SHOWN = 8  # differences of one reading
EXIT_DAMAGED = 65

Setting = collections.namedtuple("Setting", "observe services window", defaults=((), 60))
EVERYTHING = Setting("everything")
DARK = Setting("203.0.113.0/24,2001:db8:d::/48")
FEW = Setting("203.0.113.0/27")  # few enough for an exact count of destinations
HOST = Setting(conversations.OBSERVE, conversations.SERVICES)
WHOLE_PROTOCOLS = Setting(conversations.OBSERVE, conversations.WHOLE_PROTOCOLS)
SERVED_EVERYWHERE = Setting("everything", conversations.SERVICES + conversations.WHOLE_PROTOCOLS)
LONG_WINDOWS = Setting("everything", window=900)

SETTINGS = {
    "captures": (EVERYTHING, DARK),
    "mixed": (EVERYTHING, DARK, HOST, SERVED_EVERYWHERE),
    "time": (EVERYTHING, FEW, LONG_WINDOWS),
    "solicited": (HOST, WHOLE_PROTOCOLS, FEW),
    "links": (EVERYTHING, FEW),
    "flags": (EVERYTHING, FEW),
    "udp": (EVERYTHING,),
    "damage": (EVERYTHING, HOST),
}

Case = collections.namedtuple("Case", "name path profile seed packets link form")
Outcome = collections.namedtuple("Outcome", "name profile packets rows windows readings problems")


def cases_of(options):
    if not options.no_captures:
        for path in sorted(CAPTURES.glob("*.pcap")):
            yield Case(f"captures/{path.name}", str(path), "captures", 0, 0, 0, "")
    forms = list(build.PcapWriter.FORMS)
    for profile in options.profiles:
        links = build.LINK_TYPES if profile == "links" else (1,)
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for number, link in enumerate(links):
                form = forms[(seed + number) % len(forms)]
                packets = max(options.packets // len(links), 50)
                name = f"{profile}-{seed}-{link}-{form}"
                yield Case(name, None, profile, seed, packets, link, form)


def exact_families(setting):
    """Families of which no more addresses are observed than the bitmap has bits."""
    if setting.observe == "everything":
        return ()
    networks = [ipaddress.ip_network(text) for text in setting.observe.split(",")]
    return [family for family in (4, 6)
            if sum(n.num_addresses for n in networks if n.version == family) <= compare.BITS]


def run_sensor(sensor, path, setting):
    command = [sensor, "--read", path, "--print", "csv", "--observe", setting.observe,
               "--window", f"{setting.window}s"]
    for service in setting.services:
        command += ["--service", service]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def run_oracle(capture, setting):
    settings = classify.Settings(setting.observe, None, setting.services)
    windows = oracle.Oracle(settings, setting.window).run(capture.records)
    out = io.StringIO()
    oracle.print_windows(windows, out)
    return out.getvalue().splitlines(), len(windows)


def compare_reading(options, path, capture, setting):
    """(problems, rows, windows) of one file with one setting."""
    ran = run_sensor(options.sensor, path, setting)
    expected = EXIT_DAMAGED if capture.damage else 0
    problems = []
    if ran.returncode != expected:
        problems.append(f"exit code {ran.returncode}, should be {expected}: {ran.stderr[-300:]}")
    lines, windows = run_oracle(capture, setting)
    found, rows = compare.differences(lines, ran.stdout.splitlines(), ran.stderr.splitlines(),
                                      exact_families(setting))
    problems += found
    problems += not_conserved(ran.stdout.splitlines(), ran.stderr.splitlines())
    return problems, rows, windows


def not_conserved(csv_lines, error_lines):
    """What the sensor says of itself has to close: captured = fates, observed = rows."""
    accounting = compare.read_accounting(error_lines)
    for window in accounting:
        if window["captured"] != sum(window["fates"].values()):
            yield f"window {window['window_start']}: captured is not the sum of fates"
    observed = sum(window["fates"]["observed"] for window in accounting)
    rows, _ = compare.read_rows(csv_lines)
    counted = sum(int(row["packets"]) for row in rows)
    if counted != observed:
        yield f"rows hold {counted} packets, observed are {observed}"


def run_case(options, folder, case):
    path = case.path
    if path is None:
        path = os.path.join(folder, f"{case.name}.pcap")
        data = generate.generate(case.seed, case.packets, case.profile, case.link, case.form)
        pathlib.Path(path).write_bytes(data)
    capture = pcapread.read(path)
    problems, rows, windows = [], 0, 0
    for setting in SETTINGS[case.profile]:
        found, more_rows, more_windows = compare_reading(options, path, capture, setting)
        rows += more_rows
        windows += more_windows
        if found:
            problems.append(f"{case.name} {json.dumps(setting._asdict())}: {len(found)} problems")
            problems += [f"    {problem}" for problem in found[:SHOWN]]
    if case.path is None and not problems:
        os.remove(path)
    return Outcome(case.name, case.profile, len(capture.records), rows, windows,
                   len(SETTINGS[case.profile]), problems)


def report(outcomes):
    print(f"{'what':10} {'files':>6} {'packets':>9} {'readings':>9} {'windows':>9} {'rows':>9}"
          f" {'differ':>7}")
    profiles = list(dict.fromkeys(outcome.profile for outcome in outcomes))
    for profile in [*profiles, "in all"]:
        chosen = [o for o in outcomes if profile in (o.profile, "in all")]
        print(f"{profile:10} {len(chosen):6} {sum(o.packets for o in chosen):9}"
              f" {sum(o.readings for o in chosen):9} {sum(o.windows for o in chosen):9}"
              f" {sum(o.rows for o in chosen):9} {sum(bool(o.problems) for o in chosen):7}")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="compares the sensor with the oracle")
    parser.add_argument("--sensor", required=True, help="the teiten-sensor executable")
    parser.add_argument("--seeds", type=int, default=2, help="per profile")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--packets", type=int, default=1500, help="per profile and seed")
    parser.add_argument("--profiles", default=list(generate.PROFILES),
                        type=lambda text: text.split(","))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-captures", action="store_true")
    parser.add_argument("--keep", help="where files that differ are left")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    folder = options.keep or tempfile.mkdtemp(prefix="teiten-agree-")
    os.makedirs(folder, exist_ok=True)
    outcomes = []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_case, options, folder, case) for case in cases_of(options)]
        for future in running:
            outcomes.append(future.result())
            for problem in outcomes[-1].problems:
                print(problem, flush=True)
    report(outcomes)
    failed = any(outcome.problems for outcome in outcomes)
    if failed:
        print(f"the files that differ are in {folder}")
    elif not options.keep:
        os.rmdir(folder)
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
