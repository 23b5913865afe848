"""Pixels: Cairo's are the oracle for the pen that replaces it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sketchrnn_cli.drawing import animation, pen
from sketchrnn_cli.drawing.layout import Line, Picture, colored, grid
from sketchrnn_cli.drawing.raster import MAX_PIXELS, MAX_SIDE_PIXELS, write_png
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import DrawingError

WITHOUT_CAIRO = """
import sys
from pathlib import Path
import cffi
import numpy as np

find = cffi.FFI.dlopen

def find_all_but_cairo(self, name, *flags):
    if name and "cairo" in str(name):
        raise OSError(f"cannot load library {name!r}")
    return find(self, name, *flags)

cffi.FFI.dlopen = find_all_but_cairo
from sketchrnn_cli.drawing.layout import Style, grid
from sketchrnn_cli.drawing.output import save_picture
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.drawing import output

picture = grid([np.load(sys.argv[1])], style=Style(background=sys.argv[3]))
print(save_picture(picture, Path(sys.argv[2])))
output.save_animation([picture], Timing(seconds=0.2), Path(sys.argv[2]).with_suffix(".gif"))
"""


def scribble(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sketch = np.concatenate([rng.normal(0, 20, (60, 2)), rng.random((60, 1)) < 0.3], axis=1)
    sketch[5:7, 2] = 1  # a dot
    return sketch.astype(np.float32)


def by_cairo(picture: Picture, folder: Path) -> np.ndarray:
    assert write_png(picture, folder / "cairo.png") is None
    return np.asarray(Image.open(folder / "cairo.png").convert("RGBA")).astype(int)


def test_a_pen_thinner_than_a_pixel_leaves_no_gap() -> None:
    slanted = np.array([[0, 0, 0], [100, 37, 1]], dtype=np.float32)
    page = pen.draw(grid([slanted], style=Style(stroke_width=0.2, color="black", background="#ffffff")))
    darkest = page[..., 0].min(axis=0)[30:-30]
    assert (darkest < 160).all()


@pytest.mark.parametrize("width", [1.0, 2.5, 9.0])
def test_the_pen_draws_what_cairo_draws(width: float, tmp_path: Path) -> None:
    style = Style(stroke_width=width, color="navy", background="#ffeecc")
    picture = grid([colored(scribble(), given=20), scribble(2)], style=style)
    difference = np.abs(pen.draw(picture).astype(int) - by_cairo(picture, tmp_path)[..., :3])
    assert difference.mean() < 0.5
    assert (difference.max(axis=2) > 70).mean() < 0.001


def test_a_transparent_page_has_the_same_alpha_as_cairo(tmp_path: Path) -> None:
    picture = grid([scribble()], style=Style(background="none", stroke_width=6))
    alpha = pen.draw(picture)[..., 3].astype(int)
    expected = by_cairo(picture, tmp_path)[..., 3]
    assert expected.min() == 0
    assert expected.max() == 255
    assert np.abs(alpha - expected).mean() < 0.5


def test_drawing_in_many_small_steps_is_drawing_at_once() -> None:
    picture = grid([scribble()])
    page = pen.new_page(picture)
    slow = pen.Pen(page, picture.cells[0], picture)
    for way in np.linspace(0, slow.length, 300):
        slow.advance(way)
    one_shade = 255 / pen.SHADES + 1
    difference = np.abs(page.astype(int) - pen.draw(picture))
    assert difference.max() <= one_shade
    assert (difference > 0).mean() < 0.01


def test_a_later_stroke_covers_an_earlier_one_and_leaves_the_rest() -> None:
    lines = [
        Line(np.array([[10.0, 50.0], [90.0, 50.0]]), "#ff0000"),
        Line(np.array([[50.0, 10.0], [50.0, 90.0]]), "#0000ff"),
    ]
    page = pen.draw(Picture(100, 100, [lines], [], Style(stroke_width=8)))
    assert page[50, 50].tolist() == [0, 0, 255]
    assert page[50, 20].tolist() == page[50, 80].tolist() == [255, 0, 0]
    assert page[20, 20].tolist() == [255, 255, 255]


def test_strokes_that_leave_the_page_are_cut() -> None:
    lines = [Line(np.array([[-50.0, 5.0], [150.0, 5.0]]), "black"), Line(np.array([[90.0, 95.0]]), "black")]
    page = pen.draw(Picture(100, 100, [lines], [], Style(stroke_width=20)))
    assert page.shape == (100, 100, 3)
    assert (page[5] == 0).all()
    assert (page[95, 90] == 0).all()


@pytest.mark.parametrize("background", ["white", "none"])
def test_without_the_cairo_library_pictures_are_drawn_too(background: str, tmp_path: Path) -> None:
    np.save(tmp_path / "sketch.npy", scribble())
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CAIRO, tmp_path / "sketch.npy", tmp_path / "out.png", background],
        capture_output=True,
        text=True,
        check=True,
    )
    for word in ("Cairo", "Debian", "macOS", "Windows"):
        assert word in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
    picture = grid([np.load(tmp_path / "sketch.npy")], style=Style(background=background))
    drawn = np.asarray(Image.open(tmp_path / "out.png").convert("RGBA")).astype(int)
    expected = by_cairo(picture, tmp_path)
    assert np.abs(drawn[..., 3] - expected[..., 3]).mean() < 0.5
    assert np.abs(drawn - expected)[expected[..., 3] == 255].mean() < 3
    assert (tmp_path / "out.gif").stat().st_size > 1000


@pytest.mark.parametrize(("count", "size"), [(150, 256), (1, 16384), (16, 4000)])
def test_a_png_beyond_what_cairo_or_memory_holds_is_refused_with_a_size_that_fits(
    count: int, size: int, tmp_path: Path
) -> None:
    def sheet(size: int) -> Picture:
        return grid([scribble()] * count, columns=1, style=Style(size))

    with pytest.raises(DrawingError, match="too many for a PNG") as caught:
        write_png(sheet(size), tmp_path / "a.png")
    with pytest.raises(DrawingError, match="too many for a PNG"):
        animation.write_frames([sheet(size)], Timing(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    fits = sheet(int(str(caught.value).partition(": size ")[2].split()[0]))
    assert max(fits.width, fits.height) <= MAX_SIDE_PIXELS
    assert 0.9 * min(MAX_PIXELS, MAX_SIDE_PIXELS * fits.width) < fits.width * fits.height <= MAX_PIXELS
