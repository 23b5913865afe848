"""From what a user names to a sketch that fits the model."""

from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.inputs import Input, read_input
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import Preparation

CIRCLE = np.stack([np.cos(np.linspace(0, 6.28, 60)), np.sin(np.linspace(0, 6.28, 60))], axis=1) * 40
STROKES = np.concatenate([np.diff(CIRCLE, axis=0), np.zeros((59, 1))], axis=1).astype(np.float32)
STROKES[-1, 2] = 1


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    sketches = {"train": [STROKES[:9]] * 3, "valid": [], "test": [STROKES[:n] for n in (5, 6, 7)]}
    archive.write(Path("rings.npz"), sketches, "made in a test")
    np.save("ring.npy", STROKES)
    Path("ring.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><circle r="7"/><text>o</text></svg>')
    return tmp_path


def read(text: str, canvas_size: float = 100.0, max_points: int = 80, **options: float) -> Input:
    return read_input(text, Path("datasets"), canvas_size, max_points, np.random.default_rng(0), **options)


def side(sketch: np.ndarray) -> float:
    return float(np.ptp(np.concatenate(to_polylines(sketch)), axis=0).max())


@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("name", ["ring.svg", "ring.npy"])
def test_a_fraction_is_of_the_size_that_the_model_knows(here: Path, name: str, fraction: float) -> None:
    assert side(read(name, fraction=fraction).sketch) == pytest.approx(100 * fraction, rel=0.02)


def test_an_svg_enters_at_the_size_that_the_model_knows(here: Path) -> None:
    found = read("ring.svg", canvas_size=367.0)
    assert side(found.sketch) == pytest.approx(367, abs=1)
    assert found.notes == ("ring.svg: ignored text",)


def test_strokes_that_fit_enter_as_they_are(here: Path) -> None:
    found = read("ring.npy", max_points=59)
    np.testing.assert_array_equal(found.sketch, STROKES)
    assert found.notes == ()


@pytest.mark.parametrize("name", ["ring.svg", "ring.npy"])
def test_a_drawing_of_too_many_points_is_simplified_and_keeps_its_size(here: Path, name: str) -> None:
    found = read(name, canvas_size=80.0, max_points=12, how=Preparation(0.1))
    assert len(found.sketch) <= 12
    assert side(found.sketch) == pytest.approx(80, rel=0.05)
    assert "simplified to" in found.notes[-1]


def test_a_sketch_of_a_set_is_found_by_its_number(here: Path) -> None:
    assert len(read("rings.npz:test:1").sketch) == 6
    assert len(read(f"{here}/rings.npz:test:2").sketch) == 7


def test_a_random_sketch_is_the_generators_choice(here: Path) -> None:
    found = [
        len(read_input("rings.npz:test:random", here, 100, 80, np.random.default_rng(seed)).sketch)
        for seed in [*range(20), *range(20)]
    ]
    assert found[:20] == found[20:]
    assert set(found) == {5, 6, 7}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rings.npz:test:3", "test has 3 sketches; give 0 to 2"),
        ("rings.npz:test:-1", "give 0 to 2"),
        ("rings.npz:test:²", "give 0 to 2"),
        ("rings.npz:test:" + "9" * 5000, "give 0 to 2"),
        ("rings.npz:test:", "give 0 to 2"),
        ("rings.npz:valid:random", "valid has 0 sketches; choose another split"),
        ("rings.npz:dev:0", "no split 'dev'.*train, valid, test"),
        ("nowhere.npz:test:0", "nowhere.npz"),
        ("nowhere.svg", "nowhere.svg: cannot be read"),
        ("", "expected an .svg"),
    ],
)
def test_what_names_no_drawing_is_refused(here: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(text)


def test_a_file_of_several_sketches_is_no_input(here: Path) -> None:
    Path("two.json").write_text("[[[1, 2, 1]], [[3, 4, 1]]]")
    with pytest.raises(DataError, match="holds 2 sketches where one is needed"):
        read("two.json")


def test_an_input_can_be_turned_over_and_one_of_another_scale_gets_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[[30, 60, 0], [30, -60, 1], [10, 0, 1]]")
    rng = np.random.default_rng(0)
    as_it_is = read_input(str(path), tmp_path, 100.0, 50, rng)
    turned = read_input(str(path), tmp_path, 100.0, 50, rng, Preparation(flip_y=True))
    np.testing.assert_array_equal(as_it_is.sketch * [1, -1, 1], turned.sketch)
    assert as_it_is.notes == turned.notes == ()
    for canvas_size in (10.0, 900.0):
        (note,) = read_input(str(path), tmp_path, canvas_size, 50, rng).notes
        assert f"70 data units large, where the model's drawings are {canvas_size:g}" in note


def test_strokes_of_another_scale_are_fitted_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[[30, 60, 0], [30, -60, 1], [10, 0, 1]]")
    rng = np.random.default_rng(0)
    found = read_input(str(path), tmp_path, 7000.0, 50, rng, Preparation(rescale=True))
    np.testing.assert_allclose(found.sketch, [[3000, 6000, 0], [3000, -6000, 1], [1000, 0, 1]])
    assert "fitted to that" in found.notes[0]
    near = read_input(str(path), tmp_path, 100.0, 50, rng, Preparation(rescale=True))
    assert (near.sketch[0].tolist(), near.notes) == ([30, 60, 0], ())


def test_positions_in_place_of_offsets_get_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[[60, 10, 0], [90, 50, 0], [50, 90, 0], [10, 40, 0], [60, 10, 1]]")
    (note,) = read_input(str(path), tmp_path, 300.0, 50, np.random.default_rng(0)).notes
    assert "looks like positions" in note
