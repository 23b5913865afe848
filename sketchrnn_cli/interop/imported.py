"""The result of reading another program's model file: all that a checkpoint needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sketchrnn_cli.hparams import HParams


@dataclass(frozen=True)
class Imported:
    """A model of another program, in our conventions."""

    hparams: HParams
    scale_factor: float
    """Data units per model unit, times `hparams.pixel_factor`; 0 if unknown."""
    canvas_size: float
    """Median larger side of the training drawings, in data units; 0 if unknown."""
    weights: dict[str, np.ndarray]
    """Every tensor of `model.weights.shapes`, float32 or float64."""
    name: str = ""
    """The model's own name, or empty."""
    note: str = ""
    """The model's origin, and what was assumed, as text."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Metrics stored in the file."""
