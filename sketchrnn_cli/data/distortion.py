"""Distort drawings as another hand might have drawn them, anew at every step: what lets a model learn from few.

Turned, sheared and mirrored as a whole; each stroke moved; the page bent by slow waves; each point shaken. Stated once
for any array namespace `xp`. Pixels are of a drawing whose larger side is `CANVAS`, as in Quick, Draw!.
"""

import math
from typing import Any

import numpy as np

from sketchrnn_cli.data.noise import uniform
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.strokes.prepare import CANVAS

Array = Any
WAVES = 3
"""Waves that bend a page."""
MIN_PERIODS, MAX_PERIODS = 0.4, 1.6
"""Of a wave over the page."""
WHOLE, WAVE, STROKE, POINT = 1 << 20, 1 << 21, 1 << 22, 1 << 23
"""Where the draws of whole drawing, waves, strokes and points begin."""


def is_on(hparams: HParams) -> bool:
    """Return whether any of this is asked for."""
    h = hparams
    return any((h.random_rotation, h.random_shear, h.mirror_prob, h.stroke_jitter, h.page_warp, h.point_jitter))


def distort(xp: Any, position: Array, pen: Array, sketches: Array, key: Array, hparams: HParams) -> Array:
    """Distort drawings.

    Args:
        xp: array namespace.
        position: absolute points float32 `[batch, time, 2]` in data units; where the pen comes down first is the
            origin, and no point of these.
        pen: whether the pen lifts after a point, bool `[batch, time]`.
        sketches: number of each sketch in its corpus, `[batch]`.
        key: from `noise.epoch_key`.
        hparams: what is done, and how strongly.

    Returns:
        The points `[batch, time, 2]`, moved so that the pen comes down at the origin again.
    """
    points = xp.concatenate([xp.zeros_like(position[:, :1]), position], axis=1)
    side = (points.max(axis=1) - points.min(axis=1)).max(axis=1)[:, None, None]
    pixel = side / np.float32(CANVAS)
    points = _turned(xp, points, sketches, key, hparams)
    if hparams.stroke_jitter:
        lifts = xp.concatenate([xp.zeros_like(pen[:, :1]), pen], axis=1).astype(xp.int32)
        stroke = xp.cumsum(lifts, axis=1) - lifts
        shifts = _normal(xp, key, sketches, STROKE, points.shape[1])
        points = points + np.float32(hparams.stroke_jitter) * pixel * xp.take_along_axis(
            shifts, stroke[:, :, None], axis=1
        )
    if hparams.page_warp:
        waves = _waves(xp, points / xp.maximum(side, np.float32(1e-6)), sketches, key)
        points = points + np.float32(hparams.page_warp) * pixel * waves
    if hparams.point_jitter:
        shaken = _normal(xp, key, sketches, POINT, points.shape[1])
        points = points + np.float32(hparams.point_jitter) * pixel * shaken
    return points[:, 1:] - points[:, :1]


def _turned(xp: Any, points: Array, sketches: Array, key: Array, hparams: HParams) -> Array:
    """Return points mirrored, turned and sheared: each drawing by one linear map of its own."""
    draws = uniform(xp, key, sketches, xp.arange(4, dtype=xp.int32) + WHOLE)
    signed = 2.0 * draws - 1.0
    side = xp.where(draws[:, :1] < np.float32(hparams.mirror_prob), np.float32(-1.0), np.float32(1.0))
    angle = signed[:, 1:2] * np.float32(math.radians(hparams.random_rotation))
    shear_x, shear_y = (
        signed[:, 2:3] * np.float32(hparams.random_shear),
        signed[:, 3:] * np.float32(hparams.random_shear),
    )
    x, y = points[..., 0] * side, points[..., 1]
    x, y = xp.cos(angle) * x - xp.sin(angle) * y, xp.sin(angle) * x + xp.cos(angle) * y
    return xp.stack([x + shear_x * y, y + shear_y * x], axis=-1)


def _waves(xp: Any, points: Array, sketches: Array, key: Array) -> Array:
    """Return the shift of points, in pages, by slow waves of standard normal amplitude, `[batch, time, 2]`."""
    draws = uniform(xp, key, sketches, xp.arange(3 * WAVES, dtype=xp.int32) + WAVE)
    amplitudes = _normal(xp, key, sketches, WAVE + 3 * WAVES, WAVES)
    turn = np.float32(2.0 * math.pi)
    shift = xp.zeros_like(points)
    for wave in range(WAVES):
        direction, speed, phase = (draws[:, 3 * wave + part, None] for part in range(3))
        periods = np.float32(MIN_PERIODS) + np.float32(MAX_PERIODS - MIN_PERIODS) * speed
        along = xp.cos(turn * direction) * points[..., 0] + xp.sin(turn * direction) * points[..., 1]
        shift = shift + xp.sin(turn * (periods * along + phase))[..., None] * amplitudes[:, wave, None, :]
    return shift


def _normal(xp: Any, key: Array, sketches: Array, first: int, count: int) -> Array:
    """Return standard normal pairs `[batch, count, 2]` (Box & Muller 1958), from the draws that begin at `first`."""
    draws = uniform(xp, key, sketches, xp.arange(2 * count, dtype=xp.int32) + first)
    radius = xp.sqrt(-2.0 * xp.log(1.0 - draws[:, 0::2]))  # 1 - u is in (0, 1]: its logarithm is finite.
    angle = np.float32(2.0 * math.pi) * draws[:, 1::2]
    return xp.stack([radius * xp.cos(angle), radius * xp.sin(angle)], axis=-1)
