"""Measure what `sketchrnn train` needs for 50 categories of 70,000 sketches, cold and from the cache (Linux).

    python tests/benchmarks/many_categories.py SKETCHES.npz [--categories 50] [--sketches 70000] [--folder DIR]

The sets are made of the real sketches of an archive, each repeated with other sizes and proportions. They and their
cache take some 2 GB of disk in a temporary folder. The model is tiny and takes three steps: what is measured is data.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive, cache
from sketchrnn_cli.data.dataset import SPLITS, Sketches

TINY = ["--enc-rnn-size", "8", "--dec-rnn-size", "16", "--z-size", "4", "--set", "num_mixture=2", "--set", "buckets=1"]
HELD_OUT = 2500
"""Sketches of a category's validation split, and of its test split."""

LIMIT = 2.0
"""GB beyond the run on one tiny set that the large run may take at its peak."""


@dataclass(frozen=True)
class Run:
    """What one training run needed; memory in GB."""

    ready: float
    """Seconds until the data are loaded and the first step begins."""
    ended: float
    """Seconds until three steps are taken and saved."""
    peak: float
    """Largest resident set."""
    anonymous: float
    """Largest part of it that is the process' own."""
    mapped: float
    """Largest part that is files, which the system takes back when it needs memory."""


def main() -> None:
    """Make the sets, train, print a table; exit 1 when the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--categories", type=int, default=50)
    parser.add_argument("--sketches", type=int, default=70_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        real = archive.load(arguments.source).train
        tiny, many = make(real, 1000, 0, folder), []
        for number in range(1, arguments.categories + 1):
            many.append(make(real, arguments.sketches, number, folder))
            print(f"\rmade {number} of {arguments.categories}", end="", file=sys.stderr)
        print(f"\r{sum(path.stat().st_size for path in many) / 1e9:.2f} GB of archives", file=sys.stderr)
        runs = {"one tiny set": train([tiny], folder)}
        for state in ("cold", "cached"):
            runs[f"all, {state}"] = train(many, folder)
        cached = sum(path.stat().st_size for path in (folder / cache.FOLDER).rglob("*") if path.is_file())
    print(f"cache on disk: {cached / 1e9:.2f} GB")
    print("| run | data ready | 3 steps done | peak RSS | anonymous | files |\n| --- | --- | --- | --- | --- | --- |")
    for title, run in runs.items():
        print(
            f"| {title} | {run.ready:.1f} s | {run.ended:.1f} s "
            f"| {run.peak:.2f} GB | {run.anonymous:.2f} GB | {run.mapped:.2f} GB |"
        )
    beyond = max(run.peak for run in runs.values()) - runs["one tiny set"].peak
    print(f"beyond the tiny set: {beyond:.2f} GB at the peak (at most {LIMIT:g})")
    sys.exit(beyond > LIMIT)


def make(real: Sketches, count: int, seed: int, folder: Path) -> Path:
    """Write an archive of `count` training sketches, each a real one stretched a little."""
    rng = np.random.default_rng(seed)
    splits = {}
    for split, size in zip(SPLITS, (count, min(count, HELD_OUT), min(count, HELD_OUT)), strict=True):
        chosen = rng.integers(len(real), size=size)
        factors = rng.uniform(0.8, 1.2, (size, 2))
        splits[split] = [stretched(real[place], factor) for place, factor in zip(chosen, factors, strict=True)]
    path = folder / f"made{seed}.npz"
    archive.write(path, splits, "made to measure with")
    return path


def stretched(sketch: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Return a sketch in whole data units, its offsets multiplied by `[2]` factors."""
    return np.rint(sketch * [*factor, 1.0]).astype(np.int16)


def train(paths: list[Path], folder: Path) -> Run:
    """Train for three steps in a process of its own, watching its memory."""
    command = [sys.executable, "-m", "sketchrnn_cli", "train", *map(str, paths), "--checkpoint-dir", str(folder)]
    options = [*TINY, "--steps", "3", "--device", "cpu", "--name", "run", "--force"]
    begun, ready = time.monotonic(), 0.0
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=messages)
        peaks = {"RssAnon": 0, "RssFile": 0}
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if not ready and b"kernel:" in os.pread(messages.fileno(), 1 << 20, 0):
                ready = time.monotonic() - begun
            for name, size in memory(process.pid).items():
                peaks[name] = max(peaks[name], size)
            time.sleep(0.02)
        if status:
            raise SystemExit(f"training failed: {os.pread(messages.fileno(), 1 << 20, 0).decode()}")
    ended = time.monotonic() - begun
    return Run(ready, ended, usage.ru_maxrss * 1024 / 1e9, peaks["RssAnon"] / 1e9, peaks["RssFile"] / 1e9)


def memory(pid: int) -> dict[str, int]:
    """Return the parts of a process' resident set, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except ProcessLookupError:
        return {}
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile") if name in fields}


if __name__ == "__main__":
    main()
