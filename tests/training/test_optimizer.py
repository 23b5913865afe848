"""Optimizers and schedules against Keras' and against numbers worked out by hand; run again on JAX."""

import math

import keras
import numpy as np
import pytest
from keras import ops

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.training import optimizer, schedules


@pytest.mark.on_jax
@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_ten_steps_are_those_of_keras_optimizer_with_gradients_clipped_by_value(name: str) -> None:
    rng = np.random.default_rng(0)
    hparams = HParams(optimizer=name, grad_clip=0.5)
    first = rng.normal(size=(3, 4)).astype(np.float32)
    variable = keras.Variable(first)
    theirs = {
        "adam": keras.optimizers.Adam(0.01, clipvalue=0.5),
        "sgd": keras.optimizers.SGD(0.01, momentum=0.9, clipvalue=0.5),
    }[name]
    weights = {"w": ops.convert_to_tensor(first)}
    slots = {slot: ops.zeros(shape) for slot, shape in optimizer.slot_shapes({"w": first.shape}, hparams).items()}
    for _ in range(10):
        gradient = ops.convert_to_tensor(rng.normal(size=(3, 4)).astype(np.float32))
        weights, slots = optimizer.update(weights, slots, {"w": gradient}, 0.01, hparams)
        theirs.apply([gradient], [variable])
    expected = ops.convert_to_numpy(variable + 0.0)
    np.testing.assert_allclose(ops.convert_to_numpy(weights["w"]), expected, rtol=2e-5, atol=1e-6)
    assert not np.allclose(ops.convert_to_numpy(weights["w"]), first, atol=0.01)


def test_weight_decay_is_that_of_keras_adamw_on_matrices_and_spares_vectors() -> None:
    rng = np.random.default_rng(1)
    hparams = HParams(beta_2=0.98, weight_decay=0.05, grad_clip=100.0)
    first = {"kernel": rng.normal(size=(3, 4)).astype(np.float32), "bias": rng.normal(size=4).astype(np.float32)}
    variables = [keras.Variable(value) for value in first.values()]
    theirs = keras.optimizers.AdamW(0.01, weight_decay=0.05, beta_2=0.98)
    theirs.exclude_from_weight_decay([variables[1]])
    weights = {name: ops.convert_to_tensor(value) for name, value in first.items()}
    shapes = {name: value.shape for name, value in first.items()}
    slots = {slot: ops.zeros(shape) for slot, shape in optimizer.slot_shapes(shapes, HParams()).items()}
    for _ in range(10):
        gradients = {name: ops.convert_to_tensor(rng.normal(size=s).astype(np.float32)) for name, s in shapes.items()}
        weights, slots = optimizer.update(weights, slots, gradients, 0.01, hparams)
        theirs.apply(list(gradients.values()), variables)
    for name, variable in zip(first, variables, strict=True):
        expected = ops.convert_to_numpy(variable + 0.0)
        np.testing.assert_allclose(ops.convert_to_numpy(weights[name]), expected, rtol=2e-5, atol=2e-6, err_msg=name)


def test_the_first_step_of_adam_moves_every_weight_by_the_learning_rate() -> None:
    gradient = ops.convert_to_tensor(np.array([3.0, -0.2, 1e-3], np.float32))
    slots = {name: ops.zeros(shape) for name, shape in optimizer.slot_shapes({"w": (3,)}, HParams()).items()}
    weights, _ = optimizer.update({"w": ops.zeros((3,))}, slots, {"w": gradient}, 0.01, HParams())
    np.testing.assert_allclose(ops.convert_to_numpy(weights["w"]), [-0.01, 0.01, -0.01], rtol=1e-2)


@pytest.mark.parametrize("step", [0, 1, 1000, 100_000])
def test_the_learning_rate_and_the_kl_weight_follow_their_formulas(step: int) -> None:
    hparams = HParams()
    expected = (1e-3 - 1e-5) * math.pow(0.9999, step) + 1e-5
    assert schedules.learning_rate(step, hparams) == pytest.approx(expected)
    assert schedules.kl_weight(step, hparams) == pytest.approx(0.5 - 0.49 * math.pow(0.99995, step))


