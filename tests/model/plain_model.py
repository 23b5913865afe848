"""Sketch-RNN once more, to check against: float64, one sketch, one gate, one Gaussian at a time, no array namespace."""

import math

import numpy as np

from sketchrnn_cli.data.batches import Batch, corpus, plain_batches
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes

Weights = dict[str, np.ndarray]


def random_weights(hparams: HParams, seed: int = 0, size: float = 0.3) -> Weights:
    """Weights that leave nothing at zero, unlike the first ones of a training run."""
    rng = np.random.default_rng(seed)
    return {name: (size * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes(hparams).items()}


def random_sketch(rng: np.random.Generator, points: int) -> np.ndarray:
    sketch = np.zeros((points, 3), dtype=np.float32)
    sketch[:, :2] = rng.standard_normal((points, 2))
    sketch[:, 2] = rng.random(points) < 0.3
    sketch[-1, 2] = 1.0
    return sketch


def batch_of(sketches: list[np.ndarray], length: int, rows: int, labels: np.ndarray | None = None) -> Batch:
    """Pad sketches in model units to `length` points and one end row, and fill the batch up to `rows`."""
    of = corpus([pack(sketches, "made")], length, None if labels is None else [labels])
    return next(plain_batches(of, 1.0, rows, length))


def five(sketch: np.ndarray, rows: int) -> np.ndarray:
    """Stroke-5, point by point."""
    table = [[0.0, 0.0, 0.0, 0.0, 1.0] for _ in range(rows)]
    for place, (dx, dy, pen) in enumerate(sketch.tolist()):
        table[place] = [dx, dy, 0.0 if pen else 1.0, 1.0 if pen else 0.0, 0.0]
    return np.array(table)


def logistic(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def lstm(weights: Weights, prefix: str, inputs: list[np.ndarray], h: np.ndarray, c: np.ndarray) -> list[np.ndarray]:
    """Every h of an LSTM whose gates come as i, f, candidate, o."""
    kernel, recurrent, bias = (
        weights[f"{prefix}.{name}"].astype(np.float64) for name in ("kernel", "recurrent_kernel", "bias")
    )
    units = len(recurrent)
    outputs = []
    for x in inputs:
        gates = x @ kernel + h @ recurrent + bias
        i, f = logistic(gates[:units]), logistic(gates[units : 2 * units])
        candidate, o = np.tanh(gates[2 * units : 3 * units]), logistic(gates[3 * units :])
        c = f * c + i * candidate
        h = o * np.tanh(c)
        outputs.append(h)
    return outputs


def encode(weights: Weights, sketch: np.ndarray, hparams: HParams) -> tuple[np.ndarray, np.ndarray]:
    """μ and σ̂ of one stroke-3 sketch."""
    rows = list(five(sketch, len(sketch)))
    zero = np.zeros(hparams.enc_rnn_size)
    forward = lstm(weights, "encoder.forward", rows, zero, zero)[-1]
    backward = lstm(weights, "encoder.backward", rows[::-1], zero, zero)[-1]
    encoded = np.concatenate([forward, backward])
    mu = encoded @ weights["latent.mu.kernel"] + weights["latent.mu.bias"]
    return mu, encoded @ weights["latent.sigma.kernel"] + weights["latent.sigma.bias"]


def losses(
    weights: Weights, sketch: np.ndarray, rows: int, noise: np.ndarray, hparams: HParams
) -> tuple[float, float, float]:
    """Sums of −log p of offsets and of pens, and the KL divergence a latent unit, of one sketch padded to `rows`."""
    targets = five(sketch, rows)
    units, count = hparams.dec_rnn_size, hparams.num_mixture
    h = c = np.zeros(units)
    latent, kl = np.zeros(0), 0.0
    if hparams.conditional:
        mu, sigma_hat = encode(weights, sketch, hparams)
        latent = mu + np.exp(sigma_hat / 2) * noise
        state = np.tanh(latent @ weights["decoder.first_state.kernel"] + weights["decoder.first_state.bias"])
        h, c = state[:units], state[units:]
        kl = sum(-0.5 * (1 + s - m * m - math.exp(s)) for m, s in zip(mu, sigma_hat, strict=True)) / len(mu)
    inputs = [np.concatenate([before, latent]) for before in [np.array([0.0, 0.0, 1.0, 0.0, 0.0]), *list(targets)[:-1]]]
    offset = pen = 0.0
    for target, output in zip(targets, lstm(weights, "decoder", inputs, h, c), strict=True):
        y = (output @ weights["output.kernel"] + weights["output.bias"]).astype(np.float64)
        pens = np.exp(y[:3]) / np.exp(y[:3]).sum()
        pen -= math.log(pens[int(np.argmax(target[2:]))])
        if target[4]:
            continue
        pi, mu_x, mu_y, log_x, log_y, raw = (y[3 + count * k : 3 + count * (k + 1)] for k in range(6))
        pi = np.exp(pi) / np.exp(pi).sum()
        density = 0.0
        for j in range(count):
            sx, sy, rho = math.exp(log_x[j]), math.exp(log_y[j]), math.tanh(raw[j])
            u, v = (target[0] - mu_x[j]) / sx, (target[1] - mu_y[j]) / sy
            power = -(u * u + v * v - 2 * rho * u * v) / (2 * (1 - rho * rho))
            density += pi[j] * math.exp(power) / (2 * math.pi * sx * sy * math.sqrt(1 - rho * rho))
        offset -= math.log(density)
    return offset, pen, kl
