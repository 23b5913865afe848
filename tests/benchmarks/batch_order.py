"""What batches of like length cost in learning: one run per pool size and seed, equal steps, validation beside it.

    python tests/benchmarks/batch_order.py ARCHIVE --steps 300 --pools 32 4 1 --seeds 0 1 2 [--set dec_rnn_size=256]

A pool of 1 batch is an epoch in random order. `rows` are those that a step computes, padding included, as a multiple of
the first pool's: on a GPU, time.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive, batches
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import start
from sketchrnn_cli.training.reports import ValidationReport


def main() -> None:
    """Print a line per run, then the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--pools", type=int, nargs="+", default=[32, 4, 1])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter")
    options = parser.parse_args()
    start.use_device("cpu", None)
    dataset = archive.load(options.archive)
    means = {}
    for pool in options.pools:
        batches.POOL = pool  # Of one padded length the trainer mixes them whatever this says.
        runs = [run(dataset, options, seed, pool) for seed in options.seeds]
        means[pool] = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=len(runs) > 1) / len(runs) ** 0.5
    for pool, (mean, error) in means.items():
        rows = mean[0] / means[options.pools[0]][0][0]
        said = ", ".join(f"{m:.4f} ± {e:.4f}" for m, e in zip(mean[1:], error[1:], strict=True))
        print(f"pool {pool}: rows {rows:.2f}, L_R {said}")


def run(dataset: DataSet, options: argparse.Namespace, seed: int, pool: int) -> list[float]:
    """Train once; return the mean rows of a sketch, then validation L_R at each report."""
    hparams = HParams(seed=seed).with_settings(options.set)
    schedule = Schedule(steps=options.steps, validate_every=options.every)
    with tempfile.TemporaryDirectory() as name:
        trainer = start.new_run(Path(name) / "run", [dataset], hparams, schedule, pipeline="host")
        planned = [
            one.length for epoch in range(3)
            for one in batches.plan(trainer.training, trainer.hparams, trainer.engine.lengths, epoch)
        ]  # fmt: skip
        began, found = time.perf_counter(), []
        for report in trainer.train(options.steps):
            if isinstance(report, ValidationReport):
                found.append(float(report.validation.reconstruction.mean()))
    seconds = time.perf_counter() - began
    print(f"pool {pool}, seed {seed}: {seconds:.0f} s, L_R {found}", file=sys.stderr, flush=True)
    return [float(np.mean(planned)) + 1, *found]


if __name__ == "__main__":
    main()
