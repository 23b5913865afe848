"""Measure a model on drawings: L_R and L_KL as the paper reports them, for a split and for each sketch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Corpus, plain_batches
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels, network

Array = Any
EVALUATION_SEED = 0
"""Seed of the noise in z, the same at every evaluation, so that figures compare."""
ROWS = 100
"""Sketches of a batch here, whatever training's: z's noise, and so the figures, must not depend on that."""


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


def evaluator(hparams: HParams) -> Callable[..., network.SketchLosses]:
    """Compile the evaluation of a batch: ``(weights, rows, lengths, number) -> losses of each sketch``."""

    def losses(weights: Mapping[str, Array], rows: Array, lengths: Array, number: Array) -> network.SketchLosses:
        return network.sketch_losses(weights, rows, lengths, hparams, None, EVALUATION_SEED, number)

    return kernels.engine().compile_evaluation(losses, kernels.prepare(hparams))


def evaluate(
    evaluate_batch: Callable[..., network.SketchLosses],
    weights: Mapping[str, Array],
    sketches: Corpus,
    scale: float,
    hparams: HParams,
) -> Evaluation:
    """Measure every sketch of a split once, at full N_max length.

    Args:
        evaluate_batch: from `evaluator`.
        weights: the model's tensors.
        sketches: the split; at least one sketch.
        scale: data units per model unit.
        hparams: those of the model.
    """
    rows = min(ROWS, len(sketches))
    batches = plain_batches(sketches, scale, rows, (hparams.max_seq_len,))
    sums = []
    for number, batch in enumerate(batches):
        arrays = [ops.convert_to_tensor(array) for array in (batch.rows, batch.lengths, np.int32(number))]
        losses = evaluate_batch(weights, *arrays)
        sums.append(np.stack([ops.convert_to_numpy(term) for term in losses])[:, batch.lengths > 0])
    offset, pen, kl = np.concatenate(sums, axis=1).astype(np.float64)
    return Evaluation(offset, pen, kl, sketches.lengths, hparams.max_seq_len)
