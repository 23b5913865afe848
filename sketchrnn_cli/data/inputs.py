"""Resolve INPUT, as typed by a user, to a sketch that a model can take.

An INPUT is a picture (SVG, or a scan), a stroke-3 `.npy` or `.json`, or one sketch of a data set: ``cat.npz:test:17``,
``cat:test:random``. Where a whole set is taken, each of its sketches is treated as it would be alone.
"""

import dataclasses
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli.data import cache, names
from sketchrnn_cli.data.dataset import SPLITS, Sketches, larger_sides, pack
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import nearest
from sketchrnn_cli.strokes.files import ARRAYS, read_sketches
from sketchrnn_cli.strokes.formats import ABSOLUTE, flipped, looks_absolute, to_polylines
from sketchrnn_cli.strokes.pictures import SUFFIXES as PICTURES
from sketchrnn_cli.strokes.pictures import read_picture
from sketchrnn_cli.strokes.prepare import AS_QUICK_DRAW, Preparation, shorten, simplified, to_sketch
from sketchrnn_cli.wording import counted

MANY = (".ndjson", ".jsonl", ".bin")
"""Suffixes of files that need a conversion."""

SCALE_WARNING_FACTOR = 4.0
"""Strokes that much larger or smaller than the model's drawings cause a warning."""
KEPT = "if it is of another scale, its z says little: --scale auto fits it, as a picture is fitted"
RESCALED = "fitted to that"
NAMED = 20
"""Sketches of a set that a message names at most."""


@dataclass(frozen=True)
class Input:
    """A drawing as it enters a model."""

    sketch: np.ndarray
    """Stroke-3 `[points, 3]` in data units, of at most the model's N_max points."""
    notes: tuple[str, ...]
    """What the user should know about how it was read."""


def read_input(
    text: str,
    data_dir: Path,
    canvas_size: float,
    max_points: int,
    rng: np.random.Generator,
    how: Preparation = AS_QUICK_DRAW,
    fraction: float | None = None,
) -> Input:
    """Read one INPUT.

    A picture is scaled to the size of the model's drawings. Strokes are in data units already and stay unchanged,
    except that a sketch of too many points is simplified until it fits.

    Args:
        text: as typed by the user.
        data_dir: where data sets are looked up.
        canvas_size: larger side to which a picture is scaled, in data units.
        max_points: the model's N_max.
        rng: for ``random``.
        how: preparation of pictures; `flip_y` applies to strokes, too, and `max_points` is ignored.
        fraction: larger side as a fraction of `canvas_size`; None means 1 for a picture, and the own size for strokes.

    Raises:
        DataError: missing, damaged, or too complex for the model.
    """
    path, doubts = Path(text), tuple[str, ...]()
    if path.suffix.lower() in PICTURES:
        strokes, notes = read_picture(path, how)
        with _naming(text):
            sketch, used = to_sketch(strokes, canvas_size * (fraction or 1.0), how.epsilon, max_points)
        sketch = flipped(sketch) if how.flip_y else sketch
        return Input(sketch, notes + ((simplified(text, sketch, used),) if used > how.epsilon else ()))
    if path.suffix.lower() in ARRAYS:
        found = read_sketches(path)
        if len(found) != 1:
            raise DataError(f"{path}: holds {len(found)} sketches where one is needed")
        sketch = found[0]
        doubts = (f"{path}: {ABSOLUTE}",) if looks_absolute(sketch) else doubts
    else:
        sketch = _of_a_set(text, data_dir, rng)
    sketch = flipped(sketch) if how.flip_y else sketch
    side = float(np.ptp(np.concatenate(to_polylines(sketch)), axis=0).max())
    if fraction is not None and side > 0:
        sketch = _enlarged(sketch, canvas_size * fraction / side)
    elif not _suits(side, canvas_size):
        rescaled = how.rescale and side > 0
        sketch = _enlarged(sketch, canvas_size / side) if rescaled else sketch
        advice = RESCALED if rescaled else KEPT
        doubts += (f"{text}: {side:.3g} data units large, where the model's drawings are {canvas_size:g}; {advice}",)
    with _naming(text):
        fitted, used = shorten(sketch, max_points)
    return Input(fitted, (*doubts, *((simplified(text, fitted, used),) if len(fitted) < len(sketch) else ())))


