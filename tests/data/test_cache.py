"""The cache: equal to the archive, mapped from disk, never in the way."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive, cache
from sketchrnn_cli.data.dataset import SPLITS, DataSet
from sketchrnn_cli.errors import DataError

SKETCH = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], dtype=np.int16)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "WORTHWHILE", 0)
    path = tmp_path / "mine.npz"
    archive.write(
        path,
        {"train": [SKETCH, SKETCH[1:] * [2, 2, 1]], "valid": [], "test": [SKETCH[:2]]},
        "a test",
        words=["cat", "dog"],
        labels={"train": [1, 0], "valid": [], "test": [1]},
        key_ids={
            split: np.arange(11, 11 + count, dtype=np.uint64)
            for split, count in (("train", 2), ("valid", 0), ("test", 1))
        },
    )
    return path


def assert_equal(one: DataSet, other: DataSet) -> None:
    assert (one.name, one.path, one.sha256, one.provenance) == (other.name, other.path, other.sha256, other.provenance)
    assert (one.stored, one.words) == (other.stored, other.words)
    for split in SPLITS:
        np.testing.assert_array_equal(one.splits[split].points, other.splits[split].points)
        np.testing.assert_array_equal(one.splits[split].offsets, other.splits[split].offsets)
        for name in cache.NUMBERS:
            found, expected = (getattr(some.splits[split], name) for some in (one, other))
            assert (found is None) == (expected is None)
            np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(one.measures.sides, other.measures.sides)
    for name in ("count", "total", "squares", "longest"):
        assert getattr(one.measures, name) == getattr(other.measures, name)


def entry(path: Path) -> Path:
    (found,) = (path.parent / cache.FOLDER).iterdir()
    return found


@pytest.mark.parametrize("fraction", [0.0, 0.25])
def test_the_cache_gives_what_the_archive_holds(fraction: float, path: Path) -> None:
    archive.write(path, {"train": [SKETCH * [1 + fraction, 1 + fraction, 1]], "valid": [], "test": [SKETCH]}, "a test")
    expected = archive.load(path)
    assert_equal(cache.load(path), expected)
    assert entry(path).name == expected.sha256
    again = cache.load(path)
    assert_equal(again, expected)
    assert isinstance(again.train.points, np.memmap)


def test_the_second_reading_does_not_unpickle_the_archive(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = cache.load(path)
    monkeypatch.setattr(archive, "load", None)
    assert_equal(cache.load(path), expected)


def test_an_archive_that_changed_is_read_anew(path: Path) -> None:
    before = cache.load(path)
    archive.write(path, {"train": [SKETCH * [5, 5, 1]], "valid": [], "test": []}, "changed")
    after = cache.load(path)
    assert (before.provenance, after.provenance) == ("a test", "changed")
    np.testing.assert_array_equal(after.train[0][:, :2], 5 * SKETCH[:, :2])


@pytest.mark.parametrize("name", ["points.npy", "offsets.npy", "sides.npy", "labels.npy", "key_ids.npy", "about.json"])
@pytest.mark.parametrize("harm", ["remove", "empty", "cut", "garbage"])
def test_a_damaged_entry_is_made_again(name: str, harm: str, path: Path) -> None:
    expected = cache.load(path)
    file = entry(path) / name
    blob = file.read_bytes()
    file.unlink()
    if harm != "remove":
        file.write_bytes({"empty": b"", "cut": blob[: len(blob) // 2], "garbage": b"[]"}[harm])
    assert_equal(cache.load(path), expected)
    assert file.read_bytes() == blob


def test_an_entry_that_lacks_points_is_made_again(path: Path) -> None:
    expected = cache.load(path)
    file = entry(path) / "points.npy"
    points = np.load(file)
    file.unlink()
    np.save(file, points[:-1])
    assert_equal(cache.load(path), expected)
    np.testing.assert_array_equal(np.load(file), points)


def test_an_entry_of_another_version_is_made_again(path: Path) -> None:
    expected = cache.load(path)
    about = entry(path) / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "format": 0}))
    assert_equal(cache.load(path), expected)
    assert json.loads(about.read_text())["format"] == cache.FORMAT


def test_where_nothing_can_be_written_the_archive_is_read(path: Path) -> None:
    (path.parent / cache.FOLDER).write_text("in the way")
    assert_equal(cache.load(path), archive.load(path))


def test_small_archives_leave_no_cache(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WORTHWHILE", path.stat().st_size + 1)
    assert_equal(cache.load(path), archive.load(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_bad_archive_stays_an_error_and_out_of_the_cache(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="damaged"):
        cache.load(path)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        cache.load(path)
    assert not (path.parent / cache.FOLDER).exists()


def test_the_cache_can_be_deleted_at_any_time(path: Path) -> None:
    expected = cache.load(path)
    shutil.rmtree(path.parent / cache.FOLDER)
    np.testing.assert_array_equal(expected.train[0], SKETCH)
    assert_equal(cache.load(path), expected)
