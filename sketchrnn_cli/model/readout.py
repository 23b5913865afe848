"""A linear readout of words: softmax regression on a decoder's outputs, pooled over a drawing.

A model that draws by word can weigh p(drawing | word) of every word, one pass for each, and a long drawing's is far too
sure of itself. Its outputs under "any", pooled, tell words apart as well as that does, in one pass. So the readout
q(word | drawing), fitted after training, names the `SHORTLIST` likeliest words, and among these both count:

    log p(word | drawing) = `TEMPER` log p(drawing | word) + log q(word | drawing) + constant
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import mixture

Array = Any
SHORTLIST = 24
"""Words whose likelihood is computed; the drawing engine does it in one chunk."""
TEMPER = 0.5
"""Weight of the log-likelihood."""


@dataclass(frozen=True)
class Candidates:
    """The words of each sketch that are weighed by their likelihood."""

    words: np.ndarray
    """Their indices, `[sketches, candidates]`."""
    log_prior: np.ndarray
    """Of the same shape."""
    temper: float
    """Weight of the log-likelihood."""

    def of(self, sketches: np.ndarray) -> "Candidates":
        """Return those of some sketches."""
        return Candidates(self.words[sketches], self.log_prior[sketches], self.temper)

    def scores(self, log_likelihood: np.ndarray) -> np.ndarray:
        """Return log p(word | drawing) `[sketches, candidates]`, up to a constant of each sketch."""
        return self.temper * log_likelihood + self.log_prior


def every_word(sketches: int, words: int) -> Candidates:
    """Return all words, equally likely beforehand."""
    indices = np.broadcast_to(np.arange(words), (sketches, words))
    return Candidates(indices, np.zeros((sketches, words)), 1.0)


@dataclass(frozen=True)
class Readout:
    """A fitted readout, float32."""

    kernel: np.ndarray
    """`[2 * units, words]`."""
    bias: np.ndarray
    """`[words]`."""

    def candidates(self, pooled: np.ndarray, least: int = 0) -> Candidates:
        """Return the likeliest words, `SHORTLIST` or at least so many, of what `pool` returns."""
        log_q = mixture.log_softmax(np, pooled @ self.kernel + self.bias)
        words = np.argsort(-log_q, axis=-1, kind="stable")[:, : max(SHORTLIST, least)]
        return Candidates(words, np.take_along_axis(log_q, words, axis=-1), TEMPER)


def shapes(hparams: HParams) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the readout's tensors."""
    return {"kernel": (2 * hparams.dec_rnn_size, hparams.num_classes), "bias": (hparams.num_classes,)}


def pool(xp: Any, h: Array, lengths: Array) -> Array:
    """Return the mean and the maximum of a decoder's outputs over each sketch, `[sketches, 2 * units]`.

    Args:
        xp: array namespace.
        h: `[sketches, time, units]`, after S₀ ... S_T.
        lengths: T of each sketch, `[sketches]`.
    """
    real = (np.arange(h.shape[1]) <= lengths[:, None])[:, :, None]
    mean = xp.sum(xp.where(real, h, 0.0), axis=1) / xp.sum(xp.where(real, 1.0, 0.0), axis=1)
    return xp.concatenate([mean, xp.max(xp.where(real, h, -np.inf), axis=1)], axis=-1)
