"""Output that its receiver cannot take: another encoding, a full disk, a closed pipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKETCHRNN = [sys.executable, "-m", "sketchrnn_cli"]


def run(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*SKETCHRNN, *words], cwd=cwd, env={**os.environ, **variables}, capture_output=True)


@pytest.mark.parametrize("encoding", ["cp437", "ascii", "latin-1", "koi8-r"])
@pytest.mark.parametrize("words", [["--help"], ["sample", "--help"], ["checkpoint", "info", "doodle_cat"]])
def test_signs_that_an_encoding_lacks_do_not_stop_a_command(encoding: str, words: list[str], tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) > 100


def test_a_name_that_cannot_be_printed_is_written_and_shown_with_question_marks(tmp_path: Path) -> None:
    done = run("sample", "doodle_cat", "--out", "каша猫.svg", cwd=tmp_path, PYTHONIOENCODING="koi8-r", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("koi8-r").strip() == "каша?.svg"
    assert (tmp_path / "каша猫.svg").is_file()


def test_an_error_about_such_a_name_is_one_line(tmp_path: Path) -> None:
    done = run("reconstruct", "doodle_cat", "猫.svg", cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 3
    assert done.stderr.startswith(b"sketchrnn: \\u732b.svg")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["dataset list", "--help", "checkpoint info cat --json", "pretrained list"])
def test_a_full_disk_behind_stdout_is_one_line(words: str, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*SKETCHRNN, *words.split()], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 6
    assert b"No space left" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name == "nt", reason="closed pipes are reported in another way")
@pytest.mark.parametrize("words", ["dataset list", "--help"])
def test_a_reader_that_stops_early_ends_the_command_quietly(words: str, tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([*SKETCHRNN, *words.split()], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(os.name == "nt", reason="this system gives a process no closed streams")
def test_a_drawing_for_a_closed_stdout_is_one_line(tmp_path: Path) -> None:
    words = [*SKETCHRNN, "sample", "doodle_cat", "--out", "-"]
    done = subprocess.run(words, cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert done.returncode == 6
    assert done.stderr == b"sketchrnn: standard output is closed; give --out the name of a file instead of -\n"
