"""Classify a data set on the training engine, by p(drawing | word) of all words or of those that a readout names."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.data.batches import Batch, by_length, corpus, filled
from sketchrnn_cli.data.dataset import DataSet, label_rows
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.model import network, readout
from sketchrnn_cli.model.equations import LOG_DENSITY_FLOOR
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.training import encoding
from sketchrnn_cli.training.blocks import tensor
from sketchrnn_cli.training.evaluation import devices, evaluator, fetched, on_device, placed

ROWS = 256
"""Rows per batch and device, a row for each word of a drawing; more where one drawing needs more."""


@dataclass(frozen=True)
class Named:
    """A drawing of a data set, and its classification."""

    sketch: int
    """Its index in the split."""
    word: int
    """Its label, as an index into the model's words."""
    order: np.ndarray
    """Indices of the words that were weighed, the most probable first."""

    def within(self, count: int) -> bool:
        """Return whether its label is among the first `count`."""
        return self.word in self.order[:count]


def name_all(loaded: Checkpoint, dataset: DataSet, split: str, limit: int, seed: int) -> Iterator[Named]:
    """Classify at most `limit` drawings of a split, chosen at random, the shortest first.

    Raises:
        DataError: the split has no drawing of a known word within N_max.
    """
    words, hparams, sketches = loaded.sidecar.words, loaded.hparams, dataset.splits[split]
    every = corpus([sketches], hparams.max_seq_len, [label_rows(dataset, split, words)])
    able = np.flatnonzero(every.labels > 0)
    if not len(able):
        raise DataError(f"{dataset.path}: {split} has no drawing of a word that the model knows")
    chosen = np.random.default_rng(seed).permutation(able)[:limit]
    candidates = readout.every_word(len(chosen), len(words))
    if loaded.readout:
        pooled = encoding.pooled(loaded, sketches.take(every.index[chosen, 1]))
        candidates = loaded.readout.candidates(pooled)
    weighed = candidates.words.shape[1]
    together = min(max(1, ROWS // weighed), -(-len(chosen) // devices())) * devices()
    groups = list(by_length(every.lengths[chosen], together, hparams))
    losses_of = evaluator(hparams, LOG_DENSITY_FLOOR)
    weights = {name: tensor(value) for name, value in loaded.weights.items()}
    noise = placed(np.zeros((together * weighed, hparams.z_size), np.float32), whole=True)
    scale = loaded.sidecar.units_per_model_unit

    def queued() -> Iterator[network.SketchLosses]:
        for group, length in groups:
            labels = np.zeros((together, weighed), np.int32)
            labels[: len(group)] = candidates.words[group] + 1
            batch = _under(labels, filled(every, chosen[group], scale, together, length))
            yield losses_of(weights, on_device(batch, whole=True), noise)

    for (group, _), (offset, pen, _) in zip(groups, fetched(queued()), strict=True):
        totals = (offset + pen).reshape(together, weighed)[: len(group)]  # Empty drawings fill the last batch.
        some = candidates.of(group)
        for number, own, scores in zip(group, some.words, some.scores(-totals), strict=True):
            place, label = int(every.index[chosen[number], 1]), int(every.labels[chosen[number]])
            yield Named(place, label - 1, own[np.argsort(-scores, kind="stable")])


def _under(labels: np.ndarray, batch: Batch) -> Batch:
    """Return each drawing of a batch once for each of its labels `[drawings, labels]`, in succession."""
    rows, lengths = batch.rows, batch.lengths
    # Its end counts once: rows of zeros, with no pen state, count nothing.
    counted = np.arange(rows.shape[1]) <= lengths[:, None]
    times = labels.shape[1]
    tiled, repeated = (np.repeat(array, times, axis=0) for array in (rows * counted[:, :, None], lengths))
    return Batch(tiled, repeated, labels.reshape(-1), np.int32(batch.count * times))
