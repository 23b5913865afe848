"""The fused LSTM against the framework's own gradient of a plain loop; run again on JAX by test_jax_backend."""

from collections.abc import Callable

import numpy as np
import pytest
from keras import ops

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.model import kernels

BATCH, UNITS = 3, 4


def plain(projected: object, recurrent: object, h: object, c: object, mask: np.ndarray | None) -> object:
    """Every h, step by step, direction by direction."""
    outputs = []
    for time in range(projected.shape[0]):
        both = []
        for side in range(projected.shape[1]):
            gates = projected[time, side] + ops.matmul(h[side], recurrent[side])
            i, f, candidate, o = (gates[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
            new = ops.tanh(candidate)
            if mask is not None:
                new = new * mask[time, side]
            memory = ops.sigmoid(f) * c[side] + ops.sigmoid(i) * new
            both.append((ops.sigmoid(o) * ops.tanh(memory), memory))
        h, c = ops.stack([a for a, _ in both]), ops.stack([b for _, b in both])
        outputs.append(h)
    return ops.stack(outputs)


@pytest.mark.parametrize(("directions", "masked"), [(1, False), (1, True), (2, True)])
@pytest.mark.parametrize("time", [1, 2, 9, 17])
def test_outputs_and_gradients_are_those_of_a_plain_loop(
    time: int, directions: int, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(time)
    arrays = {
        "projected": rng.normal(size=(time, directions, BATCH, 4 * UNITS)),
        "recurrent": rng.normal(size=(directions, UNITS, 4 * UNITS)) * 0.4,
        "h": rng.normal(size=(directions, BATCH, UNITS)),
        "c": rng.normal(size=(directions, BATCH, UNITS)),
    }
    given = {name: ops.convert_to_tensor(value.astype(np.float32)) for name, value in arrays.items()}
    kept = (rng.random((time, directions, BATCH, UNITS)) < 0.7).astype(np.float32) / np.float32(0.7)
    mask = ops.convert_to_tensor(kept) if masked else None
    pull = ops.convert_to_tensor(rng.normal(size=(time, directions, BATCH, UNITS)).astype(np.float32))
    engine = kernels.engine()

    def measure(run: Callable) -> tuple:
        def function(tensors: dict) -> tuple:
            outputs = run(**tensors)
            return ops.sum(outputs * pull), outputs

        compiled = engine.compile_evaluation(lambda tensors: engine.value_and_gradients(function, tensors))
        _, outputs, gradients = compiled(given)
        return ops.convert_to_numpy(outputs), {name: ops.convert_to_numpy(x) for name, x in gradients.items()}

    expected_outputs, expected = measure(lambda **tensors: plain(**tensors, mask=mask))
    fused = [measure(lambda **tensors: engine.lstm(**tensors, mask=mask, products="float32"))]
    monkeypatch.setattr(engine, "_unroll", lambda: 4)  # As on a GPU: several steps compiled as one.
    fused.append(measure(lambda **tensors: engine.lstm(**tensors, mask=mask, products="float32")))
    for outputs, gradients in fused:
        np.testing.assert_allclose(outputs, expected_outputs, atol=1e-5)
        for name in given:
            np.testing.assert_allclose(gradients[name], expected[name], atol=1e-5, rtol=1e-5, err_msg=name)


def test_bfloat16_products_come_close_to_float32() -> None:
    rng = np.random.default_rng(0)
    shapes = [(9, 1, BATCH, 4 * UNITS), (1, UNITS, 4 * UNITS), (1, BATCH, UNITS), (1, BATCH, UNITS)]
    given = [ops.convert_to_tensor(rng.normal(size=shape).astype(np.float32)) for shape in shapes]
    exact, rough = (
        ops.convert_to_numpy(kernels.engine().lstm(*given, None, products)) for products in ("float32", "bfloat16")
    )
    assert rough.dtype == np.float32
    assert 1e-6 < np.abs(exact - rough).max() < 0.05


@pytest.mark.parametrize("draw", ["uniform", "normal"])
def test_random_numbers_derive_from_seed_step_and_stream(draw: str) -> None:
    def numbers(seed: int, step: int, stream: int) -> list[float]:
        function = getattr(kernels.engine(), draw)
        return ops.convert_to_numpy(function((5,), seed, ops.convert_to_tensor(np.int32(step)), stream)).tolist()

    assert numbers(1, 2, 3) == numbers(1, 2, 3)
    others = [numbers(0, 2, 3), numbers(1, 3, 3), numbers(1, 2, 4), numbers(2, 1, 3)]
    assert all(other != numbers(1, 2, 3) for other in others)
