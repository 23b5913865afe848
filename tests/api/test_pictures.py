"""Sheets of the library: columns as asked for, and a morph of as many pictures as sketches."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import sketchrnn_cli as sketchrnn
from sketchrnn_cli.api import pictures

SQUARE = np.float32([[60, 0, 0], [0, 60, 0], [-60, 0, 0], [0, -60, 1]])


@pytest.mark.parametrize(("columns", "shape"), [(6, 6.0), (1, 1 / 6), (3, 1.5)])
def test_a_sheet_has_the_columns_asked_for(columns: int, shape: float, tmp_path: Path) -> None:
    sketchrnn.draw([SQUARE] * 6, tmp_path / "a.svg", columns=columns)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert float(root.get("width", 0)) / float(root.get("height", 1)) == pytest.approx(shape, rel=0.01)


def test_a_morph_is_a_picture_a_sketch_and_anything_else_one_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    monkeypatch.setattr(pictures.output, "save_animation", lambda shown, timing, path: given.append(len(shown)))
    sheet = sketchrnn.draw([SQUARE, SQUARE * 2, SQUARE * 3])
    sheet.save(tmp_path / "a.gif", morph=True)
    sheet.save(tmp_path / "b.gif")
    assert given == [3, 1]
