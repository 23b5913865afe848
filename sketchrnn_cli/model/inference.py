"""The drawing engine: inference in NumPy, without a training framework.

Each sketch has its own random stream, and sketches are drawn in chunks of `CHUNK` rows: the last chunk is padded, and
finished rows keep running. So every matmul has the same shape whatever is drawn, and a sketch does not depend on its
neighbors, to the byte.
"""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, decoders, equations, readout
from sketchrnn_cli.model.sampling import Way, sample_row, settings
from sketchrnn_cli.model.weights import INPUT_SIZE, part
from sketchrnn_cli.strokes.formats import to_stroke5

Result = TypeVar("Result")
CHUNK = 8
"""Sketches drawn or encoded together."""
SCORE_CHUNK = 32
"""Sketches scored together."""


@functools.cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager:
    """Limit BLAS to one thread: for the small matmuls of a step, starting more costs more than it saves."""
    return _blas().limit(limits=1, user_api="blas")


@dataclass(frozen=True)
class Noise:
    """The random numbers for drawing one sketch, generated beforehand: `[steps, ...]`."""

    uniform: np.ndarray
    """`[steps, 2]`: selects the Gaussian and the pen state."""
    normal: np.ndarray
    """`[steps, 2]`: the offset."""

    @classmethod
    def draw(cls, rng: np.random.Generator, steps: int) -> "Noise":
        """Generate the numbers for up to `steps` rows."""
        return cls(rng.random((steps, 2)), rng.standard_normal((steps, 2)))


