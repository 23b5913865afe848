"""Some sketches of a data set, as a user names them: ``SET``, ``SET:SPLIT``, ``SET:SPLIT:A-B``."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import cache, names
from sketchrnn_cli.data.dataset import SPLITS
from sketchrnn_cli.errors import DataError


def select(text: str, data_dir: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a plain name, such as ``cat-train-0017``, and the stroke-3 sketch of each that is meant.

    Raises:
        DataError: no such data set, split or sketch.
    """
    name, split, wanted = _parts(text)
    dataset = cache.load(names.find(name, data_dir))
    for part in [split] if split else SPLITS:
        sketches = dataset.splits[part]
        first, last = _bounds(wanted, len(sketches), text) if wanted else (0, len(sketches) - 1)
        for number in range(first, last + 1):
            yield f"{dataset.name}-{part}-{number:04d}", sketches[number]


def _parts(text: str) -> tuple[str, str, str]:
    """Split from the right, since a path may hold colons."""
    for pattern in (rf"(.+):({'|'.join(SPLITS)}):([0-9-]+)", rf"(.+):({'|'.join(SPLITS)})()"):
        if found := re.fullmatch(pattern, text):
            return found[1], found[2], found[3]
    return text, "", ""


def _bounds(wanted: str, count: int, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", wanted)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < count:
        raise DataError(f"{text}: give A-B within 0-{count - 1}" if count else f"{text}: that split is empty")
    return first, last
