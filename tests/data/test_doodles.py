"""The built-in doodles: bounds, determinism, variety."""

import re
from functools import cache

import numpy as np
import pytest

from sketchrnn_cli.data.doodles import NAMES, SPLITS, doodle, doodles
from sketchrnn_cli.data.doodles.pen import arc, by_hand, curve, ribbon
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.strokes.formats import to_polylines


def extent(sketch: np.ndarray) -> np.ndarray:
    """Width and height of what is drawn, by adding up offsets one by one."""
    x = y = 0.0
    xs, ys = [x], [y]
    for dx, dy, _ in sketch.tolist():
        x, y = x + dx, y + dy
        xs.append(x)
        ys.append(y)
    return np.array([max(xs) - min(xs), max(ys) - min(ys)])


@cache
def many(name: str) -> list[np.ndarray]:
    return [doodle(name, np.random.default_rng([42, index])) for index in range(300)]


@pytest.fixture(params=NAMES)
def sketches(request: pytest.FixtureRequest) -> list[np.ndarray]:
    return many(request.param)


def test_the_names_are_cat_and_guitar() -> None:
    assert NAMES == ("cat", "guitar")


def test_a_doodle_is_stroke_3_with_whole_offsets_and_ends_with_a_lift(sketches: list[np.ndarray]) -> None:
    for sketch in sketches:
        assert sketch.dtype == np.float32
        assert sketch.shape == (len(sketch), 3)
        assert np.array_equal(sketch, np.rint(sketch))
        assert set(np.unique(sketch[:, 2])) == {0.0, 1.0}
        assert sketch[-1, 2] == 1.0


def test_every_doodle_has_25_to_90_points(sketches: list[np.ndarray]) -> None:
    lengths = [len(sketch) for sketch in sketches]
    assert min(lengths) >= 25
    assert max(lengths) <= 90


def test_the_larger_side_is_255_pixels(sketches: list[np.ndarray]) -> None:
    assert {extent(sketch).max() for sketch in sketches} == {255.0}


def test_no_stroke_is_a_dot(sketches: list[np.ndarray]) -> None:
    for sketch in sketches:
        for stroke in to_polylines(sketch):
            assert np.ptp(stroke, axis=0).max() >= 1


def test_doodles_vary_in_length_strokes_shape_and_first_direction(sketches: list[np.ndarray]) -> None:
    lengths = {len(sketch) for sketch in sketches}
    strokes = {int(sketch[:, 2].sum()) for sketch in sketches}
    aspects = [sides[0] / sides[1] for sides in map(extent, sketches)]
    directions = {tuple(np.sign(sketch[0, :2])) for sketch in sketches}
    assert len(lengths) > 25
    assert len(strokes) >= 10
    assert min(aspects) < 0.75
    assert max(aspects) > 1.3
    assert len(directions) >= 4


def test_outlines_seldom_close_to_the_pixel() -> None:
    outlines = [max(to_polylines(sketch), key=len) for sketch in many("cat")]
    closed = [np.array_equal(outline[0], outline[-1]) for outline in outlines]
    assert np.mean(closed) < 0.1


def test_cats_look_left_as_often_as_right() -> None:
    """The head comes first; where the whole cat is drawn it lies on one side."""
    sides = []
    for sketch in many("cat"):
        strokes = to_polylines(sketch)
        head, drawing = strokes[0], np.concatenate(strokes)
        sides.append(np.sign(np.rint((head.mean(axis=0) - drawing.mean(axis=0))[0] / 30)))
    left, right = sides.count(-1), sides.count(1)
    assert left + right > 60
    assert 0.5 < left / right < 2


def test_the_same_seed_draws_the_same_bytes() -> None:
    for name in NAMES:
        first, again = (doodle(name, np.random.default_rng(7)) for _ in range(2))
        assert first.tobytes() == again.tobytes()
        first_set, second_set = (doodles(name, 5, seed=3) for _ in range(2))
        for split in SPLITS:
            assert [sketch.tobytes() for sketch in first_set[split]] == [
                sketch.tobytes() for sketch in second_set[split]
            ]


