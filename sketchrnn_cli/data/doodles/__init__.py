"""Built-in data: procedural drawings of cats and guitars; no download needed."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

import numpy as np

from sketchrnn_cli.data.doodles.cat import cat
from sketchrnn_cli.data.doodles.guitar import guitar
from sketchrnn_cli.data.doodles.pen import Drawing, by_hand
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.strokes.prepare import CANVAS, to_sketch

_ARTISTS: dict[str, Callable[[np.random.Generator], Drawing]] = {"cat": cat, "guitar": guitar}

NAMES: tuple[str, ...] = tuple(_ARTISTS)

SPLITS = ("train", "valid", "test")

MIN_POINTS, MAX_POINTS = 25, 90
"""Of a doodle."""

TRAIN_PER_HELD_OUT = 28
"""Training doodles per validation and per test doodle, as in Quick, Draw!'s 70000/2500/2500."""


def doodle(name: str, rng: np.random.Generator) -> np.ndarray:
    """Draw one sketch, prepared as Quick, Draw! prepares its drawings.

    Returns:
        Stroke-3 float32 `[points, 3]` of `MIN_POINTS` to `MAX_POINTS` points, whole offsets, larger side 255.

    Raises:
        UsageError: unknown name.
    """
    if name not in _ARTISTS:
        close = get_close_matches(name, NAMES, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UsageError(f"no built-in doodle {name!r} (there are: {', '.join(NAMES)}){hint}")
    while True:
        drawing = by_hand(_ARTISTS[name](rng), rng, unsteadiness=rng.uniform(0.3, 1.0))
        sketch, _ = to_sketch(drawing, CANVAS)
        if MIN_POINTS <= len(sketch) <= MAX_POINTS:
            return sketch


def doodles(name: str, count: int, seed: int, splits: Sequence[str] = SPLITS) -> dict[str, list[np.ndarray]]:
    """Draw a data set: `count` training sketches, and validation and test in Quick, Draw!'s proportion.

    Every sketch has its own random stream, so a smaller set is a prefix of a larger one with the same seed.

    Returns:
        int16 `[points, 3]` arrays by split.

    Raises:
        UsageError: unknown name.
    """
    held_out = max(1, count // TRAIN_PER_HELD_OUT)
    return {
        split: [
            doodle(name, np.random.default_rng([seed, SPLITS.index(split), index])).astype(np.int16)
            for index in range(count if split == "train" else held_out)
        ]
        for split in splits
    }
