#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules about the tree that a compiler does not check. usage: lint.py CHECK... | all"""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

# Logic without I/O: time, messages and disk reach it as values (docs/decisions/0001).
CORES = (
    "sensor/decode/", "sensor/classify/", "sensor/aggregate/flow_table.",
    "sensor/aggregate/folded_table.", "sensor/aggregate/window_clock.", "sensor/uplink/encode.",
    "sensor/uplink/print.", "sensor/uplink/spool_core.", "sensor/uplink/spool_format.",
    "sensor/uplink/spool_gaps.", "sensor/uplink/spool_identity.", "sensor/uplink/spool_load.",
    "sensor/uplink/uplink_core.", "sensor/uplink/uplink_stream.", "sensor/uplink/engine.",
    "collector/ingest/ingest_core.", "collector/ingest/ingest_answer.",
    "collector/ingest/write_group.", "collector/ingest/judge.", "collector/ingest/hello.",
    "collector/store/rollup.", "collector/store/tool_split.", "collector/query/",
    "collector/report/",
)
FORBIDDEN_IN_CORES = (
    (r'#include\s*[<"](grpc|grpcpp|grpc\+\+)/', "gRPC"),
    (r'#include\s*[<"].*\.grpc\.pb\.h', "generated gRPC"),
    (r'#include\s*<uv\.h>', "libuv"),
    (r'#include\s*<sqlite3\.h>', "SQLite"),
    (r'\b(system|steady|high_resolution)_clock::now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\(',
     "a clock"),
    (r'\bstd::random_device\b|\bgetrandom\s*\(|\brand\s*\(\s*\)', "an unseeded random source"),
)
# Libraries that stay behind one wall: at most so many .cc files each, and no header of ours.
WALLED = (
    ("gRPC", r'#include\s*[<"](grpc|grpcpp)/|#include\s*".*\.grpc\.pb\.h"', 6),
    ("SQLite", r'#include\s*<sqlite3\.h>', 3),
    ("toml++", r'#include\s*<toml\+\+/', 3),
    ("Boost.Beast", r'#include\s*<boost/beast', 3),
)
# In flow order: a stage includes its own folder and those before it, never a later one.
STAGES = {
    "sensor": ("capture", "decode", "classify", "aggregate", "uplink"),
    "collector": ("ingest", "store", "enrich", "detect", "report", "query", "web"),
}
# Later to earlier would be the rule without exception, but: (from, to): why.
ALLOWED_BACKWARDS = {
    ("collector/ingest", "collector/store"): "ingest writes facts through the store's interface",
    ("collector/store", "collector/enrich"): "the rollup asks for the region of a source",
    ("sensor/capture", "sensor/aggregate"): "the capture worker owns its table and windows",
    ("sensor/capture", "sensor/decode"): "the capture worker runs a packet to completion",
    ("sensor/capture", "sensor/classify"): "the capture worker runs a packet to completion",
    ("collector/report", "collector/query"): "a report asks the questions analysts ask",
}
# Plain values that stages hand on; any stage may include them.
VALUE_HEADERS = ("sensor/aggregate/window.h",)
EXECUTABLES = {"teiten-sensor": "sensor", "teiten-collector": "collector", "teiten": "client"}
SCRIPTS = ("tests/run", "deploy/quickstart", "deploy/install-needs", "deploy/debootstrap-trial")
LONG_FILE_LINES = 400


def tracked():
    """Files of the project; without git, everything outside build/."""
    try:
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                             capture_output=True, text=True, check=True).stdout
        names = out.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in ("build", ".git", "__pycache__")]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(n for n in names if os.path.isfile(os.path.join(ROOT, n)))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def is_source(name):
    return name.endswith((".cc", ".h"))


def is_ours(name):
    return is_source(name) and name.split("/")[0] in ("common", "sensor", "collector", "client")


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def check_spdx(files):
    """One SPDX line, in the first three lines, of every file that has comments."""
    suffixes = (".cc", ".h", ".proto", ".py", ".sh", ".md", ".toml", ".cmake", ".supp", ".ts",
                ".css", ".html", ".mustache", "CMakeLists.txt", ".clang-format", ".clang-tidy",
                ".editorconfig", ".gitignore")
    for name in files:
        text = read(name)
        scripted = "." not in os.path.basename(name) and text.startswith("#!")
        if not name.endswith(suffixes) and not scripted:
            continue
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.split("\n")[:3]):
            yield f"{name}:1: no SPDX line"


def check_cores(files):
    """Cores include no gRPC, libuv, SQLite, clock or unseeded random source."""
    for name in filter(is_ours, files):
        if not name.startswith(CORES):
            continue
        for number, line in enumerate(without_comments(read(name)).split("\n"), 1):
            for pattern, what in FORBIDDEN_IN_CORES:
                if re.search(pattern, line):
                    yield f"{name}:{number}: a core must not use {what}"


def check_walls(files):
    """Headers of gRPC, SQLite, toml++ and Beast stay in few .cc files."""
    for what, pattern, most in WALLED:
        users = [n for n in files if is_ours(n) and re.search(pattern, read(n))]
        for name in users:
            if name.endswith(".h"):
                yield f"{name}:1: a header must not include {what}"
        if len(users) > most:
            yield f"{users[0]}:1: {what} in {len(users)} files, at most {most}: {', '.join(users)}"


