"""Geometry, against plain loops and by hand."""

import numpy as np
import pytest

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import bounds, fit, prepare, resample, simplify, to_sketch


def walk(points: int, seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(0, 3, size=(points, 2)), axis=0)


def simplified_by_recursion(points: list[tuple[float, float]], epsilon: float) -> list[tuple[float, float]]:
    """Ramer-Douglas-Peucker as in a textbook, the distance taken to the infinite line."""
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    farthest, place = 0.0, 0
    for number, (x, y) in enumerate(points[1:-1], 1):
        if length > 0:
            distance = abs((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length
        else:
            distance = ((x - ax) ** 2 + (y - ay) ** 2) ** 0.5
        if distance > farthest:
            farthest, place = distance, number
    if farthest <= epsilon:
        return [points[0], points[-1]]
    left = simplified_by_recursion(points[: place + 1], epsilon)
    return left + simplified_by_recursion(points[place:], epsilon)[1:]


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0, 10.0])
@pytest.mark.parametrize("seed", range(5))
def test_simplification_equals_the_textbook(epsilon: float, seed: int) -> None:
    line = walk(120, seed)
    expected = simplified_by_recursion([tuple(point) for point in line.tolist()], epsilon)
    np.testing.assert_array_equal(simplify(line, epsilon), expected)


def test_simplification_keeps_the_ends_and_drops_what_lies_on_the_line() -> None:
    line = np.array([[0, 0], [1, 0], [2, 0], [9, 0]])
    assert simplify(line).tolist() == [[0, 0], [9, 0]]
    assert simplify(line, 0.0).tolist() == [[0, 0], [9, 0]]
    assert simplify(line[:1]).tolist() == [[0, 0]]
    closed = np.array([[0, 0], [9, 0], [9, 9], [0, 0]])
    assert simplify(closed).tolist() == closed.tolist()


def test_resampled_points_lie_on_the_line_one_pixel_apart() -> None:
    line = np.array([[0, 0], [3.5, 0], [3.5, 2.2]])
    found = resample(line)
    assert found.tolist()[:5] == [[0, 0], [1, 0], [2, 0], [3, 0], [3.5, 0.5]]
    assert found[-1].tolist() == [3.5, 2.2]
    assert len(found) == 7
    with_corner = resample(line, keep_corners=True)
    assert with_corner.tolist()[:6] == [[0, 0], [1, 0], [2, 0], [3, 0], [3.5, 0], [3.5, 0.5]]
    assert with_corner[-1].tolist() == [3.5, 2.2]


def test_what_reaches_farthest_stays_though_it_rises_less_than_the_tolerance() -> None:
    roof = np.array([[0, 1.5], [20, 0], [40, 1.5], [40, 255]])
    sketch, _ = to_sketch([roof], 255.0)
    assert to_polylines(sketch)[0].tolist() == [[0, 0], [20, -2], [40, 0], [40, 253]]


def test_a_stroke_without_length_becomes_two_equal_points() -> None:
    assert resample(np.array([[4, 5]])).tolist() == [[4, 5], [4, 5]]
    assert resample(np.array([[4, 5]] * 3)).tolist() == [[4, 5], [4, 5]]


@pytest.mark.parametrize("size", [1.0, 255.0])
def test_fitting_aligns_to_the_corner_and_keeps_proportions(size: float) -> None:
    strokes = [walk(30, 0) + 500, walk(20, 1) - 80]
    low, high = bounds(fit(strokes, size))
    assert low.tolist() == [0, 0]
    assert high.max() == pytest.approx(size)
    before, after = np.subtract(*bounds(strokes)[::-1]), high - low
    assert after / after.max() == pytest.approx(before / before.max())


def test_fitting_a_dot_leaves_it_a_dot() -> None:
    assert fit([np.array([[7, 9]])])[0].tolist() == [[0, 0]]


@pytest.mark.parametrize("seed", range(5))
def test_prepared_drawings_are_whole_in_bounds_and_close_to_what_was_drawn(seed: int) -> None:
    strokes = [walk(60, seed), walk(40, seed + 100)]
    prepared = prepare(strokes)
    low, high = bounds(prepared)
    assert (low >= 0).all()
    assert (high <= 255).all()
    for before, after in zip(fit(strokes), prepared, strict=True):
        assert (after == np.rint(after)).all()
        assert np.hypot(*(after[0] - before[0])) <= 0.71
        assert np.hypot(*(after[-1] - before[-1])) <= 0.71


def test_preparing_what_is_straight_and_prepared_changes_nothing() -> None:
    house = [
        np.array([[0, 100], [255, 100], [255, 255], [0, 255], [0, 100]]),
        np.array([[0, 100], [128, 0], [255, 100]]),
    ]
    for before, after in zip(house, prepare(house), strict=True):
        assert after.tolist() == before.tolist()


def larger_side(sketch: np.ndarray) -> float:
    return float(np.ptp(np.concatenate(to_polylines(sketch)), axis=0).max())


@pytest.mark.parametrize("canvas_size", [100.0, 255.0, 367.0])
@pytest.mark.parametrize("epsilon", [0.5, 2.0, 20.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_sketch_is_as_large_as_asked_however_simple(seed: int, epsilon: float, canvas_size: float) -> None:
    sketch, used = to_sketch([walk(60, seed), walk(40, seed + 100)], canvas_size, epsilon)
    assert larger_side(sketch) == pytest.approx(canvas_size, rel=1e-6)
    assert used == epsilon


def test_a_sketch_is_what_preparing_makes_of_a_drawing_whose_ends_are_outermost() -> None:
    zigzag = np.array([[0, 0], [40, 90], [80, 10], [120, 95], [255, 60]])
    sketch, _ = to_sketch([zigzag], 255.0)
    np.testing.assert_array_equal(to_polylines(sketch)[0], prepare([zigzag])[0])


@pytest.mark.parametrize("max_points", [3, 4, 5, 9, 20, 60])
def test_a_drawing_is_simplified_as_far_as_its_points_have_to_fit_and_no_farther(max_points: int) -> None:
    drawing = [walk(300, 1), walk(200, 2)]
    sketch, used = to_sketch(drawing, 255.0, 0.0, max_points)
    assert len(sketch) <= max_points
    assert used > 0
    assert len(to_sketch(drawing, 255.0, used * 0.999, None)[0]) > max_points
    assert to_sketch(drawing, 255.0, 0.0, 10_000)[1] == 0.0


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([], "without strokes"),
        ([np.zeros((0, 2))], "without strokes"),
        ([np.array([[3.0, 4.0]] * 2)], "only a dot"),
        ([np.array([[0.0, 0.0], [9.0, 0.1]] * 2000)], "times as long as the drawing is large"),
        ([walk(5, seed) for seed in range(6)], "6 strokes need at least 11 points and the model takes 10"),
    ],
    ids=range(5),
)
def test_what_cannot_be_a_sketch_is_refused(strokes: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_sketch(strokes, 255.0, max_points=10)
