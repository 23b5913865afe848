"""`dataset export` writes drawings that `convert` reads back."""

from pathlib import Path

import numpy as np
import pytest
from distances import apart
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.data.conversion import sources
from sketchrnn_cli.errors import SketchRNNError
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import Preparation, fit


@pytest.fixture(autouse=True)
def cats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[np.ndarray]]:
    monkeypatch.chdir(tmp_path)
    splits = doodles.doodles("cat", 6, 0)
    archive.write(Path("datasets/cats.npz"), splits, "made for a test")
    return splits


def export(*words: str) -> str:
    done = CliRunner().invoke(app, ["dataset", "export", *words], catch_exceptions=False)
    return done.stdout.strip()


def test_what_is_exported_is_read_back_stroke_by_stroke(cats: dict[str, list[np.ndarray]]) -> None:
    assert export("cats", "--out", "mine/") == "mine"
    names = sorted(path.name for path in Path("mine").iterdir())
    assert names[0] == "cats-test-0000.svg"
    assert len(names) == 8
    for number, sketch in enumerate(cats["train"]):
        [found] = sources.read([Path(f"mine/cats-train-{number:04d}.svg")], Preparation())
        assert found.sketch[:, 2].sum() == sketch[:, 2].sum()
        assert apart(fit(to_polylines(found.sketch)), fit(to_polylines(sketch))) < 2.5  # Simplified again, by 2 pixels.


def test_a_folder_of_what_was_exported_is_a_data_set_again() -> None:
    export("cats:train", "--out", "mine/")
    found, passed_over = sources.find([Path("mine")])
    assert (len(found), passed_over) == (6, [])


@pytest.mark.parametrize(
    ("which", "count"), [("cats:train", 6), ("cats:train:2-4", 3), ("cats:train:5", 1), ("datasets/cats.npz:valid", 1)]
)
def test_a_split_and_a_range_are_taken_as_named(which: str, count: int) -> None:
    export(which, "--out", "some")
    assert len(list(Path("some").glob("*.svg"))) == count


@pytest.mark.parametrize(
    ("which", "message"), [("cats:train:4-9", "0-5"), ("cats:train:4-2", "0-5"), ("dogs", "no data set")]
)
def test_what_is_not_there_is_refused(which: str, message: str) -> None:
    with pytest.raises(SketchRNNError, match=message):
        export(which, "--out", "some")
    assert not Path("some").exists()


def test_nothing_is_replaced_unasked() -> None:
    export("cats:train:0", "--out", "some")
    with pytest.raises(SketchRNNError, match="exists"):
        export("cats:train:0", "--out", "some")
    export("cats:train:0", "--out", "some", "--force", "--smooth")
    assert "C" in Path("some/cats-train-0000.svg").read_text()
