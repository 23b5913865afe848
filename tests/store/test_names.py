"""Which folder a new run gets: never one that holds something, and never a released checkpoint's."""

from pathlib import Path

import pytest

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.lock import LOCK


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A released checkpoint, a run, a folder of something else and one that only a lock is in."""
    for name, file in (("cat", checkpoint.SIDECAR), ("mine", runs.RUN_FILE), ("notes", "a.txt"), ("free", LOCK)):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}")
    return tmp_path


def test_a_default_name_that_is_released_gets_a_number(here: Path) -> None:
    assert names.run_folder(here, None, "cat", force=False) == here / "cat-2"
    (here / "cat-2").mkdir()
    (here / "cat-2" / checkpoint.SIDECAR).write_text("{}")
    assert names.run_folder(here, None, "cat", force=True) == here / "cat-3"
    assert names.run_folder(here, "free", "cat", force=False) == here / "free"


@pytest.mark.parametrize("force", [False, True])
def test_a_released_checkpoint_is_never_replaced(here: Path, force: bool) -> None:
    with pytest.raises(UsageError, match="a released checkpoint, which training never replaces"):
        names.run_folder(here, "cat", "other", force)


def test_what_is_there_is_replaced_by_force_alone(here: Path) -> None:
    with pytest.raises(UsageError, match="--resume mine resumes it"):
        names.run_folder(here, "mine", "other", force=False)
    with pytest.raises(UsageError, match=r"notes exists: --name chooses another name"):
        names.run_folder(here, "notes", "other", force=False)
    assert names.run_folder(here, "mine", "other", force=True) == here / "mine"


@pytest.mark.parametrize("name", ["", "..", "a/b", "a@b", "CON", "nul.txt", "a.", "a "])
def test_a_name_that_some_system_cannot_hold_is_refused(name: str, here: Path) -> None:
    with pytest.raises(UsageError, match="--name"):
        names.new_folder(here, name)
