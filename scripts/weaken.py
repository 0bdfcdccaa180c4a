#!/usr/bin/env python3
"""Weakens each memory ordering in qiangdan-sync, one at a time: does loom miss it?

    scripts/weaken.py [--only FILE] [--list]

Works on a copy under target/weaken. An ordering that nobody misses is either stronger than it needs
to be, or its edge has no model yet in tests/loom. AcqRel is weakened to each of its halves. A fence is
taken out, and so is what stands for SeqCst under loom, which takes SeqCst accesses for AcqRel ones:
so an access that is SeqCst is weakened to Relaxed. Ends with 1 if any was not missed that is not in
the list of exceptions below, or if one of the list was missed, or is gone.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
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
SECONDS_MAX = 900

# Whose models are of a file that has none by its name.
MODELS = {"free": "side", "nodes": "ledger", "ring": "agenda"}

# What no model misses, and why: file, line of code, what it is weakened to, reason.
FENCED = "in a model the fence that stands for SeqCst is beside it, and does as much"
NEWEST = "links are read by read-modify-writes, which loom runs on the newest value in any case"
EXCEPTIONS = [
    ("bitmap.rs",
     "match word.compare_exchange_weak(seen, next, AcqRel, Relaxed) {",
     "AcqRel -> Acquire",
     FENCED),
    ("bitmap.rs",
     "if word.compare_exchange(seen, doubted, SeqCst, Relaxed).is_err() {",
     "SeqCst -> Relaxed",
     FENCED),
    ("lane.rs", "self.made.fetch_max(made, SeqCst);", "SeqCst -> Relaxed", FENCED),
    ("lane.rs", "let made = self.made.load(SeqCst) as usize;", "SeqCst -> Relaxed", FENCED),
    ("side.rs", "self.len.fetch_add(1, SeqCst);", "SeqCst -> Relaxed", FENCED),
    ("side.rs", "self.len.load(SeqCst) == 0", "SeqCst -> Relaxed", FENCED),
    ("stack.rs",
     "match self.head.compare_exchange_weak(seen, index + 1, Release, Relaxed) {",
     "Release -> Relaxed",
     NEWEST),
    ("stack.rs", "Chain(self.head.swap(0, Acquire))", "Acquire -> Relaxed", NEWEST),
]


def weakenings(text):
    """Yields line number, its code, what, and weakened text, for each ordering of the code."""
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines) if line.startswith(TESTS_BEGIN)), len(lines))
    for n, line in enumerate(lines[:end]):
        code = line.split("//")[0]
        if code.startswith("use ") or code.startswith("pub(crate) use "):
            continue
        if code.strip() == "store_then_load();":
            # Under loom this is the fence that SeqCst accesses stand for.
            yield n + 1, code.strip(), "no fence", "\n".join([*lines[:n], "", *lines[n + 1 :]])
        for found in re.finditer(r"\b(Acquire|Release|AcqRel|SeqCst)\b", code):
            if code.strip().startswith("fence("):
                changed = [("no fence", "")]
            else:
                changed = [
                    (weaker, line[: found.start()] + weaker + line[found.end() :])
                    for weaker in WEAKER[found.group()]
                ]
            for what, new in changed:
                said = f"{found.group()} -> {what}"
                yield n + 1, code.strip(), said, "\n".join([*lines[:n], new, *lines[n + 1 :]])


def loom(*models):
    """Runs models by name: "missed" if one fails, "not missed" if not, or why it is not known."""
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
    run = subprocess.Popen([*cargo, "--", *models], start_new_session=True, cwd=COPY, env=env,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return "missed" if run.wait(timeout=SECONDS_MAX) else "not missed"
    except subprocess.TimeoutExpired:
        # The models too, which cargo has started.
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return "took too long"


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

    wrong = 0
    for path in sorted((COPY / CRATE).rglob(args.only or "*.rs")):
        # The fence of the first is weakened wherever it stands.
        if path.name in ("sync.rs", "tests.rs"):
            continue
        text = path.read_text(encoding="utf-8")
        places = list(weakenings(text))
        excepted = [e for e in EXCEPTIONS if e[0] == path.name]
        for name, code, what, _ in excepted:
            found = sum((code, what) == place[1:3] for place in places)
            if found != 1:
                print(f"{found} places      {name}: {code} ({what}), in the list of exceptions")
                wrong += 1
        for line, code, what, weakened in places:
            reason = next((e[3] for e in excepted if e[1:3] == (code, what)), None)
            result = "listed"
            if not args.list:
                path.write_text(weakened, encoding="utf-8")
                # Most are missed by the models of their own module, which are tried first; those
                # that take minutes are tried last.
                own = f"{MODELS.get(path.stem, path.stem)}::"
                for models in [own], [], [own, "--ignored"]:
                    result = loom(*models)
                    if result != "not missed":
                        break
                path.write_text(text, encoding="utf-8")
            if reason:
                wrong += result == "missed"
                result += ", though an exception" if result == "missed" else f": {reason}"
            else:
                wrong += result not in ("missed", "listed")
            print(f"{path.relative_to(COPY)}:{line} {what}: {result}", flush=True)
    print(f"{wrong} not as expected")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
