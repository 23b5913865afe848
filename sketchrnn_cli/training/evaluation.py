"""Measure a model on drawings: L_R and L_KL as the paper reports them, for a split and for each sketch."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch, Corpus, plain_batches
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels, network

Array = Any
EVALUATION_SEED = 0
"""Seed of the noise in z, the same for every evaluation, so that metrics are comparable."""
AHEAD = 4
"""Batches queued on the device before the first result is fetched."""
ROWS = 100
"""Sketches per batch, whatever the training batch size: summation order affects the last bits."""


@dataclass(frozen=True)
class Evaluation:
    """Losses of each sketch of a split, without dropout, rows padded to N_max; each `[sketches]`."""

    offset: np.ndarray
    """−log p of the offsets, summed over the points, in nats."""
    pen: np.ndarray
    """−log p of the pen states, summed over N_max + 1 rows, in nats."""
    kl: np.ndarray
    """KL divergence per latent unit, in nats."""
    lengths: np.ndarray
    """Points."""
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
        """Return the criterion for the best checkpoint: L_R + w max(L_KL, tolerance), w the final KL weight."""
        return float(self.reconstruction.mean() + hparams.kl_weight * max(self.kl.mean(), hparams.kl_tolerance))


def losses_of(hparams: HParams, floor: float | None = None) -> Callable[..., network.SketchLosses]:
    """Return the evaluation of a batch: ``(weights, batch, noise) -> losses of each sketch``."""

    def losses(weights: Mapping[str, Array], batch: Batch, noise: Array) -> network.SketchLosses:
        return network.sketch_losses(weights, batch, hparams, None, noise, ops.zeros((), "int32"), floor)

    return losses


def evaluator(hparams: HParams, floor: float | None = None) -> Callable[..., network.SketchLosses]:
    """Return `losses_of`, compiled on its first call."""
    return kernels.engine().compile_evaluation(losses_of(hparams, floor), kernels.prepare(hparams))


def latent_noise(sketch: int, z_size: int) -> np.ndarray:
    """Return the noise in z of one sketch, float32 `[z]`, from NumPy, so that it is the same on every backend."""
    return np.random.default_rng([EVALUATION_SEED, sketch]).standard_normal(z_size, dtype=np.float32)


def on_device(batch: Batch, whole: bool = False) -> Batch:
    """Return a batch as tensors, sharded over the devices if there are several.

    Args:
        batch: with several hosts, this host's part.
        whole: `batch` is complete, and this host takes its part.
    """
    return Batch(*(placed(array, whole) for array in batch))


def placed(array: np.ndarray, whole: bool) -> Array:
    """Return an array of a batch as a tensor; see `on_device`."""
    several = kernels.several()
    if several is None:
        return ops.convert_to_tensor(array)
    return several.placed(array[several.share(len(array))] if whole and np.ndim(array) else array)


def devices() -> int:
    """Return the number of devices that share a batch."""
    several = kernels.several()
    return 1 if several is None else int(several.size())


def fetched(queued: Iterable[Sequence[Array]]) -> Iterator[list[np.ndarray]]:
    """Yield results as NumPy arrays, in order, with up to `AHEAD` later ones queued on the device.

    Args:
        queued: each iteration calls a compiled function and yields the arrays that it returns.
    """
    running: deque[Sequence[Array]] = deque()
    for result in queued:
        for array in result:
            kernels.engine().begin_fetch(array)
        running.append(result)
        if len(running) > AHEAD:
            yield [ops.convert_to_numpy(array) for array in running.popleft()]
    for result in running:
        yield [ops.convert_to_numpy(array) for array in result]


def batches(sketches: Corpus, scale: float, hparams: HParams) -> Iterator[tuple[Batch, Array]]:
    """Yield batches of every sketch once, padded to N_max, with the noise in z, as tensors."""
    rows = -(-min(ROWS, len(sketches)) // devices()) * devices()
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
    """Evaluate every sketch of a split once, padded to N_max.

    Args:
        evaluate_batch: from `evaluator`, or another function of weights, batch and noise.
        weights: the model's tensors, as it takes them.
        made: `batches` of the split; at least one.
        lengths: points of each sketch of the split.
        hparams: those of the model.
    """
    sums = list(fetched(evaluate_batch(weights, batch, noise) for batch, noise in made))
    offset, pen, kl = np.concatenate([np.stack(part) for part in sums], axis=1)[:, : len(lengths)].astype(np.float64)
    return Evaluation(offset, pen, kl, lengths, hparams.max_seq_len)
