"""What DATASET can be, and what is said where there is none."""

from pathlib import Path

import pytest

from sketchrnn_cli.data import names, quickdraw
from sketchrnn_cli.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("typed", "file"),
    [
        ("mine", "mine.npz"),
        ("cat", "cat.npz"),
        ("cat", "sketchrnn_cat.npz"),
        ("cat", "cat.full.npz"),
        ("alarm_clock", "alarm clock.npz"),
        ("the eiffel tower", "The Eiffel Tower.npz"),
        ("doodle_cat", "doodle_cat.npz"),
        ("cat.full", "cat.full.npz"),
    ],
)
def test_a_name_finds_its_file(typed: str, file: str, tmp_path: Path) -> None:
    (tmp_path / file).touch()
    assert names.find(typed, tmp_path) == tmp_path / file


def test_a_path_finds_its_file_and_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.npz").touch()
    monkeypatch.chdir(tmp_path)
    assert names.find("here.npz", tmp_path / "elsewhere") == Path("here.npz")
    with pytest.raises(DataError, match="no such file"):
        names.find("./gone.npz", tmp_path)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(DataError, match="not a file"):
        names.find("./folder.npz", tmp_path)
    with pytest.raises(DataError, match="no such file"):
        names.find("x" * 300 + ".npz", tmp_path)


def test_built_in_data_never_takes_the_name_of_a_category(tmp_path: Path) -> None:
    (tmp_path / "doodle_cat.npz").touch()
    with pytest.raises(DataError):
        names.find("cat", tmp_path)


@pytest.mark.parametrize(
    ("typed", "command"),
    [("bicycle", "sketchrnn dataset download bicycle"), ("alarm_clock", 'sketchrnn dataset download "alarm clock"')],
)
def test_a_missing_category_is_told_with_the_command_to_type(typed: str, command: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        names.find(typed, tmp_path)
    assert command in str(caught.value)


def test_a_name_like_no_other_gets_no_suggestion(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set 'nothere' "):
        names.find("nothere", tmp_path)


def test_a_misspelt_name_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "portraits.npz").touch()
    with pytest.raises(DataError, match="did you mean 'portraits'"):
        names.find("portrait", tmp_path)
    with pytest.raises(DataError, match="did you mean 'bicycle'"):
        names.find("bicylce", tmp_path)


def test_missing_categories_are_those_not_on_disk_each_once(tmp_path: Path) -> None:
    (tmp_path / "cat.npz").touch()
    wanted = ["cat", "Bicycle", "bicycle", "mine", "mine.npz", "alarm_clock"]
    assert names.missing_categories(wanted, tmp_path) == ["bicycle", "alarm clock"]


def test_names_are_those_of_the_archives_in_the_folder(tmp_path: Path) -> None:
    for file in ("sketchrnn_dog.npz", "mine.npz", ".hidden.npz", "notes.txt", "cat.npz.part"):
        (tmp_path / file).touch()
    assert names.names(tmp_path) == ["mine", "dog"]
    assert names.names(tmp_path / "absent") == []


def test_there_are_345_categories() -> None:
    assert len(set(quickdraw.CATEGORIES)) == len(quickdraw.CATEGORIES) == 345
    known = {
        "cat",
        "alarm clock",
        "The Eiffel Tower",
        "The Great Wall of China",
        "The Mona Lisa",
        "t-shirt",
        "teddy-bear",
    }
    assert known | {"aircraft carrier", "zigzag"} <= set(quickdraw.CATEGORIES)
    assert all(name == " ".join(name.split()) for name in quickdraw.CATEGORIES)


def test_addresses_are_percent_encoded() -> None:
    assert quickdraw.url("cat") == "https://storage.googleapis.com/quickdraw_dataset/sketchrnn/cat.npz"
    assert quickdraw.url("The Eiffel Tower", full=True, base_url="http://mirror/") == (
        "http://mirror/sketchrnn/The%20Eiffel%20Tower.full.npz"
    )


def test_an_unknown_category_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'guitar'"):
        quickdraw.category("gitar")
