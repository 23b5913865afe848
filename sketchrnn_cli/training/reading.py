"""Fit a readout of words to drawings, by softmax regression in Keras."""

from collections.abc import Callable

import keras
import numpy as np

from sketchrnn_cli.data.dataset import DataSet, label_rows
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.model.readout import Readout
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.training import encoding

EPOCHS, ROWS, RATE = 27, 512, 2e-3
"""Of AdamW, with a cosine to 0; in an epoch there are `LEAST` steps at least."""
LEAST = 100
DROPPED = 0.2
"""Dropout of what is read."""
DECAY = 0.02
SEED = 0


def fit(loaded: Checkpoint, dataset: DataSet, progress: Callable[[int], None] = lambda done: None) -> Readout:
    """Fit a readout to the training drawings of a data set.

    Args:
        loaded: a model that knows words.
        dataset: drawings of these words.
        progress: called with the number of drawings read so far.

    Raises:
        DataError: there is no training drawing of a known word within N_max.
    """
    rows = label_rows(dataset, "train", loaded.sidecar.words)
    places = np.flatnonzero((rows > 0) & (dataset.train.lengths <= loaded.hparams.max_seq_len))
    if not len(places):
        raise DataError(f"{dataset.path}: train has no drawing of a word that the model knows")
    pooled = encoding.pooled(loaded, dataset.train.take(places), progress)
    return regression(pooled, rows[places] - 1, len(loaded.sidecar.words))


def regression(pooled: np.ndarray, words: np.ndarray, count: int) -> Readout:
    """Fit softmax regression.

    Args:
        pooled: `[drawings, n]`.
        words: of each drawing, from 0, integers `[drawings]`.
        count: number of words.
    """
    mean, spread = pooled.mean(axis=0), pooled.std(axis=0) + 1e-3
    keras.utils.set_random_seed(SEED)
    dense = keras.layers.Dense(count, kernel_initializer="zeros")
    model = keras.Sequential([keras.layers.Dropout(DROPPED), dense])
    rows = max(1, min(ROWS, len(pooled) // LEAST))
    steps = EPOCHS * -(-len(pooled) // rows)
    warm_up = steps // 20
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps - warm_up, warmup_target=RATE, warmup_steps=warm_up)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY, beta_2=0.98)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit((pooled - mean) / spread, words, batch_size=rows, epochs=EPOCHS, verbose=0)
    kernel, bias = np.asarray(dense.kernel), np.asarray(dense.bias)
    return Readout(kernel / spread[:, None], bias - (mean / spread) @ kernel)
