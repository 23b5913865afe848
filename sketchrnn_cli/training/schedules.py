"""The schedules of training: pure functions of the step, for any array namespace `xp`."""

from typing import Any

from sketchrnn_cli.hparams import HParams

Array = Any


def learning_rate(step: Array, hparams: HParams) -> Array:
    """Return (lr − min) decay^step + min."""
    least = hparams.min_learning_rate
    return (hparams.learning_rate - least) * hparams.decay_rate**step + least


def kl_weight(step: Array, hparams: HParams) -> Array:
    """Return w − (w − w₀) R^step, the KL annealing of section 3.3."""
    final = hparams.kl_weight
    return final - (final - hparams.kl_weight_start) * hparams.kl_decay_rate**step
