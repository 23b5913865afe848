"""Curves pass through the points, keep corners, and are drawn by every writer."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.drawing import output, svg
from sketchrnn_cli.drawing.curves import flattened, smooth
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.strokes.formats import from_polylines
from sketchrnn_cli.strokes.svg.reader import read_svg


def circle(count: int) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, count + 1)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1) * 100


def tangents(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    arriving, leaving = curves[:-1, 3] - curves[:-1, 2], curves[1:, 1] - curves[1:, 0]
    return arriving / np.hypot(*arriving.T)[:, None], leaving / np.hypot(*leaving.T)[:, None]


@pytest.mark.parametrize("seed", range(5))
def test_every_point_of_the_line_is_on_the_curve(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(12, 2)) * 50
    curves = smooth(points)
    np.testing.assert_allclose(curves[:, 0], points[:-1])
    np.testing.assert_allclose(curves[:, 3], points[1:])
    np.testing.assert_allclose(flattened(curves)[::8], points)


def test_eight_points_of_a_circle_are_round() -> None:
    radii = np.hypot(*flattened(smooth(circle(8))).T)
    assert radii.min() > 97.5
    assert radii.max() < 101
    arriving, leaving = tangents(smooth(circle(8)))
    np.testing.assert_allclose(arriving, leaving)


@pytest.mark.parametrize("shape", [[[0, 0], [100, 0], [50, 87], [0, 0]], [[0, 0], [40, -90], [80, 0]]])
def test_a_triangle_and_an_ear_keep_their_corners(shape: list[list[int]]) -> None:
    points = np.array(shape, dtype=np.float64)
    flat = flattened(smooth(points))
    for start, end in pairwise(points):
        along = (end - start) / np.hypot(*(end - start))
        inside = [p for p in flat if -1e-6 <= (p - start) @ along <= np.hypot(*(end - start)) + 1e-6]
        assert any(abs(along[0] * (p - start)[1] - along[1] * (p - start)[0]) < 1e-6 for p in inside)
    np.testing.assert_allclose(flat.min(axis=0), points.min(axis=0), atol=1e-6)
    np.testing.assert_allclose(flat.max(axis=0), points.max(axis=0), atol=1e-6)


def test_mirrored_points_make_mirrored_curves() -> None:
    points = np.random.default_rng(3).normal(size=(9, 2)) * 60
    flip = np.array([-1.0, 1.0])
    np.testing.assert_allclose(smooth(points * flip), smooth(points) * flip, atol=1e-9)


def test_equal_points_one_after_another_stay_finite() -> None:
    points = np.array([[0, 0], [0, 0], [30, 10], [30, 10], [60, 0.0]])
    assert np.isfinite(smooth(points)).all()


def test_a_smooth_picture_is_one_in_every_format(tmp_path: Path) -> None:
    sketch = from_polylines([circle(6), np.array([[0, 0], [50, 0.0]])])
    picture = grid([sketch], style=Style(smooth=True))
    text = svg.render(picture)
    assert "C" in text.split("<path")[1]
    assert "L" in text.split("<path")[2]
    round_line = read_svg(text.encode()).polylines[0]
    radii = np.hypot(*(round_line - (round_line.min(axis=0) + round_line.max(axis=0)) / 2).T)
    assert np.ptp(radii) < 0.06 * radii.max()
    plain, curved = tmp_path / "plain.png", tmp_path / "curved.png"
    output.save_picture(grid([sketch]), plain)
    output.save_picture(picture, curved)
    assert plain.read_bytes() != curved.read_bytes()
