"""Where drawings stand on the sheet."""

import numpy as np
import pytest

from sketchrnn_cli.drawing.layout import BLANK, GIVEN_COLOR, Drawing, colored, grid, in_blocks, sequence
from sketchrnn_cli.drawing.style import INK_COLOR, ORDER_COLORS, Style
from sketchrnn_cli.errors import DrawingError, UsageError
from sketchrnn_cli.strokes.formats import to_polylines


def a_sketch(seed: int = 0, points: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sketch = np.concatenate([rng.normal(0, 20, (points, 2)), rng.random((points, 1)) < 0.2], axis=1)
    sketch[-1, 2] = 1
    return sketch.astype(np.float32)


def extent(lines) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate([line.points for line in lines])
    return points.min(axis=0), points.max(axis=0)


def test_one_sketch_fills_a_page_of_its_own_shape() -> None:
    wide = np.array([[200, 0, 0], [0, 50, 1]], dtype=np.float32)
    picture = grid([wide], style=Style(size=240, margin=20))
    assert (picture.width, picture.height) == (240, 90)
    low, high = extent(picture.cells[0])
    np.testing.assert_allclose(low, [20, 20])
    np.testing.assert_allclose(high, [220, 70])


def test_a_drawing_keeps_its_shape() -> None:
    sketch = a_sketch()
    [lines] = grid([sketch]).cells
    drawn = np.concatenate([line.points for line in lines])
    original = np.concatenate(to_polylines(sketch))
    scale = np.ptp(drawn, axis=0) / np.ptp(original, axis=0)
    assert scale[0] == pytest.approx(scale[1])
    np.testing.assert_allclose(drawn - drawn[0], (original - original[0]) * scale, atol=1e-9)


def test_every_sketch_of_a_grid_is_centered_in_its_cell_with_its_margin() -> None:
    picture = grid([a_sketch(i) for i in range(7)], columns=3, style=Style(size=100, margin=10))
    width, height = picture.width / 3, picture.height / 3
    for number, lines in enumerate(picture.cells):
        low, high = extent(lines)
        middle = [(number % 3 + 0.5) * width, (number // 3 + 0.5) * height]
        np.testing.assert_allclose((low + high) / 2, middle, atol=1)
        assert (high - low).max() == pytest.approx(80)


def test_a_grid_is_about_square_by_default() -> None:
    picture = grid([np.array([[9, 0, 0], [0, 9, 1]], dtype=np.float32)] * 9)
    assert picture.width == picture.height


def test_aligned_sketches_begin_at_the_same_place_and_keep_their_relative_size() -> None:
    small = np.array([[10, 0, 0], [0, 10, 1]], dtype=np.float32)
    picture = grid([small, small * [-5, 5, 1], small * [1, -9, 1]], columns=3, aligned=True, style=Style(size=300))
    sizes = [np.ptp(cell[0].points, axis=0) for cell in picture.cells]
    np.testing.assert_allclose(sizes[1], 5 * sizes[0])
    cells = [cell[0].points - [number * picture.width / 3, 0] for number, cell in enumerate(picture.cells)]
    np.testing.assert_allclose([points[0] for points in cells], [cells[0][0]] * 3, atol=1)
    assert all((points > 0).all() and (points < [picture.width / 3, picture.height]).all() for points in cells)
    assert np.ptp(np.concatenate(cells), axis=0).max() == pytest.approx(300 * 0.84, abs=1)


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (6, 3), (7, 4), (8, 4), (10, 5), (16, 4), (1000, 40)]
)
def test_a_sheet_is_about_square_with_few_cells_left_over(count: int, columns: int) -> None:
    dot = np.array([[0, 0, 1]], dtype=np.float32)
    style = Style(size=100, margin=40)
    cell = grid([dot], style=style).width
    picture = grid([dot] * count, style=style)
    assert (picture.width, picture.height) == (columns * cell, -(-count // columns) * cell)


def test_rows_too_long_for_a_sheet_are_broken_into_blocks() -> None:
    upper, lower = ([np.array([[row, number, 1.0]]) for number in range(31)] for row in range(2))
    cells, columns, labels = in_blocks([upper, lower], ["a", "b"])
    assert columns == 11
    assert labels == ["a", "b"] * 3
    shown = np.array([[-1, -1] if cell is BLANK else cell[0, :2] for cell in cells]).reshape(3, 2, 11, 2)
    numbers = np.r_[0:31, -1, -1].reshape(3, 11)
    np.testing.assert_array_equal(shown[:, 0, :, 1], numbers)
    np.testing.assert_array_equal(shown[:, 1, :, 1], numbers)
    np.testing.assert_array_equal(shown[:2, 1, :, 0], 1)
    assert grid(cells, columns, row_labels=labels).cells[-2:] == [[], []]


@pytest.mark.parametrize(("rows", "count", "columns"), [(1, 12, 12), (1, 13, 7), (3, 8, 8), (2, 1000, 44)])
def test_rows_that_fit_a_sheet_are_left_whole(rows: int, count: int, columns: int) -> None:
    assert in_blocks([[BLANK] * count] * rows)[1] == columns


def test_captions_and_labels_stand_outside_all_cells() -> None:
    sketches = [a_sketch(i) for i in range(4)]
    bare = grid(sketches, columns=2)
    picture = grid(sketches, 2, ["a", "b", "c", "d"], ["first row", "second"], ["left", "right"])
    assert picture.width > bare.width
    assert picture.height > bare.height
    assert sorted(caption.text for caption in picture.captions) == sorted(
        ["a", "b", "c", "d", "first row", "second", "left", "right"]
    )
    for caption in picture.captions:
        assert 0 <= caption.x <= picture.width
        assert 0 <= caption.y <= picture.height
        for lines in picture.cells:
            low, high = extent(lines)
            assert not (low[0] < caption.x < high[0] and low[1] < caption.y < high[1])


def test_a_caption_too_long_for_its_cell_ends_in_an_ellipsis() -> None:
    [caption] = grid([a_sketch()], captions=["long " * 50]).captions
    assert caption.text.endswith("…")
    assert len(caption.text) < 60


def test_as_many_captions_as_sketches_are_asked_for() -> None:
    with pytest.raises(ValueError, match="argument"):
        grid([a_sketch(), a_sketch(1)], captions=["only one"])


@pytest.mark.parametrize("given", range(42))
def test_the_given_part_and_the_rest_together_are_the_sketch(given: int) -> None:
    sketch = a_sketch()
    drawing = colored(sketch, given)
    [plain] = grid([sketch]).cells
    [both] = grid([drawing]).cells

    def segments(lines, color):
        pairs = [zip(line.points[:-1], line.points[1:], strict=True) for line in lines if line.color in color]
        return [(*a.round(6), *b.round(6)) for each in pairs for a, b in each]

    assert sorted(segments(both, (INK_COLOR, GIVEN_COLOR))) == sorted(segments(plain, (INK_COLOR,)))
    drawn_by_given = [row for row in range(min(given, 40)) if row == 0 or sketch[row - 1, 2] == 0]
    assert len(segments(both, (GIVEN_COLOR,))) == len(drawn_by_given)


def test_a_dot_of_the_given_part_has_its_color() -> None:
    rows = np.array([[10, 0, 1], [0, 10, 1], [10, 0, 1], [5, 5, 1]], dtype=np.float32)
    drawing = colored(rows, given=3)
    assert [len(stroke) for stroke in drawing.strokes] == [2, 1, 1, 1]
    assert drawing.colors == [GIVEN_COLOR, GIVEN_COLOR, GIVEN_COLOR, None]


def test_strokes_take_the_colors_in_their_order_and_then_the_first_again() -> None:
    drawing = Drawing(
        [np.array([[i, 0], [i, 9]]) for i in range(len(ORDER_COLORS) + 1)], [None] * (len(ORDER_COLORS) + 1)
    )
    [lines] = grid([drawing], style=Style(color_by_order=True)).cells
    assert [line.color for line in lines] == [*ORDER_COLORS, ORDER_COLORS[0]]


def test_a_sketch_without_extent_is_a_dot_in_the_middle() -> None:
    picture = grid([np.array([[0, 0, 1]], dtype=np.float32)])
    assert (picture.width, picture.height) == (41, 41)
    np.testing.assert_allclose(picture.cells[0][0].points, 20.48)


def test_the_pen_stays_inside_the_page_without_a_margin() -> None:
    line = np.array([[100, 0, 1]], dtype=np.float32)
    picture = grid([line], style=Style(size=50, margin=0, stroke_width=10))
    assert (picture.width, picture.height) == (50, 10)


def test_the_pictures_of_a_sequence_share_one_size() -> None:
    wide = np.array([[100, 0, 0], [0, 10, 1]], dtype=np.float32)
    first, second = sequence([wide, wide[:, [1, 0, 2]]], style=Style(size=64))
    assert (first.width, first.height) == (second.width, second.height) == (64, 64)


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(DrawingError, match="no sketch"):
        grid([])


def test_a_sketch_that_is_not_finite_is_named() -> None:
    bad = a_sketch()
    bad[3, 0] = np.nan
    with pytest.raises(DrawingError, match="sketch 2 holds NaN"):
        grid([a_sketch(), bad])


@pytest.mark.parametrize(
    "bad",
    [
        {"size": 7},
        {"size": 100_000},
        {"stroke_width": 0},
        {"stroke_width": -1},
        {"stroke_width": float("nan")},
        {"margin": -1},
        {"margin": 128},
        {"color": "bananas"},
        {"color": "#12345"},
        {"color": 'red" onload="alert(1)'},
        {"background": "rgb(1,2,3)"},
    ],
    ids=str,
)
def test_an_impossible_style_is_refused(bad: dict) -> None:
    with pytest.raises(UsageError):
        Style(**bad)


def test_colors_may_be_names_or_short() -> None:
    Style(color="Navy", background="#fff")
    Style(background="none")
