"""Commands in places that their authors did not think of: each does its work, or says in one line what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="these permissions and names are those of POSIX")


def run(
    *words: str | Path, cwd: Path, flags: tuple[str, ...] = (), **environment: str | None
) -> subprocess.CompletedProcess:
    variables = {**os.environ, **{key: value for key, value in environment.items() if value is not None}}
    for key in [key for key, value in environment.items() if value is None]:
        variables.pop(key, None)
    command = [sys.executable, *flags, "-m", "sketchrnn_cli", *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, timeout=120)


def one_line(done: subprocess.CompletedProcess) -> str:
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("sketchrnn:")]
    assert b"Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize(
    "environment",
    [
        {"HOME": None, "XDG_CACHE_HOME": None},
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"NO_COLOR": "1", "PYTHONWARNINGS": "error"},
        {"TZ": "Nowhere/Nothing", "SOURCE_DATE_EPOCH": "0"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_a_cat_is_drawn_whatever_the_environment_lacks(tmp_path: Path, environment: dict[str, str | None]) -> None:
    done = run("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path, **environment)
    assert (done.returncode, done.stdout.strip()) == (0, b"a.svg"), done.stderr
    plain = run("sample", "doodle_cat", "--out", "b.svg", cwd=tmp_path)
    assert plain.returncode == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_without_assertions_and_docstrings_the_same_cat_is_drawn(tmp_path: Path) -> None:
    assert run("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path, flags=("-OO",)).returncode == 0
    assert run("sample", "doodle_cat", "--out", "b.svg", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


NAMES = ["with space.svg", 'it\'s "quoted".svg', "-dash.svg", "línea 猫.svg", "new\nline.svg", "%d%%.svg"]


@pytest.mark.parametrize("name", NAMES)
@POSIX
def test_any_name_a_disk_takes_is_written_and_read_back(tmp_path: Path, name: str) -> None:
    assert run("sample", "doodle_cat", f"--out=./{name}", cwd=tmp_path).returncode == 0
    written = [path for path in tmp_path.iterdir() if path.suffix == ".svg"]
    assert len(written) == 1
    assert run("encode", "doodle_cat", f"./{written[0].name}", cwd=tmp_path).returncode == 0


@POSIX
def test_a_name_that_is_no_text_is_written(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.svg")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this file system takes names of text alone")
    (tmp_path / name).unlink()
    done = run("sample", "doodle_cat", f"--out=./{name}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_bytes().startswith(b"<svg")


@POSIX
def test_a_reader_that_leaves_early_ends_the_command_quietly(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m sketchrnn_cli dataset list | head -n 1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes where nobody may")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert "a.svg" in one_line(run("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path))


def test_a_file_where_a_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert "taken" in one_line(run("sample", "doodle_cat", "--out", "taken/a.svg", cwd=tmp_path))
    assert "taken" in one_line(run("checkpoint", "info", "./taken", cwd=tmp_path))


@POSIX
def test_links_are_followed_to_data_and_never_through_a_dangling_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    assert run("sample", "doodle_cat", "--out", "link/a.svg", cwd=tmp_path).returncode == 0
    assert (tmp_path / "real" / "a.svg").is_file()
    (tmp_path / "b.svg").symlink_to("nowhere.svg")
    assert "b.svg" in one_line(run("sample", "doodle_cat", "--out", "b.svg", cwd=tmp_path))
    assert not (tmp_path / "nowhere.svg").exists()
