"""How far drawings are apart, by plain geometry."""

from collections.abc import Sequence

import numpy as np


def farthest(points: np.ndarray, polylines: Sequence[np.ndarray]) -> float:
    """Return the largest distance of `points` `[n, 2]` from the nearest place on any of `polylines`."""
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in polylines])
    moves = np.concatenate([np.diff(line, axis=0) if len(line) > 1 else line * 0 for line in polylines])
    squared = np.maximum((moves**2).sum(axis=1), 1e-30)
    worst = 0.0
    for point in points:
        share = (((point - starts) * moves).sum(axis=1) / squared).clip(0, 1)[:, None]
        worst = max(worst, np.hypot(*(point - starts - share * moves).T).min())
    return float(worst)


def apart(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """Return the largest distance of a point of either drawing from the other's lines."""
    return max(farthest(np.concatenate(one), other), farthest(np.concatenate(other), one))
