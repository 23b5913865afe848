"""The drawing engine: a trained model in NumPy, for whoever wants to draw without loading a training framework.

Everything is batched. Sketch i of a call draws from its own random stream, so what it draws does not depend on its
neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, equations
from sketchrnn_cli.model import mixture as mixtures
from sketchrnn_cli.model.weights import INPUT_SIZE, part, state_size
from sketchrnn_cli.strokes.formats import to_stroke5

LOG_DENSITY_FLOOR = -27.6
"""Nats that one offset can cost at most, about log 1e-12: a single wild one does not outweigh all the others."""


@dataclass(frozen=True)
class Noise:
    """The random numbers that drawing one sketch consumes, drawn beforehand: `[steps, ...]`."""

    uniform: np.ndarray
    """`[steps, 2]`: picks the Gaussian, and the pen."""
    normal: np.ndarray
    """`[steps, 2]`: the offset."""

    @classmethod
    def draw(cls, rng: np.random.Generator, steps: int) -> "Noise":
        """Draw the numbers for up to `steps` rows."""
        return cls(rng.random((steps, 2)), rng.standard_normal((steps, 2)))


class Drawer:
    """A model ready to encode and to draw."""

    def __init__(self, hparams: HParams, weights: Mapping[str, np.ndarray]) -> None:
        """Hold the weights as float32."""
        self.hparams = hparams
        self.weights = {name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}
        self._decoder = part(self.weights, "decoder")
        self._row_kernel = cells.input_kernel(np, hparams.dec_model, self._decoder)[:INPUT_SIZE]

    def encode(self, sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return μ and σ, each `[batch, z]`, of stroke-3 sketches in model units (equations 1 and 2)."""
        lengths = np.array([len(sketch) for sketch in sketches])
        padded_length = int(lengths.max()) if self.hparams.mask_encoder else self.hparams.max_seq_len
        if not self.hparams.mask_encoder:
            lengths = np.full(len(sketches), padded_length)
        rows = np.stack([to_stroke5(sketch, padded_length) for sketch in sketches])
        backward = np.stack([np.roll(row[::-1], n - padded_length, 0) for row, n in zip(rows, lengths, strict=True)])
        encoded = [
            self._last_h(f"encoder.{name}", x, lengths) for name, x in (("forward", rows), ("backward", backward))
        ]
        mu, sigma_hat = equations.latent_distribution(np, self.weights, np.concatenate(encoded, axis=-1))
        return mu, np.exp(0.5 * sigma_hat)

    def _last_h(self, name: str, rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Run one direction of the encoder over `[batch, time, 5]`; return h after each sketch's last row."""
        cell, weights = self.hparams.enc_model, part(self.weights, name)
        units = self.hparams.enc_rnn_size
        projected = cells.project(np, cell, weights, rows)
        h = c = np.zeros((len(rows), state_size(cell, units)), dtype=np.float32)
        last = np.empty((len(rows), units), dtype=np.float32)
        for time in range(rows.shape[1]):
            h, c = cells.step(np, cell, weights, projected[:, time], (h, c), self.hparams.gate_activation)
            ended = lengths == time + 1
            last[ended] = h[ended, :units]
        return last

    def first_state(self, z: np.ndarray | None, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the decoder's (h, c) before its first row, from `z` `[batch, z]` where the model is conditional."""
        if self.hparams.conditional and self.hparams.first_state == "trained":
            return equations.first_state(np, self.weights, z, self.hparams)
        zeros = np.zeros((batch, state_size(self.hparams.dec_model, self.hparams.dec_rnn_size)), dtype=np.float32)
        return zeros, zeros

    def draw(
        self,
        z: np.ndarray | None,
        noise: Sequence[Noise],
        temperature: float | np.ndarray,
        max_points: int,
        given: np.ndarray | None = None,
        go_on: bool = False,
    ) -> list[np.ndarray]:
        """Draw one sketch for each entry of `noise`.

        Args:
            z: latent vectors `[batch, z]`; None for a decoder-only model.
            noise: the random numbers of each sketch, at least `max_points` rows.
            temperature: τ, one for all or `[batch]`; 0 takes the most probable of everything.
            max_points: a sketch longer than this is cut, its last pen lifted.
            given: a beginning `[points, 3]` in model units that every sketch repeats and goes on from, or one for each,
                equally long, `[batch, points, 3]`.
            go_on: whether no sketch may end right after `given`.

        Returns:
            Stroke-3 sketches in model units.
        """
        batch = len(noise)
        temperature = np.broadcast_to(np.asarray(temperature, dtype=np.float32), (batch,))
        uniform = np.stack([numbers.uniform[:max_points] for numbers in noise])
        normal = np.stack([numbers.normal[:max_points] for numbers in noise])
        h, c = self.first_state(z, batch)
        constant = self._project_latent(z, batch)
        row = np.tile(equations.START, (batch, 1))
        drawn = np.zeros((batch, max_points, 5), dtype=np.float32)
        drawn[:, :, 4] = 1.0
        start = 0
        if given is not None:
            forced = _beginnings(given, batch)
            start = forced.shape[1]
            drawn[:, :start] = forced
            for time in range(start):
                h, c = self._step(row, constant, (h, c))
                row = forced[:, time]
        active = np.arange(batch)
        for time in range(start, max_points):
            h, c = self._step(row, constant, (h, c))
            mixture = equations.output_layer(np, self.weights, h, self.hparams)
            if go_on and time == start:
                mixture.pen_logits[:, 2] = -np.inf
            row = sample_row(mixture, temperature[active], uniform[active, time], normal[active, time])
            drawn[active, time] = row
            going = row[:, 4] == 0.0
            if not going.all():
                active, row, h, c, constant = active[going], row[going], h[going], c[going], constant[going]
            if not len(active):
                break
        return [_cut(rows) for rows in drawn]

    def log_likelihood(self, z: np.ndarray | None, given: np.ndarray) -> np.ndarray:
        """Return how well the model foretells each of several beginnings, Σ log p, `[batch]` in nats.

        Args:
            z: latent vectors `[batch, z]`; None for a decoder-only model.
            given: beginnings in model units, equally long, `[batch, points, 3]`.
        """
        batch = len(given)
        h, c = self.first_state(z, batch)
        constant = self._project_latent(z, batch)
        row, total = np.tile(equations.START, (batch, 1)), np.zeros(batch)
        for following in _beginnings(given, batch).swapaxes(0, 1):
            h, c = self._step(row, constant, (h, c))
            mixture = equations.output_layer(np, self.weights, h, self.hparams)
            offset = mixtures.log_density(np, mixture, following[:, :2])
            total += np.maximum(offset, LOG_DENSITY_FLOOR)
            total += mixtures.pen_log_likelihood(np, mixture, following[:, 2:])
            row = following
        return total

    def _project_latent(self, z: np.ndarray | None, batch: int) -> np.ndarray:
        """Return what z adds to the decoder's gates at every step, `[batch, ...]`: the same all along."""
        inputs = np.zeros((batch, self._decoder["kernel"].shape[0]), dtype=np.float32)
        if self.hparams.conditional:
            inputs[:, INPUT_SIZE:] = z
        return cells.project(np, self.hparams.dec_model, self._decoder, inputs)

    def _step(self, row: np.ndarray, constant: np.ndarray, state: cells.State) -> cells.State:
        """Feed one row `[batch, 5]` to the decoder."""
        projected = constant + row @ self._row_kernel
        return cells.step(np, self.hparams.dec_model, self._decoder, projected, state, self.hparams.gate_activation)


def _beginnings(given: np.ndarray, batch: int) -> np.ndarray:
    """Return stroke-5 rows `[batch, points, 5]` of one beginning for all, or of one for each."""
    several = np.broadcast_to(given, (batch, *given.shape[-2:]))
    return np.stack([to_stroke5(sketch, len(sketch)) for sketch in several])


def sample_row(
    mixture: mixtures.Mixture, temperature: np.ndarray, uniform: np.ndarray, normal: np.ndarray
) -> np.ndarray:
    """Draw a stroke-5 row from each distribution (equation 8).

    Args:
        mixture: parameters `[batch, ...]`.
        temperature: τ `[batch]`: logits are divided by it, σ is multiplied by √τ; 0 takes the most probable.
        uniform: `[batch, 2]` in [0, 1).
        normal: `[batch, 2]`, standard normal.

    Returns:
        `[batch, 5]`; an end row is (0, 0, 0, 0, 1).
    """
    rows = np.arange(len(temperature))
    chosen = _choose(mixture.pi_logits, temperature, uniform[:, 0])
    pen = _choose(mixture.pen_logits, temperature, uniform[:, 1])
    mu_x, mu_y = mixture.mu_x[rows, chosen], mixture.mu_y[rows, chosen]
    rho = np.tanh(mixture.rho_raw[rows, chosen])
    spread = np.sqrt(temperature)
    along, across = normal[:, 0], rho * normal[:, 0] + np.sqrt(1.0 - rho**2) * normal[:, 1]
    row = np.zeros((len(rows), 5), dtype=np.float32)
    row[:, 0] = mu_x + spread * np.exp(mixture.log_sigma_x[rows, chosen]) * along
    row[:, 1] = mu_y + spread * np.exp(mixture.log_sigma_y[rows, chosen]) * across
    row[rows, 2 + pen] = 1.0
    row[pen == 2, :2] = 0.0
    return row


def _choose(logits: np.ndarray, temperature: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Pick an index `[batch]` from softmax(logits / τ), where τ is 0 the largest."""
    warm = np.where(temperature > 0, temperature, 1.0)[:, None]
    cumulative = np.cumsum(np.exp(mixtures.log_softmax(np, logits.astype(np.float64) / warm)), axis=-1)
    drawn = (uniform[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=-1)
    return np.where(temperature > 0, drawn, logits.argmax(axis=-1))


def _cut(rows: np.ndarray) -> np.ndarray:
    """Return the stroke-3 sketch before the end row, its last pen lifted."""
    ends = np.flatnonzero(rows[:, 4] == 1.0)
    points = rows[: ends[0]] if len(ends) else rows
    sketch = np.concatenate([points[:, :2], points[:, 3:4]], axis=1)
    if len(sketch):
        sketch[-1, 2] = 1.0
    return sketch
