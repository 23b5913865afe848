"""`checkpoint remove` deletes what it names and nothing else."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.errors import SketchRNNError
from sketchrnn_cli.store import removal


def run_folder(parent: Path, name: str) -> Path:
    folder = parent / name
    (folder / "steps").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


def test_a_run_is_deleted_and_its_neighbor_stays(tmp_path: Path) -> None:
    gone, stays = run_folder(tmp_path, "a"), run_folder(tmp_path, "b")
    done = CliRunner().invoke(app, ["checkpoint", "remove", "a", "--yes", "--checkpoint-dir", str(tmp_path)])
    assert done.stdout.split() == [str(gone)]
    assert sorted(tmp_path.iterdir()) == [stays]


def test_nothing_is_deleted_where_nobody_can_be_asked(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "a")
    done = CliRunner().invoke(app, ["checkpoint", "remove", "a", "--checkpoint-dir", str(tmp_path)])
    assert isinstance(done.exception, SketchRNNError)
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "no run"),
        ("cat", "cat: a bundled model, which stays"),
        ("../b", "a plain name"),
        ("notes", "not deleted"),
        ("..", "a plain name"),
    ],
)
def test_what_is_no_checkpoint_of_the_folder_is_refused(tmp_path: Path, name: str, message: str) -> None:
    run_folder(tmp_path, "b")
    (tmp_path / "here" / "notes").mkdir(parents=True)
    with pytest.raises(SketchRNNError, match=message):
        removal.check(name, tmp_path / "here")
    assert (tmp_path / "b" / "run.json").is_file()


def test_a_link_goes_without_its_target(tmp_path: Path) -> None:
    target = run_folder(tmp_path / "elsewhere", "run")
    (tmp_path / "link").symlink_to(target, target_is_directory=True)
    removal.remove(removal.check("link", tmp_path))
    assert (target / "run.json").is_file()
    assert not (tmp_path / "link").exists()
