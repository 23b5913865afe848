"""How a row is drawn from the distribution that a model gives: what is cut, narrowed and sharpened.

The temperature of Ha & Eck 2017 sharpens everything at once, the end of the drawing included: at low temperatures up to
half of the drawings never end. `Sampling` has a setting for each part, and never touches the probability of the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.model import mixture as mixtures
from sketchrnn_cli.model.mixture import Mixture

HIGHEST_TEMPERATURE = 100.0
"""Beyond it numbers overflow sooner or later; a drawing is noise long before."""


@dataclass(frozen=True)
class Sampling:
    """How rows are drawn; `temperature` alone is the paper's, without it the three others hold."""

    top_p: float = 0.5
    """Only the largest mixture weights that add up to this take part."""
    spread: float = 0.3
    """Factor on σ."""
    pen_temperature: float = 0.7
    """Of lifting the pen against keeping it down; the end keeps its probability."""
    temperature: float | None = None
    """τ of equation 8: mixture and pen logits are divided by it, σ is multiplied by √τ; 0 takes the most probable."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0.0 <= self.temperature <= HIGHEST_TEMPERATURE:
            raise UsageError(f"temperature {self.temperature:g}: expected 0 to {HIGHEST_TEMPERATURE:g}")
        if not 0.0 < self.top_p <= 1.0:
            raise UsageError(f"top_p {self.top_p:g}: expected more than 0, at most 1")
        for name in ("spread", "pen_temperature"):
            if not 0.0 <= getattr(self, name) <= HIGHEST_TEMPERATURE:
                raise UsageError(f"{name} {getattr(self, name):g}: expected 0 to {HIGHEST_TEMPERATURE:g}")

    @property
    def redraws(self) -> bool:
        """Return whether a drawing that has not ended is drawn again; at a temperature it stays as it came."""
        return self.temperature is None

    @classmethod
    def at(cls, temperature: float) -> "Sampling":
        """Return the sampling of the paper at a temperature."""
        return cls(temperature=float(temperature))


DEFAULT = Sampling()
TAME = Sampling(top_p=0.3, spread=0.3, pen_temperature=0.5)
"""More alike, and more often right."""
WILD = Sampling(top_p=0.8, spread=0.6, pen_temperature=0.9)
"""More various, and more often wrong."""


def preset(tame: bool | None, otherwise: Sampling = DEFAULT) -> Sampling:
    """Return `TAME` or `WILD`, or where neither is asked for what is given."""
    return otherwise if tame is None else TAME if tame else WILD


Way = Sampling | float | np.ndarray | Sequence[Sampling]
"""How to draw: one way for all sketches or one for each; a number, or an array of them, is a temperature."""


def ways(way: Way, batch: int) -> list[Sampling]:
    """Return the sampling of each of `batch` sketches.

    Raises:
        UsageError: an impossible temperature.
    """
    if isinstance(way, Sampling):
        return [way] * batch
    if isinstance(way, float | int | np.ndarray | np.number):
        return [Sampling.at(value) for value in np.broadcast_to(way, (batch,))]
    return list(way)


def settings(way: Way, batch: int) -> np.ndarray:
    """Return `[batch, 4]` float32, the fields of `Sampling` in their order; a temperature of NaN where there is none.

    Rows of padding behind them, all zero, are drawn greedily.
    """
    rows = [[getattr(one, field.name) for field in fields(Sampling)] for one in ways(way, batch)]
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float32)


def sample_row(mixture: Mixture, how: np.ndarray, uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Draw a stroke-5 row from each distribution (equation 8).

    Args:
        mixture: parameters `[batch, ...]`.
        how: `[batch, 4]` of `settings`.
        uniform: `[batch, 2]` in [0, 1): picks the Gaussian, and the pen.
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
    """Return logits, those outside the fewest largest weights that add up to `top_p` at −∞."""
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
    """Return log probabilities `[batch, 3]`: the end's as it is, the two others sharpened by a temperature."""
    log_p = mixtures.log_softmax(np, logits.astype(np.float64))
    others = logits[:, :2].astype(np.float64) / np.maximum(temperature, 1e-3)[:, None]
    left = np.log1p(-np.minimum(np.exp(log_p[:, 2:]), 1.0 - 1e-12))
    return np.concatenate([left + mixtures.log_softmax(np, others), log_p[:, 2:]], axis=-1)


def _choose(logits: np.ndarray, temperature: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Pick an index `[batch]` from softmax(logits / τ), where τ is 0 the largest."""
    warm = np.where(temperature > 0, temperature, 1.0)[:, None]
    cumulative = np.cumsum(np.exp(mixtures.log_softmax(np, logits.astype(np.float64) / warm)), axis=-1)
    drawn = (uniform[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=-1)
    return np.where(temperature > 0, drawn, logits.argmax(axis=-1))
