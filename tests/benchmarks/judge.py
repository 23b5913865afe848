"""The judge: a network that names drawings, trained once on other drawings than it judges.

    python tests/benchmarks/judge.py quickdraw345.npz --out judge.npz [--seconds 100]

A ResNet of grey pictures of 64 × 64 pixels with lines 2 pixels wide, in plain JAX, trained on the archive's `train`
split. Its features, what it averages over the picture before it names it, are what `quality.py` compares sets of
drawings by. Two figures say what it is worth: the share of held-out drawings (`test`) that it names right at first
(@1) and among its first five (@5).
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.drawing.bitmaps import SIDE, bitmaps, greys

Array = Any
WIDTHS = (48, 96, 192, 384)
BATCH = 512
SMOOTHING = 0.1
AVERAGE = 0.998
"""Of the moving average of the weights, per step."""
EPSILON = 1e-5
CALIBRATION = 40
"""Batches from which the means and variances of the layers are taken at the end."""
ROWS = 256
"""Pictures looked at together."""


@dataclass(frozen=True)
class Opinion:
    """What the judge says of drawings."""

    scores: np.ndarray
    """Log probabilities `[drawings, words]`."""
    features: np.ndarray
    """`[drawings, WIDTHS[-1]]`."""

    def among(self, labels: np.ndarray, places: int) -> np.ndarray:
        """Return whether each drawing's word is among the first so many, bool `[drawings]`."""
        own = np.take_along_axis(self.scores, labels[:, None].astype(np.int64), axis=1)
        return (self.scores > own).sum(axis=1) < places


class Judge:
    """A trained judge, ready to look at drawings."""

    def __init__(self, words: Sequence[str], weights: dict[str, np.ndarray]) -> None:
        """Hold the weights; `words` are what its outputs stand for."""
        self.words = tuple(words)
        self._weights = {name: jnp.asarray(value, jnp.float32) for name, value in weights.items()}
        self._look = jax.jit(lambda weights, pictures: forward(weights, pictures, None)[:2])

    def look(self, sketches: Sequence[np.ndarray]) -> Opinion:
        """Judge stroke-3 sketches."""
        packed, scores, features = bitmaps(sketches), [], []
        for start in range(0, len(packed), ROWS):
            some = greys(packed[start : start + ROWS])
            padded = np.zeros((ROWS, *some.shape[1:]), np.float32)
            padded[: len(some)] = some
            logits, pooled = self._look(self._weights, padded)
            scores.append(np.asarray(jax.nn.log_softmax(logits))[: len(some)])
            features.append(np.asarray(pooled)[: len(some)])
        return Opinion(np.concatenate(scores), np.concatenate(features))

    def save(self, path: Path) -> None:
        """Write the weights, half precision, and the words."""
        half = {name: np.asarray(value, np.float16) for name, value in self._weights.items()}
        np.savez(path, words=np.array(self.words), **half)

    @classmethod
    def load(cls, path: Path) -> "Judge":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            weights = {name: file[name] for name in file.files}
        return cls([str(word) for word in weights.pop("words")], weights)


