"""Is a drawing a copy of another? The cosine of two blurred pictures says how nearly two drawings cover each other."""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.drawing.bitmaps import SIDE, bitmaps, greys

COPY = 0.88
"""Cosine from which on a drawing is near another: of real ones, a tenth are so near one of a few hundred at most."""
BLUR = 4
"""Pixels of `bitmaps` that one of the blurred picture stands for."""


def blurred(sketches: Sequence[np.ndarray]) -> np.ndarray:
    """Return unit vectors `[sketches, 1024]`: pictures of 32 × 32 pixels blurred by a Gaussian of 1 pixel."""
    side = SIDE // BLUR
    small = greys(bitmaps(sketches)).reshape(len(sketches), side, 2, side, 2).mean(axis=(2, 4))
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    for axis in (1, 2):
        padded = np.pad(small, [(3, 3) if axis == other else (0, 0) for other in range(3)])
        shifted = (np.take(padded, range(shift, shift + side), axis=axis) for shift in range(len(weights)))
        small = sum(weight * part for weight, part in zip(weights, shifted, strict=True))
    flat = small.reshape(len(sketches), -1)
    return (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def nearest(blurs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the cosine of each blurred picture with the nearest of the others."""
    return (blurs @ others.T).max(axis=1)


def copies(drawn: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> np.ndarray:
    """Return whether each stroke-3 drawing is near one of the others, or its mirror image, bool `[drawn]`."""
    side = SIDE // BLUR
    blurs, known = blurred(drawn), blurred(others)
    mirrored = blurs.reshape(-1, side, side)[:, :, ::-1].reshape(len(blurs), -1)
    return np.maximum(nearest(blurs, known), nearest(mirrored, known)) > COPY
