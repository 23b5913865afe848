"""What a reader of another program's model file returns: all that one of our checkpoints needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sketchrnn_cli.hparams import HParams


@dataclass(frozen=True)
class Imported:
    """A model of another program, in our conventions."""

    hparams: HParams
    scale_factor: float
    """As the file has it: data units per model unit, times `hparams.pixel_factor`; 0 where it does not say."""
    canvas_size: float
    """Median larger side of the training drawings, in data units; 0 where the file does not say."""
    weights: dict[str, np.ndarray]
    """Every tensor of `model.weights.shapes`, float32 or float64."""
    name: str = ""
    """The model's own name; empty where the file has none."""
    note: str = ""
    """Where the model comes from, and what had to be assumed, for people."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Measurements that the file carries."""
