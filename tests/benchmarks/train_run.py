"""Time the whole `sketchrnn train` command by the wall clock, and check what its screen said.

    python tests/benchmarks/train_run.py ARCHIVE --steps 3000 [--backend jax] [--repeat 96] [-- --set buckets=3 ...]

`start` is what is left of the wall clock: imports, reading the data, setting up, the end of the process.
"""

import argparse
import csv
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive

SAID = re.compile(r"([a-z ]+) ([0-9.]+) s(?:[,;]|$)")


def main() -> None:
    """Run the command and print where its seconds went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--repeat", type=int, default=1, help="how often the training split is repeated")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:end])
    arguments.more = sys.argv[end + 1 :]  # Options of train.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = arguments.archive.resolve()
        if arguments.repeat > 1:
            data = repeated(data, arguments.repeat, folder)
        measure(folder, data, arguments)


def repeated(data: Path, times: int, folder: Path) -> Path:
    """Write an archive whose training split is repeated."""
    dataset = archive.load(data)
    splits = {split: [part[i] for i in range(len(part))] for split, part in dataset.splits.items()}
    splits["train"] = splits["train"] * times
    path = folder / data.name
    archive.write(path, splits, f"{dataset.provenance}, {times} times")
    return path


def measure(folder: Path, data: Path, arguments: argparse.Namespace) -> None:
    """Train once, and print."""
    command = [sys.executable, "-m", "sketchrnn_cli", "train", str(data), "--name", "timed", "--force",
               "--checkpoint-dir", str(folder), "--steps", str(arguments.steps), "--backend", arguments.backend,
               *arguments.more]  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    print("\n".join(line for line in done.stderr.splitlines() if line.startswith(("backend", "kernel", str(folder)))))
    line = next(line for line in done.stderr.splitlines() if line.startswith("time: "))
    times = {what.strip(): float(seconds) for what, seconds in SAID.findall(line.removeprefix("time: "))}
    speed = float(re.findall(r"([0-9.]+) sketches/s", line)[0])
    step = float(re.findall(r"([0-9.]+) ms a step", line)[0])
    after = times["steps"] + times["validate"] + times["save"]
    start = wall - after - times["compile"]
    with (folder / "timed" / "log.csv").open(newline="") as file:
        shown = [float(row["sketches_per_second"]) for row in csv.DictReader(file)]
    an_epoch, rows = map(int, re.findall(r"\((\d+) steps of (\d+) sketches an epoch\)", done.stderr)[0])
    sketches = int(arguments.steps * min(len(archive.load(data).train) / an_epoch, rows))
    print(f"wall {wall:.2f} s: start {start:.2f}, " + ", ".join(f"{what} {times[what]:.2f}" for what in times))
    print(f"step {step:.3f} ms, end to end {sketches / wall:.0f} sketches/s")
    print(f"validate + save + reports: {100 * (times['validate'] + times['save'] + times['reports']) / after:.1f} % "
          f"of the time after compilation; input wait {100 * times['input wait'] / after:.1f} %")  # fmt: skip
    mean = 1.0 / np.mean(1.0 / np.array(shown))  # Each over equally many steps.
    print(f"the screen said {mean:.0f} sketches/s (mean over the validations), the clock {speed:.0f}")


if __name__ == "__main__":
    main()
