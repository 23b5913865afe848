"""The validation of a run: its batches, its compiled function, and the best step."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch, Corpus
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.training import evaluation
from sketchrnn_cli.training.packing import Packing, State

Array = Any
CHOOSING = 30
"""Minimum validation sketches to choose the best step; with fewer, the best is the last."""
KEPT_BATCHES = 256 << 20
"""Bytes of validation batches cached on the device; the others are assembled at each validation."""


class Validation:
    """A split that is evaluated repeatedly."""

    def __init__(self, sketches: Corpus, scale: float, hparams: HParams) -> None:
        self.chooses = len(sketches) >= CHOOSING
        """Whether it is large enough to choose the best step."""
        self._sketches, self._scale, self._hparams = sketches, scale, hparams
        self._kept: list[tuple[Batch, Array]] | None = None

    def __len__(self) -> int:
        return len(self._sketches)

    def function(self) -> Callable[[State, Batch, Array], Any]:
        """Return what is compiled: ``(state, batch, noise) -> losses of each sketch``."""
        losses, packing = evaluation.losses_of(self._hparams), Packing(self._hparams)
        return lambda state, batch, noise: losses(packing.released(ops, state)[0], batch, noise)

    def examples(self) -> tuple[Batch, Array]:
        """Return arrays of the shapes of batch and noise."""
        return next(evaluation.batches(self._sketches, 1.0, self._hparams))

    def warm_up(self, evaluate_batch: Callable, state: State) -> None:
        """Call the compiled function once, outside its timing, and cache the batches if they fit."""
        made = evaluation.batches(self._sketches, self._scale, self._hparams)
        first = next(made)
        ops.convert_to_numpy(evaluate_batch(state, *first).kl)
        batch_bytes = 4 * int(np.prod(first[0].rows.shape))
        if batch_bytes * -(-len(self) // evaluation.ROWS) <= KEPT_BATCHES:
            self._kept = [first, *made]

    def measure(self, evaluate_batch: Callable, state: State) -> evaluation.Evaluation:
        """Return the losses of every sketch."""
        made = self._kept or evaluation.batches(self._sketches, self._scale, self._hparams)
        return evaluation.evaluate(evaluate_batch, state, made, self._sketches.lengths, self._hparams)
