"""Kill a training run with SIGKILL, again and again; it must end with the weights of an undisturbed one.

Every kill comes at a random moment soon after the run has saved something new, so that it meets steps and saves.

    python tests/benchmarks/kills.py [--kills 20] [--steps 400]
"""

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.store import names, runs

TINY = ["--enc-rnn-size", "8", "--dec-rnn-size", "16", "--z-size", "4", "--batch-size", "10", "--set", "num_mixture=2"]
"""A model so small that most of a run is saving: the worst moment to be killed."""

MOMENTS = 0.3
"""Seconds within which a kill comes."""


def main() -> None:
    """Kill, resume, compare; exit 1 when a run is lost or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        same, kills = survive(Path(folder), arguments.kills, arguments.steps, arguments.seed)
    print(f"{kills} kills; the weights are {'the same' if same else 'DIFFERENT'}")
    sys.exit(not same)


def survive(folder: Path, kills: int, steps: int, seed: int) -> tuple[bool, int]:
    """Train once undisturbed and once killed `kills` times; return whether the weights agree, and the kills dealt."""
    dice = random.Random(seed)
    data = folder / "doodle_cat.npz"
    archive.write(data, doodles.doodles("cat", 60, 0), "made for a test")
    train = [sys.executable, "-m", "sketchrnn_cli", "train", "--checkpoint-dir", str(folder), "--steps", str(steps)]
    new = [str(data), *TINY, "--save-every", "0"]
    subprocess.run([*train, *new, "--name", "calm"], check=True, capture_output=True)
    dealt = 0
    while dealt < kills:
        saved = _last(folder / "killed")
        with (folder / "errors.txt").open("w") as errors:
            process = subprocess.Popen(
                [*train, *(["--resume", "killed"] if saved else [*new, "--name", "killed", "--force"])],
                stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        while process.poll() is None and _last(folder / "killed") == saved:
            time.sleep(0.005)
        try:
            process.wait(timeout=dice.uniform(0.0, MOMENTS))
            if process.returncode:
                said = (folder / "errors.txt").read_text()[-2000:]
                raise SystemExit(f"the run could not go on: exit code {process.returncode}\n{said}")
            break  # It got through to its end.
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            dealt += 1
            print(f"kill {dealt}: step {saved or 0} to {_last(folder / 'killed')}", flush=True)
    subprocess.run([*train, "--resume", "killed"], check=True, capture_output=True)
    return _digest("calm", folder) == _digest("killed", folder), dealt


def _last(folder: Path) -> str:
    return runs.read_run(folder).last if (folder / runs.RUN_FILE).exists() else ""


def _digest(name: str, folder: Path) -> str:
    found = names.find(f"{name}@last", folder)
    return hashlib.sha256((found / "weights.safetensors").read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
