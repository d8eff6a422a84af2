#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes one place of the code at a time, and demands that a test fails.

A mutant is compiled with the build's own command, its object is linked in front of the library,
and the suite runs with it: nothing in the build folder or the source tree is touched.

  tests/mutants/mutants.py --build build/release              all
  tests/mutants/mutants.py --build build/release --only Xmas  those with this in their name
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE_SECONDS = 240


class Build:
    """The commands that made a finished build."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        database = json.loads((self.folder / "compile_commands.json").read_text())
        self.compile = {os.path.relpath(entry["file"], ROOT): entry["command"]
                        for entry in database}
        self.link = {}

    def link_command(self, suite):
        if suite not in self.link:
            commands = self.run(["ninja", "-t", "commands", f"tests/{suite}_test"]).stdout
            last = commands.strip().splitlines()[-1]
            self.link[suite] = re.sub(r"^: && | && :$", "", last)
        return self.link[suite]

    def run(self, command, seconds=600):
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              errors="replace", timeout=seconds, stdin=subprocess.DEVNULL)

    def must(self, command):
        done = self.run(command)
        if done.returncode != 0:
            raise RuntimeError(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")


def write_mutant(mutant, overlay):
    """The changed file, below a folder that comes first among the include folders."""
    text = (ROOT / mutant["file"]).read_text()
    if text.count(mutant["old"]) != 1:
        raise RuntimeError(f"{mutant['file']}: `old` stands there {text.count(mutant['old'])} "
                           "times, not once; the code has moved on, the mutant must follow")
    path = overlay / mutant["file"]
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(mutant["old"], mutant["new"]))
    return path


def compile_mutant(build, mutant, overlay):
    unit = mutant.get("unit", mutant["file"])
    changed = write_mutant(mutant, overlay)
    source = changed if unit == mutant["file"] else ROOT / unit
    words = shlex.split(build.compile[unit])
    words[words.index("-o") + 1] = str(overlay / "mutant.o")
    words[words.index("-c") + 1] = str(source)
    # What a fault leaves unused is not what is looked for here.
    words[words.index("-c"):words.index("-c")] = ["-Wno-error", "-w"]
    words.insert(next(i for i, word in enumerate(words) if word.startswith("-I")),
                 f"-I{overlay}")
    build.must(words)


def link_suite(build, suite, overlay):
    words = shlex.split(build.link_command(suite))
    at = words.index("-o")
    words[at + 1] = str(overlay / "suite")
    words.insert(at + 2, str(overlay / "mutant.o"))
    build.must(words)


def first_failure(output):
    found = re.search(r"\[  FAILED  \] (\S+)", output)
    return found.group(1) if found else "the process died"


def judge(build, mutant):
    """Who noticed; None if nobody did."""
    with tempfile.TemporaryDirectory(prefix="teiten-mutant-") as folder:
        overlay = pathlib.Path(folder)
        compile_mutant(build, mutant, overlay)
        link_suite(build, mutant["suite"], overlay)
        suite = [str(overlay / "suite"), "--gtest_brief=1", "--gtest_fail_fast"]
        try:
            done = build.run(suite, SUITE_SECONDS)
        except subprocess.TimeoutExpired:
            return "it never ended"
        return None if done.returncode == 0 else first_failure(done.stdout)


def suites_pass(build, suites):
    """Without a mutant every suite passes; otherwise their failing would prove nothing."""
    for suite in sorted(suites):
        done = build.run([f"tests/{suite}_test", "--gtest_brief=1"], SUITE_SECONDS)
        if done.returncode != 0:
            sys.exit(f"{suite}_test fails without any mutant: {first_failure(done.stdout)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--only", default="", help="part of a mutant's name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    mutants = tomllib.loads((ROOT / "tests/mutants/mutants.toml").read_text())["mutant"]
    chosen = [mutant for mutant in mutants if args.only.lower() in mutant["name"].lower()]
    if not chosen:
        sys.exit(f"no mutant has {args.only!r} in its name")
    build = Build(args.build)
    suites_pass(build, {mutant["suite"] for mutant in chosen})
    for suite in {mutant["suite"] for mutant in chosen}:
        build.link_command(suite)
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, killer in zip(chosen, pool.map(lambda m: judge(build, m), chosen)):
            survivors += killer is None
            print(f"{'SURVIVED' if killer is None else 'found':8} {mutant['name']}"
                  f"{'' if killer is None else f' (by {killer})'}", flush=True)
    print(f"{len(chosen)} mutants of {len(mutants)}, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
