"""Real SVG files of many programs: which strokes come out, and that they survive the way through our own SVG.

`golden.json` holds the strokes as places and lengths; against_chromium.py measures that they are right. Written
anew by `python tests/strokes/test_real_svgs.py`, once the table has been measured again.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from distances import farthest

from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import CANVAS, EPSILON, fit, to_sketch
from sketchrnn_cli.strokes.svg.reader import read_svg

GOLDEN = Path(__file__).with_name("golden.json")
REFUSED = {
    "vpype/tests__data__test_svg__misc__empty.svg": "no visible line or shape",  # No element at all.
    "vpype/tests__data__test_svg__misc__empty_path.svg": "no visible line or shape",  # Paths without data.
    "vpype/tests__data__test_svg__misc__text_element.svg": "it has text: convert it to paths first",  # Text alone.
}


def strokes(path: Path) -> list[list[float]]:
    """Return, of each stroke, its start, its end, its leftmost and its topmost point, and its length.

    In pixels of the drawing fitted to 255.
    """
    found = []
    for line in fit(read_svg(path).polylines):
        length = np.hypot(*np.diff(line, axis=0).T).sum()
        found.append([*line[0], *line[-1], *line.min(axis=0), length])
    return np.round(found, 1).tolist()


def test_real_files_give_the_strokes_they_gave(shared_data: Path) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert len(golden) >= 30
    folder = shared_data / "svg"
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.svg")}
    assert names == set(golden) | set(REFUSED)
    for name, expected in golden.items():
        found = strokes(folder / name)
        assert len(found) == len(expected), name
        np.testing.assert_allclose(found, expected, atol=0.2, err_msg=name)


@pytest.mark.parametrize("name", REFUSED)
def test_files_without_a_stroke_are_refused_with_the_reason(shared_data: Path, name: str) -> None:
    with pytest.raises(DataError, match=REFUSED[name]):
        read_svg(shared_data / "svg" / name)


def scribble(rng: np.random.Generator) -> list[np.ndarray]:
    """Return strokes that wander, jump, stand still and go straight."""
    return [
        np.cumsum(rng.normal(0, rng.choice([1, 5, 20], size=(count, 1)), (count, 2)), axis=0) + rng.normal(0, 60, 2)
        for count in rng.integers(2, 90, rng.integers(1, 12))
    ]


def moved(polylines: list[np.ndarray]) -> tuple[float, float]:
    """Return how far the way from strokes through an SVG to strokes moves the points of a drawing, in pixels.

    First those that stay, then those that a second simplification does without, each from the lines of the other.
    """
    first, _ = to_sketch(polylines, CANVAS, EPSILON)
    text = svg.render(grid([first], style=Style(size=1024)))
    again, _ = to_sketch(read_svg(text.encode()).polylines, CANVAS, EPSILON)
    old, new = (aligned(to_polylines(sketch)) for sketch in (first, again))
    assert len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        assert np.abs(after[[0, -1]] - before[[0, -1]]).max() <= EPSILON
    return farthest(np.concatenate(new), old), farthest(np.concatenate(old), new)


def aligned(polylines: list[np.ndarray]) -> list[np.ndarray]:
    low = np.concatenate(polylines).min(axis=0)
    return [line - low for line in polylines]


@pytest.mark.parametrize("seed", range(30))
def test_the_way_through_an_svg_moves_no_point_by_more_than_the_tolerance(seed: int) -> None:
    assert moved(scribble(np.random.default_rng(seed)))[0] <= EPSILON


def test_real_files_survive_the_way_through_an_svg(shared_data: Path) -> None:
    for path in sorted((shared_data / "svg").rglob("*.svg")):
        if path.relative_to(shared_data / "svg").as_posix() not in REFUSED:
            staying, leaving = moved(read_svg(path).polylines)
            assert staying <= EPSILON, path
            assert leaving <= EPSILON + np.sqrt(0.5), path  # Points on both sides are rounded to whole pixels.


if __name__ == "__main__":
    data = Path(__file__).resolve().parents[3] / "shared" / "data" / "svg"
    files = {path.relative_to(data).as_posix(): path for path in sorted(data.rglob("*.svg"))}
    lines = [f"{json.dumps(name)}: {json.dumps(strokes(files[name]))}" for name in files if name not in REFUSED]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
