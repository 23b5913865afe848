"""How large is a beginning meant, and what is it the beginning of?

Neither the size of a beginning nor the z it belongs to is known, and both matter: at face value, a face lands beside
the head it belongs to. So a scale and a z are guessed several times over; each guess is scored by how well the model
would have foretold the strokes, and a few of them, drawn by lot in proportion, go on. The studio's page does the same.
"""

from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.model.inference import Drawer

SCALES = (1.0, 1.25, 0.85, 1.55, 1.95, 2.4)
"""A beginning drawn at half its size is read at twice that; rarely is one drawn too large."""
GUESSES = 24
"""Guesses in a round, dealt round the scales."""
ENDINGS = 6
"""Guesses of a round that go on."""


@dataclass(frozen=True)
class Guesses:
    """What was taken of a beginning."""

    scales: np.ndarray
    """By what the beginning's offsets are multiplied, `[count]`."""
    z: np.ndarray | None
    """`[count, z_size]`; None for a decoder-only model."""
    scores: np.ndarray
    """`[count]`, descending within a round."""


def guess(
    drawer: Drawer, given: np.ndarray, count: int, seed: int, scales: tuple[float, ...] = SCALES, label: int = 0
) -> Guesses:
    """Take `count` guesses at a beginning, in rounds of `ENDINGS`: more of them change none of the first.

    The guess at face value (scale 1, z = μ) is in every round.

    Args:
        drawer: the model.
        given: the beginning, stroke-3 `[points, 3]` in model units.
        count: how many.
        seed: of the lots.
        scales: what is guessed, face value first; 1 alone where the size is known.
        label: row of the word that it is of; 0 for "any".
    """
    rounds = [
        _round(drawer, given, np.random.default_rng([seed, i, 2]), scales, label) for i in range(-(-count // ENDINGS))
    ]
    z = None if rounds[0].z is None else np.concatenate([found.z for found in rounds if found.z is not None])[:count]
    taken, scores = (
        np.concatenate([getattr(found, name) for found in rounds])[:count] for name in ("scales", "scores")
    )
    return Guesses(taken, z, scores)


def _round(
    drawer: Drawer, given: np.ndarray, rng: np.random.Generator, scales: tuple[float, ...], label: int
) -> Guesses:
    points = len(given)
    dealt = np.resize(scales, GUESSES).astype(np.float32)
    scaled = given * np.stack([dealt, dealt, np.ones_like(dealt)], axis=1)[:, None]
    z = None
    if drawer.hparams.conditional:
        mu, sigma = (np.resize(code, (GUESSES, code.shape[1])) for code in drawer.encode(list(scaled[: len(scales)])))
        z = _latents(mu, sigma, rng.standard_normal((GUESSES, mu.shape[1])), np.arange(GUESSES) // len(SCALES))
    log_scale = np.log(dealt)
    # A density of scaled offsets is one of the offsets times s^2 a row.
    total = drawer.log_likelihood(z, scaled, np.full(GUESSES, label, dtype=np.int32)) + 2 * points * log_scale
    # The likelihood is far too sure of itself: tempered.
    scores = total / (12 + 0.6 * points) - 2 * log_scale**2
    # The best of scores with Gumbel noise are a draw without replacement, in proportion to e^score.
    lots = scores + rng.gumbel(size=GUESSES)
    lots[0] = np.inf
    kept = np.argsort(-lots)[:ENDINGS]
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    return Guesses(dealt[kept], None if z is None else z[kept], scores[kept])


def _latents(mu: np.ndarray, sigma: np.ndarray, noise: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return z of each guess, by its kind: μ; μ + σ ε; 0.6 μ + 0.8 ε; ε."""
    kinds = [mu, mu + sigma * noise, 0.6 * mu + 0.8 * noise, noise]
    return np.choose(kind[:, None], kinds).astype(np.float32)
