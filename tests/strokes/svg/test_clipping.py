"""Clip paths and masks of one simple shape cut lines, and bound what is filled; others are named."""

import numpy as np
import pytest

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg.reader import SvgDrawing, read_svg

LINE = "<path d='M-10 5H30' {0}/>"
SQUARE = "<rect width='10' height='10'/>"
INSIDE = [[0, 5], [10, 5]]


def read(inside: str) -> SvgDrawing:
    return read_svg(f"<svg xmlns='http://www.w3.org/2000/svg' fill='none' stroke='black'>{inside}</svg>".encode())


def clipped(shape: str, drawn: str = LINE.format("clip-path='url(#c)'"), attributes: str = "") -> SvgDrawing:
    return read(f"<clipPath id='c' {attributes}>{shape}</clipPath>{drawn}")


@pytest.mark.parametrize(
    "drawn",
    [
        LINE.format("clip-path='url(#c)'"),
        LINE.format("clip-path=\"url('#c')\""),
        LINE.format("style='clip-path: url(#c)'"),
        f"<g clip-path='url(#c)'>{LINE.format('')}</g>",
        f"<g clip-path='url(#c)'><g clip-path='url(#c)'>{LINE.format('')}</g></g>",
        f"<g id='g' clip-path='url(#c)'>{LINE.format('')}</g>",
    ],
)
def test_a_line_is_cut_where_it_leaves_the_region(drawn: str) -> None:
    found = clipped(SQUARE, drawn)
    np.testing.assert_allclose(found.polylines, [INSIDE], atol=1e-9)
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("shape", "ends"),
    [
        ("<circle cx='5' cy='5' r='5'/>", [0, 10]),
        ("<ellipse cx='5' cy='5' rx='4' ry='9'/>", [1, 9]),
        ("<polygon points='5,-5 15,5 5,15 -5,5'/>", [-5, 15]),
        ("<path d='M0 0H10V10H0'/>", [0, 10]),
        ("<rect width='10' height='10' transform='translate(3)'/>", [3, 13]),
        ("<use href='#q' x='4'/><title>a square</title>", [4, 14]),
    ],
)
def test_a_region_is_any_simple_shape(shape: str, ends: list[float]) -> None:
    found = clipped(
        shape, f"<defs><rect id='q' width='10' height='10'/></defs>{LINE.format('clip-path=' + repr('url(#c)'))}"
    )
    np.testing.assert_allclose(found.polylines[0][[0, -1], 0], ends, atol=0.02)


def test_a_region_is_in_the_units_of_what_it_cuts() -> None:
    found = clipped(SQUARE, f"<g transform='scale(2)'><g clip-path='url(#c)'>{LINE.format('')}</g></g>")
    np.testing.assert_allclose(found.polylines, [[[0, 10], [20, 10]]], atol=1e-9)


def test_a_concave_region_cuts_a_line_in_pieces() -> None:
    found = clipped("<path d='M0 0H10V10H7V2H3V10H0z'/>")
    np.testing.assert_allclose(found.polylines, [[[0, 5], [3, 5]], [[7, 5], [10, 5]]], atol=1e-9)


def test_the_rule_decides_what_is_inside_where_an_outline_crosses_itself() -> None:
    star = "<path d='M5 -3L8 12L-3 3H13L2 12z' {0}/>"
    assert len(clipped(star.format("")).polylines) == 1
    assert len(clipped(star.format("clip-rule='evenodd'")).polylines) == 2


def test_a_line_along_the_outline_stays_and_what_is_outside_goes() -> None:
    found = clipped(
        SQUARE, f"<g clip-path='url(#c)'><rect width='10' height='10'/><path d='M20 0V9'/>{LINE.format('')}</g>"
    )
    assert [len(line) for line in found.polylines] == [5, 2]
    with pytest.raises(DataError, match="no visible line"):
        clipped(SQUARE, "<path d='M20 0V9' clip-path='url(#c)'/>")


