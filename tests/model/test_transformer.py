"""The Transformer against plain loops in float64, number by number, written from its description alone."""

import math

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import weights as tensors
from sketchrnn_cli.model.decoders import decoder

SMALL = HParams(
    conditional=True, z_size=3, num_classes=4, class_size=2, enc_rnn_size=4, dec_model="transformer", dec_rnn_size=12,
    dec_layers=3, dec_heads=3, dec_mlp_size=7, num_mixture=2, max_seq_len=30,
)  # fmt: skip


def affine(weights: dict, name: str, x: list[float]) -> list[float]:
    kernel = weights[f"{name}.kernel"].astype(float)
    bias = weights[f"{name}.bias"].astype(float) if f"{name}.bias" in weights else np.zeros(kernel.shape[1])
    return [bias[j] + sum(x[i] * kernel[i, j] for i in range(len(x))) for j in range(kernel.shape[1])]


def norm(weights: dict, name: str, x: list[float]) -> list[float]:
    mean = sum(x) / len(x)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in x) / len(x) + 1e-5)
    gamma, beta = weights[f"{name}.gamma"].astype(float), weights[f"{name}.beta"].astype(float)
    return [gamma[i] * (value - mean) / deviation + beta[i] for i, value in enumerate(x)]


def turned(head: list[float], position: int) -> list[float]:
    half, result = len(head) // 2, list(head)
    for j in range(half):
        angle = position * 10_000.0 ** (-2 * j / len(head))
        a, b = head[j], head[j + half]
        result[j], result[j + half] = (
            a * math.cos(angle) - b * math.sin(angle),
            a * math.sin(angle) + b * math.cos(angle),
        )
    return result


def plain_sequence(weights: dict, rows: np.ndarray, v: np.ndarray | None, hparams: HParams) -> list[list[float]]:
    """Return h after each row of one sketch."""
    weights = {name.removeprefix("decoder."): value for name, value in weights.items() if name.startswith("decoder.")}
    width, heads = hparams.dec_rnn_size, hparams.dec_heads
    size = width // heads
    conditions = weights["condition.bias"].astype(float).tolist()
    if v is not None:
        conditions = affine(weights, "condition", v.astype(float).tolist())
    parts = [conditions[k * width : (k + 1) * width] for k in range(hparams.dec_layers + 1)]
    xs = [parts[0], *(affine(weights, "input", row.astype(float).tolist()) for row in rows)]
    for layer in range(hparams.dec_layers):
        xs = [[a + b for a, b in zip(x, parts[layer + 1], strict=True)] for x in xs]
        joined = [affine(weights, f"layer_{layer}.attention", norm(weights, f"layer_{layer}.attention", x)) for x in xs]
        for position, x in enumerate(list(xs)):
            mixed = []
            for head in range(heads):
                parts_of = [
                    [x[kind * width + head * size : kind * width + (head + 1) * size] for x in joined]
                    for kind in range(3)
                ]

                q = turned(parts_of[0][position], position)
                scores = [
                    sum(a * b for a, b in zip(q, turned(parts_of[1][at], at), strict=True)) / math.sqrt(size)
                    for at in range(position + 1)
                ]
                raised = [math.exp(score) for score in scores]
                for number in range(size):
                    mixed.append(sum(r * parts_of[2][at][number] for at, r in enumerate(raised)) / sum(raised))
            given = affine(weights, f"layer_{layer}.attention.output", mixed)
            x = [a + b for a, b in zip(x, given, strict=True)]
            hidden = affine(weights, f"layer_{layer}.mlp", norm(weights, f"layer_{layer}.mlp", x))
            active = [a / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))) for a in hidden]
            xs[position] = [a + b for a, b in zip(x, affine(weights, f"layer_{layer}.mlp.output", active), strict=True)]
    return [norm(weights, "norm", x) for x in xs[1:]]


@pytest.mark.parametrize("changes", [{}, {"conditional": False}, {"conditional": False, "num_classes": 0}])
def test_outputs_are_those_of_plain_loops(changes: dict) -> None:
    hparams = SMALL.replace(**changes)
    weights = plain_model.random_weights(hparams)
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((2, 6, 5)).astype(np.float32)
    v = rng.standard_normal((2, hparams.condition_size)).astype(np.float32) if hparams.condition_size else None
    found = decoder(hparams, weights).sequence(rows, v)
    for sketch in range(2):
        expected = plain_sequence(weights, rows[sketch], None if v is None else v[sketch], hparams)
        np.testing.assert_allclose(found[sketch], expected, rtol=1e-4, atol=1e-5)


def test_no_output_depends_on_a_later_row() -> None:
    weights = plain_model.random_weights(SMALL)
    rows = np.random.default_rng(2).standard_normal((1, 9, 5)).astype(np.float32)
    v = np.ones((1, SMALL.condition_size), np.float32)
    changed = rows.copy()
    changed[:, 5:] += 1.0
    first, other = (decoder(SMALL, weights).sequence(some, v) for some in (rows, changed))
    np.testing.assert_allclose(first[:, :5], other[:, :5], atol=1e-6)
    assert np.abs(first[:, 5:] - other[:, 5:]).min(axis=-1).max() > 1e-4


def test_the_model_of_345_words_has_as_many_numbers_as_fit_eight_megabytes_in_half_precision() -> None:
    hparams = HParams(conditional=False, dec_model="transformer", dec_rnn_size=256, num_classes=345)
    assert tensors.count(tensors.initialize(hparams)) == 3_724_283
