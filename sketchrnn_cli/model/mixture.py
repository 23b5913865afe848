"""The decoder's output distribution: a mixture of bivariate Gaussians for the offset, a categorical for the pen.

Ha & Eck 2017, equations 3 to 8. Written for any array namespace `xp` (NumPy or keras.ops).
"""

import math
from itertools import pairwise
from typing import Any, NamedTuple

Array = Any
LOG_2 = math.log(2.0)
LOG_2PI = math.log(2.0 * math.pi)
MAX_RHO_RAW = 16.0
"""Clip, where 1 − ρ² is 5e-14: cosh overflows float32 at 90."""


class Mixture(NamedTuple):
    """Raw parameters of the distribution of one row; each `[..., M]`, the pen's logits `[..., 3]`."""

    pen_logits: Array
    pi_logits: Array
    mu_x: Array
    mu_y: Array
    log_sigma_x: Array
    log_sigma_y: Array
    rho_raw: Array
    """The correlation before its tanh."""


def split(xp: Any, output: Array, num_mixture: int) -> Mixture:
    """Split the decoder's output `[..., 6M + 3]` into pen, π, μx, μy, log σx, log σy, ρ; more is ignored."""
    cuts = [0, *(3 + num_mixture * part for part in range(7))]
    return Mixture(*(output[..., start:end] for start, end in pairwise(cuts)))


def log_sum_exp(xp: Any, x: Array) -> Array:
    """Return log Σ exp over the last axis, `[..., 1]`."""
    top = xp.max(x, axis=-1, keepdims=True)
    return top + xp.log(xp.sum(xp.exp(x - top), axis=-1, keepdims=True))


def log_softmax(xp: Any, logits: Array) -> Array:
    """Return log probabilities over the last axis."""
    return logits - log_sum_exp(xp, logits)


def log_density(xp: Any, mixture: Mixture, offset: Array) -> Array:
    """Return the log density `[...]` of offsets `[..., 2]` (equations 4 and 9).

    With r the raw correlation, 1 − ρ² = 1/cosh²r, and the quadratic form divides into (zx − ρ zy)² cosh²r + zy²: no
    cancellation and no division by zero as ρ nears ±1.
    """
    dx, dy = offset[..., 0:1], offset[..., 1:2]
    zx = (dx - mixture.mu_x) * xp.exp(-mixture.log_sigma_x)
    zy = (dy - mixture.mu_y) * xp.exp(-mixture.log_sigma_y)
    rho_raw = xp.clip(mixture.rho_raw, -MAX_RHO_RAW, MAX_RHO_RAW)
    size = xp.abs(rho_raw)
    log_cosh = size + xp.log1p(xp.exp(-2.0 * size)) - LOG_2
    across = (zx - xp.tanh(rho_raw) * zy) * xp.exp(log_cosh)
    log_normal = log_cosh - 0.5 * (across**2 + zy**2) - LOG_2PI - mixture.log_sigma_x - mixture.log_sigma_y
    return log_sum_exp(xp, log_softmax(xp, mixture.pi_logits) + log_normal)[..., 0]


def pen_log_likelihood(xp: Any, mixture: Mixture, pen: Array) -> Array:
    """Return the log probability `[...]` of one-hot pen states `[..., 3]` (equation 9)."""
    return xp.sum(pen * log_softmax(xp, mixture.pen_logits), axis=-1)
