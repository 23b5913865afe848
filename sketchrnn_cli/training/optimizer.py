"""The optimizers as pure functions on dicts of tensors, so that their state is as portable as the weights.

A slot is named after what it belongs to: ``optimizer.m.decoder.kernel``. Adam is Kingma & Ba 2014 in the efficient
form of their section 2, with the weight decay of Loshchilov & Hutter 2019 on matrices alone; both optimizers clip
each entry of the gradient first.
"""

from collections.abc import Mapping
from typing import Any

from keras import ops

from sketchrnn_cli.hparams import HParams

Array = Any
BETA_1, EPSILON = 0.9, 1e-7
MOMENTUM = 0.9
SLOTS = {"adam": ("m", "v"), "sgd": ("momentum",)}
UPDATES = "optimizer.updates"
"""How many updates the slots have seen, `[1]`: fewer than steps where training began from other weights."""


def slot_shapes(shapes: Mapping[str, tuple[int, ...]], optimizer: str) -> dict[str, tuple[int, ...]]:
    """Return the optimizer's tensors, name to shape, for a model's."""
    slots = {f"optimizer.{slot}.{name}": shape for slot in SLOTS[optimizer] for name, shape in shapes.items()}
    return {**slots, UPDATES: (1,)}


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
    for name, weight in weights.items():
        gradient = ops.clip(gradients[name], -hparams.grad_clip, hparams.grad_clip)
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
    return new_weights, new_slots
