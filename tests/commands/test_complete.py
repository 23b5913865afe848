"""Finishing a beginning."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.data import doodles
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.strokes.files import read_sketches, write_sketches


@pytest.fixture
def cat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.chdir(tmp_path)
    sketch = doodles.doodle("cat", np.random.default_rng(0))
    write_sketches([sketch], Path("cat.npy"))
    write_sketches([sketch[: len(sketch) // 2]], Path("half.npy"))
    return sketch


def complete(*words: object) -> str:
    result = CliRunner().invoke(app, ["complete", "doodle_cat", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stderr


def test_half_a_drawing_is_kept_to_the_last_bit_in_every_ending(cat: np.ndarray) -> None:
    complete("half.npy", "--count", 8, "--out", "endings.npy")
    half = np.load("half.npy")
    endings = read_sketches(Path("endings.npy"))
    assert len(endings) == 8
    assert len({ending.tobytes() for ending in endings}) == 8
    for ending in endings:
        np.testing.assert_array_equal(ending[: len(half), :2], half[:, :2])


def test_the_given_part_has_a_color_of_its_own(cat: np.ndarray) -> None:
    complete("half.npy", "--count", 1, "--color", "#0000ff", "--out", "ending.png")
    with Image.open("ending.png") as picture:
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20)}
    assert {(0, 0, 255), (0xE4, 0x57, 0x2E)} <= colors


def test_the_given_part_stands_at_the_same_place_of_every_cell(cat: np.ndarray) -> None:
    complete("half.npy", "--count", 4, "--out", "endings.svg")
    root = ElementTree.parse("endings.svg").getroot()
    cell = np.array([int(root.get("width") or 0), int(root.get("height") or 0)]) / 2
    given = [
        np.array(re.findall(r"[-\d.]+", path.get("d") or ""), dtype=float).reshape(-1, 2)
        for path in root.iter("{http://www.w3.org/2000/svg}path")
        if path.get("stroke") == "#e4572e"
    ]
    first, *others = np.split(np.arange(len(given)), 4)
    for number, cells in enumerate(others, 1):
        for mine, place in zip(first, cells, strict=True):
            shift = given[place] - given[mine]
            np.testing.assert_allclose(shift, np.tile(cell * [number % 2, number // 2], (len(shift), 1)), atol=1)


def test_a_beginning_of_many_points_leaves_room_for_an_ending(cat: np.ndarray) -> None:
    angle = np.linspace(0, 60, 3000)
    points = " ".join(f"{a * np.cos(a):.2f},{a * np.sin(a):.2f}" for a in angle)
    Path("spiral.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><polyline points="{points}"/></svg>')
    said = complete("spiral.svg", "--count", 2, "--out", "endings.json")
    assert "simplified to" in said
    assert all(np.isfinite(ending).all() for ending in read_sketches(Path("endings.json")))


def test_a_part_of_a_whole_drawing_has_no_fraction(cat: np.ndarray) -> None:
    with pytest.raises(UsageError, match="give one"):
        complete("cat.npy", "--keep", 20, "--fraction", 0.5)
    assert not list(Path().glob("cat-*"))


def test_more_points_than_there_are_is_said(cat: np.ndarray) -> None:
    said = complete("cat.npy", "--keep", len(cat) + 1, "--count", 1, "--out", "a.npy")
    assert f"--keep {len(cat) + 1}: cat.npy has {len(cat)} points; all are kept" in said
    assert "--keep" not in complete("cat.npy", "--keep", len(cat), "--count", 1, "--out", "b.npy")
