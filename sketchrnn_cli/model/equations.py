"""The equations of Sketch-RNN (Ha & Eck 2017, arXiv 1704.03477) for any array namespace `xp`.

Inference calls them with NumPy, training with `keras.ops`. Each has its own loop over time; the rest is here and in
`cells` and `mixture`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sketchrnn_cli.hparams import NO_FLOOR, HParams
from sketchrnn_cli.model import mixture as mixtures

Array = Any

START = np.array([0.0, 0.0, 1.0, 0.0, 0.0], dtype=np.float32)
"""S₀, the decoder's start row."""
LOG_DENSITY_FLOOR = -27.6
"""Nats; about log 1e-12, so that a single outlier does not outweigh all other offsets where a drawing is named."""


class Losses(NamedTuple):
    """The terms of the objective, each a scalar (equations 9 to 11)."""

    offset: Array
    """L_S."""
    pen: Array
    """L_P."""
    kl: Array
    """L_KL, without its weight; zero for a decoder-only model."""

    @property
    def reconstruction(self) -> Array:
        """L_R = L_S + L_P."""
        return self.offset + self.pen


def latent_distribution(xp: Any, weights: Mapping[str, Array], encoded: Array) -> tuple[Array, Array]:
    """Return μ and σ̂, each `[batch, z]`, from the encoder's final states `[batch, 2 * units]` (equation 2)."""
    mu = xp.matmul(encoded, weights["latent.mu.kernel"]) + weights["latent.mu.bias"]
    sigma_hat = xp.matmul(encoded, weights["latent.sigma.kernel"]) + weights["latent.sigma.bias"]
    return mu, sigma_hat


def sample_latent(xp: Any, mu: Array, sigma_hat: Array, noise: Array) -> Array:
    """Return z = μ + σ ⊙ N(0, I), σ = exp(σ̂ / 2) (equation 2)."""
    return mu + xp.exp(0.5 * sigma_hat) * noise


def condition(xp: Any, weights: Mapping[str, Array], z: Array | None, labels: Array | None) -> Array | None:
    """Return v = [z, E[label]], the decoder's condition `[batch, condition size]`, or None without one.

    Args:
        xp: array namespace.
        weights: the model's tensors.
        z: latent vectors `[batch, z]`; None for a decoder-only model.
        labels: rows of the label table, integers `[batch]`, 0 for "any"; ignored by an unlabeled model.
    """
    if "classes.table" not in weights:
        return z
    word = xp.take(weights["classes.table"], labels, axis=0)
    return word if z is None else xp.concatenate([z, word], axis=-1)


def first_state(xp: Any, weights: Mapping[str, Array], v: Array, hparams: HParams) -> tuple[Array, Array]:
    """Return the decoder's initial state (h, c) = tanh(W v + b) (section 3.2)."""
    if hparams.squash_z:
        v = xp.tanh(v)
    state = xp.tanh(xp.matmul(v, weights["decoder.first_state.kernel"]) + weights["decoder.first_state.bias"])
    h, c = xp.split(state, 2, axis=-1)
    return h, c


def output_layer(xp: Any, weights: Mapping[str, Array], h: Array, hparams: HParams) -> mixtures.Mixture:
    """Return the distribution of the next row for decoder outputs `[..., units]` (equation 3)."""
    output = xp.matmul(h, weights["output.kernel"]) + weights["output.bias"]
    mixture = mixtures.split(xp, output, hparams.num_mixture)
    if (floor := hparams.log_sigma_floor) == NO_FLOOR:
        return mixture
    log_sigmas = (xp.maximum(log_sigma, floor) for log_sigma in (mixture.log_sigma_x, mixture.log_sigma_y))
    return mixture._replace(**dict(zip(("log_sigma_x", "log_sigma_y"), log_sigmas, strict=True)))


def reconstruction_terms(
    xp: Any, mixture: mixtures.Mixture, target: Array, floor: float | None = None
) -> tuple[Array, Array]:
    """Return −log p of the offsets and of the pens of target rows `[..., 5]`, each `[...]`, to be summed over time.

    Offsets count for real points only, pens for every row (equation 9) except rows of zeros. With `floor`, such as
    `LOG_DENSITY_FLOOR`, log p of an offset is at least that.
    """
    real = target[..., 2] + target[..., 3]
    log_density = mixtures.log_density(xp, mixture, target[..., :2])
    offset = -real * (log_density if floor is None else xp.maximum(log_density, floor))
    return offset, -mixtures.pen_log_likelihood(xp, mixture, target[..., 2:])


def kl_terms(xp: Any, mu: Array, sigma_hat: Array) -> Array:
    """Return each sketch's KL divergence from N(0, I) per latent unit, `[batch]` (equation 10)."""
    return -0.5 * xp.mean(1.0 + sigma_hat - mu**2 - xp.exp(sigma_hat), axis=-1)


def objective(xp: Any, losses: Losses, kl_weight: Array, kl_tolerance: float) -> Array:
    """Return L_R + w max(L_KL, tolerance) (equation 11 and section 3.3)."""
    return losses.reconstruction + kl_weight * xp.maximum(losses.kl, kl_tolerance)
