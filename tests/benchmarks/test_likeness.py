"""The figures of quality against what they must be for sets whose distance is known."""

import numpy as np
import pytest
from likeness import frechet, kernel_distance, precision_recall_coverage

from sketchrnn_cli.drawing.bitmaps import SIDE, bitmaps, greys


@pytest.fixture(scope="module")
def sets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(800, 6)), rng.normal(size=(800, 6)), rng.normal(size=(800, 6)) + 1.0


def test_the_frechet_distance_of_gaussians_is_the_closed_form() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(200_000, 2)) * [1.0, 2.0]
    b = rng.normal(size=(200_000, 2)) * [3.0, 2.5] + [0.0, 4.0]
    assert frechet(a, b) == pytest.approx(16.0 + (3.0 - 1.0) ** 2 + (2.5 - 2.0) ** 2, rel=0.01)
    assert frechet(a, a) == pytest.approx(0.0, abs=1e-6)


def test_the_kernel_distance_is_nothing_within_one_distribution_and_much_between_two(sets) -> None:
    same, error = kernel_distance(sets[0], sets[1], np.random.default_rng(0))
    other, _ = kernel_distance(sets[0], sets[2], np.random.default_rng(0))
    assert abs(same) < 0.05 < 0.5 < other
    assert 0 < error < 0.05


def test_precision_and_coverage_fall_where_samples_are_all_one_drawing(sets) -> None:
    precision, recall, coverage = precision_recall_coverage(sets[1], sets[0])
    assert precision > 0.8
    assert recall > 0.8
    assert coverage > 0.9
    alike = np.zeros((800, 6)) + np.random.default_rng(0).normal(size=(800, 6)) * 1e-3
    precision, recall, coverage = precision_recall_coverage(alike, sets[0])
    assert precision > 0.9  # All lie in the middle of the real ones,
    assert recall < 0.05  # and stand for none of the others.
    assert coverage < 0.1
    assert precision_recall_coverage(sets[2] + 9.0, sets[0]) == (0.0, 0.0, 0.0)


def test_a_square_is_drawn_as_its_outline_and_fills_seven_eighths() -> None:
    square = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 0], [0, -9, 1]], np.float32)
    picture = greys(bitmaps([square]))[0]
    ink = np.argwhere(picture > 0)
    assert picture.shape == (SIDE // 2, SIDE // 2)
    assert ink.min() == 3
    assert ink.max() == 60
    assert picture[32, 32] == 0.0
    assert picture[32, 4] == picture[4, 32] == picture[59, 32] == 1.0


def test_pictures_do_not_depend_on_place_size_or_what_is_drawn_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sketches = [np.concatenate([rng.normal(size=(n, 2)), rng.random((n, 1)) > 0.7], axis=1) for n in (5, 1, 30, 8)]
    together = bitmaps(sketches)
    monkeypatch.setattr("sketchrnn_cli.drawing.bitmaps.CHUNK", 2)
    np.testing.assert_array_equal(bitmaps(sketches), together)
    for sketch, picture in zip(sketches, together, strict=True):
        np.testing.assert_array_equal(bitmaps([sketch * [4.0, 4.0, 1.0]])[0], picture)


def test_a_lifted_pen_draws_no_line() -> None:
    lifted = np.array([[10, 0, 1], [0, 10, 0], [10, 0, 1]], np.float32)
    picture = greys(bitmaps([lifted]))[0]
    assert picture[20:44].sum() == 0.0
    drawn = lifted.copy()
    drawn[0, 2] = 0.0
    assert greys(bitmaps([drawn]))[0][20:44].sum() > 0.0
