"""Arguments at the border: what is taken, what is refused, and in which words."""

import numpy as np
import pytest

from sketchrnn_cli.api import checks
from sketchrnn_cli.errors import DataError, UsageError

SQUARE = np.float32([[9, 0, 0], [0, 9, 0], [-9, 0, 1]])


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), "1.5", True, None, [1.0], 1j])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match=r"rate .*: expected a number"):
        checks.number(value, "rate")


def test_numbers_of_any_kind_are_taken() -> None:
    assert [checks.number(value, "rate") for value in (2, 0.5, np.float32(0.25), np.int8(3))] == [2.0, 0.5, 0.25, 3.0]
    assert checks.whole(np.int16(4), "count", 4) == 4
    with pytest.raises(UsageError, match="count 3: expected at least 4"):
        checks.whole(3, "count", 4)


@pytest.mark.parametrize(
    "value", [np.zeros(3), np.zeros((2, 5)), np.zeros((1, 2, 4)), np.zeros((0, 4)), "z", [[1, 2], [3]]]
)
def test_latents_of_another_shape_are_refused(value: object) -> None:
    with pytest.raises(UsageError, match=r"\[sketches, 4\]"):
        checks.latents(value, 4)


def test_one_latent_vector_is_one_sketchs_and_none_may_be_infinite() -> None:
    assert checks.latents([1, 2, 3, 4], 4).tolist() == [[1, 2, 3, 4]]
    with pytest.raises(UsageError, match="NaN or infinity"):
        checks.latents([1, 2, 3, np.inf], 4)


@pytest.mark.parametrize("empty", [[], (), np.zeros((0, 3, 3))])
def test_no_sketch_is_refused_and_one_array_is_one(empty: object) -> None:
    for check in (checks.sketches, checks.shapes):
        assert len(check(SQUARE)) == len(check([SQUARE])) == 1
        assert len(check(np.stack([SQUARE] * 4))) == 4
        with pytest.raises(UsageError, match="no sketch was given"):
            check(empty)
    assert checks.shapes([np.zeros((0, 3))])[0].shape == (0, 3)
    with pytest.raises(DataError, match="sketch 2: expected stroke-3"):
        checks.shapes([SQUARE, SQUARE[:, :2]])
