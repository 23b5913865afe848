"""The aggregate posterior of a VAE: where its encoder puts the drawings it was trained on.

New drawings begin with z from N(0, I) in the paper. An encoder that uses part of its freedom puts drawings elsewhere,
and what lies between decodes to nothing in particular. A Gaussian for each group of drawings, fitted to where they
lie, draws what was learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHRINKAGE = 0.02
"""Share of the covariance that is replaced by its diagonal: a few hundred drawings say little of 128² numbers."""


SPREAD = 0.75
"""Factor on the standard deviations when new drawings begin: by eye, what lies farther out is less often whole."""


@dataclass(frozen=True)
class Aggregate:
    """Gaussians, one for each group of drawings, all as likely."""

    mean: np.ndarray
    """`[groups, z]`."""
    factor: np.ndarray
    """Lower triangular `[groups, z, z]`: the covariance is factor factorᵀ."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return one z, float32 `[z]`, for a new drawing."""
        group = int(rng.integers(len(self.mean)))
        return (self.mean[group] + SPREAD * self.factor[group] @ rng.standard_normal(self.mean.shape[1])).astype(
            np.float32
        )


def fit(mu: np.ndarray, sigma: np.ndarray, groups: Sequence[int] | np.ndarray) -> Aggregate:
    """Fit a Gaussian to the posteriors N(μ, σ²) of each group.

    The covariance of their mixture is that of the means plus the mean of the variances.

    Args:
        mu: `[drawings, z]`.
        sigma: `[drawings, z]`.
        groups: of each drawing, 0 to the number of groups − 1.
    """
    means, factors = [], []
    for group in range(int(np.max(groups)) + 1):
        own = np.asarray(groups) == group
        centred = (mu[own] - mu[own].mean(axis=0)).astype(np.float64)
        covariance = centred.T @ centred / max(1, own.sum() - 1)
        covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance))
        covariance += np.diag((sigma[own].astype(np.float64) ** 2).mean(axis=0))
        means.append(mu[own].mean(axis=0))
        factors.append(np.linalg.cholesky(covariance))
    return Aggregate(np.array(means, np.float32), np.array(factors, np.float32))
