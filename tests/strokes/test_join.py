"""Strokes cut into pieces become whole again; what was never cut stays."""

import numpy as np
import pytest

from sketchrnn_cli.strokes.join import TOLERANCE, join, was_cut

CIRCLE = np.stack([np.cos(np.linspace(0, 6, 40)), np.sin(np.linspace(0, 6, 40))], axis=1) * 100
ZIGZAG = np.array([[0, 0], [30, 40], [60, 0], [90, 40], [120, 0.0]]) + np.array([200, 0])


def pieces(stroke: np.ndarray) -> list[np.ndarray]:
    return [stroke[i : i + 2] for i in range(len(stroke) - 1)]


def test_pieces_in_order_become_the_strokes_they_were() -> None:
    joined = join(pieces(CIRCLE) + pieces(ZIGZAG))
    assert len(joined) == 2
    np.testing.assert_allclose(joined[0], CIRCLE)
    np.testing.assert_allclose(joined[1], ZIGZAG)


def test_pieces_turned_round_and_shuffled_become_one_line_again() -> None:
    rng = np.random.default_rng(0)
    cut = [piece[::-1] if rng.random() < 0.5 else piece for piece in pieces(CIRCLE)]
    joined = join([cut[i] for i in rng.permutation(len(cut))])
    assert len(joined) == 1
    line = joined[0] if np.allclose(joined[0][0], CIRCLE[0]) else joined[0][::-1]
    np.testing.assert_allclose(line, CIRCLE)


def test_a_closed_path_cut_into_segments_closes() -> None:
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0.0]])
    joined = join(pieces(square))
    assert len(joined) == 1
    np.testing.assert_allclose(joined[0], square)


def test_ends_touch_within_the_tolerance_and_no_farther() -> None:
    side = 100.0
    for gap, count in ((0.9 * TOLERANCE * side, 1), (1.5 * TOLERANCE * side, 2)):
        strokes = [np.array([[0, 0], [50, 0.0]]), np.array([[50 + gap, 0], [100, 0.0]])]
        assert len(join(strokes)) == count


def test_ends_that_touch_are_found_wherever_they_lie() -> None:
    rng = np.random.default_rng(3)
    for place in rng.uniform(20, 80, (40, 2)):
        gap = 0.9 * TOLERANCE * 100 * np.array([np.cos(place[0]), np.sin(place[0])])
        strokes = [np.array([[0, 0], place]), np.array([place + gap, [100, 100]])]
        assert len(join(strokes)) == 1


def test_at_a_crossing_the_next_stroke_of_the_file_goes_on() -> None:
    strokes = [np.array(line, dtype=float) for line in ([[0, 0], [5, 5]], [[5, 5], [10, 0]], [[5, 5], [10, 10]])]
    joined = join(strokes)
    np.testing.assert_allclose(joined[0], [[0, 0], [5, 5], [10, 0]])
    np.testing.assert_allclose(joined[1], [[5, 5], [10, 10]])


def test_a_drawing_counts_as_cut_only_where_joining_halves_its_strokes() -> None:
    assert was_cut(pieces(CIRCLE), join(pieces(CIRCLE)))
    four = [CIRCLE, ZIGZAG, ZIGZAG + 300, np.array([ZIGZAG[-1], [400, 400.0]])]
    assert not was_cut(four, join(four))
    apart = [ZIGZAG + np.array([0, 100 * n]) for n in range(20)]
    assert not was_cut(apart, join(apart))
    assert not was_cut(pieces(CIRCLE)[:4], join(pieces(CIRCLE)[:4]))


@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2))], [np.zeros((1, 2))], [np.zeros((2, 2)), np.zeros((1, 2))]])
def test_nothing_and_dots_are_no_fault(strokes: list[np.ndarray]) -> None:
    assert len(join(strokes)) <= 1


def test_ten_thousand_pieces_join_in_a_pass() -> None:
    turns = np.linspace(0, 400, 10_001)
    spiral = np.stack([turns * np.cos(turns), turns * np.sin(turns)], axis=1)
    joined = join(pieces(spiral), tolerance=1e-6)
    assert len(joined) == 1
    assert len(joined[0]) == 10_001
