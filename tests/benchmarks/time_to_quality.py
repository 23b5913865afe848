"""Time from typing the command to a model of a stated quality: `sketchrnn train` until validation L_R and L_KL are low.

    python tests/benchmarks/time_to_quality.py ARCHIVE [--reconstruction 0.22] [--kl 0.33] [--seeds 0 1 2] [-- options]

Each seed runs cold first, with an empty cache of compiled steps, then warm. The command is told to stop, as by Ctrl-C,
once a validation meets both; its best checkpoint is then measured on the test split.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINE = re.compile(r"step (\d+) .*validation L_R ([-0-9.]+)  L_KL ([-0-9.]+)")


def main() -> None:
    """Run every seed cold and warm, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--reconstruction", type=float, default=0.22)
    parser.add_argument("--kl", type=float, default=0.33)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=20_000, help="the run's budget, which it need not use up")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a run is given up")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:end])
    arguments.more = sys.argv[end + 1 :]  # Options of train.
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as folder:
            for cache, taken in seconds.items():
                taken.append(run(Path(folder), arguments, seed, cache))
    for cache, taken in seconds.items():
        print(f"{cache} cache: median {statistics.median(taken):.1f} s of {len(taken)} seeds")


def run(folder: Path, arguments: argparse.Namespace, seed: int, cache: str) -> float:
    """Train once; print and return the seconds until the quality was met."""
    name = f"{cache}_{seed}"
    common = ["--checkpoint-dir", str(folder)]
    command = [sys.executable, "-m", "sketchrnn_cli"]
    train = [*command, "train", str(arguments.archive), "--name", name, "--seed", str(seed), *common,
             "--steps", str(arguments.steps), *arguments.more]  # fmt: skip
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled")}
    began, met = time.perf_counter(), float("inf")
    with subprocess.Popen(
        train, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stderr
        step = 0
        for line in process.stderr:
            if not (found := LINE.search(line)):
                continue
            step, reconstruction, kl = int(found[1]), float(found[2]), float(found[3])
            late = time.perf_counter() - began > 60.0 * arguments.minutes
            if met == float("inf") and (late or (reconstruction <= arguments.reconstruction and kl <= arguments.kl)):
                met = time.perf_counter() - began
                print(f"{name}: {met:.1f} s, step {step}: validation L_R {reconstruction}, L_KL {kl}", flush=True)
                process.send_signal(signal.SIGINT)
    measured = subprocess.run(
        [*command, "evaluate", f"{name}@last", str(arguments.archive), "--split", "test", "--json", *common],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    test = json.loads(measured.stdout)[0]
    print(f"{name}: test L_R {test['L_R']:.4f} ± {test['L_R_standard_error']:.4f}, L_KL {test['L_KL']:.4f}", flush=True)
    return met


if __name__ == "__main__":
    main()