def test_a_filled_shape_is_bounded_by_the_region() -> None:
    """A page filled with green under a star is the star, and not paper."""
    fill = "<rect fill='green' stroke='none' width='{0}' height='{0}' clip-path='url(#c)'/>"
    star = "<path fill='none' d='M50 5L80 90L10 35H90L20 90z'/>"
    page = f"<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'><clipPath id='c'>{star}</clipPath>"
    found = read_svg(f"{page}{fill.format(100)}{fill.format(100)}</svg>".encode())
    np.testing.assert_allclose(found.polylines, [[[50, 5], [80, 90], [10, 35], [90, 35], [20, 90], [50, 5]]], atol=1e-6)
    assert found.filled == [True]
    half = read_svg(f"{page}{fill.format(50)}</svg>".encode())
    points = np.concatenate(half.polylines)
    assert points.min() >= 5 - 1e-6
    assert points.max() <= 50 + 1e-6


def test_a_filled_shape_inside_the_region_is_as_it_was() -> None:
    ring = "<path fill='red' fill-rule='evenodd' stroke='none' d='M1 1H9V9H1zM3 3H7V7H3z' clip-path='url(#c)'/>"
    np.testing.assert_allclose(
        np.concatenate(clipped(SQUARE, ring).polylines), np.concatenate(read(ring.replace("clip-path", "x")).polylines)
    )


def test_a_shape_clipped_by_its_own_outline_is_drawn_once() -> None:
    found = clipped(SQUARE, "<rect width='10' height='10' fill='red' stroke='none' clip-path='url(#c)'/>")
    np.testing.assert_allclose(found.polylines, [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]])


def test_a_region_inside_a_hole_shows_nothing() -> None:
    ring = (
        "<path fill='red' fill-rule='evenodd' stroke='none' d='M-9 -9H29V29H-9zM-3 -3H17V17H-3z' clip-path='url(#c)'/>"
    )
    with pytest.raises(DataError, match="no visible line"):
        clipped(SQUARE, ring)


def test_a_white_mask_cuts_as_a_clip_path_does() -> None:
    mask = "<mask id='c' {0}><rect width='10' height='10' stroke='none' {1}/></mask>" + LINE.format("mask='url(#c)'")
    for where in (("fill='white'", ""), ("", "fill='#fff'")):
        np.testing.assert_allclose(read(mask.format(*where)).polylines, [INSIDE], atol=1e-9)
    found = read(mask.format("", "fill='url(#fades)'"))
    assert found.ignored == ("mask",)
    np.testing.assert_allclose(found.polylines, [[[-10, 5], [30, 5]]])


@pytest.mark.parametrize(
    ("shape", "attributes"),
    [
        (SQUARE * 2, ""),
        ("<path d='M0 0H10V10H0zM3 3V7H7V3z'/>", ""),
        ("<text>words</text>", ""),
        (SQUARE, "clipPathUnits='objectBoundingBox'"),
        (SQUARE, "clip-path='url(#c)'"),
        ("<g><rect width='3' height='3'/></g>", ""),
    ],
)
def test_what_is_no_simple_shape_cuts_nothing_and_is_named(shape: str, attributes: str) -> None:
    found = clipped(shape, attributes=attributes)
    assert found.ignored == ("clip-path",)
    np.testing.assert_allclose(found.polylines, [[[-10, 5], [30, 5]]])


def test_a_clip_as_large_as_the_page_is_its_frame() -> None:
    inside = "<clipPath id='c'><rect width='20' height='20' fill='white'/></clipPath><g clip-path='url(#c)'>"
    page = "<rect width='20' height='20' fill='white' stroke='none'/>"
    start = "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20' stroke='black'>"
    found = read_svg(f"{start}{inside}{page}{LINE.format('')}</g></svg>".encode())
    assert len(found.polylines) == 1


def test_many_clips_end_in_time_and_say_what_was_not_cut() -> None:
    clip = "M0 0" + "".join(f"L{x} {x % 7 + 50}" for x in range(990))
    wave = "M0 0" + "".join(f"L{x} {x % 11}" for x in range(9000))
    found = clipped(f"<path d='{clip}'/>", f"<g clip-path='url(#c)'>{f'<path d={wave!r}/>' * 8}</g>")
    assert found.ignored == ("clip-path",)
