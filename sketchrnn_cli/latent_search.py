"""Find the z whose drawing comes nearest to a given one; the encoder's μ is where the search begins.

An encoder learns one pass for every drawing, beside a decoder that in training always sees the true points before the
next. What the decoder draws from μ alone therefore drifts away from the drawing. Trying z around μ and keeping
the best closes much of that gap (the amortization gap of Cremer, Li & Duvenaud 2018), without a gradient.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.drawing.chamfer import chamfer, cloud
from sketchrnn_cli.model.inference import CHUNK
from sketchrnn_cli.sketching import Sketcher

WIDEST, NARROWEST, NARROWING = 1.0, 0.4, 0.85
"""Deviation of the first round's candidates and of the last ones', in σ of the posterior, and the factor per round."""
TRIES = 16
"""Candidates by default: two rounds."""
STREAM = 2
"""Number of the random stream, beside those of z and of the points."""


def latents(
    sketcher: Sketcher, sketches: Sequence[np.ndarray], tries: int, temperature: float, seed: int, sample: bool = False
) -> np.ndarray:
    """Return z of each sketch, float32 `[sketches, z_size]`: `nearest_latents`, or with `sample` a sample of N(μ, σ).

    Sketch i is sampled from the stream of (seed, i), whatever `tries` and `temperature`.

    Raises:
        CheckpointError, UsageError: as `Sketcher.encode`.
    """
    if not sample:
        return nearest_latents(sketcher, sketches, tries, temperature, seed)
    mu, sigma = sketcher.encode(sketches)
    return mu + sigma * sketcher.random_latents(len(mu), seed)


def nearest_latents(
    sketcher: Sketcher, sketches: Sequence[np.ndarray], tries: int, temperature: float, seed: int
) -> np.ndarray:
    """Return for each sketch the z, of μ and `tries` others, from which the decoder draws it most nearly.

    Each round draws `CHUNK` candidates around the best z so far. Nearness is the Chamfer distance (`drawing.chamfer`).
    Every sketch is searched with the same random numbers, so that it alone decides what is found.

    Args:
        sketcher: a conditional model.
        sketches: stroke-3, in data units.
        tries: 0 for μ itself.
        temperature: τ that z will be decoded at.
        seed: of the search, and that z will be decoded with, from stream 0.

    Returns:
        z, float32 `[sketches, z_size]`.

    Raises:
        CheckpointError, UsageError: as `Sketcher.encode`.
    """
    best, sigma = sketcher.encode(sketches)
    if not tries:
        return best
    targets, rng = [cloud(sketch) for sketch in sketches], np.random.default_rng([seed, 0, STREAM])
    distance = _distances(sketcher, best[:, None], targets, temperature, seed)[:, 0]
    for number, first in enumerate(range(0, tries, CHUNK)):
        width, count = max(NARROWEST, WIDEST * NARROWING**number), min(CHUNK, tries - first)
        noise = rng.standard_normal((count, best.shape[1]), dtype=np.float32)
        candidates = best[:, None] + np.float32(width) * sigma[:, None] * noise
        distances = _distances(sketcher, candidates, targets, temperature, seed)
        for i, nearest in enumerate(distances.argmin(axis=1)):
            if distances[i, nearest] < distance[i]:
                distance[i], best[i] = distances[i, nearest], candidates[i, nearest]
    return best


def _distances(
    sketcher: Sketcher, z: np.ndarray, targets: Sequence[np.ndarray], temperature: float, seed: int
) -> np.ndarray:
    """Return how far each candidate z `[sketches, candidates, z_size]` draws from its target."""
    count = z.shape[1]
    flat = z.reshape(-1, z.shape[2])
    drawn = sketcher.draw(flat, len(flat), temperature, seed, streams=[0] * len(flat))
    found = [chamfer(cloud(sketch), targets[number // count]) for number, sketch in enumerate(drawn)]
    return np.array(found).reshape(z.shape[:2])
