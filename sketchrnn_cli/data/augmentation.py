"""Augmentation, once, for any array namespace `xp`: NumPy on the host, JAX inside the compiled step.

Its noise is a hash of (seed, epoch, sketch, place), so that a sketch of an epoch is augmented the same in any batch, by
any worker and on any device.
"""

from typing import Any, NamedTuple

import numpy as np

from sketchrnn_cli.data import distortion
from sketchrnn_cli.data.noise import uniform
from sketchrnn_cli.hparams import HParams

Array = Any
OFFSET_DRAWS = 2
"""Hashes of a sketch before those of its points: one for each axis."""


class Padded(NamedTuple):
    """Sketches `[batch, time, ...]`, each real up to its length."""

    xy: Array
    """Offsets in data units, `[batch, time, 2]`."""
    pen: Array
    """Whether the pen lifts after a point, bool `[batch, time]`."""
    lengths: Array
    """Points of each sketch, int32 `[batch]`."""


def kept_points(xp: Any, pen: Array, lengths: Array, sketches: Array, key: Array, hparams: HParams) -> Array:
    """Return which points augmentation keeps, bool `[batch, time]`.

    An inner point of a stroke is dropped with probability ``augment_stroke_prob``; ends of strokes stay.
    """
    time = pen.shape[1]
    place = xp.arange(time, dtype=xp.int32)
    real, last = place < lengths[:, None], place == lengths[:, None] - 1
    if hparams.augment_stroke_prob == 0.0:
        return real
    lifted = pen | last
    begins = xp.concatenate([xp.zeros_like(lifted[:, :1]), lifted[:, :-1]], axis=1)  # A sketch begins inside its first.
    chance = uniform(xp, key, sketches, place + OFFSET_DRAWS)
    return real & ((chance >= np.float32(hparams.augment_stroke_prob)) | lifted | begins)


def augment(xp: Any, given: Padded, sketches: Array, key: Array, length: int, hparams: HParams) -> Padded:
    """Scale sketches at random, distort them, and drop inner points of their strokes; what remains keeps its place.

    Args:
        xp: array namespace.
        given: sketches as they are; integer offsets make exact sums.
        sketches: number of each sketch in its corpus, `[batch]`.
        key: from `noise.epoch_key`.
        length: points that the result is padded to, enough for what is kept.
        hparams: ``random_scale_factor`` (x and y are each scaled by 1 ± this), ``augment_stroke_prob``, and those of
            `distortion`.

    Returns:
        Sketches padded to `length`, float32 offsets; zeros after their points.
    """
    time = given.pen.shape[1]
    place = xp.arange(time, dtype=xp.int32)
    real = place < given.lengths[:, None]
    kept = kept_points(xp, given.pen, given.lengths, sketches, key, hparams)
    lengths = kept.sum(axis=1).astype(xp.int32)
    draws = uniform(xp, key, sketches, xp.arange(OFFSET_DRAWS, dtype=xp.int32))
    factor = 1.0 + np.float32(hparams.random_scale_factor) * (2.0 * draws - 1.0)
    xy = xp.where(real[:, :, None], given.xy, xp.zeros_like(given.xy))
    position = xp.cumsum(xy, axis=1, dtype=xp.float32 if xy.dtype == np.float32 else xp.int32).astype(xp.float32)
    position = position * factor[:, None, :]
    if distortion.is_on(hparams):
        position = distortion.distort(xp, position, given.pen & real, sketches, key, hparams)
    order = xp.argsort(place + time * ~kept, axis=1)[:, :length]  # Kept points first, in their order.
    if length > time:
        order = xp.concatenate([order, xp.zeros((len(order), length - time), dtype=order.dtype)], axis=1)
    moved = xp.take_along_axis(position, order[:, :, None], axis=1)
    before = xp.concatenate([xp.zeros_like(moved[:, :1]), moved[:, :-1]], axis=1)
    real = xp.arange(length, dtype=xp.int32) < lengths[:, None]
    pen = xp.take_along_axis(given.pen, order, axis=1) & real
    return Padded(xp.where(real[:, :, None], moved - before, xp.zeros_like(moved)), pen, lengths)


def to_rows(xp: Any, sketches: Padded, scale: Array) -> Array:
    """Return stroke-5 rows float32 `[batch, time + 1, 5]` in model units: each sketch, then end rows."""
    batch, time = sketches.pen.shape
    real = xp.arange(time, dtype=xp.int32) < sketches.lengths[:, None]
    states = [real & ~sketches.pen, real & sketches.pen, ~real]
    pens = xp.stack([state.astype(xp.float32) for state in states], axis=-1)
    rows = xp.concatenate([sketches.xy.astype(xp.float32) / np.float32(scale), pens], axis=-1)
    end = xp.broadcast_to(xp.asarray([0.0, 0.0, 0.0, 0.0, 1.0], dtype=xp.float32), (batch, 1, 5))
    return xp.concatenate([rows, end], axis=1)
