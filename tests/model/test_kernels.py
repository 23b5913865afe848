"""The fused LSTM against the framework's own gradient of a plain loop; run again on JAX by test_jax_backend."""

import functools
import math
from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import ops

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.kernels import steps
from sketchrnn_cli.model.kernels.steps import Dropout

BATCH, UNITS = 3, 4


def plain(rows: object, mask: np.ndarray | None, constant: object, kernel: object, **tensors: object) -> object:
    """Every h, step by step, direction by direction."""
    outputs, h, c = [], tensors["h"], tensors["c"]
    for time in range(rows.shape[0]):
        both = []
        for side in range(rows.shape[1]):
            gates = constant[side] + ops.matmul(rows[time, side], kernel[side])
            gates = gates + ops.matmul(h[side], tensors["recurrent"][side])
            i, f, candidate, o = (gates[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
            new = ops.tanh(candidate)
            if mask is not None:
                new = new * mask[time, side]
            memory = ops.sigmoid(f) * c[side] + ops.sigmoid(i) * new
            both.append((ops.sigmoid(o) * ops.tanh(memory), memory))
        h, c = ops.stack([a for a, _ in both]), ops.stack([b for _, b in both])
        outputs.append(h)
    return ops.stack(outputs)


def draw_tensors(rng: np.random.Generator, directions: int) -> dict[str, object]:
    shapes = {
        "constant": (directions, BATCH, 4 * UNITS),
        "kernel": (directions, 5, 4 * UNITS),
        "recurrent": (directions, UNITS, 4 * UNITS),
        "h": (directions, BATCH, UNITS),
        "c": (directions, BATCH, UNITS),
    }
    drawn = {name: 0.5 * rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return {name: ops.convert_to_tensor(value) for name, value in drawn.items()}


@pytest.mark.parametrize(("directions", "masked"), [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize(
    "time", [pytest.param(1, marks=pytest.mark.on_jax), 2, 9, pytest.param(18, marks=pytest.mark.on_jax)]
)
def test_outputs_and_gradients_are_those_of_a_plain_loop(
    time: int, directions: int, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(time)
    given = draw_tensors(rng, directions)
    rows = ops.convert_to_tensor(rng.normal(size=(time, directions, BATCH, 5)).astype(np.float32))
    kept = rng.random((time, directions, BATCH, UNITS)) < 0.7
    mask = kept.astype(np.float32) / np.float32(0.7) if masked else None
    dropout = Dropout(ops.convert_to_tensor(kept), 0.7) if masked else None
    pull = ops.convert_to_tensor(rng.normal(size=(time, directions, BATCH, UNITS)).astype(np.float32))
    engine = kernels.engine()

    def measure(run: Callable, compiles: bool = True) -> tuple:
        def function(tensors: dict) -> tuple:
            outputs = run(rows=rows, **tensors)
            return ops.sum(outputs * pull), outputs

        def both(tensors: dict) -> tuple:
            return engine.value_and_gradients(function, tensors)

        _, outputs, gradients = (engine.compile_evaluation(both, "scan") if compiles else both)(given)
        return ops.convert_to_numpy(outputs), {name: ops.convert_to_numpy(x) for name, x in gradients.items()}

    expected_outputs, expected = measure(functools.partial(plain, mask=mask), compiles=False)
    fused = [measure(functools.partial(engine.lstm, dropout=dropout, products="float32"))]
    # As on a GPU: several steps compiled as one, long products in parts, rows multiplied term by term.
    monkeypatch.setattr(engine, "_unroll", lambda time: max(n for n in (1, 2, 3) if time % n == 0))
    monkeypatch.setattr(engine, "_parts", lambda count: math.gcd(count, 8))
    if keras.backend.backend() == "tensorflow":
        monkeypatch.setattr(engine, "_input_gates", steps.input_gates)
    fused.append(measure(functools.partial(engine.lstm, dropout=dropout, products="float32")))
    for outputs, gradients in fused:
        np.testing.assert_allclose(outputs, expected_outputs, atol=1e-5)
        for name in given:
            np.testing.assert_allclose(gradients[name], expected[name], atol=1e-5, rtol=1e-5, err_msg=name)


def test_on_a_gpu_loops_make_whole_rounds_of_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    on_jax = pytest.importorskip("sketchrnn_cli.model.kernels.on_jax", reason="JAX is not installed")
    for gpu in (False, True):
        monkeypatch.setattr(on_jax, "has_gpu", lambda gpu=gpu: gpu)
        for time in range(1, 300):
            steps, unroll = on_jax.whole_rounds(time), on_jax._unroll(on_jax.whole_rounds(time))
            assert steps % unroll == 0
            assert (time <= steps < time + 10 and 5 <= unroll <= 10) if gpu else (steps == time and unroll == 1)


@pytest.mark.on_jax
def test_bfloat16_products_come_close_to_float32() -> None:
    rng = np.random.default_rng(0)
    given = draw_tensors(rng, 1)
    rows = ops.convert_to_tensor(rng.normal(size=(9, 1, BATCH, 5)).astype(np.float32))
    exact, rough = (
        ops.convert_to_numpy(kernels.engine().lstm(rows, **given, dropout=None, products=products))
        for products in ("float32", "bfloat16")
    )
    assert rough.dtype == np.float32
    assert 1e-6 < np.abs(exact - rough).max() < 0.05


@pytest.mark.on_jax
@pytest.mark.parametrize("draw", ["uniform", "normal"])
def test_random_numbers_derive_from_seed_step_and_stream(draw: str) -> None:
    def numbers(seed: int, step: int, stream: int) -> list[float]:
        function = getattr(kernels.engine(), draw)
        return ops.convert_to_numpy(function((5,), seed, ops.convert_to_tensor(np.int32(step)), stream)).tolist()

    assert numbers(1, 2, 3) == numbers(1, 2, 3)
    others = [numbers(0, 2, 3), numbers(1, 3, 3), numbers(1, 2, 4), numbers(2, 1, 3)]
    assert all(other != numbers(1, 2, 3) for other in others)
