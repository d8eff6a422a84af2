# SPDX-License-Identifier: Apache-2.0
"""What a refusal is: an exit code and one line on standard error that begins with the program's
name and holds what the reader needs. A row of bad input is told from its twin, the same command
with the fault mended, which must not pass for it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from processes import LIMIT_S

PROGRAMS = ("teiten-sensor", "teiten-collector", "teiten")


@dataclass
class Row:
    name: str
    bad: list
    code: int
    says: list
    good: list
    lines: int = 1  # several errors at once: a line each
    also: Optional[Callable[[subprocess.CompletedProcess], None]] = None


def run(command, stdin=subprocess.DEVNULL):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True,
                          timeout=LIMIT_S, stdin=stdin, check=False)


def run_until_started(command):
    """To its end, or, of a daemon, until it says that it works."""
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if "event=listening" in line or "event=started" in line:
                process.terminate()
        process.wait(LIMIT_S)
    return subprocess.CompletedProcess(command, process.returncode, "", "".join(said))


def messages(stderr):
    """Without the accounting of windows and the log."""
    return [line for line in stderr.splitlines()
            if not line.startswith("{") and not line.startswith("time=")]


def program_of(command):
    return next(Path(part).name for part in map(str, command) if Path(part).name in PROGRAMS)


def fault_of(row, done):
    """What keeps the outcome from being the refusal that the row describes; "" if nothing."""
    said = messages(done.stderr)
    program = program_of(row.bad)
    if done.returncode != row.code:
        return f"exit code {done.returncode}, not {row.code}: {done.stderr[-2000:]}"
    if len(said) != row.lines:
        return f"{len(said)} lines, not {row.lines}: {said}"
    for line in said:
        if not line.startswith(program + ": "):
            return f"does not begin with the program's name: {line}"
    for words in row.says:
        if str(words) not in "\n".join(said):
            return f"does not say {words!r}: {said}"
    return ""
