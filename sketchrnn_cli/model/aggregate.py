"""The aggregate posterior of a VAE: where its encoder puts the drawings it was trained on.

New drawings begin with z from N(0, I) in the paper. An encoder that uses its freedom puts drawings elsewhere, and what
lies between decodes to nothing in particular; a Gaussian fitted to all of them draws heaps of lines as well, the more
so the more z says of a drawing. Between a drawing and another near it in z lies a drawing like both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEAREST = 10
"""Among how many of its nearest a drawing's partner is chosen."""
BETWEEN = (0.3, 0.7)
"""How far from the drawing towards its partner z lies, uniform: neither is drawn again."""
NOISE = 0.5
"""Factor on the posterior's standard deviations that is added."""
MOST = 2_000
"""Drawings of a group that are kept, evenly spaced."""


@dataclass(frozen=True)
class Aggregate:
    """Posterior means of drawings, in groups (words), all groups as likely."""

    means: np.ndarray
    """float32 `[drawings, z]`, one group after another."""
    counts: tuple[int, ...]
    """Drawings of each group."""
    sigma: np.ndarray
    """float32 `[z]`: root of the mean of the posteriors' variances."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return one z, float32 `[z]`, for a new drawing."""
        group = int(rng.integers(len(self.counts)))
        first = sum(self.counts[:group])
        own = self.means[first : first + self.counts[group]]
        place, rank, share = int(rng.integers(len(own))), int(rng.integers(NEAREST)), rng.uniform(*BETWEEN)
        distances = ((own - own[place]) ** 2).sum(axis=1)
        distances[place] = np.inf
        near = np.argsort(distances, kind="stable")
        partner = near[min(rank, max(0, len(own) - 2))]
        z = (1.0 - share) * own[place] + share * own[partner]
        return (z + NOISE * self.sigma * rng.standard_normal(len(z))).astype(np.float32)


def fit(mu: np.ndarray, sigma: np.ndarray, groups: Sequence[int] | np.ndarray) -> Aggregate:
    """Keep the posteriors N(μ, σ²) of drawings, `MOST` of each group.

    Args:
        mu: `[drawings, z]`.
        sigma: `[drawings, z]`.
        groups: of each drawing, 0 to the number of groups − 1.
    """
    chosen = []
    for group in range(int(np.max(groups)) + 1):
        own = np.flatnonzero(np.asarray(groups) == group)
        chosen.append(own[np.unique(np.linspace(0, len(own) - 1, min(len(own), MOST)).astype(int))])
    root = np.sqrt((sigma.astype(np.float64) ** 2).mean(axis=0))
    return Aggregate(
        np.asarray(mu[np.concatenate(chosen)], np.float32), tuple(len(own) for own in chosen), root.astype(np.float32)
    )
