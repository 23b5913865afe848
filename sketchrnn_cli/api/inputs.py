"""Read drawings: INPUT on the command line."""

import os
import warnings
from pathlib import Path

import numpy as np

from sketchrnn_cli.api import checks
from sketchrnn_cli.api.model import Model
from sketchrnn_cli.data.inputs import read_input
from sketchrnn_cli.errors import UsageError


def read_sketch(
    path: str | os.PathLike[str], model: Model, *, data_dir: str | os.PathLike[str] = "datasets", seed: int = 0
) -> np.ndarray:
    """Read one drawing and fit it to a model, as the commands do.

    Args:
        path: an ``.svg``; a stroke-3 ``.npy`` or ``.json``; or a sketch of a data set, ``cat.npz:test:17`` or
            ``cat:test:random``.
        model: determines the size of an SVG and the maximum number of points.
        data_dir: folder of the data sets.
        seed: random seed, for ``random``.

    Returns:
        Stroke-3 `[points, 3]` in the model's data units.

    Raises:
        SketchRNNError: missing, damaged, or too complex for the model.

    Warns:
        UserWarning: something was ignored or simplified.

    Example:
        >>> model = sketchrnn.load("doodle_cat")
        >>> sketchrnn.read_sketch("doodle_cat:train:0", model).shape[1]
        3
    """
    if not isinstance(model, Model):
        raise UsageError(f"model {model!r}: expected a model, as sketchrnn.load gives")
    sidecar = model.sidecar
    found = read_input(
        checks.path(path, "drawing"),
        Path(data_dir),
        sidecar.canvas_size,
        model.hparams.max_seq_len,
        np.random.default_rng(seed),
    )
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    return found.sketch
