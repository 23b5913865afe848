"""The words of a training run, and the initial weights of new ones."""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.data.dataset import DataSet, label_rows, words_of
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store.checkpoint import Checkpoint

TABLE = "classes.table"


def choose(sets: Sequence[DataSet], classes: bool, start: Checkpoint | None) -> tuple[str, ...]:
    """Return the words of a new run: those of its data, if requested or if it starts from a class-conditional model.

    Raises:
        CheckpointError: words are requested, but the model to start from has none.
    """
    if start is None or start.hparams.num_classes:
        return words_of(sets) if classes or start else ()
    if classes:
        raise CheckpointError(f"{start.folder}: was trained without words, so --classes cannot begin with it")
    return ()


def carried(start: Checkpoint, words: Sequence[str]) -> dict[str, np.ndarray]:
    """Return a model's weights for other words: rows are mapped by name, and a new word starts from "any"."""
    if TABLE not in start.weights:
        return start.weights
    row = {word: number for number, word in enumerate(start.sidecar.words, 1)}
    rows = [0, *(row.get(word, 0) for word in words)]
    return {**start.weights, TABLE: start.weights[TABLE][rows]}


def labels(sets: Sequence[DataSet], split: str, words: Sequence[str]) -> list[np.ndarray]:
    """Return each set's rows of the label table; all "any" for a run without words."""
    return [label_rows(dataset, split, words) for dataset in sets]


def same_architecture(hparams: HParams, start: Checkpoint) -> bool:
    """Return whether a model's weights fit `hparams`, except for the number of words."""
    return shapes(start.hparams.replace(num_classes=hparams.num_classes)) == shapes(hparams)
