"""Measure a model on drawings: L_R and L_KL as the paper reports them, for a split and for each sketch."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch, Corpus, plain_batches
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels, network

Array = Any
EVALUATION_SEED = 0
"""Seed of the noise in z, the same at every evaluation, so that figures compare."""
AHEAD = 4
"""Batches that the device is given before the first is fetched."""
ROWS = 100
"""Sketches of a batch here, whatever training's: the order of sums, and so the last bits, must not depend on that."""


@dataclass(frozen=True)
class Evaluation:
    """Losses of each sketch of a split, dropout off, rows padded to N_max; each `[sketches]`."""

    offset: np.ndarray
    """−log p of the offsets, summed over the real points, in nats."""
    pen: np.ndarray
    """−log p of the pen states, summed over N_max + 1 rows, in nats."""
    kl: np.ndarray
    """KL divergence per latent unit, in nats."""
    lengths: np.ndarray
    """Real points."""
    max_seq_len: int

    @property
    def reconstruction(self) -> np.ndarray:
        """L_R of each sketch: its sums over N_max (equation 9)."""
        return (self.offset + self.pen) / self.max_seq_len

    @property
    def per_point(self) -> float:
        """−log p per real point, over all sketches."""
        return float((self.offset + self.pen).sum() / self.lengths.sum())

    def validation_loss(self, hparams: HParams) -> float:
        """Return what the best checkpoint is chosen by: L_R + w max(L_KL, tolerance), w the final KL weight."""
        return float(self.reconstruction.mean() + hparams.kl_weight * max(self.kl.mean(), hparams.kl_tolerance))


def losses_of(hparams: HParams) -> Callable[..., network.SketchLosses]:
    """Return the evaluation of a batch: ``(weights, batch, noise) -> losses of each sketch``."""

    def losses(weights: Mapping[str, Array], batch: Batch, noise: Array) -> network.SketchLosses:
        return network.sketch_losses(weights, batch, hparams, None, noise, ops.zeros((), "int32"))

    return losses


def evaluator(hparams: HParams) -> Callable[..., network.SketchLosses]:
    """Return `losses_of`, compiled at its first call."""
    return kernels.engine().compile_evaluation(losses_of(hparams), kernels.prepare(hparams))


def latent_noise(sketch: int, z_size: int) -> np.ndarray:
    """Return the noise in z of one sketch, float32 `[z]`: drawn by NumPy, so that every backend sees the same."""
    return np.random.default_rng([EVALUATION_SEED, sketch]).standard_normal(z_size, dtype=np.float32)


def on_device(batch: Batch, whole: bool = False) -> Batch:
    """Return a batch of tensors, spread over the devices where there are several.

    Args:
        batch: on several hosts, this host's share of it.
        whole: it is all of it, of which this host takes its share.
    """
    return Batch(*(placed(array, whole) for array in batch))


def placed(array: np.ndarray, whole: bool) -> Array:
    """Return an array of a batch as a tensor; see `on_device`."""
    several = kernels.several()
    if several is None:
        return ops.convert_to_tensor(array)
    return several.placed(array[several.share(len(array))] if whole and np.ndim(array) else array)


def batches(sketches: Corpus, scale: float, hparams: HParams) -> Iterator[tuple[Batch, Array]]:
    """Yield every sketch once, padded to N_max, with the noise in its z; tensors."""
    several = kernels.several()
    devices = 1 if several is None else several.size()
    rows = -(-min(ROWS, len(sketches)) // devices) * devices
    for number, batch in enumerate(plain_batches(sketches, scale, rows, hparams.max_seq_len)):
        noise = np.stack([latent_noise(number * rows + row, hparams.z_size) for row in range(rows)])
        yield on_device(batch, whole=True), placed(noise, whole=True)


def evaluate(
    evaluate_batch: Callable[..., network.SketchLosses],
    weights: Any,
    made: Iterable[tuple[Batch, Array]],
    lengths: np.ndarray,
    hparams: HParams,
) -> Evaluation:
    """Measure every sketch of a split once, at full N_max length.

    Args:
        evaluate_batch: from `evaluator`, or another function of weights, batch and noise.
        weights: what that takes: the model's tensors.
        made: `batches` of the split; at least one.
        lengths: points of each sketch of the split.
        hparams: those of the model.
    """
    running: deque[network.SketchLosses] = deque()
    sums = []
    for batch, noise in made:
        losses = evaluate_batch(weights, batch, noise)
        for term in losses:
            kernels.engine().begin_fetch(term)
        running.append(losses)
        if len(running) > AHEAD:
            sums.append(_fetched(running.popleft()))
    sums += map(_fetched, running)
    offset, pen, kl = np.concatenate(sums, axis=1)[:, : len(lengths)].astype(np.float64)
    return Evaluation(offset, pen, kl, lengths, hparams.max_seq_len)


def _fetched(losses: network.SketchLosses) -> np.ndarray:
    return np.stack([ops.convert_to_numpy(term) for term in losses])
