"""`sketchrnn dataset` as a user types it: exit codes, stdout, stderr, files."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from test_full_disk import CHILD as FULL_DISK

from sketchrnn_cli import cli
from sketchrnn_cli.data import archive, doodles

SQUARE = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], dtype=np.int16)
TICK = np.array([[3, 4, 0], [-30, 40, 1]], dtype=np.int16)
HOUSE = {"word": "house", "drawing": [[[0, 255, 255, 0, 0], [100, 100, 255, 255, 100]], [[0, 128, 255], [100, 0, 100]]]}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Type a command in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def typed(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["sketchrnn", "dataset", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return typed


def save(name: str, *train: np.ndarray) -> Path:
    path = Path("datasets") / f"{name}.npz"
    archive.write(path, {"train": train or [SQUARE, TICK], "valid": [TICK], "test": [SQUARE]}, "made for a test")
    return path


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A server with cats on it, and its address."""
    folder = tmp_path / "mirror"
    archive.write(folder / "sketchrnn" / "cat.npz", {"train": [SQUARE], "valid": [], "test": []}, "a mirror")
    archive.write(folder / "sketchrnn" / "alarm clock.full.npz", {"train": [TICK], "valid": [], "test": []}, "a mirror")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_list_shows_all_categories_and_marks_what_is_here(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert len(out.splitlines()) == 345
    assert "  The Mona Lisa" in out.splitlines()
    save("cat")
    save("my_cats")
    code, out, _ = run("list", "--contains", "CAT")
    assert (code, out.splitlines()) == (0, ["* my_cats", "* cat"])
    assert run("list", "--contains", "xyz")[:2] == (0, "")
    assert len(run("list", "--data-dir", "x" * 300)[1].splitlines()) == 345


def test_download_fetches_by_any_spelling_and_keeps_what_is_here(run: Run, mirror: str) -> None:
    code, out, err = run("download", "cat", "Cat", "--base-url", mirror)
    assert (code, out) == (0, f"{Path('datasets/cat.npz')}\n"), err
    code, out, err = run("download", "cat", "--base-url", mirror)
    assert (code, out) == (0, "")
    assert "already exists" in err
    code, out, err = run("download", "alarm_clock", "--full", "--base-url", mirror)
    assert (code, out) == (0, f"{Path('datasets/alarm clock.full.npz')}\n"), err
    assert len(archive.load(Path("datasets/alarm clock.full.npz")).train) == 1


def test_download_says_what_is_wrong_in_one_line(run: Run, mirror: str) -> None:
    code, out, err = run("download", "gitar", "--base-url", mirror)
    assert (code, out) == (2, "")
    assert "did you mean 'guitar'" in err
    code, out, err = run("download", "dog", "--base-url", mirror)
    assert (code, out) == (7, "")
    assert len(err.splitlines()) == 1
    assert "not found (404)" in err
    assert not list(Path("datasets").iterdir())
    assert run("download", "dog", "--base-url", mirror, "--data-dir", "x" * 300)[0] == 7


def test_doodle_draws_data_sets_of_its_own_name(run: Run) -> None:
    code, out, _ = run("doodle", "cat", "guitar", "--count", "3", "--seed", "5")
    names = ["datasets/doodle_cat.npz", "datasets/doodle_guitar.npz"]
    assert (code, [Path(line) for line in out.splitlines()]) == (0, [Path(name) for name in names])
    first = Path(names[0]).read_bytes()
    assert "drawn by a program" in archive.load(Path(names[0])).provenance
    assert run("doodle", "cat", "--count", "3")[0] == 2
    assert run("doodle", "cat", "--count", "1000001")[0] == 2
    assert Path(names[0]).read_bytes() == first
    assert run("doodle", "cat", "--count", "3", "--seed", "5", "--force")[0] == 0
    assert Path(names[0]).read_bytes() == first
    code, _, err = run("doodle", "guitr")
    assert code == 2
    assert "did you mean 'guitar'" in err


def test_doodle_looks_at_its_folder_before_it_draws(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    real = doodles.doodles
    monkeypatch.setattr(doodles, "doodles", lambda name, *of: drawn.append(name) or real(name, *of))
    Path("taken").touch()
    for folder in ("taken", "taken/below", "x" * 300):
        code, out, err = run("doodle", "cat", "guitar", "--count", "3", "--data-dir", folder)
        assert (code, out, len(err.splitlines()), drawn) == (3, "", 1, [])
        assert "cannot be written" in err


def test_inspect_prints_a_table_or_a_line_of_json_for_each_set(run: Run) -> None:
    paths = [str(save("one")), str(save("two", SQUARE, SQUARE))]
    code, out, _ = run("inspect", "one", paths[1], "--json")
    figures = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [item["name"] for item in figures] == ["one", "two"]
    assert [item["duplicates"]["within_splits"] for item in figures] == [0, 1]
    code, out, _ = run("inspect", "one")
    assert code == 0
    assert "made for a test" in out
    assert "train 2, valid 1, test 1" in out
    assert figures[0]["sha256"] in "".join(line.split("│")[-2].strip() for line in out.splitlines() if "│" in line)


@pytest.mark.parametrize("command", ["inspect", "preview"])
def test_a_data_set_that_is_not_there_is_named_with_what_to_do(command: str, run: Run) -> None:
    code, out, err = run(command, "bicycle")
    assert (code, out) == (3, "")
    assert "sketchrnn dataset download bicycle" in err
    Path("page.npz").write_text("<html>")
    code, out, err = run(command, "page.npz")
    assert (code, out) == (3, "")
    assert "web page" in err
    assert len(err.splitlines()) == 1
    assert not list(Path().glob("preview*"))


def test_preview_draws_what_the_lines_said(run: Run) -> None:
    Path("house.ndjson").write_text(json.dumps(HOUSE))
    assert run("convert", "house.ndjson", "--out", "house.npz")[0] == 0
    code, out, _ = run("preview", "house.npz", "--index", "0", "--size", "255", "--out", "house.svg")
    assert (code, out) == (0, "house.svg\n")
    text = Path("house.svg").read_text()
    assert text.count("<path") == 2
    paths = [part.split('"')[0] for part in text.split(' d="')[1:]]
    for path, (xs, ys) in zip(paths, HOUSE["drawing"], strict=True):
        found = np.array(path.strip("M").replace("L", " ").split(), dtype=float).reshape(-1, 2)
        scale = np.ptp(found[:, 0]) / np.ptp(xs)
        np.testing.assert_allclose(found - found[0], (np.stack([xs, ys], 1) - [xs[0], ys[0]]) * scale, atol=0.011)


def test_preview_shows_a_folder_of_drawings(run: Run) -> None:
    Path("own").mkdir()
    Path("own/house.ndjson").write_text(json.dumps(HOUSE))
    code, out, err = run("preview", "own/", "--out", "own.svg")
    assert (code, out, err.splitlines()[-1]) == (0, "own.svg\n", "own: 1 drawing, all for training")


def test_preview_refuses_what_it_cannot_show(run: Run) -> None:
    save("one")
    Path("taken.svg").write_text("mine")
    assert run("preview", "one", "--out", "taken.svg")[0] == 2
    assert Path("taken.svg").read_text() == "mine"
    assert run("preview", "one", "--out", "a.gif")[0] == 2
    assert run("preview", "one", "--out", "x" * 300 + ".svg")[0] == 6
    assert run("preview", "one", "--split", "all")[0] == 2
    assert run("preview", "one", "--index", "2")[0] == 3
    assert run("preview", "one", "--count", "9", "--out", "a.png")[0] == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_convert_skips_the_bad_and_reports_them(run: Run) -> None:
    lines = [json.dumps({"drawing": [[[0, number, 255], [0, 255, 9]]]}) for number in range(40)]
    Path("mixed.ndjson").write_text("\n".join([*lines, "nonsense", '{"drawing": [[[1], [1]]]}', lines[0]]))
    code, out, err = run("convert", "mixed.ndjson", "--out", "new/mine.npz", "--valid", "0.1", "--test", "0.1")
    assert (code, Path(out.strip())) == (0, Path("new/mine.npz"))
    assert "skipped 2 bad drawings" in err
    assert "excluded 1: duplicates" in err
    report = Path("new/mine.skipped.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in report] == ["mixed.ndjson:41", "mixed.ndjson:42", "mixed.ndjson:43"]
    assert report[2].split("\t")[1] == "the same as mixed.ndjson:1"
    assert "excluded mixed.ndjson:43: the same as mixed.ndjson:1" in err
    splits = archive.load(Path("new/mine.npz")).splits
    assert sum(len(sketches) for sketches in splits.values()) == 40
    assert all(1 <= len(splits[name]) <= 9 for name in ("valid", "test"))


@pytest.mark.parametrize(
    ("more", "held_back", "says"),
    [
        ([], 0, "; few are all for training, unless --valid or --test hold some back"),
        (["--valid", "0.3"], 1, ")\n"),
        (["--test", "0.3"], 1, ")\n"),
    ],
)
def test_few_drawings_are_all_for_training_as_by_train_unless_asked(
    more: list[str], held_back: int, says: str, run: Run
) -> None:
    lines = [json.dumps({"drawing": [[[0, number, 255], [0, 255, 9]]]}) for number in range(40)]
    Path("few.ndjson").write_text("\n".join(lines))
    code, _, err = run("convert", "few.ndjson", "--out", "few.npz", *more)
    splits = archive.load(Path("few.npz")).splits
    assert (code, sum(bool(len(splits[name])) for name in ("valid", "test"))) == (0, held_back)
    assert says in err


def test_convert_names_what_was_ignored_in_each_file_in_its_report(run: Run) -> None:
    Path("own").mkdir()
    for number in range(5):
        shapes = f"<path d='M0 0L9 {number}' stroke='black'/><text>a</text><image/>"
        Path(f"own/{number}.svg").write_text(
            f"<svg xmlns='http://www.w3.org/2000/svg'>{shapes}</svg>", encoding="utf-8"
        )
    code, _, err = run("convert", "own", "--out", "mine.npz")
    assert (code, "own/2.svg: ignored text, image" in err) == (0, True)
    report = Path("mine.skipped.tsv").read_text(encoding="utf-8").splitlines()
    assert report == [f"own/{number}.svg\tignored text, image" for number in range(5)]


def test_convert_merges_archives_split_by_split(run: Run) -> None:
    one, two = save("one"), save("two", SQUARE * [2, 2, 1], SQUARE * [3, 3, 1])
    code, _, err = run("convert", str(one), str(two), "--out", "both.npz", "--keep-duplicates")
    assert code == 0, err
    splits = archive.load(Path("both.npz")).splits
    assert {name: len(sketches) for name, sketches in splits.items()} == {"train": 4, "valid": 2, "test": 2}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["lines.ndjson", "--out", "taken.npz"], 2, "--force"),
        (["lines.ndjson", "--out", "a.zip"], 2, "ends in .npz"),
        (["lines.ndjson", "--out", "a.npz", "--valid", "0.5", "--test", "0.5"], 2, "leave nothing"),
        (["lines.ndjson", "--out", "a.npz", "--drop-longer"], 2, "--drop-longer needs --max-points"),
        (["gone.ndjson", "--out", "a.npz"], 3, "no such file"),
        (["bad.ndjson", "--out", "a.npz"], 3, "no usable drawing"),
        (["lines.ndjson", "bad.ndjson", "--out", "a.npz", "--strict"], 3, "bad.ndjson:1"),
        (["lines.ndjson", "--out", "taken.npz/a.npz"], 3, "cannot be written"),
        (["lines.ndjson", "--out", "x" * 300 + ".npz"], 3, "cannot be written"),
        (["lines.ndjson", "bad.ndjson", "--out", "a.npz", "--report", "lines.ndjson"], 2, "lines.ndjson exists"),
        (["lines.ndjson", "bad.ndjson", "--out", "a.npz", "--report", "a.npz"], 2, "give another one"),
    ],
)
def test_convert_refuses_with_one_line_and_leaves_all_files(
    arguments: list[str], code: int, says: str, run: Run
) -> None:
    Path("lines.ndjson").write_text(json.dumps(HOUSE))
    Path("bad.ndjson").write_text("nonsense")
    Path("taken.npz").write_text("mine")
    found, out, err = run("convert", *arguments)
    assert (found, out) == (code, "")
    assert says in err.splitlines()[-1]
    assert Path("taken.npz").read_text() == "mine"
    assert Path("lines.ndjson").read_text() == json.dumps(HOUSE)
    assert not Path("a.npz").exists()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"drawing": [[[0, x, 255], [y, 255, 9]]]}) for x in range(16) for y in range(16)]
    Path("lines.ndjson").write_text("\n".join(lines))
    Path("bad.ndjson").write_text("nonsense\n" * 300)
    before = {path: path.read_bytes() for path in (save("doodle_cat"), save("house"))}
    commands = {
        "dataset convert lines.ndjson --out datasets/house.npz --force": "3",
        "dataset convert lines.ndjson bad.ndjson --out b.npz": "3",
        "dataset doodle cat --count 20 --force": "3",
        "dataset preview house --count 9 --out a.png": "6",
    }
    done = subprocess.run([sys.executable, "-W", "error", "-c", FULL_DISK, *commands], capture_output=True, text=True)
    assert done.stdout.split() == list(commands.values()), done.stderr
    assert sum(said.startswith("sketchrnn: ") for said in done.stderr.splitlines()) == len(commands)
    assert {path: path.read_bytes() for path in Path("datasets").iterdir()} == before
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["bad.ndjson", "datasets", "lines.ndjson"]
