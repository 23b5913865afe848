"""Stroke-3, stroke-5 and polylines: round trips, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import (
    as_stroke3,
    from_polylines,
    from_stroke5,
    looks_absolute,
    to_polylines,
    to_stroke5,
)

CORNER = [np.array([[10, 20], [40, 20], [40, 60]]), np.array([[0, 0], [5, 5]])]


def sketch(points: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = np.round(rng.normal(0, 30, size=(points, 3))).astype(np.float32)
    made[:, 2] = rng.random(points) < 0.25
    made[-1, 2] = 1
    return made


def test_polylines_become_moves_and_lifts() -> None:
    assert from_polylines(CORNER).tolist() == [[30, 0, 0], [0, 40, 1], [-40, -60, 0], [5, 5, 1]]


def test_the_first_segment_is_drawn_from_the_origin() -> None:
    first, second = to_polylines(np.array([[30, 0, 0], [0, 40, 1], [-40, -60, 0], [5, 5, 1]], dtype=np.float32))
    assert first.tolist() == [[0, 0], [30, 0], [30, 40]]
    assert second.tolist() == [[-10, -20], [-5, -15]]


def test_positions_equal_those_of_a_plain_loop() -> None:
    made = sketch(200, 0)
    x = y = 0.0
    strokes, stroke = [], [(x, y)]
    for dx, dy, pen in made.tolist():
        x, y = x + dx, y + dy
        stroke.append((x, y))
        if pen:
            strokes.append(stroke)
            stroke = []
    assert [line.tolist() for line in to_polylines(made)] == [[list(point) for point in line] for line in strokes]


@pytest.mark.parametrize("seed", range(20))
def test_a_sketch_survives_polylines(seed: int) -> None:
    made = sketch(1 + 3 * seed, seed)
    np.testing.assert_array_equal(from_polylines(to_polylines(made)), made)


@pytest.mark.parametrize("seed", range(5))
def test_a_sketch_survives_stroke_5_and_every_row_has_one_state(seed: int) -> None:
    made = sketch(30, seed)
    rows = to_stroke5(made, 40)
    assert rows.shape == (40, 5)
    assert (rows[:, 2:].sum(axis=1) == 1).all()
    assert rows[30:].tolist() == [[0, 0, 0, 0, 1]] * 10
    np.testing.assert_array_equal(from_stroke5(rows), made)


def test_stroke_5_without_an_end_row_is_taken_whole() -> None:
    made = sketch(12, 0)
    np.testing.assert_array_equal(from_stroke5(to_stroke5(made, 12)), made)
    with pytest.raises(DataError, match="12 points does not fit 11"):
        to_stroke5(made, 11)


def test_real_sketches_survive_both_ways(shared_data: Path) -> None:
    train = archive.load(shared_data / "npz" / "aaron_sheep.npz").train
    for place in range(0, len(train), 200):
        np.testing.assert_array_equal(from_polylines(to_polylines(train[place])), train[place])
        np.testing.assert_array_equal(from_stroke5(to_stroke5(train[place], 250)), train[place])


def test_a_dot_that_comes_first_is_a_line_of_no_length() -> None:
    dot_first = from_polylines([np.array([[3, 3]]), np.array([[5, 5], [6, 6]])])
    assert dot_first.tolist() == [[0, 0, 1], [2, 2, 0], [1, 1, 1]]


def test_a_drawing_without_a_point_is_an_error() -> None:
    for empty in ([], [np.zeros((0, 2))]):
        with pytest.raises(DataError, match="without a point"):
            from_polylines(empty)


def test_stroke_3_is_clipped_and_its_pens_made_0_or_1() -> None:
    checked = as_stroke3([[1500, -1500, 0.002], [1, 2, 0.999]], "x")
    assert checked.dtype == np.float32
    assert checked.tolist() == [[1000, -1000, 0], [1, 2, 1]]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([[1, 2]], r"received \[1, 2\]"),
        ([1, 2, 3], r"received \[3\]"),
        (np.zeros((0, 3)), "without points"),
        ([[1, 2, np.nan]], "NaN"),
        ([[np.inf, 2, 0]], "NaN or infinity"),
        ([["a", "b", "c"]], "array of numbers"),
        ([[1, 2, 3], [4]], "array of numbers"),
        ({"dx": 1}, "array of numbers"),
    ],
)
def test_what_is_no_stroke_3_is_refused_by_name(bad: object, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        as_stroke3(bad, "here")
    assert str(caught.value).startswith("here: ")


SPIRAL = np.array([[50, 10, 0], [90, 50, 0], [50, 90, 0], [10, 50, 0], [50, 30, 1]], dtype=np.float32)


def test_positions_are_told_from_offsets() -> None:
    offsets = np.concatenate([np.diff(SPIRAL[:, :2], axis=0), SPIRAL[1:, 2:]], axis=1)
    diagonal = np.array([[9, 9, 0], [10, 10, 0], [11, 11, 0], [12, 12, 0], [12, 13, 1]], dtype=np.float32)
    falling = np.array([[10, 10, 0], [90, 30, 0], [10, 50, 0], [90, 70, 0], [10, 90, 1]], dtype=np.float32)
    assert looks_absolute(SPIRAL)
    assert looks_absolute(falling)
    assert not looks_absolute(offsets)
    assert not looks_absolute(diagonal)
    assert not looks_absolute(SPIRAL[:3])