def first_weights(words: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw weights after He et al. 2015: convolutions by their fan-in, gains 1, the last gain of a block 0."""
    weights: dict[str, np.ndarray] = {}

    def layer(name: str, side: int, inputs: int, outputs: int, gain: float = 1.0) -> None:
        spread = np.sqrt(2.0 / (side * side * inputs))
        weights[f"{name}.kernel"] = rng.normal(0.0, spread, (side, side, inputs, outputs)).astype(np.float32)
        weights[f"{name}.gain"] = np.full(outputs, gain, np.float32)
        weights[f"{name}.shift"] = np.zeros(outputs, np.float32)

    layer("stem", 3, 1, WIDTHS[0])
    inputs = WIDTHS[0]
    for stage, width in enumerate(WIDTHS):
        for block in range(2):
            layer(f"{stage}.{block}.a", 3, inputs, width)
            layer(f"{stage}.{block}.b", 3, width, width, gain=0.0)
            if block == 0:
                layer(f"{stage}.{block}.skip", 1, inputs, width)
            inputs = width
    weights["head.kernel"] = rng.normal(0.0, 0.01, (inputs, words)).astype(np.float32)
    weights["head.shift"] = np.zeros(words, np.float32)
    return weights


def forward(
    weights: dict[str, Array], pictures: Array, moments: dict[str, Array] | None
) -> tuple[Array, Array, dict[str, Array]]:
    """Look at `[batch, 64, 64]` pictures.

    Args:
        weights: as `first_weights` names them; with the layers' moments beside them unless `moments` is given.
        pictures: in [0, 1].
        moments: None takes each layer's mean and variance from `weights`; a dict receives those of the batch.

    Returns:
        Logits `[batch, words]`, features `[batch, width]`, and `moments`.
    """
    training = moments is not None
    found = {} if moments is None else dict(moments)

    def layer(name: str, x: Array, stride: int = 1) -> Array:
        kernel = weights[f"{name}.kernel"].astype(jnp.bfloat16 if training else jnp.float32)
        x = jax.lax.conv_general_dilated(
            x.astype(kernel.dtype), kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        ).astype(jnp.float32)
        if training:
            found[f"{name}.mean"], found[f"{name}.variance"] = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
        mean, variance = ((found if training else weights)[f"{name}.{part}"] for part in ("mean", "variance"))
        scale = weights[f"{name}.gain"] * jax.lax.rsqrt(variance + EPSILON)
        return (x - mean) * scale + weights[f"{name}.shift"]

    x = jax.nn.relu(layer("stem", pictures[..., None]))
    for stage in range(len(WIDTHS)):
        for block in range(2):
            stride = 2 if block == 0 else 1
            inner = jax.nn.relu(layer(f"{stage}.{block}.a", x, stride))
            aside = layer(f"{stage}.{block}.skip", x, stride) if block == 0 else x
            x = jax.nn.relu(aside + layer(f"{stage}.{block}.b", inner))
    features = x.mean(axis=(1, 2))
    return features @ weights["head.kernel"] + weights["head.shift"], features, found


def warped(packed: Array, key: Array) -> Array:
    """Return grey pictures of packed ones, each mirrored, turned, sheared, scaled and moved at random."""
    count = packed.shape[0]
    mirror, turn, shear, wide, high, aside = jax.random.uniform(key, (6, count), minval=-1.0)
    down = jax.random.uniform(jax.random.fold_in(key, 1), (count,), minval=-1.0)
    angle = turn * jnp.deg2rad(15.0)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    across, along = (1 + 0.2 * wide) * jnp.where(mirror < 0, -1.0, 1.0), 1 + 0.2 * high
    y, x = jnp.meshgrid(jnp.arange(SIDE) - SIDE / 2 + 0.5, jnp.arange(SIDE) - SIDE / 2 + 0.5, indexing="ij")
    x, y = x[None] - 6.0 * aside[:, None, None], y[None] - 6.0 * down[:, None, None]
    turned_x = cos[:, None, None] * x - sin[:, None, None] * y
    turned_y = sin[:, None, None] * x + cos[:, None, None] * y
    at_x = (turned_x + 0.15 * shear[:, None, None] * turned_y) / across[:, None, None] + SIDE / 2 - 0.5
    at_y = turned_y / along[:, None, None] + SIDE / 2 - 0.5
    column, row = jnp.round(at_x).astype(jnp.int32), jnp.round(at_y).astype(jnp.int32)
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    column, row = jnp.clip(column, 0, SIDE - 1), jnp.clip(row, 0, SIDE - 1)
    byte = packed[jnp.arange(count)[:, None, None], row, column >> 3]
    pixels = ((byte >> (7 - (column & 7)).astype(jnp.uint8)) & 1) * inside
    return pixels.reshape(count, SIDE // 2, 2, SIDE // 2, 2).astype(jnp.float32).mean(axis=(2, 4))


def train(
    packed: np.ndarray, labels: np.ndarray, words: Sequence[str], seconds: float, seed: int = 0, steps: int = 0
) -> Iterator[str | Judge]:
    """Train a judge by the clock; yield a line now and then, and the judge at the end.

    AdamW with label smoothing, the rate up over 5 % of the time and down by a cosine; the weights' moving average is
    what is kept, with the layers' moments taken anew for it.

    Args:
        packed: pictures as `bitmaps` makes them.
        labels: of each, an index into `words`.
        words: the names.
        seconds: how long.
        seed: of weights, order and warping.
        steps: stop after so many although time is left; 0: by the clock alone.
    """
    rng = np.random.default_rng(seed)
    weights = {name: jnp.asarray(value) for name, value in first_weights(len(words), rng).items()}
    state = (
        weights,
        *({name: jnp.zeros_like(value) for name, value in weights.items()} for _ in range(2)),
        jax.tree.map(jnp.copy, weights),
    )
    pictures, targets = jax.device_put(packed), jax.device_put(labels.astype(np.int32))

    @partial(jax.jit, donate_argnums=0)
    def step(state: Any, number: Array, rate: Array, pictures: Array, targets: Array) -> Any:
        key = jax.random.fold_in(jax.random.key(seed), number)
        chosen = jax.random.randint(key, (BATCH,), 0, len(targets))
        shown, wanted = warped(pictures[chosen], jax.random.fold_in(key, 2)), targets[chosen]

        def loss(weights: dict[str, Array]) -> tuple[Array, Array]:
            logits, _, _ = forward(weights, shown, {})
            log_p = jax.nn.log_softmax(logits)
            right = jnp.take_along_axis(log_p, wanted[:, None], axis=1)[:, 0]
            smooth = (1 - SMOOTHING) * right + SMOOTHING * log_p.mean(axis=1)
            return -smooth.mean(), (logits.argmax(axis=1) == wanted).mean()

        weights, first, second, average = state
        (value, right), gradients = jax.value_and_grad(loss, has_aux=True)(weights)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, second, gradients)
        fix = jnp.sqrt(1 - 0.99 ** (number + 1.0)) / (1 - 0.9 ** (number + 1.0))
        weights = {
            name: w - rate * (fix * first[name] / (jnp.sqrt(second[name]) + 1e-7) + (0.05 * w if w.ndim > 1 else 0.0))
            for name, w in weights.items()
        }
        keep = jnp.minimum(AVERAGE, (1 + number) / (10 + number))
        average = jax.tree.map(lambda a, w: keep * a + (1 - keep) * w, average, weights)
        return (weights, first, second, average), value, right

    def rate(share: float) -> float:
        return 3e-3 * min(1.0, share / 0.05 + 0.01) * 0.5 * (1 + np.cos(np.pi * min(1.0, share)))

    begun, number, said = time.monotonic(), 0, 0.0
    share = 0.0
    while share < 1.0 and (not steps or number < steps):
        for _ in range(10):
            state, value, right = step(state, np.int32(number), np.float32(rate(share)), pictures, targets)
            number += 1
        jax.block_until_ready(value)
        if number == 10:
            begun = time.monotonic()  # Compilation does not count.
        passed = time.monotonic() - begun
        share = passed / seconds
        if passed - said > 10:
            said = passed
            yield f"{passed:.0f} s, step {number}, {number * BATCH / len(labels):.1f} epochs: {value:.3f}, {right:.3f}"
    average = state[3]
    moments = jax.jit(lambda weights, pictures: forward(weights, pictures, {})[2])
    places = np.random.default_rng(seed).integers(0, len(labels), (CALIBRATION, min(BATCH, len(labels))))
    taken = [moments(average, greys(packed[some])) for some in places]
    measured = {name: np.mean([one[name] for one in taken], axis=0) for name in taken[0]}
    yield Judge(words, {**{name: np.asarray(value) for name, value in average.items()}, **measured})


def labels_of(dataset: DataSet, split: str) -> np.ndarray:
    """Return the labels of a split; zeros where the archive has none."""
    sketches = dataset.splits[split]
    return np.zeros(len(sketches), np.int64) if sketches.labels is None else sketches.labels.astype(np.int64)


def main() -> None:
    """Train the judge and say what it is worth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--out", type=Path, default=Path("judge.npz"))
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dataset = archive.load(options.archive)
    packed = bitmaps([dataset.train[i] for i in range(len(dataset.train))])
    print(f"{len(packed)} pictures of {len(dataset.classes)} words", flush=True)
    for said in train(packed, labels_of(dataset, "train"), dataset.classes, options.seconds, options.seed):
        if isinstance(said, Judge):
            said.save(options.out)
        else:
            print(said, flush=True)
    held_out, labels = dataset.splits["test"], labels_of(dataset, "test")
    opinion = Judge.load(options.out).look([held_out[i] for i in range(len(held_out))])
    for places in (1, 5):
        right = opinion.among(labels, places)
        print(f"held-out @{places}: {right.mean():.4f} ± {right.std() / np.sqrt(len(right)):.4f}")


if __name__ == "__main__":
    main()
