"""What of an SVG becomes strokes, and where they are: each case says what a browser shows."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from distances import apart

from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.svg import document
from sketchrnn_cli.strokes.svg.reader import read_svg

LINE = '<path d="M0 0L10 0"/>'
DRAWN = [[0, 0], [10, 0]]


def svg(inside: str, attributes: str = "") -> bytes:
    start = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{start} fill="none" stroke="black" {attributes}>{inside}</svg>'.encode()


def read(inside: str, attributes: str = "") -> list[np.ndarray]:
    return read_svg(svg(inside, attributes)).polylines


def shows(inside: str, attributes: str = "") -> bool:
    try:
        return bool(read(inside, attributes))
    except DataError as error:
        return "no visible line or shape" not in str(error)


def ellipse(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 400)
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1)


RECTANGLE = [[1, 2], [4, 2], [4, 6], [1, 6], [1, 2]]


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ('<line x1="1" y1="2" x2="3"/>', [[1, 2], [3, 0]]),
        ('<polyline points="1,2 3-4,5 6"/>', [[1, 2], [3, -4], [5, 6]]),
        ('<polyline points="1,2 3,4 5"/>', [[1, 2], [3, 4]]),
        ('<polygon points="1,2 3,4 5,0"/>', [[1, 2], [3, 4], [5, 0], [1, 2]]),
        ('<polygon points="1,2 3,4 5,0 7"/>', [[1, 2], [3, 4], [5, 0], [1, 2]]),
        ('<rect x="1" y="2" width="3" height="4"/>', RECTANGLE),
        ('<rect x="1px" y="0.75mm" width="3" height="4" rx="0" ry="9"/>', None),
        ("<path style=\"d: path('M1 2 3 4')\"/>", [[1, 2], [3, 4]]),
    ],
)
def test_shapes_of_straight_lines_have_just_their_corners(shape: str, points: list | None) -> None:
    found = read(shape)
    assert len(found) == 1
    if points:
        np.testing.assert_allclose(found[0], points)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ('<circle cx="5" cy="6" r="7"/>', ellipse(5, 6, 7, 7)),
        ('<ellipse cx="5" cy="6" rx="7" ry="3"/>', ellipse(5, 6, 7, 3)),
        ('<ellipse cx="5" cy="6" rx="7"/>', ellipse(5, 6, 7, 7)),
        ('<rect x="-7" y="-3" width="14" height="6" rx="99" ry="99"/>', ellipse(0, 0, 7, 3)),
        ('<rect x="-7" y="-3" width="14" height="6" rx="7" ry="3"/>', ellipse(0, 0, 7, 3)),
    ],
)
def test_round_shapes_are_ellipses(shape: str, expected: np.ndarray) -> None:
    assert apart(read(shape), [expected]) < 0.02


def test_a_rounded_rectangle_has_its_corners_cut() -> None:
    [line] = read('<rect width="20" height="10" rx="2"/>')
    corner = line[(line < 2).all(axis=1)]
    np.testing.assert_allclose(np.hypot(*(corner - 2).T), 2, atol=0.02)
    np.testing.assert_allclose(np.concatenate([line.min(axis=0), line.max(axis=0)]), [0, 0, 20, 10])


@pytest.mark.parametrize(
    "nothing",
    [
        '<rect width="0" height="5"/>',
        '<rect width="-3" height="5"/>',
        '<circle r="0"/>',
        '<circle r="-4"/>',
        '<ellipse rx="5" ry="0"/>',
        '<path d=""/>',
        "<path/>",
        '<path d="M4 5"/>',
        '<path d="L4 5"/>',
        '<polyline points=""/>',
        '<polygon points="3"/>',
        f'<g display="none">{LINE}</g>',
        f'<g style="display:none">{LINE}</g>',
        f"<style>.a .b {{display:none}}</style><g class='a'><g class='b'>{LINE}</g></g>",
        f"<style>g > path {{display:none !important}}</style><g>{LINE}</g>",
        f"<g visibility='hidden'>{LINE}</g>",
        f"<g opacity='0'>{LINE}</g>",
        f"<g stroke='none'>{LINE}</g>",
        f"<g stroke-width='0'>{LINE}</g>",
        f"<g stroke='rgba(1,2,3,0)'>{LINE}</g>",
        f"<defs>{LINE}</defs>",
        f"<clipPath>{LINE}</clipPath>",
        f"<mask>{LINE}</mask>",
        f"<pattern>{LINE}</pattern>",
        f"<marker>{LINE}</marker>",
        f"<symbol id='s'>{LINE}</symbol>",
        f"<g transform='scale(0)'>{LINE}</g>",
        f"<svg width='0' height='9'>{LINE}</svg>",
        f"<svg viewBox='0 0 0 9'>{LINE}</svg>",
        f"<g requiredExtensions='http://example.com/'>{LINE}</g>",
        "<use href='#nowhere'/>",
        "<use href='other.svg#a'/>",
        "<x:path xmlns:x='http://example.com/' d='M0 0L9 9'/>",
        "<text>words</text><image href='a.png'/>",
    ],
)
def test_what_no_browser_shows_is_not_drawn(nothing: str) -> None:
    assert not shows(nothing)


@pytest.mark.parametrize(
    "inside",
    [
        LINE,
        f"<g><a><g>{LINE}</g></a></g>",
        f"<g visibility='hidden'><g visibility='visible'>{LINE}</g></g>",
        "<defs><path id='p' d='M0 0L10 0'/></defs><use href='#p'/>",
        "<defs><path id='p' d='M0 0L10 0'/></defs><use xlink:href='#p'/>",
        f"<symbol id='s'>{LINE}</symbol><use href='#s'/>",
        "<use href='#p' x='-3' y='-4'/><defs><path id='p' d='M3 4L13 4'/></defs>",
        f"<switch><g systemLanguage='xx'><path d='M5 5L6 6'/></g>{LINE}<path d='M7 7L8 8'/></switch>",
        f"<g transform='translate(5) scale(2)'><path d='M-2.5 0L2.5 0'/></g><!-- {LINE} -->",
        "<g transform='rotate(90)'><path d='M0 0L0 -10'/></g>",
        "<g transform='matrix(0 1 -1 0 0 0)'><path d='M0 0L0 -10'/></g>",
        "<path d='M0 0L0 -10' style='transform: rotate(90deg)'/>",
        "<path d='M5 -5L5 5' transform='rotate(-90)' transform-origin='5 0' />",
        "<g transform='skewX(45)'><path d='M0 0L10 0'/></g>",
        "<svg viewBox='0 0 30 15'><path d='M0 0L1 0'/></svg>",
        "<svg x='4' y='2' overflow='visible'><path d='M-4 -2L6 -2'/></svg>",
        "<style>path {stroke: none} .on {stroke: red}</style><g><path class='on' d='M0 0L10 0'/></g>",
        f"<style>@media print {{path {{display: none}}}} /* path {{display: none}} */</style>{LINE}",
    ],
)
def test_ways_to_draw_one_line(inside: str) -> None:
    found = read(inside)
    assert len(found) == 1
    np.testing.assert_allclose(found[0], DRAWN, atol=1e-9)


@pytest.mark.parametrize(
    ("sheet", "attributes", "is_shown"),
    [
        ("path {display: none}", "display='inline'", False),
        ("path {display: none}", "style='display: inline'", True),
        ("path {display: none !important}", "style='display: inline'", False),
        ("path {display: none !important}", "style='display: inline !important'", True),
        ("#i {display: none} .c {display: inline} path {display: inline}", "id='i' class='c'", False),
        (".c {display: none} path {display: inline} * {display: inline}", "class='b c'", False),
        ("svg path {display: none} path {display: inline}", "", False),
        ("path {display: none} path {display: inline}", "", True),
        ("a, path, b {display: none}", "", False),
        ("path:first-child, [d], g + path {display: none}", "", True),
    ],
)
def test_the_cascade_of_css_decides(sheet: str, attributes: str, is_shown: bool) -> None:
    assert shows(f"<style>{sheet}</style><path {attributes} d='M0 0L10 0'/>") == is_shown


@pytest.mark.parametrize(
    ("attributes", "end"),
    [
        ("width='100' height='100'", 10),
        ("width='100' height='100' viewBox='0 0 50 50'", 20),
        ("width='1in' height='1in' viewBox='0 0 96 96'", 10),
        ("width='25.4mm' height='25.4mm' viewBox='0 0 48 48'", 20),
        ("width='6pc' height='72pt' viewBox='0 0 96 96'", 10),
        ("width='100%' height='100%' viewBox='0 0 50 50'", 10),
        ("width='100'  viewBox='0 0 50 99'", 20),
        ("height='100'  viewBox='0 0 99 50'", 20),
        ("viewBox='0 0 50 50'", 10),
        ("", 10),
    ],
)
def test_units_and_the_view_box_scale_the_picture(attributes: str, end: float) -> None:
    [line] = read(LINE, attributes)
    assert line[1, 0] - line[0, 0] == pytest.approx(end)


def test_a_view_box_off_zero_moves_the_drawing() -> None:
    [line] = read(LINE, "width='100' height='100' viewBox='-5 -20 50 50'")
    np.testing.assert_allclose(line, [[10, 40], [30, 40]])


@pytest.mark.parametrize(
    ("ratio", "line"),
    [
        ("", [[50, 0], [150, 0]]),
        ("xMidYMid meet", [[50, 0], [150, 0]]),
        ("xMinYMax", [[0, 0], [100, 0]]),
        ("xMaxYMin", [[100, 0], [200, 0]]),
        ("none", [[0, 0], [200, 0]]),
        ("xMinYMin slice", [[0, 0], [200, 0]]),
        ("xMidYMid slice", [[0, -50], [200, -50]]),
    ],
)
def test_a_view_box_of_other_proportions_is_aligned(ratio: str, line: list) -> None:
    found = read(LINE, f"width='200' height='100' viewBox='0 0 10 10' preserveAspectRatio='{ratio}'")
    np.testing.assert_allclose(found[0], line)


def test_percentages_are_of_the_viewport() -> None:
    [line] = read('<line x1="10%" y1="50%" x2="100%" y2="0"/>', "width='200' height='80'")
    np.testing.assert_allclose(line, [[20, 40], [200, 0]])
    [circle] = read('<circle r="10%"/>', "width='300' height='400'")
    assert circle[:, 0].max() == pytest.approx(np.hypot(300, 400) / np.sqrt(2) / 10)


@pytest.mark.parametrize(
    ("transform", "place"),
    [
        ("translate(10%, 50%)", [20, 40]),
        ("translateX(10%)", [20, 0]),
        ("translateY(50%)", [0, 40]),
        ("translateY(1in)", [0, 96]),
        ("translate(5px)", [5, 0]),
    ],
)
def test_a_css_transform_has_lengths_and_percentages(transform: str, place: list) -> None:
    [line] = read(f"<path style='transform: {transform}' d='M0 0L10 0'/>", "width='200' height='80'")
    np.testing.assert_allclose(line, np.add(DRAWN, place))


def test_transforms_apply_from_the_inside_out() -> None:
    nested = "<g transform='translate(10 20)'><g transform='rotate(90) scale(2)'><path d='M1 0L2 3'/></g></g>"
    np.testing.assert_allclose(read(nested)[0], [[10, 22], [4, 24]], atol=1e-9)


def test_a_symbol_is_scaled_into_the_size_of_its_use_and_cut_off_there() -> None:
    symbol = "<symbol id='s' viewBox='0 0 10 10'><path d='M0 5L10 5'/><path d='M5 5L25 5'/></symbol>"
    found = read(f"{symbol}<use href='#s' x='100' width='40' height='40'/>")
    np.testing.assert_allclose(found, [[[100, 20], [140, 20]], [[120, 20], [140, 20]]], atol=1e-6)


def test_a_line_that_leaves_an_inner_frame_and_comes_back_is_two() -> None:
    zigzag = "<path d='M2 2L2 20L8 20L8 2'/>"
    found = read(f"<svg width='10' height='10'>{zigzag}</svg>")
    np.testing.assert_allclose(found, [[[2, 2], [2, 10]], [[8, 10], [8, 2]]], atol=1e-6)
    assert len(read(f"<svg width='10' height='10' overflow='visible'>{zigzag}</svg>")) == 1


def test_strokes_keep_the_order_of_the_document() -> None:
    uses = "<use href='#b' x='100'/><g><path d='M2 0L3 0'/></g><path id='b' d='M4 0L5 0'/><path d='M6 0l1 0m1 0l1 0'/>"
    assert [line[0, 0] for line in read("<path d='M0 0L1 0'/>" + uses)] == [0, 104, 2, 4, 6, 8]


@pytest.mark.parametrize(
    ("style", "is_closed"),
    [("stroke: red; fill: none", False), ("stroke: red", False), ("stroke: none", True), ("stroke-opacity: 0", True)],
)
def test_what_is_only_filled_is_its_closed_outline(style: str, is_closed: bool) -> None:
    [line] = read(f"<g fill='blue'><path style='{style}' d='M0 0L10 0L10 10'/></g>")
    np.testing.assert_allclose(line, [[0, 0], [10, 0], [10, 10], *([[0, 0]] if is_closed else [])])


def test_a_fill_without_area_does_not_show() -> None:
    assert not shows("<path fill='red' stroke='none' d='M0 0L10 0L5 0'/>")


def test_a_dot_shows_where_its_pen_has_round_ends() -> None:
    dot = "<path d='M3 4z' stroke-linecap='{}'/>" + LINE
    assert len(read(dot.format("round"))) == 2
    assert len(read(dot.format("butt"))) == 1


PAGE = "width='100' height='50'"


@pytest.mark.parametrize(
    "paper",
    [
        "<rect fill='white' stroke='none' width='100' height='50'/>",
        "<rect fill='#eee' stroke='none' width='100%' height='100%'/>",
        "<polygon fill='white' stroke='none' points='-4,-4 104,-4 104,54 -4,54'/>",
    ],
)
def test_a_filled_page_is_paper(paper: str) -> None:
    np.testing.assert_allclose(read(paper + LINE, PAGE), [DRAWN])
    assert len(read(LINE + paper, PAGE)) == 2  # Something lies under it.
    with pytest.raises(DataError, match="to draw but the page's own background"):
        read(paper, PAGE)
    with pytest.raises(DataError, match="own background; it has text: convert"):
        read(paper + "<text>words</text>", PAGE)


@pytest.mark.parametrize(
    "shape",
    [
        "<rect fill='white' width='100' height='50'/>",
        "<rect fill='white' stroke='none' width='99' height='50'/>",
        "<ellipse fill='red' stroke='none' cx='50' cy='25' rx='50' ry='25'/>",
        "<ellipse fill='red' stroke='none' cx='50' cy='25' rx='60' ry='30'/>",
        "<path fill='red' stroke='none' d='M50 0L100 25L50 50L0 25z'/>",
        "<path fill='red' stroke='none' d='M0 0H100V50H90V9H10V50H0z'/>",
    ],
)
def test_what_is_not_a_filled_page_is_drawing(shape: str) -> None:
    assert len(read(shape + LINE, PAGE)) == 2


def test_what_strokes_cannot_show_is_named_once_each() -> None:
    pattern = "<pattern id='p'/><rect width='3' height='3' stroke='none' fill='url(#p)'/>"
    found = read_svg(
        svg(
            f"<text>a</text>{LINE}<text>b</text><image/><g mask='url(#m)'>{LINE}</g>{pattern}"
            f"<g style='marker-end:url(#arrow)'>{LINE}</g><g clip-path='circle(3px)'>{LINE}</g>"
        )
    )
    assert found.ignored == ("text", "image", "mask", "pattern", "marker", "clip-path")
    assert len(found.polylines) == 5


def test_a_drawing_of_text_alone_says_what_to_do() -> None:
    with pytest.raises(DataError, match="it has text: convert it to paths first"):
        read("<text>words</text>")


@pytest.mark.parametrize(
    "source",
    [
        svg(LINE),
        b"\xef\xbb\xbf" + svg(LINE),
        b'<?xml version="1.0" encoding="UTF-16"?>'.decode().encode("utf-16") + svg(LINE).decode().encode("utf-16")[2:],
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + svg(f"<title>\xe9</title>{LINE}").decode().encode("latin-1"),
        b'<?xml version="1.0" encoding="Shift_JIS"?>' + svg(f"<title>犬</title>{LINE}").decode().encode("shift_jis"),
        b'<!DOCTYPE svg [<!ENTITY red "#f00"><!ENTITY d "M0 0L10 0">]>' + svg("<path stroke='&red;' d='&d;'/>"),
        b"<svg stroke='red'>" + LINE.encode() + b"</svg>",
        svg(f"<style><![CDATA[path {{stroke: blue}}]]></style>{LINE}"),
        b"<!-- a --><?pi b?>" + svg(LINE) + b"\n<!-- c -->\n",
    ],
    ids=range(9),
)
def test_files_as_programs_write_them(source: bytes) -> None:
    np.testing.assert_allclose(read_svg(source).polylines, [DRAWN])


def test_the_file_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    for name, content in {"a.svg": b"", "b.svg": b"no drawing", "c.svg": svg(""), "d.svg": b"<html></html>"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name) as refused:
            read_svg(tmp_path / name)
        assert "\n" not in str(refused.value)
    (tmp_path / "folder.svg").mkdir()
    for name in ("absent.svg", "folder.svg"):
        with pytest.raises(DataError, match=f"{name}: cannot be read"):
            read_svg(tmp_path / name)


def test_a_packed_file_is_read_as_the_one_in_it(tmp_path):
    packed = gzip.compress(svg(LINE))
    (tmp_path / "a.svgz").write_bytes(packed)
    np.testing.assert_allclose(read_svg(tmp_path / "a.svgz").polylines, read_svg(svg(LINE)).polylines)
    for damaged in (packed[:-12], packed[:20] + b"xx" + packed[22:]):
        with pytest.raises(DataError, match=r"damaged|truncated"):
            read_svg(damaged)


def test_a_packed_bomb_is_not_unpacked_whole():
    with pytest.raises(DataError, match="the limit is"):
        read_svg(gzip.compress(b"<svg>" + bytes(document.MAX_FILE_BYTES * 4)))


ERASER = '<path d="M0 0L50 50" stroke="black"/><path d="M{at} 90L{to} 95" fill="none" stroke="{paint}" {more}/>'


def strokes_of(body: str, attributes: str = "") -> int:
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 99" {attributes}>'
    return len(read_svg(f"{start}{body}</svg>".encode()).polylines)


@pytest.mark.parametrize("paint", ["white", "#FFF", "#ffffff", "rgb(255, 255, 255)", "currentColor"])
@pytest.mark.parametrize("paper", ["", '<rect width="99" height="99" fill="white"/>'])
def test_white_upon_white_paper_is_no_ink(paint: str, paper: str) -> None:
    assert strokes_of(paper + ERASER.format(at=10, to=90, paint=paint, more="color='white'")) == 1


def test_white_upon_something_dark_is_ink() -> None:
    white = '<path d="M10 50L90 55" stroke="white" fill="none"/>'
    assert strokes_of('<rect width="99" height="99"/>' + white) == 1
    assert strokes_of('<circle cx="50" cy="50" r="40"/>' + white) == 2
    assert strokes_of(white + '<circle cx="50" cy="50" r="40"/>') == 1
    assert strokes_of('<path d="M0 0L50 50" stroke="black"/>' + white, 'style="background: #123"') == 2
    assert strokes_of(white) == 1


@pytest.mark.parametrize("name", ["stroke", "fill"])
@pytest.mark.parametrize("color", ["transparent", "rgba(0,0,0,0)", "#0000"])
def test_the_current_color_may_be_transparent_and_inherits(name: str, color: str) -> None:
    other = "fill" if name == "stroke" else "stroke"
    shape = f'<g color="{color}"><path d="M0 0L9 0L9 9Z" {other}="none" {name}="currentColor"/></g>'
    seen = '<path d="M40 40L90 60" stroke="currentColor"/>'
    assert strokes_of(seen + shape) == 1
    assert strokes_of(seen + shape.replace(color, "teal")) == 2
