"""A folder of drawings as a data set: what is taken, what is said, and when it is converted anew."""

import json
import os
from pathlib import Path

import pytest

from sketchrnn_cli import caches, cli
from sketchrnn_cli.data import archive, cache, names, prepared
from sketchrnn_cli.data.dataset import FEW
from sketchrnn_cli.errors import DataError

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path fill="none" stroke="#000" d="M0 0 L{} 90 L120 {}"/></svg>'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, with a cache of its own."""
    monkeypatch.setenv(caches.HOME, str(tmp_path / "user"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def draw(folder: str, count: int) -> Path:
    Path(folder).mkdir()
    for number in range(count):
        Path(folder, f"{number}.svg").write_text(SVG.format(5 * number, number))
    return Path(folder)


def line(number: int, **more: object) -> str:
    return json.dumps({"drawing": [[[0, number, 255], [0, 255, 9]]], **more})


def test_a_folder_of_drawings_is_a_data_set_of_its_name_all_of_it_for_training(here: Path) -> None:
    folder = draw("mine", 12)
    (folder / "broken.svg").write_text("no drawing")
    (folder / "twin.svg").write_text((folder / "3.svg").read_text())
    found = prepared.prepare(folder)
    dataset = archive.load(found.archive)
    assert (dataset.name, {name: len(split) for name, split in dataset.splits.items()}) == (
        "mine",
        {"train": 12, "valid": 0, "test": 0},
    )
    assert found.notes[-1] == "mine: 12 drawings, all for training"
    assert any(note.startswith("skipped mine/broken.svg: not valid XML") for note in found.notes)
    assert "excluded 1: duplicates" in found.notes
    assert sorted(here.iterdir()) == [here / "mine"]


def test_a_folder_is_converted_once_and_anew_when_it_changed(here: Path) -> None:
    folder = draw("mine", 3)
    first = prepared.prepare(folder)
    seen: list[int] = []
    again = prepared.prepare(folder, progress=seen.append)
    assert (again, seen) == (first, [])
    (folder / "new.svg").write_text(SVG.format(7, 77))
    other = prepared.prepare(folder, progress=seen.append)
    assert len(seen) == 4
    assert other.archive != first.archive
    assert len(archive.load(first.archive).train) == 3, "an old run needs the data that it began with"


def test_an_entry_that_was_cut_short_is_made_again(here: Path) -> None:
    first = prepared.prepare(draw("mine", 3))
    (first.archive.parent / prepared.NOTES).unlink()
    assert prepared.prepare(Path("mine")) == first


def test_what_a_model_cannot_hold_is_simplified_and_said(here: Path) -> None:
    zigzag = [[[8 * x for x in range(60)], [90 * (x % 2) for x in range(60)]]]
    Path("own.ndjson").write_text(json.dumps({"drawing": zigzag}))
    found = prepared.prepare(Path("own.ndjson"), max_points=20)
    assert len(archive.load(found.archive).train[0]) <= 20
    assert any("own.ndjson:1: simplified" in note for note in found.notes)
    assert found.archive != prepared.prepare(Path("own.ndjson")).archive


def test_of_a_large_set_some_are_held_back(here: Path) -> None:
    Path("many.ndjson").write_text("\n".join(line(number) for number in range(1, 2 + FEW)))
    splits = cache.load(Path("many.ndjson")).splits
    assert all(1 <= len(splits[name]) < 40 for name in ("valid", "test"))


def test_the_strokes_of_the_studio_s_model_stay_out_where_asked(here: Path) -> None:
    strokes = [[[0, 90, 255], [0, 255, 9]], [[5, 60], [7, 80]]]
    Path("own.ndjson").write_text(json.dumps({"drawing": strokes, "by": ["hand", "model"]}))
    both, hand = (prepared.prepare(Path("own.ndjson"), only).archive for only in (False, True))
    assert [int(archive.load(path).train[0][:, 2].sum()) for path in (both, hand)] == [2, 1]


def test_nothing_but_broken_drawings_is_an_error_with_the_reason(here: Path) -> None:
    Path("bad").mkdir()
    Path("bad/a.svg").write_text("nonsense")
    with pytest.raises(DataError, match=r"bad: no drawing can be used; skipped bad/a\.svg: not valid XML"):
        prepared.prepare(Path("bad"))
    Path("empty").mkdir()
    with pytest.raises(DataError, match="no drawings in this folder"):
        prepared.prepare(Path("empty"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_named(here: Path) -> None:
    folder = draw("mine", 3)
    caches.user_folder().mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"cannot be written.*SKETCHRNN_CACHE"):
        prepared.prepare(folder)


def test_a_name_means_the_data_set_first_and_a_folder_with_a_slash(here: Path) -> None:
    draw("mine", 2)
    draw("cat", 2)
    assert names.find("mine", here) == Path("mine")
    assert names.find("cat/", here) == Path("cat")
    assert names.missing_categories(["cat", "cat/", "mine"], here) == ["cat"]
    with pytest.raises(DataError, match="sketchrnn dataset download cat"):
        names.find("cat", here)
    for name in ("cat", "mine"):
        archive.write(here / f"{name}.npz", archive.load(prepared.prepare(Path("mine")).archive).splits, "a test")
        assert names.find(name, here) == here / f"{name}.npz"


def test_inspect_takes_a_folder_and_says_what_it_left_out(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (draw("mine", 4) / "broken.svg").write_text("no drawing")
    monkeypatch.setattr("sys.argv", ["sketchrnn", "dataset", "inspect", "mine", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert (end.value.code or 0, json.loads(out)["sketches"]["train"]) == (0, 4)
    assert "skipped mine/broken.svg" in err
    assert "mine: 4 drawings, all for training" in err
