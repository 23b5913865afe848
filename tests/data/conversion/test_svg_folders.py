"""Folders of SVG files become data sets, and data sets SVG files."""

from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import sources
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.output import save_picture
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.strokes.formats import from_polylines
from sketchrnn_cli.strokes.prepare import Preparation

pytest.importorskip("sketchrnn_cli.strokes.svg.reader")


def house(width: int) -> np.ndarray:
    """Return a house 255 pixels high: what preparing leaves as it is."""
    walls = [[0, 100], [width, 100], [width, 255], [0, 255], [0, 100]]
    return from_polylines([np.array(walls), np.array([[0, 100], [width // 2, 0], [width, 100]])])


def save_houses(folder: Path, count: int) -> list[np.ndarray]:
    houses = [house(80 + number) for number in range(count)]
    for number, sketch in enumerate(houses):
        folder_of_it = folder / f"street {number % 3}"
        folder_of_it.mkdir(parents=True, exist_ok=True)
        save_picture(grid([sketch], style=Style(size=400)), folder_of_it / f"{number:03d}.svg")
    return houses


@pytest.mark.parametrize("jobs", [1, 2])
def test_sketches_survive_svg_files_in_folders_of_any_depth(jobs: int, tmp_path: Path) -> None:
    houses = save_houses(tmp_path, sources.PICTURES_PER_TASK * (sources.SERIAL_TASKS + 1) + 3)
    found = list(sources.read(sources.find([tmp_path])[0], how=Preparation(2.0), jobs=jobs))
    assert len(found) == len(houses)
    for item in found:
        assert isinstance(item, Drawing)
        path = Path(item.where)
        assert item.label == path.parent.name
        np.testing.assert_array_equal(item.sketch, houses[int(path.stem)])


def test_a_bad_svg_among_good_ones_is_skipped_with_its_reason(tmp_path: Path) -> None:
    save_houses(tmp_path, 2)
    (tmp_path / "a.svg").write_text("no picture")
    (tmp_path / "b.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M1 1"/></svg>')
    found = list(sources.read(sorted(tmp_path.rglob("*.svg")), how=Preparation(2.0)))
    assert [type(item) for item in found] == [Skipped, Skipped, Drawing, Drawing]
    assert all(item.reason and str(tmp_path) not in item.reason for item in found[:2])


def test_real_svg_files_are_drawings_or_skipped(shared_data: Path) -> None:
    found = list(sources.read(sources.find([shared_data / "svg"])[0], how=Preparation(2.0)))
    drawings = [item for item in found if isinstance(item, Drawing)]
    assert len(drawings) > len(found) / 2
    for item in drawings:
        positions = np.cumsum(item.sketch[:, :2], axis=0)
        assert np.isfinite(item.sketch).all()
        assert np.ptp(np.vstack([[0, 0], positions]), axis=0).max() <= 255
