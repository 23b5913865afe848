"""The drawing engine: a trained model in NumPy, for whoever wants to draw without loading a training framework.

Sketch i of a call draws from its own random stream, and sketches are drawn in chunks of `CHUNK` rows: the last chunk is
padded, and rows that are finished run on idle. So every product has the same shape whatever is drawn, and a sketch does
not depend on its neighbors, to the byte.
"""

import functools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, decoders, equations
from sketchrnn_cli.model import mixture as mixtures
from sketchrnn_cli.model.sampling import Way, sample_row, settings
from sketchrnn_cli.model.weights import INPUT_SIZE, part
from sketchrnn_cli.strokes.formats import to_stroke5

CHUNK = 8
"""Rows that are drawn or encoded together."""
SCORED = 32
"""Rows that are scored together."""
LOG_DENSITY_FLOOR = -27.6
"""Nats that one offset can cost at most, about log 1e-12: a single wild one does not outweigh all the others."""


@functools.cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager:
    """Limit BLAS to one thread: the products of a step are too small for more, whose start takes longer than they."""
    return _blas().limit(limits=1, user_api="blas")


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
        self.decoder = decoders.decoder(hparams, self.weights)

    def encode(self, sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return μ and σ, each `[batch, z]`, of stroke-3 sketches in model units (equations 1 and 2)."""
        with one_thread():
            parts = [self._encode_chunk(sketches[first : first + CHUNK]) for first in range(0, len(sketches), CHUNK)]
        mu, sigma_hat = (np.concatenate(some) for some in zip(*parts, strict=True))
        return mu, np.exp(0.5 * sigma_hat)

    def _encode_chunk(self, sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return μ and σ̂ of up to `CHUNK` sketches."""
        padded = max(len(sketch) for sketch in sketches) if self.hparams.mask_encoder else self.hparams.max_seq_len
        lengths = np.full(CHUNK, 1 if self.hparams.mask_encoder else padded)
        rows = np.zeros((CHUNK, padded, INPUT_SIZE), dtype=np.float32)
        for number, sketch in enumerate(sketches):
            rows[number] = to_stroke5(sketch, padded)
            if self.hparams.mask_encoder:
                lengths[number] = len(sketch)
        backward = np.stack([np.roll(row[::-1], n - padded, 0) for row, n in zip(rows, lengths, strict=True)])
        encoded = [
            self._last_h(f"encoder.{name}", x, lengths) for name, x in (("forward", rows), ("backward", backward))
        ]
        mu, sigma_hat = equations.latent_distribution(np, self.weights, np.concatenate(encoded, axis=-1))
        return mu[: len(sketches)], sigma_hat[: len(sketches)]

    def _last_h(self, name: str, rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Run one direction of the encoder over `[CHUNK, time, 5]`; return h after each sketch's last row."""
        cell, weights = cells.of(self.hparams.enc_model, self.hparams), part(self.weights, name)
        units = self.hparams.enc_rnn_size
        h = c = np.zeros((len(rows), cell.state_size(units)), dtype=np.float32)
        last = np.empty((len(rows), units), dtype=np.float32)
        for time in range(rows.shape[1]):  # A product over all times would have as many shapes as sketches lengths.
            projected = cell.project(np, weights, rows[:, time])
            h, c = cell.step(np, weights, projected, (h, c), self.hparams.gate_activation)
            ended = lengths == time + 1
            last[ended] = h[ended, :units]
        return last

    def condition(self, z: np.ndarray | None, labels: np.ndarray | None, batch: int) -> np.ndarray | None:
        """Return v `[batch, condition size]` of latent vectors and labels.

        Labels are rows of the label table `[batch]`, or shares of all rows `[batch, rows]`; None is 0, "any".
        """
        labels = np.zeros(batch, dtype=np.int32) if labels is None else labels
        if labels.ndim == 2 and self.hparams.num_classes:
            mixed = labels.astype(np.float32) @ self.weights["classes.table"]
            return mixed if z is None else np.concatenate([z, mixed], axis=-1)
        return equations.condition(np, self.weights, z, labels)

    def draw(
        self,
        z: np.ndarray | None,
        noise: Sequence[Noise],
        sampling: Way,
        max_points: int,
        given: np.ndarray | None = None,
        go_on: bool = False,
        labels: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        """Draw one sketch for each entry of `noise`.

        Args:
            z: latent vectors `[batch, z]`; None for a decoder-only model.
            noise: the random numbers of each sketch, at least `max_points` rows.
            sampling: how rows are drawn, one for all or one for each; a number is a temperature τ.
            max_points: a sketch longer than this is cut, its last pen lifted.
            given: a beginning `[points, 3]` in model units that every sketch repeats and goes on from, or one for each,
                equally long, `[batch, points, 3]`.
            go_on: whether no sketch may end right after `given`.
            labels: rows of the label table `[batch]`, or shares of all rows `[batch, rows]`; None for "any" throughout.

        Returns:
            Stroke-3 sketches in model units.
        """
        batch = len(noise)
        v = self.condition(z, labels, batch)
        how = settings(sampling, batch)
        forced = np.zeros((batch, 0, INPUT_SIZE), np.float32) if given is None else _beginnings(given, batch)
        sketches: list[np.ndarray] = []
        with one_thread():
            for first in range(0, batch, CHUNK):
                some = slice(first, min(first + CHUNK, batch))
                rows = self._draw_chunk(
                    _padded(v[some], CHUNK) if v is not None else None,
                    _padded(np.stack([numbers.uniform[:max_points] for numbers in noise[some]]), CHUNK),
                    _padded(np.stack([numbers.normal[:max_points] for numbers in noise[some]]), CHUNK),
                    _padded(how[some], CHUNK),
                    _padded(forced[some], CHUNK),
                    some.stop - first,
                    go_on,
                )
                sketches += [_cut(row) for row in rows[: some.stop - first]]
        return sketches

    def _draw_chunk(
        self,
        v: np.ndarray | None,
        uniform: np.ndarray,
        normal: np.ndarray,
        how: np.ndarray,
        forced: np.ndarray,
        real: int,
        go_on: bool,
    ) -> np.ndarray:
        """Return stroke-5 rows `[CHUNK, max_points, 5]` drawn for the first `real` rows of a chunk."""
        max_points = uniform.shape[1]
        drawn = np.zeros((CHUNK, max_points, INPUT_SIZE), dtype=np.float32)
        drawn[:, :, 4] = 1.0
        start = forced.shape[1]
        drawn[:, :start] = forced
        state, h = self.decoder.prefill(_after_start(forced), v, max_points + 1)
        going = np.arange(CHUNK) < real
        for time in range(start, max_points):
            mixture = equations.output_layer(np, self.weights, h, self.hparams)
            if go_on and time == start:
                mixture.pen_logits[:, 2] = -np.inf
            row = sample_row(mixture, how, uniform[:, time], normal[:, time])
            row[~going] = (0.0, 0.0, 0.0, 0.0, 1.0)
            drawn[:, time] = row
            going &= row[:, 4] == 0.0
            if not going.any() or time + 1 == max_points:
                break
            state, h = self.decoder.step(state, row)
        return drawn

    def log_likelihood(
        self, z: np.ndarray | None, given: np.ndarray, labels: np.ndarray | None = None, ends: bool = False
    ) -> np.ndarray:
        """Return how well the model foretells each of several sketches, Σ log p, `[batch]` in nats.

        Args:
            z: latent vectors `[batch, z]`; None for a decoder-only model.
            given: sketches in model units, equally long, `[batch, points, 3]`, or one for all, `[points, 3]`.
            labels: rows of the label table `[batch]`; None for "any" throughout.
            ends: whether they end there, instead of being beginnings.
        """
        batch = next((len(some) for some in (z, labels) if some is not None), len(given))
        v = self.condition(z, labels, batch)
        rows = _beginnings(given, batch)
        if ends:
            rows = np.concatenate([rows, np.tile(np.eye(5, dtype=np.float32)[4], (batch, 1, 1))], axis=1)
        totals = []
        for first in range(0, batch, SCORED):
            seen = None if v is None else v[first : first + SCORED]
            totals.append(self._row_log_p(rows[first : first + SCORED], seen).sum(axis=1, dtype=np.float64))
        return np.concatenate(totals)

    def log_likelihoods(self, z: np.ndarray | None, sketches: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
        """Return Σ log p of whole sketches in model units, of any lengths, their ends included: `[sketches]` in nats.

        Those of about one length are scored together; z and labels as for `log_likelihood`.
        """
        v = self.condition(z, labels, len(sketches))
        lengths = np.array([len(sketch) for sketch in sketches])
        totals = np.zeros(len(sketches))
        order = np.argsort(lengths, kind="stable")
        for first in range(0, len(order), SCORED):
            some = order[first : first + SCORED]
            time = np.arange(lengths[some].max() + 1)
            rows = np.stack([to_stroke5(sketches[int(i)], len(time)) for i in some])
            log_p = self._row_log_p(rows, None if v is None else v[some])
            totals[some] = np.where(time <= lengths[some, None], log_p, 0.0).sum(axis=1, dtype=np.float64)
        return totals

    def _row_log_p(self, rows: np.ndarray, v: np.ndarray | None) -> np.ndarray:
        """Return log p of each row given those before it, `[batch, time]`, of up to `SCORED` sketches in stroke-5."""
        batch, rows = len(rows), _padded(rows, SCORED)
        with one_thread():
            h = self.decoder.sequence(_after_start(rows[:, :-1]), None if v is None else _padded(v, SCORED))
            mixture = equations.output_layer(np, self.weights, h, self.hparams)
            offset = np.maximum(mixtures.log_density(np, mixture, rows[..., :2]), LOG_DENSITY_FLOOR)
            pen = mixtures.pen_log_likelihood(np, mixture, rows[..., 2:])
        real = rows[..., 2] + rows[..., 3]
        return (offset * real + pen)[:batch]


def _beginnings(given: np.ndarray, batch: int) -> np.ndarray:
    """Return stroke-5 rows `[batch, points, 5]` of one beginning for all, or of one for each."""
    several = np.broadcast_to(given, (batch, *given.shape[-2:]))
    return np.stack([to_stroke5(sketch, len(sketch)) for sketch in several])


def _after_start(rows: np.ndarray) -> np.ndarray:
    """Return S₀ followed by rows `[batch, time, 5]`."""
    return np.concatenate([np.tile(equations.START, (len(rows), 1, 1)), rows], axis=1)


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    """Return rows followed by zeros, `count` in all."""
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])


def _cut(rows: np.ndarray) -> np.ndarray:
    """Return the stroke-3 sketch before the end row, its last pen lifted."""
    ends = np.flatnonzero(rows[:, 4] == 1.0)
    points = rows[: ends[0]] if len(ends) else rows
    sketch = np.concatenate([points[:, :2], points[:, 3:4]], axis=1)
    if len(sketch):
        sketch[-1, 2] = 1.0
    return sketch
