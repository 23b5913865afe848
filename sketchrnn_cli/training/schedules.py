"""Training schedules: pure functions of the step, a number or a NumPy array."""

import math
from typing import Any

import numpy as np

from sketchrnn_cli.hparams import HParams

Array = Any


def learning_rate(step: Array, hparams: HParams) -> Array:
    """Return (lr − min) decay(step) + min, times the completed fraction of the warm-up.

    decay is R^step, or with `linear_decay_steps` the remaining fraction of those steps. If the number of steps is
    known in advance, linear decay reaches lower losses than exponential (Bergsma et al. 2025). With
    `cosine_decay_steps` it is half a cosine over those steps (Loshchilov & Hutter 2017), starting after the warm-up.
    """
    least, steps = hparams.min_learning_rate, hparams.linear_decay_steps
    decay = _positive(1.0 - step / steps) if steps else hparams.decay_rate**step
    if hparams.cosine_decay_steps:
        begun = _positive(step - hparams.warmup_steps)
        left = _positive(1.0 - begun / max(1, hparams.cosine_decay_steps - hparams.warmup_steps))
        decay = 0.5 - 0.5 * np.cos(math.pi * left)
    rate = (hparams.learning_rate - least) * decay + least
    if hparams.warmup_steps:
        rate = rate * (1.0 - _positive(1.0 - (step + 1.0) / hparams.warmup_steps))
    return rate


def kl_weight(step: Array, hparams: HParams) -> Array:
    """Return w − (w − w₀) R^step, the KL annealing of section 3.3."""
    final = hparams.kl_weight
    return final - (final - hparams.kl_weight_start) * hparams.kl_decay_rate**step


def _positive(x: Array) -> Array:
    """Return max(x, 0), of a number or a tensor."""
    return 0.5 * (x + abs(x))
