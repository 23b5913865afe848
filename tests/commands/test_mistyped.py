"""What the parser of the command line refuses is one line in the house's style, and so is Ctrl-C."""

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sketchrnn_cli import cli

REFUSED = {
    "sample --count 0": ("--count", "0", "type: sketchrnn sample --help"),
    "sample -n abc": ("--count", "abc", "type: sketchrnn sample --help"),
    "sample --temperature nan": ("--temperature", "nan", "type: sketchrnn sample --help"),
    f"sample -n {'9' * 90}": ("--count", "type: sketchrnn sample --help"),
    "dataset doodle cat --count -1": ("--count", "-1", "type: sketchrnn dataset doodle --help"),
    "reconstruct a.svg --scale huge": ("--scale", "huge", "'keep', 'auto'", "type: sketchrnn reconstruct --help"),
    "sample --cuont 3": ("no option --cuont; did you mean --count?",),
    "sample --nothing-like-it": ("no option --nothing-like-it; type: sketchrnn sample --help",),
    "dataset rearrange": ("no such command 'rearrange'; type: sketchrnn dataset --help",),
    "sample cat dog": ("got unexpected extra argument", "(dog)", "type: sketchrnn sample --help"),
    "reconstruct": ("missing argument '[CKPT] INPUT...'; type: sketchrnn reconstruct --help",),
    "animate --out": ("option '--out' requires an argument; type: sketchrnn animate --help",),
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_mistyped_command_is_one_line_that_says_what_is_possible(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sketchrnn", *line.split()])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capsys.readouterr()
    assert (left.value.code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("sketchrnn: ")
    assert [part for part in REFUSED[line] if part not in err] == []
    assert "Input should" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_group_without_a_command_still_shows_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sketchrnn", "dataset"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert "Commands:" in "".join(capsys.readouterr())


@pytest.mark.skipif(sys.platform == "win32", reason="this system sends Ctrl-C to a whole console")
def test_ctrl_c_is_one_line_and_leaves_no_file(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sketchrnn_cli", "sample", "-n", "10000", "--out", "many.svg"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("model: doodle_cat")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said) == (130, "sketchrnn: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_question_left_unanswered_is_an_interruption_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = tmp_path / "checkpoints" / "mine" / "run.json"
    run.parent.mkdir(parents=True)
    run.touch()
    ended = io.StringIO()
    monkeypatch.setattr(ended, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", ended)
    monkeypatch.setattr(sys, "argv", ["sketchrnn", "checkpoint", "remove", "mine"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130
    assert capsys.readouterr().err.count("interrupted") == 1
    assert run.exists()