def stage_of(name):
    parts = name.split("/")
    if len(parts) >= 3 and parts[0] in STAGES and parts[1] in STAGES[parts[0]]:
        return parts[0], parts[1]
    return parts[0], None


def check_direction(files):
    """Includes point back along the flow; daemons do not include one another."""
    tops = ("common", "sensor", "collector", "client")
    for name in filter(is_ours, files):
        top, stage = stage_of(name)
        for number, line in enumerate(read(name).split("\n"), 1):
            match = re.match(r'#include\s*"([^"]+)"', line)
            if not match or match.group(1).split("/")[0] not in tops:
                continue
            target_top, target_stage = stage_of(match.group(1))
            if match.group(1) in VALUE_HEADERS and target_top == top:
                continue
            if target_top not in (top, "common"):
                yield f"{name}:{number}: {top} must not include {target_top}"
            elif stage and target_stage and target_top == top:
                order = STAGES[top]
                backwards = order.index(target_stage) > order.index(stage)
                allowed = (f"{top}/{stage}", f"{top}/{target_stage}") in ALLOWED_BACKWARDS
                if backwards and not allowed:
                    yield f"{name}:{number}: stage {stage} must not include later {target_stage}"


def headings(text):
    """Anchors as the usual renderers make them."""
    for line in re.findall(r"^#+\s+(.*)$", text, re.M):
        plain = re.sub(r"[^\w\- ]", "", line.replace("`", "").lower())
        yield plain.replace(" ", "-")


def check_links(files):
    """Relative links in Markdown lead to files and headings that exist."""
    for name in (n for n in files if n.endswith(".md")):
        text = re.sub(r"```.*?```", "", read(name), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            full = os.path.normpath(os.path.join(ROOT, os.path.dirname(name), path)) if path \
                else os.path.join(ROOT, name)
            if not os.path.exists(full):
                yield f"{name}:1: link to {target}: no such file"
            elif anchor and full.endswith(".md"):
                if anchor not in headings(read(os.path.relpath(full, ROOT))):
                    yield f"{name}:1: link to {target}: no such heading"


def check_paths(files):
    """Files named in backticks in docs/ and README exist."""
    known = set(files) | {os.path.dirname(f) for f in files}
    tops = {f.split("/")[0] for f in files if "/" in f}
    for name in files:
        if not (name == "README.md" or (name.startswith("docs/") and name.endswith(".md"))):
            continue
        for number, line in enumerate(read(name).split("\n"), 1):
            for path in re.findall(r"`([\w.\-]+/[\w./\-{},]*)`", line):
                if path.split("/")[0] not in tops or path.startswith("build/"):
                    continue
                for one in braces(path.rstrip("/")):
                    if one not in known:
                        yield f"{name}:{number}: names {one}, which does not exist"


def braces(path):
    match = re.search(r"\{([^}]*)\}", path)
    if not match:
        return [path]
    return [path[:match.start()] + part + path[match.end():] for part in match.group(1).split(",")]


def flags_of(files, folder):
    text = "".join(read(f) for f in files if f.startswith(folder + "/") and is_source(f))
    return set(re.findall(r"--[a-z][a-z0-9-]*", text)) | {"--help", "--version"}


def check_flags(files):
    """Each flag that a document gives to an executable or script exists there."""
    known = {exe: flags_of(files, folder) for exe, folder in EXECUTABLES.items()}
    for script in SCRIPTS:
        if script in files:
            known[script] = set(re.findall(r"--[a-z][a-z0-9-]*", read(script)))
    docs = [f for f in files if f.endswith(".md") and not f.startswith("tests/captures")]
    for name in docs:
        for number, line in enumerate(read(name).replace("\\\n", " ").split("\n"), 1):
            for command in re.findall(
                    r"((?:\S*/)?(?:teiten-sensor|teiten-collector|teiten|tests/run|"
                    r"deploy/[a-z-]+))((?:\s+[^\s`|;&]+)+)", line):
                tool = command[0] if command[0] in known else command[0].split("/")[-1]
                for flag in re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", command[1]):
                    if tool in known and flag not in known[tool]:
                        yield f"{name}:{number}: {tool} has no {flag}"


def check_shell(files):
    """shellcheck on every shell script."""
    scripts = [f for f in files if f.endswith(".sh") or
               ("." not in os.path.basename(f) and
                re.match(r"#!.*\b(ba)?sh\b", read(f)[:80]))]
    done = subprocess.run(["shellcheck", "-x", "-f", "gcc", *scripts], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    yield from done.stdout.splitlines()


def check_length(files):
    """Warns of long files; fails for none."""
    for name in filter(is_source, files):
        lines = read(name).count("\n")
        if lines > LONG_FILE_LINES:
            print(f"warning: {name}: {lines} lines; a file has one noun")
    return ()


CHECKS = {key[6:]: value for key, value in globals().items() if key.startswith("check_")}


def main():
    wanted = sys.argv[1:] or ["all"]
    if wanted == ["all"]:
        wanted = list(CHECKS)
    files = tracked()
    problems = []
    for check in wanted:
        problems += list(CHECKS[check](files))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
