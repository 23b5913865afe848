"""Sizes of the kernels, and the orders in which they read weights, rows and masks."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

Array = Any
ROWS = 8
"""Rows of the batch in a cluster: N of the matmul."""
BLOCK_UNITS = 64
"""Units of a block."""
WARPS = 8
"""Warps of a block, 8 units each."""
THREADS = 256
FEATURES = 5
"""Numbers of an input row."""
FRAGMENT = 512
"""Bytes of a fragment: 16 in each of 32 lanes."""
COLUMNS = 8
"""Numbers of a row for its kernel's gradient: N of that matmul, zeros behind the five."""
ROW_BYTES = COLUMNS * ROWS * 2
"""Bytes of a cluster's rows at one step, for that gradient."""
SHARED_LIMIT = 227 * 1024
"""Bytes of shared memory that a block can have."""
STAGES = 4
"""Steps in the backward pass' ring of prefetched residuals."""
UNITS = (128, 256, 384, 512)
"""Sizes with a layout: whole tiles for each warp on both ways, a cluster of at most 8 blocks, weights that fit."""


@dataclass(frozen=True)
class Problem:
    """What a kernel is compiled for."""

    time: int
    directions: int
    batch: int
    units: int
    factors: str
    """f16 or bf16: what is multiplied, named as PTX names it."""
    keep: float | None
    """Probability of keeping a candidate; None without dropout."""

    @property
    def blocks(self) -> int:
        """Blocks of a cluster."""
        return self.units // BLOCK_UNITS

    @property
    def tiles(self) -> int:
        """Clusters of a direction."""
        return -(-self.batch // ROWS)

    @property
    def grid(self) -> int:
        """Blocks of the whole grid."""
        return self.blocks * self.directions * self.tiles

    @property
    def dtype(self) -> Any:
        """The factors' type."""
        return jnp.float16 if self.factors == "f16" else jnp.bfloat16

    @property
    def fragments(self) -> int:
        """Fragments of the recurrent kernel in a warp, forward as backward."""
        return self.units // 8

    @property
    def mask_bytes(self) -> int:
        """Bytes of a block's mask, all steps."""
        return 0 if self.keep is None else self.time * WARPS * ROWS


def shared_every(problem: Problem, backward: bool) -> int:
    """Return how many fragments have one that waits in shared memory, not in registers; 0: none does."""
    if problem.units < 512:
        return 0
    return 3 if backward else 4


def fragment_bytes(problem: Problem, backward: bool) -> int:
    """Return the bytes of a block's fragments that wait in shared memory."""
    every = shared_every(problem, backward)
    return WARPS * (problem.fragments // every if every else 0) * FRAGMENT


def regions(sizes: dict[str, int]) -> tuple[dict[str, int], int]:
    """Return the offset of each region of shared memory, and the bytes of all."""
    offsets, total = {}, 0
    for name, size in sizes.items():
        offsets[name] = total
        total += size + -size % 128
    return offsets, total


def forward_regions(problem: Problem) -> tuple[dict[str, int], int]:
    """Return where the forward kernel keeps what in shared memory, and the bytes of all."""
    return regions(
        {
            "barriers": 16,
            "h": 2 * problem.units * ROWS * 2,
            "kernel": FEATURES * BLOCK_UNITS * 4 * 4,
            "constant": THREADS * 2 * 16,
            "fragments": fragment_bytes(problem, backward=False),
            "rows": problem.time * FEATURES * ROWS * 4,
            "mask": problem.mask_bytes,
        }
    )


def backward_regions(problem: Problem) -> tuple[dict[str, int], int]:
    """Return where the backward kernel keeps what in shared memory, and the bytes of all."""
    return regions(
        {
            "barriers": 16,
            "partial": 2 * problem.blocks * BLOCK_UNITS * ROWS * 4,
            "d_gates": 2 * WARPS * FRAGMENT,
            "gates": STAGES * THREADS * 16,
            "states": STAGES * THREADS * 16,
            "fragments": fragment_bytes(problem, backward=True),
            "rows": problem.time * ROW_BYTES,
            "mask": problem.mask_bytes,
        }
    )


def fits(problem: Problem) -> bool:
    """Return whether units and time have room on a chip."""
    if problem.units not in UNITS:
        return False
    return max(forward_regions(problem)[1], backward_regions(problem)[1]) <= SHARED_LIMIT


def h_offset(block_of_8: Any, row: Any) -> Any:
    """Return where in the h buffer, in bytes, 8 units of a row of the batch lie; `block_of_8` counts by 8 units."""
    return (block_of_8 >> 2) * 512 + row * 64 + (block_of_8 & 3) * 16


def forward_fragments(recurrent: Array, blocks: int) -> Array:
    """Return kernels `[directions, units, 4 * units]` as the forward kernel's fragments.

    The order is [direction, block, warp, 32 units of k, k tile of these, gate tile, u, q, half of k, half of the gate
    tile, 2 units of k]: lane 4u + q holds the last eight. Of the 16 units of a k tile, lane q holds four neighbors, as
    it reads them from the h buffer; which unit is which k is free, as long as both operands agree.
    """
    directions, units, _ = recurrent.shape
    split = recurrent.reshape(directions, units // 32, 4, 2, 2, 2, 2, 2, blocks, WARPS, 8)
    # From direction, 32 units, q, k tile, half of k, pair | gate tile, half of the gate tile, block, warp, u.
    return split.transpose(0, 8, 9, 1, 3, 6, 10, 2, 4, 7, 5)


def backward_fragments(recurrent: Array, blocks: int) -> Array:
    """Return kernels `[directions, units, 4 * units]` as the backward kernel's fragments.

    The order is [direction, block, warp, warp whose gates are multiplied, pair of gates, tile of 16 units, u, q,
    gate of the pair, half of the tile, 2 units]. The block owns the gates; the warp, the units that it makes gradients
    for.
    """
    directions, units, _ = recurrent.shape
    split = recurrent.reshape(directions, WARPS, units // 128, 2, 8, 2, 2, blocks, WARPS, 4, 2)
    # From direction, warp, tile, half of the tile, u | pair of gates, gate of the pair, block, other warp, q, pair.
    return split.transpose(0, 7, 1, 8, 5, 2, 4, 9, 6, 3, 10)


def cluster_rows(rows: Array) -> Array:
    """Return rows `[time, directions, batch, n]` as each cluster reads them, `[clusters, time, n * 8]`."""
    time, directions, _, features = rows.shape
    padded = _whole_tiles(rows).reshape(time, directions, -1, ROWS, features)
    return padded.transpose(1, 2, 0, 4, 3).reshape(-1, time, features * ROWS)


def gradient_rows(rows: Array, dtype: Any) -> Array:
    """Return rows as each cluster reads them for their kernel's gradient, `[clusters, time, 8 numbers * 8 rows]`."""
    wide = jnp.pad(rows.astype(dtype), [(0, 0), (0, 0), (0, 0), (0, COLUMNS - rows.shape[-1])])
    return cluster_rows(wide)


def cluster_mask(kept: Array) -> Array:
    """Return kept entries, bool `[time, directions, batch, units]`, as bits.

    Their order is `[clusters, blocks, time, 8 warps * 8 rows]`. A byte holds the 8 units of a warp.
    """
    time, directions, batch, units = kept.shape
    bits = kept.reshape(time, directions, batch, units // 8, 8).astype(jnp.uint8) << jnp.arange(8, dtype=jnp.uint8)
    padded = _whole_tiles(bits.sum(axis=-1, dtype=jnp.uint8))
    split = padded.reshape(time, directions, -1, ROWS, units // BLOCK_UNITS, WARPS)
    return split.transpose(1, 2, 4, 0, 5, 3).reshape(-1, units // BLOCK_UNITS, time, WARPS * ROWS)


def _whole_tiles(x: Array) -> Array:
    """Pad a batch, the third axis, to whole tiles of 8 rows."""
    return jnp.pad(x, [(0, 0), (0, 0), (0, -x.shape[2] % ROWS), (0, 0)])
