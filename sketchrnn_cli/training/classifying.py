"""Zero-shot classification of a data set: p(drawing | word) for all words, on the training engine."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.data.dataset import DataSet, label_rows
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.strokes.formats import to_stroke5
from sketchrnn_cli.training.evaluation import evaluator, on_device

LENGTHS = (32, 64, 96, 128)
"""Padded lengths in rows, each compiled once; longer drawings are padded to N_max and the end row."""


@dataclass(frozen=True)
class Named:
    """A drawing of a data set, and its classification."""

    word: int
    """Its label, as an index into the model's words."""
    order: np.ndarray
    """Indices of all words, the most probable first."""

    def within(self, count: int) -> bool:
        """Return whether its label is among the first `count`."""
        return self.word in self.order[:count]


def name_all(loaded: Checkpoint, dataset: DataSet, split: str, limit: int, seed: int) -> Iterator[Named]:
    """Classify at most `limit` drawings of a split, chosen at random.

    Raises:
        UsageError: the model knows no words.
        DataError: the split has no drawing of a known word within N_max.
    """
    words, hparams, sketches = loaded.sidecar.words, loaded.hparams, dataset.splits[split]
    if not words:
        raise UsageError(f"{loaded.folder}: was trained without words")
    rows = label_rows(dataset, split, words)
    able = np.flatnonzero((rows > 0) & (sketches.lengths <= hparams.max_seq_len))
    if not len(able):
        raise DataError(f"{dataset.path}: {split} has no drawing of a word that the model knows")
    chosen = np.random.default_rng(seed).permutation(able)[:limit]
    losses_of = evaluator(hparams)
    weights = {name: ops.convert_to_tensor(value) for name, value in loaded.weights.items()}
    noise = ops.zeros((len(words), hparams.z_size))
    labels = np.arange(1, len(words) + 1, dtype=np.int32)
    scale = np.array([loaded.sidecar.units_per_model_unit] * 2 + [1.0], dtype=np.float32)
    for number in chosen:
        sketch = sketches[int(number)] / scale
        length = next((some for some in LENGTHS if len(sketch) < some), hparams.max_seq_len + 1)
        # Its end counts once: rows of zeros, with no pen state, count nothing.
        one = np.concatenate([to_stroke5(sketch, len(sketch) + 1), np.zeros((length - len(sketch) - 1, 5), np.float32)])
        tiled = np.broadcast_to(one, (len(words), *one.shape))
        batch = Batch(tiled, np.full(len(words), len(sketch), np.int32), labels, np.int32(len(words)))
        losses = losses_of(weights, on_device(batch), noise)
        total = ops.convert_to_numpy(losses.offset) + ops.convert_to_numpy(losses.pen)
        yield Named(int(rows[number]) - 1, np.argsort(total, kind="stable"))
