"""Parse the positional arguments of a drawing command: an optional model, and drawings."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from sketchrnn_cli import console
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.wording import counted

PLACEHOLDER = "ckpt"
"""Stands for the model in help texts and papers; it means the default model unless one has this name."""


def model_and_drawings(
    words: Sequence[str], checkpoint_dir: Path, counts: Collection[int] = (), sets: Path | None = None
) -> tuple[str | None, list[str]]:
    """Return the model and the drawings named by `words`.

    The first word is the model if it names one and is not a drawing file. Otherwise no model is named, or the only
    other word that is not a drawing names it.

    Args:
        words: as typed.
        checkpoint_dir: folder of models.
        counts: valid numbers of drawings; empty for one or more.
        sets: folder of data sets, for a command that takes them as drawings.

    Returns:
        CKPT, or None for the default model; and the drawings.

    Raises:
        CheckpointError: the first word is neither a model nor a drawing.
        UsageError: another number of drawings.
    """
    ckpt, inputs = _split_words(list(words), checkpoint_dir, sets)
    if len(inputs) not in counts if counts else not inputs:
        of = f" beside the model {ckpt!r}" if ckpt else ""
        wanted = " or ".join(map(str, counts)) if counts else "one or more"
        example = " ".join(["cat", *("a.svg", "b.svg", "c.svg", "d.svg")[: max(counts, default=2)]])
        raise UsageError(f"{counted(len(inputs), 'drawing')}{of}; expected {wanted}, for example: {example}")
    return ckpt, inputs


def _split_words(words: list[str], checkpoint_dir: Path, sets: Path | None) -> tuple[str | None, list[str]]:
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
        console.message(f"no model named {first}; using the default one")
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
    """Return whether a word has the form of a drawing, existing or not; with `sets`, also of a data set."""
    from sketchrnn_cli.data import inputs, names

    if inputs.is_written_as_one(word) or os.path.isfile(word):
        return True
    try:
        return sets is not None and bool(names.find(word, sets))
    except DataError:
        return False
