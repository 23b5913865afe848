"""Plant wrongs, one at a time, in a copy of the package, and see that the named assertion fails.

    python tests/mutations [--list | --check] [--fast] [--jobs 2] [NAME ...]

A wrong is a search and a replacement in one source file, and the test that must notice it; the wrongs of each package
are in its `.toml` file. It counts as noticed only if that test, or a case of it, fails by an assertion: an error while
importing or collecting, a time-out, a skip, or a text that does not occur exactly once makes the exit code 1, as does a
wrong that passes unnoticed without a reason given. First the named tests must pass as things are.

NAME is part of names or of files. `--check` only looks whether every wrong can be planted; `--fast` takes those marked.
"""

import argparse
import compileall
import json
import os
import py_compile
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT_SECONDS = 180
FOLDERS = ("sketchrnn_cli", "tests", "checkpoints", ".github", ".ci")
FILES = ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".gitignore")
NOTICED, UNNOTICED = "noticed", "UNNOTICED"


@dataclass(frozen=True)
class Wrong:
    """One planted fault."""

    file: str
    """Below `sketchrnn_cli/`."""
    name: str
    right: str
    wrong: str
    test: str
    """As pytest names it, below `tests/`."""
    fast: bool = False
    """Whether it is one of those that every run of the tests plants."""
    backend: str = "tensorflow"
    survives: str = ""
    """Why no test need notice it."""

    def fault(self) -> str:
        """Return why it cannot be planted, or nothing."""
        path = ROOT / "sketchrnn_cli" / self.file
        if not path.is_file():
            return f"{self.file} is not there"
        if (times := path.read_text(encoding="utf-8").count(self.right)) != 1:
            return f"{self.file} has {times} times {self.right!r}"
        if self.right == self.wrong:
            return "it changes nothing"
        file, _, function = self.test.partition("::")
        test = ROOT / "tests" / file
        name = re.escape(function.partition("[")[0])
        if not test.is_file() or not re.search(rf"def {name}\b", test.read_text(encoding="utf-8")):
            return f"no test {self.test}"
        return ""


def every_wrong() -> list[Wrong]:
    """Return all wrongs, in the order of their files."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        for file, wrongs in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found += [Wrong(file, name, **fields) for name, fields in wrongs.items()]
    return found


class Copy:
    """A copy of the package and its tests, in which wrongs are planted one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in FOLDERS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy(ROOT / file, folder)
        # Checked by their source's hash: within a second the date of a file says nothing.
        checked = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder / "sketchrnn_cli", quiet=1, invalidation_mode=checked)

    def plant(self, wrong: Wrong) -> str:
        """Plant a wrong, run its test, take the wrong out again; return what became of it."""
        path = self.folder / "sketchrnn_cli" / wrong.file
        source = path.read_text(encoding="utf-8")
        try:
            path.write_text(source.replace(wrong.right, wrong.wrong), encoding="utf-8")
            found = self.run([wrong.test], wrong.backend)
        finally:
            path.write_text(source, encoding="utf-8")
        if isinstance(found, str):
            return found
        all_became = [became for _, became in found]
        others = [became for became in all_became if became not in ("assertion", "passed")]
        if others and ("assertion" not in all_became or not all(became.startswith("call: ") for became in others)):
            return f"NO ASSERTION: {others[0]}"
        return NOTICED if "assertion" in all_became else UNNOTICED if found else "NO TEST RAN"

    def run(self, tests: Sequence[str], backend: str, limit: float = LIMIT_SECONDS) -> list[tuple[str, str]] | str:
        """Run tests; return the name of each, below `tests/`, and what became of it, or why that is not known."""
        outcome = self.folder / "outcome.json"
        outcome.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "outcome"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(self.folder / "tests" / "mutations")]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "KERAS_BACKEND": backend,
            "MUTATION_OUTCOME": str(outcome),
        }
        said = self.folder / "said.txt"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [*command, *(f"tests/{test}" for test in tests)],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return f"TOO SLOW: {limit:.0f} s"
        if not outcome.is_file():
            return f"PYTEST FAILED: {said.read_text(encoding='utf-8', errors='replace')[-300:]}"
        found = json.loads(outcome.read_text(encoding="utf-8"))
        return [(each["test"].removeprefix("tests/"), each["became"]) for each in found]