class Drawer:
    """A model ready to encode and to draw."""

    def __init__(self, hparams: HParams, weights: Mapping[str, np.ndarray]) -> None:
        """Convert the weights to float32."""
        self.hparams = hparams
        self.weights = {name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}
        self.decoder = decoders.decoder(hparams, self.weights)

    def encode(self, sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return μ and σ, each `[batch, z]`, of stroke-3 sketches in model units (equations 1 and 2)."""
        order = np.argsort([len(sketch) for sketch in sketches], kind="stable")  # Similar lengths, little padding.
        parts = _by_chunks(lambda some: self._encode_chunk([sketches[int(i)] for i in order[some]]), len(sketches))
        encoded = np.empty((2, len(sketches), self.hparams.z_size), np.float32)
        encoded[:, order] = np.concatenate(parts, axis=1)
        return encoded[0], np.exp(0.5 * encoded[1])

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
        for time in range(rows.shape[1]):  # One matmul over all steps would have a shape for every length.
            projected = cell.project(np, weights, rows[:, time])
            h, c = cell.step(np, weights, projected, (h, c), self.hparams.gate_activation)
            ended = lengths == time + 1
            last[ended] = h[ended, :units]
        return last

    def condition(self, z: np.ndarray | None, labels: np.ndarray | None, batch: int) -> np.ndarray | None:
        """Return v `[batch, condition size]` of latent vectors and labels.

        Labels are rows of the label table `[batch]`, or mixtures of all rows `[batch, rows]`; None is 0, "any".
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
            sampling: one for all or one per sketch; a number is a temperature τ.
            max_points: longer sketches are truncated, and the pen lifted at the last point.
            given: a prefix `[points, 3]` in model units that all sketches continue, or one per sketch, all of the same
                length, `[batch, points, 3]`.
            go_on: whether no sketch may end right after `given`.
            labels: rows of the label table `[batch]`, or mixtures of all rows `[batch, rows]`; None for "any".

        Returns:
            Stroke-3 sketches in model units.
        """
        batch = len(noise)
        v = self.condition(z, labels, batch)
        how = settings(sampling, batch)
        forced = np.zeros((batch, 0, INPUT_SIZE), np.float32) if given is None else _prefixes(given, batch)

        def drawn(some: slice) -> list[np.ndarray]:
            real = some.stop - some.start
            rows = self._draw_chunk(
                _padded(v[some], CHUNK) if v is not None else None,
                _padded(np.stack([numbers.uniform[:max_points] for numbers in noise[some]]), CHUNK),
                _padded(np.stack([numbers.normal[:max_points] for numbers in noise[some]]), CHUNK),
                _padded(how[some], CHUNK),
                _padded(forced[some], CHUNK),
                real,
                go_on,
            )
            return [_cut(row) for row in rows[:real]]

        return [sketch for some in _by_chunks(drawn, batch) for sketch in some]

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
        """Return the log-likelihood of each sketch, Σ log p, `[batch]` in nats.

        Args:
            z: latent vectors `[batch, z]`; None for a decoder-only model.
            given: sketches in model units, of the same length, `[batch, points, 3]`, or one for all, `[points, 3]`.
            labels: rows of the label table `[batch]`; None for "any".
            ends: whether they are complete, instead of prefixes.
        """
        batch = next((len(some) for some in (z, labels) if some is not None), len(given))
        v = self.condition(z, labels, batch)
        rows = _prefixes(given, batch)
        if ends:
            rows = np.concatenate([rows, np.tile(np.eye(5, dtype=np.float32)[4], (batch, 1, 1))], axis=1)
        totals = []
        for first in range(0, batch, SCORE_CHUNK):
            seen = None if v is None else v[first : first + SCORE_CHUNK]
            totals.append(self._row_log_p(rows[first : first + SCORE_CHUNK], seen).sum(axis=1, dtype=np.float64))
        return np.concatenate(totals)

    def log_likelihoods(self, z: np.ndarray | None, sketches: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
        """Return Σ log p of complete sketches in model units, of any lengths, including the end: `[sketches]` in nats.

        Sketches of similar length are scored together; z and labels as for `log_likelihood`.
        """
        v = self.condition(z, labels, len(sketches))
        lengths = np.array([len(sketch) for sketch in sketches])
        totals = np.zeros(len(sketches))
        order = np.argsort(lengths, kind="stable")
        for first in range(0, len(order), SCORE_CHUNK):
            some = order[first : first + SCORE_CHUNK]
            time = np.arange(lengths[some].max() + 1)
            rows = np.stack([to_stroke5(sketches[int(i)], len(time)) for i in some])
            log_p = self._row_log_p(rows, None if v is None else v[some])
            totals[some] = np.where(time <= lengths[some, None], log_p, 0.0).sum(axis=1, dtype=np.float64)
        return totals

    def log_likelihoods_by_word(
        self, z: np.ndarray | None, sketches: Sequence[np.ndarray], labels: np.ndarray
    ) -> np.ndarray:
        """Return `log_likelihood` of each complete sketch under each of its labels, `[sketches, labels]`."""
        seen = [None] * len(sketches) if z is None else [row[None].repeat(labels.shape[1], axis=0) for row in z]
        return np.stack([self.log_likelihood(*each, ends=True) for each in zip(seen, sketches, labels, strict=True)])

    def pooled(self, z: np.ndarray | None, sketches: Sequence[np.ndarray]) -> np.ndarray:
        """Return what a readout reads of sketches in model units, under "any": `[sketches, 2 * units]`."""
        v, parts = self.condition(z, None, len(sketches)), []
        for number, sketch in enumerate(sketches):
            rows = _after_start(to_stroke5(sketch, len(sketch))[None])
            with one_thread():
                h = self.decoder.sequence(rows, None if v is None else v[number : number + 1])
                parts.append(readout.pool(np, h, np.array([len(sketch)])))
        return np.concatenate(parts)

    def _row_log_p(self, rows: np.ndarray, v: np.ndarray | None) -> np.ndarray:
        """Return log p of each row given the previous ones, `[batch, time]`, of up to `SCORE_CHUNK` sketches."""
        batch, rows = len(rows), _padded(rows, SCORE_CHUNK)
        with one_thread():
            h = self.decoder.sequence(_after_start(rows[:, :-1]), None if v is None else _padded(v, SCORE_CHUNK))
            mixture = equations.output_layer(np, self.weights, h, self.hparams)
            offset, pen = equations.reconstruction_terms(np, mixture, rows, equations.LOG_DENSITY_FLOOR)
        return -(offset + pen)[:batch]


def _by_chunks(work: Callable[[slice], Result], batch: int) -> list[Result]:
    """Return what `work` makes of every `CHUNK` rows of a batch, in order: a thread a processor, BLAS with one each."""
    chunks = [slice(first, min(first + CHUNK, batch)) for first in range(0, batch, CHUNK)]
    with one_thread():
        if len(chunks) < 2:
            return [work(chunk) for chunk in chunks]
        with ThreadPoolExecutor(min(len(chunks), os.cpu_count() or 1)) as threads:
            return list(threads.map(work, chunks))


def _prefixes(given: np.ndarray, batch: int) -> np.ndarray:
    """Return the stroke-5 rows `[batch, points, 5]` of one prefix for all, or of one per sketch."""
    several = np.broadcast_to(given, (batch, *given.shape[-2:]))
    return np.stack([to_stroke5(sketch, len(sketch)) for sketch in several])


def _after_start(rows: np.ndarray) -> np.ndarray:
    """Return S₀ followed by rows `[batch, time, 5]`."""
    return np.concatenate([np.tile(equations.START, (len(rows), 1, 1)), rows], axis=1)


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    """Return rows padded with zeros to `count`."""
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])


def _cut(rows: np.ndarray) -> np.ndarray:
    """Return the stroke-3 sketch before the end row, with the pen lifted at its last point."""
    ends = np.flatnonzero(rows[:, 4] == 1.0)
    points = rows[: ends[0]] if len(ends) else rows
    sketch = np.concatenate([points[:, :2], points[:, 3:4]], axis=1)
    if len(sketch):
        sketch[-1, 2] = 1.0
    return sketch
