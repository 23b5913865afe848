"""Names that several programs want at once: one gets it, the others are told."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import ExistsError


def test_of_many_that_write_one_new_file_exactly_one_succeeds(tmp_path: Path) -> None:
    path, ready = tmp_path / "a.txt", Barrier(8)

    def write(number: int) -> bool:
        try:
            with atomic.new_file(path) as partial:
                partial.write_text(str(number))
                ready.wait()
            return True
        except ExistsError:
            return False

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert path.read_text() == str(won.index(True))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_hard_links_is_as_strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.txt"
    with atomic.new_file(path) as partial:
        partial.write_text("first")
    with pytest.raises(ExistsError), atomic.new_file(path) as partial:
        partial.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_link_is_something_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExistsError), atomic.new_file(path) as partial:
        partial.touch()
    assert path.is_symlink()
    with atomic.new_file(path, replace=True) as partial:
        partial.write_text("new")
    assert not path.is_symlink()


def test_a_folder_that_appeared_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "model"

    def lose() -> None:
        with atomic.new_folder(path) as partial:
            (partial / "ours").touch()
            path.mkdir()
            (path / "theirs").touch()

    with pytest.raises(ExistsError):
        lose()
    assert [each.name for each in path.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [path]


def test_all_is_on_disk_before_it_gets_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    target = tmp_path / "target"
    monkeypatch.setattr(atomic, "sync", lambda path: synced.append((path.name, target.exists())))
    with atomic.new_file(target) as partial:
        partial.write_text("all of it")
        temporary = partial.name
    assert synced == [(temporary, False), (tmp_path.name, True)]
    target.unlink()
    synced.clear()
    with atomic.new_folder(target) as partial:
        (partial / "a").touch()
        (partial / "b").touch()
        temporary = partial.name
    assert sorted(synced[:2]) == [("a", False), ("b", False)]
    assert synced[2:] == [(temporary, False), (tmp_path.name, True)]


def test_what_fails_leaves_nothing_behind_and_what_succeeds_is_as_open_as_any_file(tmp_path: Path) -> None:
    for kind in (atomic.new_file, atomic.new_folder):
        with pytest.raises(ZeroDivisionError), kind(tmp_path / "target"):
            raise ZeroDivisionError
        assert not list(tmp_path.iterdir())
    plain = tmp_path / "plain"
    plain.touch()
    with atomic.new_file(tmp_path / "target"):
        pass
    assert (tmp_path / "target").stat().st_mode == plain.stat().st_mode


def in_parallel(commands: list[str], cwd: Path) -> list[int]:
    started = [
        subprocess.Popen([sys.executable, "-m", "sketchrnn_cli", *words.split()], cwd=cwd, stderr=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL)
        for words in commands
    ]  # fmt: skip
    return [each.wait() for each in started]


def test_drawings_made_at_once_take_numbers_of_their_own(tmp_path: Path) -> None:
    assert in_parallel([f"sample doodle_cat --seed {seed}" for seed in range(4)], tmp_path) == [0] * 4
    files = sorted(tmp_path.iterdir())
    assert [each.name for each in files] == [f"doodle_cat-{number:03d}.svg" for number in range(1, 5)]
    assert len({each.read_bytes() for each in files}) == 4


def test_of_several_that_name_one_file_one_writes_it(tmp_path: Path) -> None:
    commands = ["animate doodle_cat --seconds 0.2 --out a.gif"] * 3
    assert sorted(in_parallel(commands, tmp_path)) == [0, 2, 2]
    assert [each.name for each in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.parametrize(
    "words",
    ["sample doodle_cat --out a.svg", "checkpoint export cat --out a.svg", "dataset convert one.npy --out a.npz"],
)
def test_no_command_replaces_a_broken_link_unasked(words: str, tmp_path: Path) -> None:
    link = tmp_path / words.split()[-1]
    link.symlink_to(tmp_path / "elsewhere")
    assert in_parallel([words], tmp_path) == [2]
    assert link.is_symlink()