def read_set(
    name: str, sketches: Sketches, canvas_size: float, max_points: int, how: Preparation = AS_QUICK_DRAW
) -> tuple[Sketches, tuple[str, ...]]:
    """Prepare all sketches of a split as `read_input` would each alone, in their order.

    Args:
        name: ``DATASET:SPLIT``, for messages.
        sketches: the split.
        canvas_size: larger side of the model's drawings, in data units.
        max_points: the model's N_max.
        how: `flip_y` and `rescale` apply.

    Returns:
        The sketches, and what the user should know, in a line for each matter.

    Raises:
        DataError: there is none, or one has too many strokes for the model.
    """
    if not len(sketches):
        raise DataError(f"{name}: no sketches; --split chooses another split")
    sides, notes = larger_sides(sketches), []
    strange, long = np.flatnonzero(~_suits(sides, canvas_size)), np.flatnonzero(sketches.lengths > max_points)
    if len(strange):
        notes.append(
            f"{name}: {_some(strange, len(sketches))} much larger or smaller than the model's drawings "
            f"({canvas_size:g} data units); {RESCALED if how.rescale else KEPT}"
        )
    if len(long):
        notes.append(f"{name}: {_some(long, len(sketches))} simplified to the model's {max_points} points")
    if how.flip_y:
        sketches = dataclasses.replace(sketches, points=flipped(sketches.points))
    if not len(long) and not (how.rescale and len(strange)):
        return sketches, tuple(notes)
    (each,) = sketches.blocks(len(sketches))
    for number in strange if how.rescale else ():
        each[number] = _enlarged(each[number], canvas_size / sides[number] if sides[number] else 1.0)
    for number in long:
        with _naming(f"{name}:{number}"):
            each[number], _ = shorten(each[number], max_points)
    return pack(each, name), tuple(notes)


def _suits(side: Any, canvas_size: float) -> Any:
    """Return whether larger sides are near enough to the model's drawings."""
    return (side >= canvas_size / SCALE_WARNING_FACTOR) & (side <= canvas_size * SCALE_WARNING_FACTOR)


def _enlarged(sketch: np.ndarray, factor: float) -> np.ndarray:
    return sketch * np.array([factor, factor, 1.0], dtype=np.float32)


def _some(which: np.ndarray, total: int) -> str:
    """Return how many of the sketches of a set are meant, and the first of them."""
    named = ", ".join(map(str, which[:NAMED])) + (", ..." if len(which) > NAMED else "")
    return f"{len(which)} of {counted(total, 'sketch')} ({named})"


def names_one(text: str) -> bool:
    """Return whether an INPUT names one drawing, existing or not, rather than a whole data set."""
    suffix = Path(text).suffix.lower()
    of_a_set = text.count(":") >= 2 and suffix not in (*MANY, ".npz") and not os.path.exists(text)
    return of_a_set or suffix in (*PICTURES, *ARRAYS)


def is_written_as_one(text: str) -> bool:
    """Return whether a word has the form of an INPUT, valid or not: a file name, or ``a:b:c``."""
    return Path(text).suffix.lower() in (*PICTURES, *ARRAYS, *MANY, ".npz") or text.count(":") >= 2


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Prefix a `DataError` with the INPUT that caused it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _of_a_set(text: str, data_dir: Path, rng: np.random.Generator) -> np.ndarray:
    """Return the sketch named by ``DATASET:SPLIT:INDEX``, parsed from the right: a path may contain colons."""
    parts = text.rsplit(":", 2)
    if Path(text).suffix.lower() in MANY:
        raise DataError(
            f"{text}: a file of many drawings; type: sketchrnn dataset convert {text} --out {Path(text).stem}.npz, "
            f"then name one of them: {Path(text).stem}.npz:train:0"
        )
    if Path(text).suffix.lower() == ".npz":
        raise DataError(f"{text}: a data set; name one of its sketches: {text}:train:0, or {text}:test:random")
    if len(parts) == 3 and parts[1] not in SPLITS:
        raise DataError(f"{text}: no split {parts[1]!r}{nearest(parts[1], SPLITS)} (there are: {', '.join(SPLITS)})")
    if len(parts) != 3:
        raise DataError(
            f"{text or repr(text)}: expected an .svg, .png, .jpg, .npy or .json file, or a sketch of a data set such "
            "as cat.npz:test:17"
        )
    name, split, place = parts
    sketches = cache.load(names.find(name, data_dir)).splits[split]
    if place == "random" and len(sketches):
        return sketches[int(rng.integers(len(sketches)))]
    if not re.fullmatch("[0-9]{1,9}", place) or int(place) >= len(sketches):
        choice = f"give 0 to {len(sketches) - 1}, or random" if len(sketches) else "choose another split"
        raise DataError(f"{text}: {split} has {counted(len(sketches), 'sketch')}; {choice}")
    return sketches[int(place)]
