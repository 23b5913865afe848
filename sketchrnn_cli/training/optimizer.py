"""The optimizers as pure functions on dicts of tensors, so that their state is as portable as the weights.

A slot is named after what it belongs to: ``optimizer.m.decoder.kernel``. Adam is Kingma & Ba 2014 in the efficient
form of their section 2, with the weight decay of Loshchilov & Hutter 2019 on matrices only; both optimizers first
clip each entry of the gradient, or its global norm.

With `ema_decay` an average of the weights is a slot, too; it is what is evaluated and released. A checkpoint holds the
average as its weights and the weights as that slot (`swap_average`), so that a run resumes from what it was.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.hparams import HParams

Array = Any
BETA_1, EPSILON = 0.9, 1e-7
MOMENTUM = 0.9
AVERAGE = "optimizer.average."
SLOTS = {"adam": ("m", "v"), "sgd": ("momentum",)}
UPDATES = "optimizer.updates"
"""Number of updates of the slots, `[1]`: fewer than steps if training started from other weights."""


def slot_shapes(shapes: Mapping[str, tuple[int, ...]], hparams: HParams) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the optimizer's tensors for those of a model, by name."""
    slots = {f"optimizer.{slot}.{name}": shape for slot in SLOTS[hparams.optimizer] for name, shape in shapes.items()}
    averages = {AVERAGE + name: shape for name, shape in shapes.items()} if hparams.ema_decay else {}
    return {**slots, **averages, UPDATES: (1,)}


def first_slots(weights: Mapping[str, np.ndarray], hparams: HParams) -> dict[str, np.ndarray]:
    """Return the initial tensors of an optimizer: zeros, and the weights themselves as their average."""
    shapes = slot_shapes({name: value.shape for name, value in weights.items()}, hparams)
    slots = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    averages = {AVERAGE + name: np.array(value) for name, value in weights.items()} if hparams.ema_decay else {}
    return slots | averages


def swap_average(
    weights: Mapping[str, Array], slots: Mapping[str, Array], hparams: HParams
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return weights and slots with the weights and their average swapped, if there is an average."""
    if not hparams.ema_decay:
        return dict(weights), dict(slots)
    averages = {name: slots[AVERAGE + name] for name in weights}
    return averages, {**slots, **{AVERAGE + name: value for name, value in weights.items()}}


def update(
    weights: Mapping[str, Array],
    slots: Mapping[str, Array],
    gradients: Mapping[str, Array],
    learning_rate: Array,
    hparams: HParams,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return weights and slots after one step."""
    updates = slots[UPDATES] + 1.0
    correction = ops.sqrt(1.0 - hparams.beta_2**updates) / (1.0 - BETA_1**updates)
    new_weights, new_slots = {}, {UPDATES: updates}
    shrink = _shrink(gradients, hparams.grad_clip) if hparams.clip_by == "norm" else None
    for name, weight in weights.items():
        if shrink is None:
            gradient = ops.clip(gradients[name], -hparams.grad_clip, hparams.grad_clip)
        else:
            gradient = gradients[name] * shrink
        if hparams.optimizer == "sgd":
            slot = f"optimizer.momentum.{name}"
            new_slots[slot] = MOMENTUM * slots[slot] - learning_rate * gradient
            new_weights[name] = weight + new_slots[slot]
            continue
        m = BETA_1 * slots[f"optimizer.m.{name}"] + (1.0 - BETA_1) * gradient
        v = hparams.beta_2 * slots[f"optimizer.v.{name}"] + (1.0 - hparams.beta_2) * gradient * gradient
        change = correction * m / (ops.sqrt(v) + EPSILON)
        if hparams.weight_decay and len(weight.shape) > 1:
            change = change + hparams.weight_decay * weight
        new_weights[name] = weight - learning_rate * change
        new_slots[f"optimizer.m.{name}"], new_slots[f"optimizer.v.{name}"] = m, v
    if hparams.ema_decay:
        seen = updates[0]
        decay = ops.minimum(hparams.ema_decay, seen / (seen + 9.0))  # The first weights are soon forgotten.
        for name, weight in new_weights.items():
            new_slots[AVERAGE + name] = decay * slots[AVERAGE + name] + (1.0 - decay) * weight
    return new_weights, new_slots


def _shrink(gradients: Mapping[str, Array], largest: float) -> Array:
    """Return the factor that clips the global norm of the gradients to `largest`."""
    squares = [ops.sum(ops.square(gradients[name])) for name in sorted(gradients)]  # A file's order is another.
    return ops.minimum(1.0, largest / ops.sqrt(ops.maximum(sum(squares), 1e-30)))
