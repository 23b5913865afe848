"""The objective, by numbers worked out by hand."""

import numpy as np
import pytest

from sketchrnn_cli.hparams import NO_FLOOR, HParams
from sketchrnn_cli.model import equations


@pytest.mark.parametrize(
    ("kl", "expected"),
    [(0.05, 1.5 - 0.5 + 0.3 * 0.2), (0.2, 1.5 - 0.5 + 0.3 * 0.2), (0.7, 1.5 - 0.5 + 0.3 * 0.7)],
    ids=["below_the_tolerance", "at_it", "above_it"],
)
def test_the_objective_weighs_the_kl_term_that_its_tolerance_bounds_below(kl: float, expected: float) -> None:
    losses = equations.Losses(offset=np.float64(1.5), pen=np.float64(-0.5), kl=np.float64(kl))
    assert equations.objective(np, losses, 0.3, 0.2) == pytest.approx(expected, abs=1e-12)


def test_the_condition_is_z_and_then_the_word_whose_row_the_label_names() -> None:
    weights = {"classes.table": np.array([[0.1, 0.2], [1.0, 2.0], [3.0, 4.0]])}
    z, labels = np.array([[7.0], [8.0]]), np.array([2, 0])
    np.testing.assert_array_equal(equations.condition(np, weights, z, labels), [[7, 3, 4], [8, 0.1, 0.2]])
    np.testing.assert_array_equal(equations.condition(np, weights, None, labels), [[3, 4], [0.1, 0.2]])
    np.testing.assert_array_equal(equations.condition(np, {}, z, labels), z)


def test_no_sigma_is_smaller_than_the_floor_and_nothing_else_is_touched() -> None:
    hparams = HParams(num_mixture=2, log_sigma_floor=-5.0)
    raw = np.array([1.0, 2, 3, -9, -9, -8, -8, -7, -7, -6.0, -4.0, -5.5, -2.0, -9, -9])
    weights = {"output.kernel": np.eye(15), "output.bias": np.zeros(15)}
    found = equations.output_layer(np, weights, raw, hparams)
    np.testing.assert_array_equal(found.log_sigma_x, [-5.0, -4.0])
    np.testing.assert_array_equal(found.log_sigma_y, [-5.0, -2.0])
    without = equations.output_layer(np, weights, raw, hparams.replace(log_sigma_floor=NO_FLOOR))
    np.testing.assert_array_equal(np.concatenate(without), raw)
    for name in ("pen_logits", "pi_logits", "mu_x", "mu_y", "rho_raw"):
        np.testing.assert_array_equal(getattr(found, name), getattr(without, name))


def test_a_squashed_z_passes_tanh_before_the_first_state() -> None:
    hparams = HParams(z_size=2, dec_rnn_size=1, squash_z=True)
    weights = {"decoder.first_state.kernel": np.array([[1.0, 0.0], [0.0, 2.0]])}
    weights["decoder.first_state.bias"] = np.array([0.0, 0.5])
    h, c = equations.first_state(np, weights, np.array([[3.0, -1.0]]), hparams)
    np.testing.assert_allclose(h, [[np.tanh(np.tanh(3.0))]], atol=1e-12)
    np.testing.assert_allclose(c, [[np.tanh(2.0 * np.tanh(-1.0) + 0.5)]], atol=1e-12)
