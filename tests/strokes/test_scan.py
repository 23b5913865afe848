"""Scans become the strokes that were drawn; outlines become their middle."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from distances import farthest
from PIL import Image, ImageDraw, ImageFilter

from sketchrnn_cli.data import doodles
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes import scan
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import fit

pytest.importorskip("skimage", reason="scikit-image is not installed: pip install 'sketchrnn[scan]'")

WIDTH = 6


def photographed(strokes: list[np.ndarray], side: int = 600, ink: int = 40, paper: int = 235) -> Image.Image:
    """Draw strokes with a pen, blurred, with noise and the light falling off to one side."""
    image = Image.new("L", (side, side), paper)
    for stroke in fit(strokes, side - 80):
        ImageDraw.Draw(image).line([tuple(point + 40) for point in stroke], fill=ink, width=WIDTH, joint="curve")
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64)
    shade = np.linspace(0, 50, side)[None] * (1 if ink < paper else -1)
    noise = np.random.default_rng(0).normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels - shade + noise, 0, 255).astype(np.uint8))


def traced(image: Image.Image, tmp_path: Path, suffix: str = ".png") -> list[np.ndarray]:
    image.save(tmp_path / f"scan{suffix}")
    return scan.read_scan(tmp_path / f"scan{suffix}")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_photographed_doodle_comes_back_line_for_line(tmp_path: Path, suffix: str) -> None:
    drawn = to_polylines(doodles.doodle("cat", np.random.default_rng(2)))
    found = traced(photographed(drawn), tmp_path, suffix)
    before, after = fit(drawn), fit(found)
    for line in after:
        assert farthest(line, before) < 7
    for line in before:
        assert farthest(line, after) < 10
    assert len(drawn) <= len(found) <= 2 * len(drawn)


def test_light_lines_on_a_dark_page_are_ink_too(tmp_path: Path) -> None:
    line = [np.array([[0, 0], [100, 100.0]])]
    assert len(traced(photographed(line, ink=220, paper=20), tmp_path)) == 1


def test_a_crossing_is_two_lines_that_go_straight_on(tmp_path: Path) -> None:
    cross = [np.array([[0, 0], [100, 100.0]]), np.array([[0, 100], [100, 0.0]])]
    found = traced(photographed(cross), tmp_path)
    assert len(found) == 2
    for line in found:
        assert np.hypot(*(line[-1] - line[0])) > 0.9 * np.hypot(520, 520)


def test_a_ring_is_one_closed_line(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 100)
    found = traced(photographed([np.stack([np.cos(turn), np.sin(turn)], axis=1)]), tmp_path)
    assert len(found) == 1
    assert np.hypot(*(found[0][0] - found[0][-1])) <= 2
    radii = np.hypot(*(found[0] - found[0].mean(axis=0)).T)
    assert np.ptp(radii) < WIDTH


def test_lines_come_in_an_order_that_a_hand_might_take(tmp_path: Path) -> None:
    rows = [np.array([[0, y], [100, y]], dtype=np.float64) for y in (100, 0, 50)]
    found = traced(photographed(rows), tmp_path)
    assert [round(line[:, 1].mean(), -1) for line in found] == sorted(round(line[:, 1].mean(), -1) for line in found)
    assert found[0][0, 0] < found[0][-1, 0]
    assert found[1][0, 0] > found[1][-1, 0]  # Back from where the pen is.


def test_specks_of_dirt_are_no_drawing(tmp_path: Path) -> None:
    image = photographed([np.array([[0, 0], [100, 100.0]])])
    for x in range(20, 580, 40):
        ImageDraw.Draw(image).rectangle([x, 580, x + 2, 582], fill=30)
    assert len(traced(image, tmp_path)) == 1


def test_the_middle_of_an_outline_is_what_a_pen_drew() -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    found = scan.center_lines([circle * 55 + 100, circle * 45 + 100])
    assert len(found) == 1
    radii = np.hypot(*(found[0] - 100).T)
    assert radii.min() > 49
    assert radii.max() < 51


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: Image.new("L", (50, 50), 255).save(path), "no line found"),
        (lambda path: path.write_bytes(b"not a picture"), "not a PNG or JPEG"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40)), "picture"),
        (lambda path: Image.new("1", (9000, 9000)).save(path), "at most"),
    ],
)
def test_what_is_no_scan_is_refused_in_one_line(tmp_path: Path, make, message: str) -> None:
    make(tmp_path / "a.png")
    with pytest.raises(DataError, match=message):
        scan.read_scan(tmp_path / "a.png")


def test_without_scikit_image_the_command_to_install_it_is_named() -> None:
    code = """
import sys
sys.modules["skimage"] = None
import numpy as np
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.strokes.scan import trace
try:
    trace(np.ones((3, 3), bool))
except UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'sketchrnn[scan]'" in done.stdout
