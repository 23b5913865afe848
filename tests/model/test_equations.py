"""The objective, by numbers worked out by hand."""

import numpy as np
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import equations


@pytest.mark.parametrize(
    ("kl", "expected"),
    [(0.05, 1.5 - 0.5 + 0.3 * 0.2), (0.2, 1.5 - 0.5 + 0.3 * 0.2), (0.7, 1.5 - 0.5 + 0.3 * 0.7)],
    ids=["below_the_tolerance", "at_it", "above_it"],
)
def test_the_objective_weighs_the_kl_term_that_its_tolerance_bounds_below(kl: float, expected: float) -> None:
    losses = equations.Losses(offset=np.float64(1.5), pen=np.float64(-0.5), kl=np.float64(kl))
    assert equations.objective(np, losses, 0.3, 0.2) == pytest.approx(expected, abs=1e-12)


def test_a_squashed_z_passes_tanh_before_the_first_state() -> None:
    hparams = HParams(z_size=2, dec_rnn_size=1, squash_z=True)
    weights = {"decoder.first_state.kernel": np.array([[1.0, 0.0], [0.0, 2.0]])}
    weights["decoder.first_state.bias"] = np.array([0.0, 0.5])
    h, c = equations.first_state(np, weights, np.array([[3.0, -1.0]]), hparams)
    np.testing.assert_allclose(h, [[np.tanh(np.tanh(3.0))]], atol=1e-12)
    np.testing.assert_allclose(c, [[np.tanh(2.0 * np.tanh(-1.0) + 0.5)]], atol=1e-12)
