"""Encode many sketches, or read what a decoder makes of them, on the training engine and all its devices."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch, by_length, corpus, filled
from sketchrnn_cli.data.dataset import Sketches
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import equations, kernels, network, readout
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
    hparams = _exact(loaded.hparams)

    def encode_batch(weights: Mapping[str, Array], batch: Batch) -> list[Array]:
        mu, sigma_hat = network.encode(weights, batch.rows, batch.lengths, hparams, None, ops.zeros((), "int32"))
        return [ops.concatenate([mu, ops.exp(0.5 * sigma_hat)], axis=-1)]

    encoded = _of_every(loaded, hparams, sketches, encode_batch, 2 * hparams.z_size, progress)
    return np.stack(np.split(encoded, 2, axis=1))


def pooled(loaded: Checkpoint, sketches: Sketches, progress: Callable[[int], None] = lambda done: None) -> np.ndarray:
    """Return what a readout reads of sketches in data units, under "any", in their order: `readout.pool`, float32.

    Args:
        loaded: a model.
        sketches: as for `encode`.
        progress: as for `encode`.
    """
    hparams = _exact(loaded.hparams)

    def pool_batch(weights: Mapping[str, Array], batch: Batch) -> list[Array]:
        step = ops.zeros((), "int32")
        z = network.encode(weights, batch.rows, batch.lengths, hparams, None, step)[0] if hparams.conditional else None
        v = equations.condition(ops, weights, z, ops.zeros_like(batch.lengths))
        h = network.decode(weights, batch.rows, v, hparams, None, step)
        return [readout.pool(ops, network.time_major(h), batch.lengths)]

    return _of_every(loaded, hparams, sketches, pool_batch, 2 * hparams.dec_rnn_size, progress)


def _exact(hparams: HParams) -> HParams:
    """Return hyperparameters that compute as the drawing engine: others differ from it in the third decimal."""
    return hparams.replace(precision="float32", kernel="scan")


def _of_every(
    loaded: Checkpoint,
    hparams: HParams,
    sketches: Sketches,
    function: Callable[[Mapping[str, Array], Batch], list[Array]],
    width: int,
    progress: Callable[[int], None],
) -> np.ndarray:
    """Return what a function of weights and batch makes of every sketch, `[sketches, width]`."""
    every = corpus([sketches], hparams.max_seq_len)
    run = kernels.engine().compile_evaluation(function, kernels.prepare(hparams))
    weights = {name: tensor(value) for name, value in loaded.weights.items()}
    rows = min(ROWS, -(-len(every) // devices())) * devices()
    planned = list(by_length(every.lengths, rows, hparams))
    scale = loaded.sidecar.units_per_model_unit
    batches = (filled(every, chosen, scale, rows, length) for chosen, length in planned)
    results = fetched(run(weights, on_device(batch, whole=True)) for batch in batches)
    made, done = np.empty((len(every), width), np.float32), 0
    with kernels.engine().exact_products():
        for (chosen, _), (result,) in zip(planned, results, strict=True):
            made[chosen] = result[: len(chosen)]
            done += len(chosen)
            progress(done)
    return made