def broken(copy: Copy, wrongs: Sequence[Wrong]) -> list[str]:
    """Return which of the named tests fail, or do not run, as things are: such a test says nothing of a wrong."""
    faults = []
    for backend in sorted({wrong.backend for wrong in wrongs}):
        tests = sorted({wrong.test for wrong in wrongs if wrong.backend == backend})
        found = copy.run(tests, backend, LIMIT_SECONDS * 10)
        if isinstance(found, str):
            faults.append(found)
            continue
        faults += [f"{test}: {became}" for test, became in found if became != "passed"]
        ran = {name for test, _ in found for name in (test, test.partition("[")[0])}
        faults += [f"{test}: did not run" for test in tests if test not in ran]
    return faults


def run(wrongs: Sequence[Wrong], jobs: int) -> int:
    """Plant wrongs, say what becomes of each; return the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()

        def with_copy(action, *arguments):  # type: ignore[no-untyped-def]
            copy = copies.get()
            try:
                return action(copy, *arguments)
            finally:
                copies.put(copy)

        def timed(wrong: Wrong) -> tuple[str, float]:
            since = time.monotonic()
            return with_copy(Copy.plant, wrong), time.monotonic() - since

        for copy in pool.map(Copy, [Path(scratch) / str(number) for number in range(jobs)]):
            copies.put(copy)
        parts = [wrongs[part::jobs] for part in range(jobs)]
        faults = [fault for found in pool.map(lambda part: with_copy(broken, part), parts) for fault in found]
        for fault in faults:
            print(f"FAILS WITHOUT ANY WRONG: {fault}")
        counts = {NOTICED: 0, "explained": 0}
        for wrong, (became, seconds) in zip(wrongs, pool.map(timed, wrongs), strict=True):
            explained = wrong.survives and became == UNNOTICED
            counts["explained"] += bool(explained)
            counts[NOTICED] += became == NOTICED
            why = f" ({wrong.survives})" if explained else ""
            print(f"{seconds:5.1f} s  {wrong.file}: {wrong.name}: {became}{why}", flush=True)
    score, minutes = 100 * counts[NOTICED] / len(wrongs), (time.monotonic() - began) / 60
    print(
        f"{counts[NOTICED]} of {len(wrongs)} noticed ({score:.1f} %), {counts['explained']} survive as explained; "
        f"{minutes:.1f} minutes, {jobs} at a time"
    )
    return int(bool(faults) or sum(counts.values()) < len(wrongs))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/mutations", description="Plant wrongs; see them noticed.")
    parser.add_argument("--list", action="store_true", help="print one a line and end")
    parser.add_argument("--check", action="store_true", help="only look whether each can be planted")
    parser.add_argument("--fast", action="store_true", help="only those marked as fast")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a name or a file")
    asked = parser.parse_args()
    wrongs = [
        wrong
        for wrong in every_wrong()
        if (wrong.fast or not asked.fast)
        and (not asked.names or any(name in f"{wrong.file}: {wrong.name}" for name in asked.names))
    ]
    if asked.list:
        for wrong in wrongs:
            print(f"{wrong.file}: {wrong.name} -> {wrong.test}")
        return 0
    faults = [f"{wrong.file}: {wrong.name}: {fault}" for wrong in wrongs if (fault := wrong.fault())]
    for fault in faults:
        print(f"CANNOT BE PLANTED: {fault}")
    if asked.check or faults or not wrongs:
        print(f"{len(wrongs) - len(faults)} of {len(wrongs)} can be planted")
        return int(bool(faults) or not wrongs)
    return run(wrongs, asked.jobs)


if __name__ == "__main__":
    sys.exit(main())
