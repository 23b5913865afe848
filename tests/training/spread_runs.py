"""Train the same small model on 1 and on 8 devices in one process; print each run's losses and weights as JSON.

Run by `test_devices` with 8 virtual devices: ``python spread_runs.py FOLDER``.
"""

import json
import sys
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store import checkpoint, runs
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import start
from sketchrnn_cli.training.measuring import measure
from sketchrnn_cli.training.reports import StepReport

TINY = HParams(
    enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, batch_size=16, buckets=1, seed=3, use_input_dropout=True,
    augment_stroke_prob=0.2, learning_rate=0.01,
)  # fmt: skip
STEPS = 20


def write_data(path: Path) -> Path:
    """Write 40 sketches to train on, so that the third batch of an epoch is half empty, and 35 to validate on."""
    rng = np.random.default_rng(5)

    def sketches(count: int) -> list[np.ndarray]:
        made = [rng.integers(-30, 30, (int(rng.integers(2, 9)), 3)).astype(np.int16) for _ in range(count)]
        for points in made:
            points[:, 2] = rng.random(len(points)) < 0.3
            points[-1, 2] = 1
        return made

    archive.write(path, {"train": sketches(40), "valid": sketches(35), "test": sketches(3)}, "made by a test")
    return path


def run(folder: Path, data: Path, devices: str, pipeline: str) -> dict:
    """Return what a run comes to."""
    start.use_device("cpu", None, devices)
    trainer = start.new_run(
        folder, [archive.load(data)], TINY, Schedule(steps=STEPS, validate_every=1), pipeline=pipeline
    )
    losses = [report.loss for report in trainer.train() if isinstance(report, StepReport)]
    saved = runs.read_run(folder)
    weights = checkpoint.load(folder / "steps" / saved.last).weights
    measured = []
    if pipeline == "host":
        (figure,) = measure(str(folder), [archive.load(data)], ["valid"], folder)
        measured = figure.losses.reconstruction.tolist()
    assert saved.engine is not None
    return {
        "losses": losses,
        "weights": {name: value.ravel().tolist() for name, value in weights.items()},
        "best": trainer.sidecar.best,
        "measured": measured,
        "devices": saved.engine.devices,
    }


def main() -> None:
    """Print the runs."""
    folder = Path(sys.argv[1])
    data = write_data(folder / "shapes.npz")
    cases = {"one": ("1", "host"), "host": ("8", "host"), "device": ("all", "device")}
    print(json.dumps({name: run(folder / name, data, *case) for name, case in cases.items()}))


if __name__ == "__main__":
    main()
