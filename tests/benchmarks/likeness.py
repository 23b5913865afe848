"""How like two sets of drawings are, by the judge's features: each function takes `[drawings, features]` arrays.

Fréchet distance: Heusel et al. 2017. Kernel distance (cubic kernel, unbiased): Binkowski et al. 2018. Precision and
recall by the k nearest neighbors: Kynkäänniemi et al. 2019. Coverage: Naeem et al. 2020.
"""

import numpy as np

NEIGHBORS = 5
SUBSETS, SUBSET = 50, 500
"""The kernel distance is a mean over so many random subsets of so many drawings."""


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Return |μa − μb|² + tr(Σa + Σb − 2 (Σa Σb)^½): the distance of two Gaussians fitted to the sets."""
    (mean_a, cov_a), (mean_b, cov_b) = ((x.mean(axis=0), np.cov(x, rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0.0)).sum()
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2.0 * cross)


def kernel_distance(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return the squared maximum mean discrepancy and its standard error over the subsets."""
    size = min(SUBSET, len(a), len(b))
    found = []
    for _ in range(SUBSETS):
        x, y = a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)]
        within = sum((k.sum() - np.trace(k)) / (size * (size - 1)) for k in (_cubic(x, x), _cubic(y, y)))
        found.append(within - 2.0 * _cubic(x, y).mean())
    return float(np.mean(found)), float(np.std(found) / np.sqrt(SUBSETS))


def _cubic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1.0) ** 3


def precision_recall_coverage(samples: np.ndarray, real: np.ndarray) -> tuple[float, float, float]:
    """Return three shares.

    Precision: samples that lie among the real ones (nearer to one of them than its k-th neighbor). Recall: real ones
    that lie among the samples. Coverage: real ones nearer than whose k-th neighbor a sample lies.
    """
    between = _distances(samples, real)
    around_real, around_samples = (np.sort(_distances(x, x), axis=1)[:, NEIGHBORS] for x in (real, samples))
    precision = (between < around_real).any(axis=1).mean()
    recall = (between < around_samples[:, None]).any(axis=0).mean()
    return float(precision), float(recall), float((between.min(axis=0) < around_real).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))
