"""The noise of augmentation, once, for any array namespace `xp`: a hash of (seed, epoch, sketch, place)."""

from typing import Any

import numpy as np

Array = Any
STREAM = 2
"""Sets this noise apart from other draws of the same seed."""


def epoch_key(seed: int, epoch: int) -> np.ndarray:
    """Return the two words of 32 bits that an epoch's noise begins with."""
    return np.random.SeedSequence([seed, STREAM, epoch]).generate_state(2)


def uniform(xp: Any, key: Array, sketches: Array, places: Array) -> Array:
    """Return float32 numbers in [0, 1), `[batch, places]`.

    Args:
        xp: array namespace.
        key: from `epoch_key`.
        sketches: number of each sketch in its corpus, `[batch]`.
        places: numbers that tell the draws of a sketch apart, `[places]`.
    """
    sketch = _mixed(xp, _mixed(xp, sketches.astype(xp.uint32) ^ key[0]) + key[1])
    # An odd step between neighbors (2^32 over the golden ratio), then the avalanche: SplitMix, with 32 bits.
    bits = _mixed(xp, sketch[:, None] + (places.astype(xp.uint32) + np.uint32(1)) * np.uint32(0x9E3779B9))
    return (bits >> np.uint32(8)).astype(xp.float32) * np.float32(2.0**-24)


def _mixed(xp: Any, x: Array) -> Array:
    """Return words of 32 bits in which every bit depends on every bit of `x` (the finalizer of MurmurHash3)."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))
