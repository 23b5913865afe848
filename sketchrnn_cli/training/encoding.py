"""Encode many sketches on the training engine, over all its devices."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch, by_length, corpus, filled
from sketchrnn_cli.data.dataset import Sketches
from sketchrnn_cli.model import kernels, network
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.training.blocks import tensor
from sketchrnn_cli.training.evaluation import devices, fetched, on_device

Array = Any
ROWS = 256
"""Sketches per batch and device."""


def encode(loaded: Checkpoint, sketches: Sketches, progress: Callable[[int], None] = lambda done: None) -> np.ndarray:
    """Return μ and σ of sketches in data units, in their order, float32 `[2, sketches, z_size]`.

    Args:
        loaded: a conditional model.
        sketches: of at most N_max points each.
        progress: called with the number of sketches encoded so far.
    """
    # Another precision, and the kernel of a GPU, differ from the drawing engine in the third decimal.
    hparams = loaded.hparams.replace(precision="float32", kernel="scan")
    every = corpus([sketches], hparams.max_seq_len)

    def encode_batch(weights: Mapping[str, Array], batch: Batch) -> tuple[Array, Array]:
        mu, sigma_hat = network.encode(weights, batch.rows, batch.lengths, hparams, None, ops.zeros((), "int32"))
        return mu, ops.exp(0.5 * sigma_hat)

    run = kernels.engine().compile_evaluation(encode_batch, kernels.prepare(hparams))
    weights = {name: tensor(value) for name, value in loaded.weights.items()}
    rows = min(ROWS, -(-len(every) // devices())) * devices()
    planned = list(by_length(every.lengths, rows, hparams))
    scale = loaded.sidecar.units_per_model_unit
    batches = (filled(every, chosen, scale, rows, length) for chosen, length in planned)
    results = fetched(run(weights, on_device(batch, whole=True)) for batch in batches)
    encoded, done = np.empty((2, len(every), hparams.z_size), np.float32), 0
    with kernels.engine().exact_products():
        for (chosen, _), result in zip(planned, results, strict=True):
            encoded[:, chosen] = np.stack(result)[:, : len(chosen)]
            done += len(chosen)
            progress(done)
    return encoded
