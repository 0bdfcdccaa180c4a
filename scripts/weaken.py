#!/usr/bin/env python3
"""Weakens each memory ordering in qiangdan-sync, one at a time, and tells which ones loom does not miss.

    scripts/weaken.py [--only FILE] [--list]

Works on a copy under target/weaken. An ordering that nobody misses is either stronger than it needs to be,
or its edge has no model yet in tests/loom. AcqRel is weakened to each of its halves, a fence is
taken out, and so is what stands for SeqCst under loom, which takes SeqCst accesses for AcqRel ones: so an
access that is SeqCst is weakened to Relaxed. Ends with 1 if any was not missed.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "weaken" / "copy"
CRATE = pathlib.Path("crates/qiangdan-sync/src")
WEAKER = {
    "Acquire": ["Relaxed"],
    "Release": ["Relaxed"],
    "AcqRel": ["Acquire", "Release"],
    "SeqCst": ["Relaxed"],
}
TESTS_BEGIN = "#[cfg(all(test"
SECONDS_MAX = 300


def weakenings(text):
    """Yields (line number, what, weakened text) for each ordering outside comments, imports and tests."""
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines) if line.startswith(TESTS_BEGIN)), len(lines))
    for n, line in enumerate(lines[:end]):
        code = line.split("//")[0]
        if code.startswith("use ") or code.startswith("pub(crate) use "):
            continue
        if code.strip() == "store_then_load();":
            # Under loom this is the fence that SeqCst accesses stand for.
            yield n + 1, "no store_then_load", "\n".join([*lines[:n], "", *lines[n + 1 :]])
        for found in re.finditer(r"\b(Acquire|Release|AcqRel|SeqCst)\b", code):
            if code.strip().startswith("fence("):
                changed = [("no fence", "")]
            else:
                changed = [
                    (weaker, line[: found.start()] + weaker + line[found.end() :])
                    for weaker in WEAKER[found.group()]
                ]
            for what, new in changed:
                yield n + 1, f"{found.group()} -> {what}", "\n".join([*lines[:n], new, *lines[n + 1 :]])


def loom():
    """Runs the models: "missed" if one fails, "not missed" if all pass, or why it is not known."""
    env = os.environ | {
        "RUSTFLAGS": "--cfg qiangdan_loom",
        "CARGO_TARGET_DIR": str(COPY.parent / "target"),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_INCREMENTAL": "1",
        "RUST_BACKTRACE": "0",
    }
    cargo = ["cargo", "test", "--quiet", "-p", "qiangdan-sync", "--release", "--test", "loom"]
    quiet = {"cwd": COPY, "env": env, "capture_output": True, "text": True}
    build = subprocess.run([*cargo, "--no-run"], **quiet)
    if build.returncode:
        return "does not build"
    try:
        run = subprocess.run(cargo, timeout=SECONDS_MAX, **quiet)
    except subprocess.TimeoutExpired:
        return "took too long"
    return "missed" if run.returncode else "not missed"


def main():
    parse = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parse.add_argument("--only", help="weaken this file alone, e.g. lane.rs")
    parse.add_argument("--list", action="store_true", help="say what would be weakened, and stop")
    args = parse.parse_args()

    shutil.rmtree(COPY, ignore_errors=True)
    # Copied with new times, or cargo would take the last weakened build for up to date.
    ignore = shutil.ignore_patterns("target", ".git")
    shutil.copytree(ROOT, COPY, ignore=ignore, copy_function=shutil.copy)
    if not args.list and loom() != "not missed":
        sys.exit("the models do not pass as they are")

    unnoticed = 0
    for path in sorted((COPY / CRATE).rglob(args.only or "*.rs")):
        if path.name == "tests.rs":
            continue
        text = path.read_text(encoding="utf-8")
        for line, what, weakened in weakenings(text):
            result = "listed"
            if not args.list:
                path.write_text(weakened, encoding="utf-8")
                result = loom()
                path.write_text(text, encoding="utf-8")
            unnoticed += result not in ("missed", "listed")
            print(f"{result:14} {path.relative_to(COPY)}:{line} {what}", flush=True)
    print(f"{unnoticed} not missed")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
