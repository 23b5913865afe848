"""Statistics of a data set, to check before training on it."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from sketchrnn_cli.data.dataset import DataSet, Sketches, canvas_size, longest, scale_factor
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import LIMIT

PERCENTILES = (5, 25, 50, 75, 95, 99)
LIMITS = (50, 100, 125, 150, 200, 250)
"""Values of max_seq_len for which dropped sketches are counted."""

BINS = 12

MAX_SCALE_RATIO = 10.0
"""Warn if the scale factors of two data sets differ by more."""


def inspect(dataset: DataSet) -> dict[str, Any]:
    """Return statistics of a data set, ready for JSON."""
    lengths = np.concatenate([split.lengths for split in dataset.splits.values()])
    counts, edges = np.histogram(lengths, bins=BINS)
    digests = {name: _digests(split) for name, split in dataset.splits.items()}
    return {
        "name": dataset.name,
        "path": str(dataset.path),
        "provenance": dataset.provenance,
        "sha256": dataset.sha256,
        "dtype": dataset.stored,
        "sketches": {name: len(split) for name, split in dataset.splits.items()},
        "scale_factor": scale_factor([dataset]),
        "max_seq_len": longest([dataset]),
        "canvas_size": canvas_size([dataset]),
        "lengths": {
            "min": int(lengths.min()),
            "mean": round(float(lengths.mean()), 2),
            "max": int(lengths.max()),
            "percentiles": {str(p): int(np.percentile(lengths, p)) for p in PERCENTILES},
            "histogram": {"counts": counts.tolist(), "edges": [round(float(edge), 1) for edge in edges]},
        },
        "dropped_by_max_seq_len": {str(limit): int((lengths > limit).sum()) for limit in LIMITS},
        "duplicates": {
            "within_splits": sum(len(found) - len(set(found)) for found in digests.values()),
            "across_splits": sum(len(set(found)) for found in digests.values()) - len(set().union(*digests.values())),
        },
        "untidy": _untidy(dataset),
    }


def compare(statistics: Sequence[dict[str, Any]]) -> list[str]:
    """Return warnings about training on several data sets together, given `inspect` of each."""
    warnings = []
    for index, one in enumerate(statistics):
        for other in statistics[:index]:
            if one["sha256"] == other["sha256"]:
                warnings.append(f"{other['path']} and {one['path']} are the same data, which then counts twice")
            small, large = sorted((one, other), key=lambda each: each["scale_factor"])
            ratio = large["scale_factor"] / small["scale_factor"]
            if ratio >= MAX_SCALE_RATIO:
                warnings.append(
                    f"the offsets of {large['path']} are {ratio:.0f} times as large as those of {small['path']}, "
                    "but a model scales both alike; convert one of them again"
                )
    return warnings


def _digests(split: Sketches) -> list[bytes]:
    """Return a short digest of each sketch's points."""
    points = split.points.astype(np.float32)
    blob, ends = points.tobytes(), split.offsets * points.strides[0]
    return [hashlib.blake2b(blob[a:b], digest_size=16).digest() for a, b in pairwise(ends)]


def _untidy(dataset: DataSet) -> dict[str, int]:
    """Count what is unusual but valid; training uses it unchanged.

    `at_the_limit` counts offsets clipped to ± `LIMIT`, here or when the file was made.
    """
    counts = {
        "zero_moves": 0,
        "first_row_lifts": 0,
        "last_row_does_not_lift": 0,
        "under_three_points": 0,
        "at_the_limit": 0,
    }
    for split in dataset.splits.values():
        if not len(split):
            continue
        counts["zero_moves"] += int((split.points[:, :2] == 0).all(axis=1).sum())
        counts["first_row_lifts"] += int((split.points[split.offsets[:-1], 2] == 1).sum())
        counts["last_row_does_not_lift"] += int((split.points[split.offsets[1:] - 1, 2] == 0).sum())
        counts["at_the_limit"] += int((np.abs(split.points[:, :2]) >= LIMIT).sum())
        counts["under_three_points"] += int((split.lengths < 3).sum())
    return counts


def choose(split: Sketches, wanted: int | Sequence[int], seed: int) -> list[int]:
    """Return the indices asked for, or of N random sketches in order.

    Raises:
        DataError: an index out of range, or an empty split.
    """
    if isinstance(wanted, int):
        if not len(split):
            raise DataError("this split is empty; choose another")
        rng = np.random.default_rng(seed)
        return sorted(rng.choice(len(split), min(wanted, len(split)), replace=False).tolist())
    for index in wanted:
        if not 0 <= index < len(split):
            raise DataError(f"no sketch {index}: this split has {len(split)}, counted from 0")
    return list(wanted)
