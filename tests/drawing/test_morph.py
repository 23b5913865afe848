"""The morph of points: both ends as they are, strokes matched, nothing that jumps."""

from itertools import pairwise

import numpy as np
import pytest

from sketchrnn_cli.data import doodles
from sketchrnn_cli.drawing.morph import _matched, between
from sketchrnn_cli.strokes.formats import from_polylines, to_polylines

SQUARE = np.array([[0, 0], [90, 0], [90, 90], [0, 90], [0, 0.0]])
LINE = np.array([[200, 0], [200, 90.0]])


@pytest.mark.parametrize("seed", range(3))
def test_the_ends_are_the_drawings_themselves(seed: int) -> None:
    cat, guitar = (doodles.doodle(name, np.random.default_rng(seed)) for name in ("cat", "guitar"))
    walk = between(cat, guitar, 9)
    assert len(walk) == 9
    np.testing.assert_array_equal(walk[0], cat)
    np.testing.assert_array_equal(walk[-1], guitar)


def test_matching_strokes_move_whichever_way_and_order_they_were_drawn_in() -> None:
    start = from_polylines([SQUARE, LINE])
    end = from_polylines([LINE[::-1] + 10, SQUARE + 10])
    middle = to_polylines(between(start, end, 3)[1])
    assert len(middle) == 2
    side = np.ptp(middle[0], axis=0)
    np.testing.assert_allclose(side, [90, 90], atol=2)
    np.testing.assert_allclose(np.ptp(middle[1], axis=0), [0, 90], atol=1e-4)


def test_the_most_alike_strokes_are_matched_first() -> None:
    near, far = LINE + np.array([3, 0]), LINE + np.array([40, 0])
    matched = _matched([SQUARE, LINE], [SQUARE + 5, far, near])
    assert matched == [(0, 0), (1, 2), (None, 1)]


def test_a_stroke_without_a_partner_grows_out_of_a_point() -> None:
    start, end = from_polylines([SQUARE]), from_polylines([SQUARE, LINE])
    sizes = [np.ptp(to_polylines(sketch)[1], axis=0)[1] for sketch in between(start, end, 6)[1:]]
    assert sizes == sorted(sizes)
    assert sizes[0] < 20
    assert sizes[-1] == pytest.approx(90)


def test_points_move_a_little_at_every_step() -> None:
    cat, guitar = (doodles.doodle(name, np.random.default_rng(4)) for name in ("cat", "guitar"))
    steps = [np.concatenate(to_polylines(sketch)) for sketch in between(cat, guitar, 40)[1:-1]]
    moved = [np.hypot(*(after - before).T).max() for before, after in pairwise(steps)]
    assert max(moved) < 0.06 * max(np.ptp(steps[0], axis=0).max(), np.ptp(steps[-1], axis=0).max())
