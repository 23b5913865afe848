"""Every command that README shows, typed as printed in one folder, one after another."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.main import get_command

from sketchrnn_cli.cli import app
from sketchrnn_cli.data import doodles
from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import grid

README = Path(__file__).resolve().parents[1] / "README.md"

NOT_RUN = ("dataset download", "pretrained download", "studio", "checkpoint export dog", "checkpoint import dog")
"""Their options are checked, but nothing is fetched, and no server started that would stay."""

FAILS = {"train cat guitar": 3}
"""What ends with an exit code here: these sets are not in the folder, and nobody can be asked whether to fetch them."""

BY_HAND = {"studio.png"}
"""Pictures that no command makes: a window of the page."""

SMALLER = {
    "train": "--steps 2 --batch-size 4 --device cpu",
    "train doodle_cat doodle_guitar": "--steps 2 --batch-size 4 --enc-rnn-size 4 --dec-rnn-size 8 --z-size 2",
    "train --resume": "--steps 3 --device cpu",
}
"""What is put behind a command so that it takes seconds: the longest beginning counts."""

CHILD = """
import shlex
import sys
from sketchrnn_cli import cli
for line in sys.stdin.read().splitlines():
    sys.argv = shlex.split(line)
    try:
        cli.main()
        code = 0
    except SystemExit as left:
        code = left.code
    print(f"exit {code}", flush=True)
"""


def commands() -> list[str]:
    blocks = README.read_text(encoding="utf-8").replace("\\\n", " ").split("```")[1::2]
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))[:1] == ["sketchrnn"]]


def made(words: list[str]) -> list[str]:
    """Return the files that a command must have made."""
    if words[1:3] == ["dataset", "doodle"]:
        return [f"datasets/doodle_{name}.npz" for name in words[3:5]]
    if words[1] == "train":
        return ["checkpoints/pets/run.json" if "pets" in words else "checkpoints/mine/run.json"]
    return [words[words.index("--out") + 1].replace("%03d", "001")] if "--out" in words else []


@pytest.mark.parametrize("command", commands())
def test_readme_shows_only_options_that_exist(command: str) -> None:
    words = shlex.split(command)[1:]
    group = get_command(app)
    while getattr(group, "commands", None):
        group = group.commands[words.pop(0)]
    group.make_context("x", words)


def test_readme_shows_pictures_that_exist_and_no_others() -> None:
    folder = README.parent / ".github" / "pictures"
    if not folder.is_dir():
        pytest.skip("a source distribution has no pictures")
    shown = set(re.findall(r"\(\.github/pictures/([\w.]+)\)", README.read_text(encoding="utf-8")))
    assert shown == {path.name for path in folder.iterdir()} - {"make.py"}
    assert all((folder / name).stat().st_size < 300_000 for name in shown)
    outs = {words[words.index("--out") + 1] for words in map(shlex.split, commands()) if "--out" in words}
    assert shown - BY_HAND <= outs


def test_every_command_of_readme_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "my_drawings").mkdir()
    for number in range(30):
        picture = svg.render(grid([doodles.doodle("cat", np.random.default_rng(number))]), marked=False)
        (tmp_path / "my_drawings" / f"{number}.svg").write_text(picture, encoding="utf-8")
    lines = [line for line in commands() if not any(line[len("sketchrnn ") :].startswith(start) for start in NOT_RUN)]
    typed = []
    for line in lines:
        begins = [start for start in SMALLER if line.startswith(f"sketchrnn {start}")]
        typed.append(f"{line} {SMALLER[max(begins, key=len)]}" if begins else line)
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input="\n".join(typed), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    codes = [int(code) for code in re.findall(r"^exit (\d+)$", done.stdout, flags=re.MULTILINE)]
    expected = [FAILS.get(line.removeprefix("sketchrnn "), 0) for line in lines]
    assert list(zip(codes, lines, strict=True)) == list(zip(expected, lines, strict=True)), done.stderr[-3000:]
    for line, code in zip(lines, codes, strict=True):
        for name in made(shlex.split(line)) if code == 0 else []:
            assert (tmp_path / name).exists(), line
