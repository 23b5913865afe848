"""What the words of a drawing command mean: a model, which may be left out, and drawings."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from sketchrnn_cli import console
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError

PLACEHOLDER = "ckpt"
"""What help and papers write where a model's name stands; it means the default model where none is called so."""


def model_and_drawings(
    words: Sequence[str], checkpoint_dir: Path, counts: Collection[int] = (), sets: Path | None = None
) -> tuple[str | None, list[str]]:
    """Return the model and the drawings that `words` name.

    The first word is the model where it names one and no file of drawings; else no model is named, or the one other
    word that is no drawing names it.

    Args:
        words: as typed.
        checkpoint_dir: where models are looked up.
        counts: how many drawings there may be; any number from one on where none are given.
        sets: where data sets are looked up, for a command that takes them as drawings.

    Returns:
        CKPT, or None for the default model; and the drawings.

    Raises:
        CheckpointError: the first word is neither a model nor a drawing.
        UsageError: more or fewer drawings.
    """
    ckpt, inputs = _parted(list(words), checkpoint_dir, sets)
    if len(inputs) not in counts if counts else not inputs:
        of = f" beside the model {ckpt!r}" if ckpt else ""
        wanted = " or ".join(map(str, counts)) if counts else "one or more"
        example = " ".join(["cat", *("a.svg", "b.svg", "c.svg", "d.svg")[: max(counts, default=2)]])
        raise UsageError(f"{len(inputs)} drawings{of}, where {wanted} can be taken; such as: {example}")
    return ckpt, inputs


def _parted(words: list[str], checkpoint_dir: Path, sets: Path | None) -> tuple[str | None, list[str]]:
    from sketchrnn_cli.store import names

    if not words:
        return None, []
    first, *rest = words
    is_drawing = _is_drawing(first, sets)
    if _is_model(first, checkpoint_dir) and not os.path.isfile(first) and (rest or not is_drawing):
        return first, rest
    if not is_drawing:
        if first.casefold() != PLACEHOLDER:
            names.locate(first, checkpoint_dir)
        console.message(f"no model is called {first}; the default one is taken")
        return None, rest
    others = [word for word in rest if not _is_drawing(word, sets)]
    if len(others) == 1 and _is_model(others[0], checkpoint_dir):
        rest.remove(others[0])
        return others[0], [first, *rest]
    return None, words


def _is_model(word: str, checkpoint_dir: Path) -> bool:
    from sketchrnn_cli.store import names

    try:
        names.locate(word, checkpoint_dir)
    except CheckpointError:
        return False
    return True


def _is_drawing(word: str, sets: Path | None) -> bool:
    """Return whether a word is written as drawings are, whether or not they exist; with `sets` also as data sets."""
    from sketchrnn_cli.data import inputs, names

    if inputs.is_written_as_one(word) or os.path.isfile(word):
        return True
    try:
        return sets is not None and bool(names.find(word, sets))
    except DataError:
        return False
