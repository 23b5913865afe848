"""Commands in places that their authors did not think of: each does its work, or says in one line what is wrong."""

import ctypes
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typed import typed

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="these permissions and names are those of POSIX")

CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2
"""Of prctl(2) and capabilities(7)."""


def _as_anybody() -> None:
    """Take from root the power to read and write what its owner's permissions forbid."""
    for power in (DAC_OVERRIDE, DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(CAPBSET_DROP, power, 0, 0, 0)


def powerless() -> Callable[[], None] | None:
    """Return what makes of a process one that permissions bind; skip where root cannot be bound."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("root writes where nobody may")
    return _as_anybody


def run(
    *words: str | Path,
    cwd: Path,
    flags: tuple[str, ...] = (),
    before: Callable[[], None] | None = None,
    **environment: str | None,
) -> subprocess.CompletedProcess:
    variables = {**os.environ, **{key: value for key, value in environment.items() if value is not None}}
    for key in [key for key, value in environment.items() if value is None]:
        variables.pop(key, None)
    command = [sys.executable, *flags, "-m", "sketchrnn_cli", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=240, preexec_fn=before
    )


def one_line(done: subprocess.CompletedProcess) -> str:
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("sketchrnn:")]
    assert b"Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def cat(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What `sample doodle_cat` draws where nothing is amiss."""
    folder = tmp_path_factory.mktemp("plain")
    assert run("sample", "doodle_cat", "--out", "a.svg", cwd=folder).returncode == 0
    return (folder / "a.svg").read_bytes()


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
def test_a_cat_is_drawn_whatever_the_environment_lacks(
    tmp_path: Path, cat: bytes, environment: dict[str, str | None]
) -> None:
    done = run("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path, **environment)
    assert (done.returncode, done.stdout.strip()) == (0, b"a.svg"), done.stderr
    assert (tmp_path / "a.svg").read_bytes() == cat


def test_without_assertions_and_docstrings_the_same_cat_is_drawn(tmp_path: Path, cat: bytes) -> None:
    assert run("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path, flags=("-OO",)).returncode == 0
    assert (tmp_path / "a.svg").read_bytes() == cat


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


def a_drawing(path: Path, width: int = 50) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L{width} 40L9 80" stroke="#000"/></svg>')
    return path


@POSIX
def test_what_may_not_be_written_or_read_is_named(tmp_path: Path) -> None:
    bound = powerless()
    locked, hidden = tmp_path / "locked", tmp_path / "hidden"
    a_drawing(locked / "a.svg")
    a_drawing(hidden / "a.svg")
    locked.chmod(0o555)
    hidden.chmod(0o000)
    try:
        for words, named in {
            ("sample", "doodle_cat", "--out", "b.svg"): "b.svg",
            ("dataset", "convert", "a.svg", "--out", "b.npz"): "b.npz",
            ("checkpoint", "release", "doodle_cat", "--name", "mine"): "mine",
            ("train", "a.svg", "--steps", "1"): "checkpoints",
            ("encode", "doodle_cat", hidden / "a.svg"): "a.svg",
            ("sample", hidden / "model"): "hidden",
            ("dataset", "inspect", hidden): "hidden",
            ("studio", "doodle_cat", "--no-browser", "--data", "mine.ndjson"): "mine.ndjson",
        }.items():
            done = run(*words, cwd=locked, before=bound, SKETCHRNN_CACHE=str(tmp_path / "caches"))
            assert done.returncode in (2, 3, 4, 6), words
            assert named in one_line(done), words
    finally:
        locked.chmod(0o755)
        hidden.chmod(0o755)
    assert [path.name for path in locked.iterdir()] == ["a.svg"]


@POSIX
def test_a_cache_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    bound = powerless()
    a_drawing(tmp_path / "drawings" / "a.svg")
    (tmp_path / "caches").mkdir(mode=0o555)
    (tmp_path / "taken").touch()
    for place in ("caches", "taken"):
        done = run("dataset", "inspect", "drawings", cwd=tmp_path, before=bound, SKETCHRNN_CACHE=str(tmp_path / place))
        assert done.returncode == 3
        assert "SKETCHRNN_CACHE names another folder" in one_line(done)
        for words in (("caches",), ("caches", "--clear")):
            assert run(*words, cwd=tmp_path, before=bound, SKETCHRNN_CACHE=str(tmp_path / place)).returncode == 0
    there = {"SKETCHRNN_CACHE": None, "XDG_CACHE_HOME": None, "HOME": str(tmp_path / "caches")}
    assert "SKETCHRNN_CACHE names" in one_line(
        run("dataset", "inspect", "drawings", cwd=tmp_path, before=bound, **there)
    )


LONG = 300 * "x"
TOO_LONG: dict[str, tuple[str, ...]] = {
    "picture": ("sample", "doodle_cat", "--out", f"{LONG}.svg"),
    "model": ("sample", LONG),
    "drawing": ("encode", "doodle_cat", f"{LONG}.svg"),
    "set": ("dataset", "inspect", LONG),
    "sets": ("train", LONG),
    "archive": ("dataset", "convert", "a.svg", "--out", f"{LONG}.npz"),
    "checkpoint": ("checkpoint", "info", LONG),
    "import": ("checkpoint", "import", f"{LONG}.json"),
    "run": ("train", "a.svg", "--name", LONG),
    "release": ("checkpoint", "release", "doodle_cat", "--name", LONG),
    "studio": ("studio", "doodle_cat", "--no-browser", "--data", f"{LONG}.ndjson"),
}


@pytest.mark.parametrize("words", TOO_LONG.values(), ids=TOO_LONG)
@POSIX
def test_a_name_that_no_disk_takes_is_refused_in_one_line(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_drawing(tmp_path / "a.svg")
    monkeypatch.setenv("SKETCHRNN_CACHE", str(tmp_path / "caches"))
    (done,) = typed(tmp_path, shlex.join(words))
    assert done.code in (2, 3, 4, 6)
    assert [line[:10] for line in done.stderr.splitlines() if line.startswith("sketchrnn:")] == ["sketchrnn:"]
    assert {path.name for path in tmp_path.iterdir()} <= {"a.svg", "caches", "checkpoints"}


@POSIX
def test_folders_that_lie_in_themselves_by_links_are_read_once(tmp_path: Path) -> None:
    a_drawing(tmp_path / "drawings" / "a.svg")
    (tmp_path / "drawings" / "again").symlink_to(tmp_path / "drawings", target_is_directory=True)
    (tmp_path / "loop.svg").symlink_to("loop.svg")
    done = run("dataset", "inspect", "drawings", cwd=tmp_path, SKETCHRNN_CACHE=str(tmp_path / "caches"))
    assert done.returncode == 0
    assert b"1 drawing" in done.stderr
    assert "loop.svg" in one_line(run("encode", "doodle_cat", "loop.svg", cwd=tmp_path))
    assert "loop.svg" in one_line(run("sample", "doodle_cat", "--out", "loop.svg", cwd=tmp_path))


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "> /dev/full"])
@POSIX
def test_streams_that_are_closed_or_full_stop_no_drawing(tmp_path: Path, closed: str) -> None:
    command = f'"{sys.executable}" -m sketchrnn_cli sample doodle_cat --out a.svg {closed}'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=120)
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<svg")
    assert b"Traceback" not in done.stderr
    if "full" in closed:
        assert "standard output cannot be written" in one_line(done)
    else:
        assert done.returncode == 0


def test_memory_that_does_not_suffice_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from sketchrnn_cli import cli

    said: list[str] = []
    monkeypatch.setattr(cli, "_run", lambda: np.zeros((1 << 40, 1 << 10)))
    monkeypatch.setattr(cli.console, "error", said.append)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 1
    assert "memory is short" in said[0]
    assert "Unable to allocate" in said[0]


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
