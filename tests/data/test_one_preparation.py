"""A model is trained on what it will be shown: INPUT, `convert` and doodles prepare a drawing alike."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sketchrnn_cli.data.conversion import pipeline, sources
from sketchrnn_cli.data.conversion.drawings import Drawing
from sketchrnn_cli.data.doodles import doodle
from sketchrnn_cli.data.doodles.cat import cat
from sketchrnn_cli.data.doodles.pen import by_hand
from sketchrnn_cli.data.inputs import read_input
from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import CANVAS, Preparation, to_sketch


def converted(path: Path, how: Preparation) -> list[Drawing]:
    collection = pipeline.Collection()
    rules = pipeline.Rules(max_points=how.max_points)
    list(pipeline.collect(sources.read([path], how), rules, collection))
    return collection.drawings


def as_input(path: Path, how: Preparation, max_points: int) -> np.ndarray:
    return read_input(str(path), Path("datasets"), CANVAS, max_points, np.random.default_rng(0), how).sketch


def drawn(path: Path, number: int) -> Path:
    path.write_text(svg.render(grid([doodle("cat", np.random.default_rng(number))])), encoding="utf-8")
    return path


@pytest.mark.parametrize("max_points", [30, 60, 500])
@pytest.mark.parametrize("epsilon", [1.0, 2.0, 5.0])
def test_an_svg_becomes_the_same_points_as_input_and_as_data(tmp_path: Path, max_points: int, epsilon: float) -> None:
    path, how = drawn(tmp_path / "cat.svg", 5), Preparation(epsilon, max_points)
    [data] = converted(path, how)
    np.testing.assert_array_equal(data.sketch, as_input(path, how, max_points))
    assert len(data.sketch) <= max_points


def test_a_scan_becomes_the_same_points_as_input_and_as_data(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="scikit-image is not installed: pip install 'sketchrnn[scan]'")
    image = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(image).line([(30, 40), (200, 60), (250, 250)], fill=0, width=5)
    image.save(tmp_path / "a.png")
    [data] = converted(tmp_path / "a.png", Preparation())
    np.testing.assert_array_equal(data.sketch, as_input(tmp_path / "a.png", Preparation(), 100))


def test_strokes_of_too_many_points_are_shortened_alike(tmp_path: Path) -> None:
    turn = np.linspace(0, 20, 400)
    spiral = np.round(np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) * 10)
    offsets = np.concatenate([np.diff(spiral, axis=0), np.zeros((399, 1))], axis=1)
    offsets[-1, 2] = 1
    np.save(tmp_path / "spiral.npy", offsets.astype(np.float32))
    how = Preparation(max_points=50)
    [data] = converted(tmp_path / "spiral.npy", how)
    np.testing.assert_allclose(data.sketch, as_input(tmp_path / "spiral.npy", how, 50))
    assert len(data.sketch) <= 50
    [note] = data.notes
    assert f"simplified to {len(data.sketch)} points" in note


def test_a_doodle_is_prepared_as_an_svg_of_it_would_be() -> None:
    made = doodle("cat", np.random.default_rng(11))
    rng = np.random.default_rng(11)
    while True:
        sketch, _ = to_sketch(by_hand(cat(rng), rng, unsteadiness=rng.uniform(0.3, 1.0)), CANVAS)
        if 25 <= len(sketch) <= 90:
            break
    np.testing.assert_array_equal(made, sketch)
    assert np.ptp(np.concatenate(to_polylines(made)), axis=0).max() == CANVAS


def test_pieces_of_a_line_are_joined_in_data_and_in_input(tmp_path: Path) -> None:
    turn = np.linspace(0, 5, 30)
    points = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 100 + 100
    lines = "".join(
        f"<path fill='none' stroke='black' d='M{a[0]:.3f} {a[1]:.3f} L{b[0]:.3f} {b[1]:.3f}'/>"
        for a, b in pairwise(points)
    )
    path = tmp_path / "pieces.svg"
    path.write_text(f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 210 210'>{lines}</svg>")
    for how, strokes in ((Preparation(), 1), (Preparation(join=False), 29)):
        [data] = converted(path, how)
        assert int(data.sketch[:, 2].sum()) == strokes
        np.testing.assert_array_equal(data.sketch, as_input(path, how, 500))
    assert "joined 29 pieces into 1 strokes" in converted(path, Preparation())[0].notes[0]


def test_the_middle_of_an_outline_is_taken_on_request(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="scikit-image is not installed: pip install 'sketchrnn[scan]'")
    path = tmp_path / "bar.svg"
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg'><rect x='5' y='20' width='200' height='10'/></svg>")
    [edge], [middle] = converted(path, Preparation()), converted(path, Preparation(center_lines=True))
    assert len(edge.sketch) >= 4
    assert len(middle.sketch) == 1
