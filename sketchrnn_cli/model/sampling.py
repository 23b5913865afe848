"""Sample a row from the model's output distribution: truncated, narrowed, sharpened.

The temperature of Ha & Eck 2017 sharpens everything at once, including the end-of-sketch probability: at low
temperatures up to half of the sketches never end. `Sampling` has a setting per part and leaves that probability alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.model import mixture as mixtures
from sketchrnn_cli.model.mixture import Mixture

MAX_TEMPERATURE = 100.0
"""Avoids overflow; drawings are noise long before."""


@dataclass(frozen=True)
class Sampling:
    """Sampling settings: the paper's `temperature`, or without it the three others."""

    top_p: float = 0.5
    """Nucleus sampling: only the largest mixture weights that sum to this are used."""
    spread: float = 0.3
    """Factor on σ."""
    pen_temperature: float = 0.7
    """Temperature of pen up versus pen down; the end keeps its probability."""
    temperature: float | None = None
    """τ of equation 8: mixture and pen logits are divided by τ, σ is multiplied by √τ; 0 is greedy."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0.0 <= self.temperature <= MAX_TEMPERATURE:
            raise UsageError(f"temperature {self.temperature:g}: expected 0 to {MAX_TEMPERATURE:g}")
        if not 0.0 < self.top_p <= 1.0:
            raise UsageError(f"top_p {self.top_p:g}: expected more than 0, at most 1")
        for name in ("spread", "pen_temperature"):
            if not 0.0 <= getattr(self, name) <= MAX_TEMPERATURE:
                raise UsageError(f"{name} {getattr(self, name):g}: expected 0 to {MAX_TEMPERATURE:g}")

    @property
    def redraws(self) -> bool:
        """Whether to redraw a sketch that does not end; not with a temperature, as in the paper."""
        return self.temperature is None

    @classmethod
    def at(cls, temperature: float) -> "Sampling":
        """Return the paper's sampling at a temperature."""
        return cls(temperature=float(temperature))


DEFAULT = Sampling()
TAME = Sampling(top_p=0.3, spread=0.3, pen_temperature=0.5)
"""Less varied, more often recognizable."""
WILD = Sampling(top_p=0.8, spread=0.6, pen_temperature=0.9)
"""More varied, less often recognizable."""


def preset(tame: bool | None, otherwise: Sampling = DEFAULT) -> Sampling:
    """Return `TAME`, `WILD`, or `otherwise` if neither is requested."""
    return otherwise if tame is None else TAME if tame else WILD


Way = Sampling | float | np.ndarray | Sequence[Sampling]
"""One sampling for all sketches or one per sketch; a number, or an array of numbers, is a temperature."""


def ways(way: Way, batch: int) -> list[Sampling]:
    """Return the sampling of each of `batch` sketches.

    Raises:
        UsageError: an invalid temperature.
    """
    if isinstance(way, Sampling):
        return [way] * batch
    if isinstance(way, float | int | np.ndarray | np.number):
        return [Sampling.at(value) for value in np.broadcast_to(way, (batch,))]
    return list(way)


def settings(way: Way, batch: int) -> np.ndarray:
    """Return `[batch, 4]` float32, the fields of `Sampling` in order; temperature is NaN if not set.

    All-zero padding rows are sampled greedily.
    """
    rows = [[getattr(one, field.name) for field in fields(Sampling)] for one in ways(way, batch)]
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float32)


def sample_row(mixture: Mixture, how: np.ndarray, uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Sample a stroke-5 row from each distribution (equation 8).

    Args:
        mixture: parameters `[batch, ...]`.
        how: `[batch, 4]` of `settings`.
        uniform: `[batch, 2]` in [0, 1): selects the Gaussian and the pen state.
        normal: `[batch, 2]`, standard normal.

    Returns:
        `[batch, 5]`; an end row is (0, 0, 0, 0, 1).
    """
    rows = np.arange(len(how))
    top_p, spread, pen_temperature, temperature = how.T
    at_temperature = ~np.isnan(temperature)
    shared = np.where(at_temperature, temperature, np.float32(1.0))
    chosen = _choose(_cut(mixture.pi_logits, np.where(at_temperature, 1.0, top_p)), shared, uniform[:, 0])
    pen_logits = np.where(at_temperature[:, None], mixture.pen_logits, _end_kept(mixture.pen_logits, pen_temperature))
    pen = _choose(pen_logits, shared, uniform[:, 1])
    spread = np.where(at_temperature, np.sqrt(shared), spread)
    mu_x, mu_y = mixture.mu_x[rows, chosen], mixture.mu_y[rows, chosen]
    rho = np.tanh(mixture.rho_raw[rows, chosen])
    along, across = normal[:, 0], rho * normal[:, 0] + np.sqrt(1.0 - rho**2) * normal[:, 1]
    row = np.zeros((len(rows), 5), dtype=np.float32)
    row[:, 0] = mu_x + spread * np.exp(mixture.log_sigma_x[rows, chosen]) * along
    row[:, 1] = mu_y + spread * np.exp(mixture.log_sigma_y[rows, chosen]) * across
    row[rows, 2 + pen] = 1.0
    row[pen == 2, :2] = 0.0
    return row


def _cut(logits: np.ndarray, top_p: np.ndarray) -> np.ndarray:
    """Return logits with those outside the smallest set of weights that sum to `top_p` set to −∞."""
    if (top_p >= 1.0).all():
        return logits
    weights = np.exp(mixtures.log_softmax(np, logits.astype(np.float64)))
    order = np.argsort(-weights, axis=-1, kind="stable")
    sorted_weights = np.take_along_axis(weights, order, axis=-1)
    before = np.cumsum(sorted_weights, axis=-1) - sorted_weights
    out = np.empty(logits.shape, dtype=bool)
    np.put_along_axis(out, order, before >= top_p[:, None], axis=-1)
    return np.where(out, np.float32(-np.inf), logits)


def _end_kept(logits: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Return log probabilities `[batch, 3]`: the end unchanged, the two others sharpened by a temperature."""
    log_p = mixtures.log_softmax(np, logits.astype(np.float64))
    others = logits[:, :2].astype(np.float64) / np.maximum(temperature, 1e-3)[:, None]
    left = np.log1p(-np.minimum(np.exp(log_p[:, 2:]), 1.0 - 1e-12))
    return np.concatenate([left + mixtures.log_softmax(np, others), log_p[:, 2:]], axis=-1)


def _choose(logits: np.ndarray, temperature: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Sample an index `[batch]` from softmax(logits / τ); the argmax for τ = 0."""
    warm = np.where(temperature > 0, temperature, 1.0)[:, None]
    cumulative = np.cumsum(np.exp(mixtures.log_softmax(np, logits.astype(np.float64) / warm)), axis=-1)
    drawn = (uniform[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=-1)
    return np.where(temperature > 0, drawn, logits.argmax(axis=-1))
