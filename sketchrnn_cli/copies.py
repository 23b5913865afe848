"""The drawings that a model of few was taught, while they lie there: how much of what it draws is one of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import cache
from sketchrnn_cli.data.dataset import FEW
from sketchrnn_cli.drawing.copies import copies
from sketchrnn_cli.store import runs

MAX_BYTES = 4 << 20
"""Of the archive of a small set; a larger one is not asked how many drawings it holds."""


def training_drawings(folder: Path, max_points: int | None = None) -> list[np.ndarray] | None:
    """Return the drawings that a model was trained on, stroke-3, in data units.

    None for a model of many drawings, a released one, and where the data has gone.

    Args:
        folder: of the checkpoint.
        max_points: longer ones are left out.

    Raises:
        CheckpointError: the run's file is damaged.
        DataError: a data set is.
    """
    run_folder = folder.parent.parent
    if not (run_folder / runs.RUN_FILE).is_file():
        return None
    paths = [Path(path) for path in runs.read_run(run_folder).data]
    if not all(path.is_file() and path.stat().st_size <= MAX_BYTES for path in paths):
        return None
    training = [dataset.train[i] for dataset in map(cache.load, paths) for i in range(len(dataset.train))]
    if len(training) > FEW:
        return None
    return [sketch for sketch in training if max_points is None or len(sketch) <= max_points]


def near_training(folder: Path, sketches: Sequence[np.ndarray]) -> np.ndarray | None:
    """Return which drawings are near one that the model was trained on, mirror images included, bool `[sketches]`.

    None where `training_drawings` are.

    Args:
        folder: of the checkpoint that drew them.
        sketches: what it drew, stroke-3.
    """
    training = training_drawings(folder)
    return None if training is None else copies(sketches, training)
