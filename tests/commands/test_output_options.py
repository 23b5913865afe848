"""Where commands write: a file a sketch, stdout, what moves, paper; each as every drawing command has it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typed import Done, typed

from sketchrnn_cli import console
from sketchrnn_cli.drawing import paper
from sketchrnn_cli.strokes.files import read_sketches
from sketchrnn_cli.strokes.svg.reader import read_svg


def run(*words: object, cwd: Path) -> Done:
    return typed(cwd, shlex.join(map(str, words)))[0]


def alone(*words: object, cwd: Path) -> subprocess.CompletedProcess:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "sketchrnn_cli", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True)


def test_a_number_in_the_name_gives_each_sketch_a_file(tmp_path: Path) -> None:
    done = run("sample", "doodle_cat", "-n", 3, "--out", "cat-%03d.svg", cwd=tmp_path)
    assert done.stdout.split() == ["cat-001.svg", "cat-002.svg", "cat-003.svg"]
    assert len({(tmp_path / name).read_bytes() for name in done.stdout.split()}) == 3
    again = run("sample", "doodle_cat", "-n", 3, "--out", "cat-%03d.svg", cwd=tmp_path)
    assert again.code == 2
    assert "cat-001.svg exists" in again.stderr
    assert run("sample", "doodle_cat", "-n", 2, "-t", 0.1, "-t", 0.9, "--out", "a%d.npy", cwd=tmp_path).code == 0
    assert [len(read_sketches(tmp_path / f"a{number}.npy")) for number in (1, 2, 3, 4)] == [1, 1, 1, 1]


def test_a_dash_writes_the_file_to_stdout_and_nothing_else(tmp_path: Path) -> None:
    sheet = alone("sample", "doodle_cat", "--out", "-", cwd=tmp_path)
    alone("sample", "doodle_cat", "--out", "a.svg", cwd=tmp_path)
    assert sheet.stdout == (tmp_path / "a.svg").read_bytes()
    assert alone("animate", "doodle_cat", "--seconds", 0.2, "--out", "-", cwd=tmp_path).stdout[:6] == b"GIF89a"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg"]
    assert alone("sample", "doodle_cat", "--out", "-", "--open", cwd=tmp_path).returncode == 2


def test_an_interpolation_as_gif_is_a_morph_and_a_sample_is_drawn(tmp_path: Path) -> None:
    run("sample", "doodle_cat", "-n", 2, "--out", "%d.svg", cwd=tmp_path)
    assert run("interpolate", "doodle_cat", "1.svg", "2.svg", "--steps", 4, "--out", "m.gif", cwd=tmp_path).code == 0
    assert run("sample", "doodle_cat", "-n", 2, "--out", "s.gif", cwd=tmp_path).code == 0
    with Image.open(tmp_path / "m.gif") as morph, Image.open(tmp_path / "s.gif") as drawn:
        assert 4 <= morph.n_frames <= 12
        assert drawn.n_frames > 30


def test_quiet_says_results_and_errors_alone(tmp_path: Path) -> None:
    done = alone("sample", "-q", "--out", "a.svg", cwd=tmp_path)
    assert (done.stdout.strip(), done.stderr) == (b"a.svg", b"")
    assert alone("sample", "--out", "b.svg", cwd=tmp_path).stderr.startswith(b"model: doodle_cat")
    assert b"exists" in alone("sample", "-q", "--out", "a.svg", cwd=tmp_path).stderr


def test_open_opens_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from sketchrnn_cli.cli import app

    opened: list[Path] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "open_file", opened.append)
    assert CliRunner().invoke(app, ["sample", "doodle_cat", "--out", "a.svg", "--open"]).exit_code == 0
    assert opened == [Path("a.svg")]


@pytest.mark.parametrize(
    ("text", "size"), [("256", (256, None)), ("100mm", (378, 100)), ("10cm", (378, 100)), ("4in", (384, 101.6))]
)
def test_a_size_is_pixels_or_a_length(text: str, size: tuple[int, float | None]) -> None:
    assert paper.parse_size(text) == (size[0], size[1] if size[1] is None else pytest.approx(size[1]))


@pytest.mark.parametrize("text", ["", "-3", "3furlongs", "1e9", "nan", "100 mm mm"])
def test_what_is_no_size_is_refused_with_what_is(text: str, tmp_path: Path) -> None:
    done = run("sample", "doodle_cat", f"--size={text}", cwd=tmp_path)
    assert done.code == 2
    assert "give pixels" in done.stderr


@pytest.mark.parametrize("text", ["7", "16385", "1000000", "999999mm"])
def test_a_size_that_no_picture_has_is_refused_with_those_that_are(text: str, tmp_path: Path) -> None:
    done = run("sample", "doodle_cat", f"--size={text}", cwd=tmp_path)
    assert done.code == 2
    assert "give 8 to 16384 pixels" in done.stderr


@pytest.mark.parametrize("words", [("sample", "--out", "a.bmp"), ("animate", "--out", "a.txt"), ("sample", "-o", "a")])
def test_a_name_that_no_format_has_is_refused_before_a_model_is_chosen(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    assert "choose one of .svg .png" in done.stderr or "choose one of .gif" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("sample", ""), 4, "no checkpoint '' (here: "),
        (("sample", "quickdraw", "--class", ""), 2, "--class '': quickdraw"),
        (("reconstruct", "doodle_cat", ""), 3, "'': expected an .svg"),
    ],
)
def test_an_empty_word_is_shown_as_one(words: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.code, done.stderr.count("\n")) == (code, 1)
    assert says in done.stderr


def test_a_drawing_of_100_mm_is_100_mm_large(tmp_path: Path) -> None:
    run(
        "sample",
        "doodle_cat",
        "--size",
        "100mm",
        "--margin",
        0,
        "--stroke-width",
        0.001,
        "--out",
        "a.svg",
        cwd=tmp_path,
    )
    text = (tmp_path / "a.svg").read_text()
    width, height = (float(re.search(rf'{side}="([\d.]+)mm"', text)[1]) for side in ("width", "height"))  # type: ignore[index]
    assert max(width, height) == pytest.approx(100, abs=0.3)


def test_a_page_holds_the_whole_sheet_and_nothing_but_strokes(tmp_path: Path) -> None:
    run("sample", "doodle_cat", "-n", 6, "--columns", 3, "--page", "a4", "--out", "a.svg", cwd=tmp_path)
    text = (tmp_path / "a.svg").read_text()
    assert 'width="297mm"' in text  # Three in two rows lie.
    assert "<rect" not in text
    points = np.concatenate(read_svg(tmp_path / "a.svg").polylines)
    edge = paper.PAGE_MARGIN * paper.PIXELS_PER_MM
    assert points.min() >= edge - 1
    assert (points.max(axis=0) <= np.array([297, 210]) * paper.PIXELS_PER_MM - edge + 1).all()


def test_the_pen_of_a_plotter_takes_short_ways() -> None:
    rng = np.random.default_rng(0)
    lines = [rng.uniform(0, 1000, (2, 2)) for _ in range(60)]

    def way(order: list[tuple[int, bool]]) -> float:
        pen, traveled = np.zeros(2), 0.0
        for number, turned in order:
            line = lines[number][::-1] if turned else lines[number]
            traveled += float(np.hypot(*(line[0] - pen)))
            pen = line[-1]
        return traveled

    ordered = paper.pen_order(lines)
    assert sorted(number for number, _ in ordered) == list(range(60))
    assert way(ordered) < 0.35 * way([(number, False) for number in range(60)])
    assert paper.pen_order([]) == []
