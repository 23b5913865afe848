"""One training step as a pure function of tensors, for any backend."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import equations, kernels, network
from sketchrnn_cli.training import optimizer, schedules

Array = Any
State = tuple[dict[str, Array], dict[str, Array]]
"""The model's weights and the optimizer's slots."""
METRICS = ("loss", "offset_loss", "pen_loss", "kl_loss", "kl_weight", "learning_rate")


class Step(NamedTuple):
    """Inputs of a step besides its batch; scalars."""

    number: Any
    """Previous steps, int32; dropout and z derive from (seed, number)."""
    learning_rate: Any
    """float32."""
    kl_weight: Any
    """float32."""


def schedule(number: int, hparams: HParams) -> Step:
    """Return what the step after `number` steps is told: the schedules, reckoned in float64."""
    learning_rate, kl_weight = schedules.learning_rate(number, hparams), schedules.kl_weight(number, hparams)
    return Step(np.int32(number), np.float32(learning_rate), np.float32(kl_weight))


def step_function(hparams: HParams) -> Callable[[State, Batch, Step], tuple[State, Array]]:
    """Return the function of one step: ``(state, batch, step) -> (state, METRICS)``."""

    def take(state: State, batch: Batch, step: Step) -> tuple[State, Array]:
        weights, slots = state
        noise = None
        if hparams.conditional:
            shape = (batch.rows.shape[0], hparams.z_size)
            noise = kernels.engine().normal(shape, hparams.seed, step.number, network.LATENT)

        def loss(weights: dict[str, Array]) -> tuple[Array, equations.Losses]:
            sums = network.sketch_losses(weights, batch, hparams, hparams.seed, noise, step.number)
            losses = network.batch_losses(sums, batch.lengths, hparams.max_seq_len)
            if not hparams.conditional:
                return losses.reconstruction, losses
            return equations.objective(ops, losses, step.kl_weight, hparams.kl_tolerance), losses

        value, losses, gradients = kernels.engine().value_and_gradients(loss, weights)
        state = optimizer.update(weights, slots, gradients, step.learning_rate, hparams)
        return state, ops.stack([value, losses.offset, losses.pen, losses.kl, step.kl_weight, step.learning_rate])

    return take