def test_at_fifty_thousand_steps_learning_is_nearly_over() -> None:
    assert schedules.learning_rate(50_000, HParams()) == pytest.approx(1.7e-5, abs=1e-6)
    assert schedules.kl_weight(50_000, HParams()) == pytest.approx(0.46, abs=0.01)


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 1e-4), (4, 5e-4 * 0.996 + 5e-7), (9, 0.991e-3), (500, 0.5e-3), (1000, 1e-6), (5000, 1e-6)],
)
def test_the_learning_rate_warms_up_and_falls_in_a_straight_line_to_its_floor(step: int, expected: float) -> None:
    hparams = HParams(warmup_steps=10, linear_decay_steps=1000, min_learning_rate=1e-6)
    assert schedules.learning_rate(step, hparams) == pytest.approx(expected, rel=2e-3)
    tensor = ops.convert_to_tensor(np.float32(step))
    assert float(ops.convert_to_numpy(schedules.learning_rate(tensor, hparams))) == pytest.approx(expected, rel=2e-3)


def test_clipping_by_norm_keeps_the_direction_of_the_gradient() -> None:
    hparams = HParams(optimizer="sgd", clip_by="norm", grad_clip=2.0)
    weights = {"a": np.zeros(2, np.float32), "b": np.zeros((1, 2), np.float32)}
    for size, shrunk in ((1.0, 0.4), (0.1, 1.0)):  # The norm of all is 5, or 0.5.
        gradients = {"a": size * np.array([3.0, 0.0], np.float32), "b": size * np.array([[0.0, -4.0]], np.float32)}
        new, _ = optimizer.update(weights, optimizer.first_slots(weights, hparams), gradients, 1.0, hparams)
        np.testing.assert_allclose(ops.convert_to_numpy(new["a"]), -shrunk * gradients["a"], rtol=1e-6)
        np.testing.assert_allclose(ops.convert_to_numpy(new["b"]), -shrunk * gradients["b"], rtol=1e-6)


def test_the_average_follows_the_weights_and_is_swapped_in_and_out_without_loss() -> None:
    hparams = HParams(optimizer="sgd", ema_decay=0.4)
    weights = {"w": np.array([1.0, -2.0], np.float32)}
    slots = optimizer.first_slots(weights, hparams)
    average, w, momentum = weights["w"].astype(np.float64), weights["w"].astype(np.float64), 0.0
    for updates in range(1, 12):
        gradients = {"w": np.array([0.5, 0.25], np.float32) * updates}
        momentum = 0.9 * momentum - 0.1 * np.clip(gradients["w"], -1, 1)
        w = w + momentum
        decay = min(0.4, updates / (updates + 9))
        average = decay * average + (1 - decay) * w
        weights, slots = optimizer.update(weights, slots, gradients, 0.1, hparams)
    released, held = optimizer.swap_average(weights, slots, hparams)
    np.testing.assert_allclose(ops.convert_to_numpy(released["w"]), average, rtol=1e-5)
    assert not np.allclose(average, w)
    again, as_before = optimizer.swap_average(released, held, hparams)
    assert again["w"] is weights["w"]
    assert as_before.keys() == slots.keys()
    assert all(as_before[name] is slots[name] for name in slots)


def test_half_a_cosine_falls_from_the_end_of_the_warm_up_to_the_floor() -> None:
    hparams = HParams(learning_rate=1.0, min_learning_rate=0.01, warmup_steps=10, cosine_decay_steps=110)
    steps = np.array([0, 4, 9, 10, 60, 110, 500], dtype=np.float64)
    expected = [0.1, 0.5, 1.0, 1.0, 0.01 + 0.99 * 0.5, 0.01, 0.01]
    np.testing.assert_allclose(schedules.learning_rate(steps, hparams), expected, rtol=1e-9)
