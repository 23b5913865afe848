"""The objective, by numbers worked out by hand."""

import numpy as np
import pytest

from sketchrnn_cli.model import equations


@pytest.mark.parametrize(
    ("kl", "expected"),
    [(0.05, 1.5 - 0.5 + 0.3 * 0.2), (0.2, 1.5 - 0.5 + 0.3 * 0.2), (0.7, 1.5 - 0.5 + 0.3 * 0.7)],
    ids=["below_the_tolerance", "at_it", "above_it"],
)
def test_the_objective_weighs_the_kl_term_that_its_tolerance_bounds_below(kl: float, expected: float) -> None:
    losses = equations.Losses(offset=np.float64(1.5), pen=np.float64(-0.5), kl=np.float64(kl))
    assert equations.objective(np, losses, 0.3, 0.2) == pytest.approx(expected, abs=1e-12)
