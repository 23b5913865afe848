"""SVG files as another program reads them."""

import io
from xml.etree import ElementTree

import cairosvg
import numpy as np
import pytest
import svgelements
from PIL import Image

from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import colored, grid, sequence
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.strokes.svg import MARK

SVG = "{http://www.w3.org/2000/svg}"
CORNER_AND_DOT = np.array([[50, 0, 0], [0, 40, 1], [30, -60, 1], [-70, 30, 0], [10, 10, 1]], dtype=np.float32)


def strokes_in(text: str) -> list[np.ndarray]:
    paths = svgelements.SVG.parse(io.StringIO(text)).elements(lambda each: isinstance(each, svgelements.Path))
    return [np.array([path.first_point, *(line.end for line in path[1:])]) for path in paths]


def pixels(text: str) -> np.ndarray:
    png = io.BytesIO(cairosvg.svg2png(bytestring=text.encode()))
    return np.asarray(Image.open(png).convert("RGB")).astype(int)


def test_a_picture_says_that_it_is_ours_unless_told_not_to() -> None:
    picture = grid([CORNER_AND_DOT])
    described = ElementTree.fromstring(svg.render(picture)).findtext(f"{SVG}desc")
    assert described == MARK
    assert MARK not in svg.render(picture, marked=False)


def test_another_reader_finds_each_stroke_where_it_was_placed() -> None:
    picture = grid([CORNER_AND_DOT, CORNER_AND_DOT * [1, 2, 1]])
    lines = [line.points for cell in picture.cells for line in cell]
    found = strokes_in(svg.render(picture))
    assert len(found) == len(lines)
    for mine, theirs in zip(lines, found, strict=True):
        mine = np.repeat(mine, 2, axis=0) if len(mine) == 1 else mine
        np.testing.assert_allclose(theirs, mine, atol=0.005001)


def test_real_sketches_come_back_from_their_svg(shared_data) -> None:
    archive = np.load(shared_data / "npz/quickdraw_monkey.npz", allow_pickle=True, encoding="latin1")
    picture = grid(archive["test"])
    found = strokes_in(svg.render(picture))
    lines = [line.points for cell in picture.cells for line in cell]
    assert len(found) == len(lines) > 200
    for mine, theirs in zip(lines, found, strict=True):
        np.testing.assert_allclose(theirs[: len(mine)], mine, atol=0.005001)


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert svg.render(grid([CORNER_AND_DOT])) == svg.render(grid([CORNER_AND_DOT.copy()]))


def test_a_dot_is_seen() -> None:
    style = Style(size=100, stroke_width=10)
    image = pixels(svg.render(grid([CORNER_AND_DOT], style=style)))
    [_, dot, _] = grid([CORNER_AND_DOT], style=style).cells[0]
    x, y = dot.points[0].astype(int)
    assert image[y, x].max() < 60


def test_a_round_pen_reaches_as_far_as_its_radius_and_no_farther() -> None:
    style = Style(size=100, margin=20, stroke_width=10)
    image = pixels(svg.render(grid([np.array([[1, 0, 1]])], style=style)))
    dark = np.argwhere(image.max(axis=2) < 128)
    np.testing.assert_allclose(dark.min(axis=0), [15, 15], atol=1)
    np.testing.assert_allclose(dark.max(axis=0), [24, 84], atol=1)


def test_captions_are_text_and_cannot_break_out_of_it() -> None:
    root = ElementTree.fromstring(svg.render(grid([CORNER_AND_DOT], captions=["a<b>&\"'"])))
    assert [each.text for each in root.iter(f"{SVG}text")] == ["a<b>&\"'"]


def test_a_file_name_that_xml_cannot_hold_makes_a_sound_caption() -> None:
    text = svg.render(grid([CORNER_AND_DOT], captions=["a\x00\n\udcff"], row_labels=["\x1b[31m"]))
    captions = [each.text for each in ElementTree.fromstring(text.encode()).iter(f"{SVG}text")]
    assert captions == ["a\ufffd\ufffd\ufffd", "\ufffd[31m"]


def test_colors_and_background_stand_in_the_file() -> None:
    style = Style(color="navy", background="none")
    text = svg.render(grid([colored(CORNER_AND_DOT, given=1)], style=style))
    root = ElementTree.fromstring(text)
    assert list(root.iter(f"{SVG}rect")) == []
    assert [path.get("stroke") for path in root.iter(f"{SVG}path")] == ["#e4572e", None, None, None]
    assert next(root.iter(f"{SVG}g")).get("stroke") == "navy"


def test_numbers_are_short_and_never_minus_zero() -> None:
    assert svg.path_data(np.array([[-0.001, 12.345678], [100.0, 12345.678]])) == "M0 12.35L100 12345.68"


def animations(text: str) -> list[dict[str, str]]:
    return [each.attrib for each in ElementTree.fromstring(text).iter(f"{SVG}animate")]


def test_an_animated_svg_draws_one_stroke_after_the_other() -> None:
    timing = Timing(seconds=2.0, hold=1.5, loop=3)
    text = svg.animate([grid([CORNER_AND_DOT])], timing)
    assert "script" not in text
    found = animations(text)
    assert [each["attributeName"] for each in found] == ["stroke-dashoffset", "opacity", "stroke-dashoffset"]
    assert {each["repeatCount"] for each in found} == {"3"}
    assert {each["dur"] for each in found} == {"3.5s"}
    moments = [[float(moment) for moment in each["keyTimes"].split(";")] for each in found]
    first, dot, last = moments
    assert first[1] == 0.0  # No empty page.
    assert first[2] == pytest.approx(dot[1], abs=1e-4)
    assert dot[1] < last[1] < last[2]
    assert last[2] == pytest.approx(2.0 / 3.5, abs=1e-4)  # then the finished drawing holds
    assert all(each == sorted(each) for each in moments)


def test_an_animated_svg_is_the_finished_drawing_where_nothing_moves() -> None:
    picture = grid([CORNER_AND_DOT])
    difference = np.abs(pixels(svg.animate([picture], Timing())) - pixels(svg.render(picture)))
    assert difference.max() <= 40


def test_the_dash_covers_the_whole_stroke_and_waits_outside_it() -> None:
    root = ElementTree.fromstring(svg.animate([grid([CORNER_AND_DOT])], Timing()))
    for path in root.iter(f"{SVG}path"):
        if path.get("stroke-dasharray") is None:
            continue
        points = strokes_in(f'<svg xmlns="http://www.w3.org/2000/svg"><path d="{path.get("d")}"/></svg>')[0]
        length = np.hypot(*np.diff(points, axis=0).T).sum()
        dash, gap = (float(number) for number in path.get("stroke-dasharray").split())
        start, *_, end = (float(number) for number in path[0].get("values").split(";"))
        assert dash == pytest.approx(length, abs=0.05)
        assert end == 0
        assert dash < start  # behind the dash at first,
        assert start + length < dash + gap  # and before the next


def test_a_morph_shows_one_drawing_at_a_time_there_and_back() -> None:
    pictures = sequence([CORNER_AND_DOT * [1, scale, 1] for scale in (1, 2, 3)])
    found = animations(svg.animate(pictures, Timing(seconds=3, hold=2)))
    values = np.array([[int(value) for value in each["values"].split(";")] for each in found])
    np.testing.assert_array_equal(values, [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
    moments = [float(moment) for moment in found[0]["keyTimes"].split(";")]
    np.testing.assert_allclose(moments, [0, 2 / 6, 3 / 6, 5 / 6], atol=1e-5)
    assert {each["repeatCount"] for each in found} == {"indefinite"}