def test_another_seed_draws_others() -> None:
    one, other = doodles("cat", 10, seed=1), doodles("cat", 10, seed=2)
    assert not {s.tobytes() for s in one["train"]} & {s.tobytes() for s in other["train"]}


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small, large = doodles("guitar", 3, seed=5), doodles("guitar", 6, seed=5)
    for ours, theirs in zip(small["train"], large["train"], strict=False):
        assert np.array_equal(ours, theirs)


def test_a_set_is_int16_in_three_splits_without_a_drawing_twice() -> None:
    for name in NAMES:
        data = doodles(name, 84, seed=0)
        assert {split: len(data[split]) for split in data} == {"train": 84, "valid": 3, "test": 3}
        everything = [sketch for sketches in data.values() for sketch in sketches]
        assert {sketch.dtype for sketch in everything} == {np.dtype(np.int16)}
        assert len({sketch.tobytes() for sketch in everything}) == 90


def test_even_one_training_sketch_brings_validation_and_test() -> None:
    data = doodles("cat", 1, seed=0)
    assert {split: len(data[split]) for split in data} == {"train": 1, "valid": 1, "test": 1}


def test_a_split_asked_for_alone_is_the_same_as_in_the_whole_set() -> None:
    whole, alone = doodles("cat", 30, seed=9), doodles("cat", 30, seed=9, splits=("test",))
    assert list(alone) == ["test"]
    assert np.array_equal(whole["test"][0], alone["test"][0])


def test_an_unknown_name_is_refused_with_the_nearest_match() -> None:
    with pytest.raises(UsageError, match=re.escape("'guitr' (there are: cat, guitar); did you mean guitar?")):
        doodle("guitr", np.random.default_rng(0))
    with pytest.raises(UsageError, match=re.escape("'zebra' (there are: cat, guitar)") + "$"):
        doodles("zebra", 1, seed=0)


def test_a_curve_passes_through_its_points() -> None:
    points = np.random.default_rng(0).normal(size=(6, 2))
    drawn = curve(points)
    for point in points:
        assert np.hypot(*(drawn - point).T).min() < 1e-12


def test_an_arc_lies_on_its_ellipse_and_turns_clockwise_on_the_page() -> None:
    drawn = arc((1.0, 2.0), (3.0, 2.0), 0.0, 90.0)
    assert np.allclose((((drawn - (1.0, 2.0)) / (3.0, 2.0)) ** 2).sum(axis=1), 1.0)
    assert np.allclose(drawn[[0, -1]], [(4.0, 2.0), (1.0, 4.0)])


def test_a_ribbon_keeps_half_its_width_from_the_middle_line() -> None:
    middle = np.stack([np.linspace(0.0, 10.0, 101), np.zeros(101)], axis=1)
    outline = ribbon(middle, width=2.0)
    distance = np.hypot(*(outline[:, None] - middle[None]).transpose(2, 0, 1)).min(axis=1)
    assert np.allclose(distance, 1.0, atol=1e-6)
    assert outline[:, 0].max() > 10.9


def test_a_steady_hand_leaves_a_drawing_as_it_is_and_an_unsteady_one_moves_it_a_little() -> None:
    drawing = [arc((0, 0), (100, 80), 0, 360), np.array([(-30.0, 0.0), (30.0, 0.0)])]
    steady = by_hand(drawing, np.random.default_rng(0), unsteadiness=0.0)
    shaky = by_hand(drawing, np.random.default_rng(0), unsteadiness=1.0)
    assert all(np.array_equal(before, after) for before, after in zip(drawing, steady, strict=True))
    moved = np.concatenate([np.hypot(*(a - b).T) for a, b in zip(drawing, shaky, strict=True)])
    assert 0.5 < moved.max() < 12
