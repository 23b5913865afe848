"""All kinds of sources, one after another or in parallel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion import sources
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.output import save_animation, save_picture
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.prepare import Preparation

SKETCH = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], dtype=np.int16)


def text_of(count: int) -> str:
    drawings = [[[[0, number % 256, 9], [0, 200, number // 256]]] for number in range(count)]
    return "\n".join(json.dumps({"word": "tick", "drawing": drawing}) for drawing in drawings)


def as_values(readings: list[Drawing | Skipped]) -> list[tuple]:
    return [(f.where, f.reason) if isinstance(f, Skipped) else (f.where, f.label, f.sketch.tolist()) for f in readings]


def test_files_are_found_at_any_depth_each_once_in_order(tmp_path: Path) -> None:
    names = ["b.svg", "a/deep/c.SVG", "a/d.ndjson", "a/e.npz"]
    for name in [*names, "notes.txt", ".hidden.svg", "a/f.npz.part"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = sources.find([tmp_path / "a" / "e.npz", tmp_path, tmp_path / "b.svg"])[0]
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/e.npz", "a/d.ndjson", "a/deep/c.SVG", "b.svg"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone", "no such file"),
        ("x" * 300, "no such file"),
        ("empty", "no drawings in this folder"),
        ("notes.txt", "not a supported kind of drawing"),
        ("link.svg", "not a file, or a broken link"),
        ("pipe.svg", "not a file"),
    ],
)
def test_what_holds_no_drawings_is_an_error(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "link.svg").symlink_to("gone.svg")
    os.mkfifo(tmp_path / "pipe.svg")
    with pytest.raises(DataError, match=says):
        sources.find([tmp_path / name])[0]


def test_strokes_and_archives_are_taken_point_by_point(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", SKETCH)
    (tmp_path / "two.json").write_text(json.dumps([SKETCH.tolist(), (SKETCH + np.array([0.5, 0, 0])).tolist()]))
    archive.write(tmp_path / "set.npz", {"train": [SKETCH], "valid": [-SKETCH * [1, 1, -1]], "test": []}, "")
    paths = [tmp_path / name for name in ("one.npy", "set.npz", "two.json")]
    one, set_train, set_valid, *two = sources.read(paths, how=Preparation(2.0))
    assert (one.label, one.split, one.sketch.tolist()) == ("one", "", SKETCH.tolist())
    assert (set_train.label, set_train.split, set_train.sketch.tolist()) == ("set", "train", SKETCH.tolist())
    assert (set_valid.split, set_valid.sketch[0].tolist()) == ("valid", [-9, 0, 0])
    assert [found.sketch.dtype for found in two] == [np.int16, np.float32]
    assert two[1].sketch[0].tolist() == [9.5, 0, 0]
    (tmp_path / "far.json").write_text("[[70000, -5, 0], [-1e6, 0.5, 1]]")
    (far,) = sources.read([tmp_path / "far.json"], how=Preparation(2.0))
    assert far.sketch.tolist() == [[1000, -5, 0], [-1000, 0.5, 1]]


def test_a_bad_file_is_skipped_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("<html>")
    (tmp_path / "b.npy").write_bytes(b"")
    (tmp_path / "c.json").write_text("[[1, 2]]")
    np.save(tmp_path / "d.npy", np.array([object()]), allow_pickle=True)
    found = list(sources.read(sorted(tmp_path.iterdir()), how=Preparation(2.0)))
    assert [type(item) for item in found] == [Skipped] * 4
    assert [Path(item.where).name for item in found] == ["a.npz", "b.npy", "c.json", "d.npy"]
    assert "web page" in found[0].reason


def test_any_number_of_jobs_gives_the_same_findings_in_the_same_order(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(text_of(sources.LINES_PER_TASK * (sources.SERIAL_TASKS + 3) + 5) + "\nbad\n")
    (tmp_path / "b.json").write_text(json.dumps(SKETCH.tolist()))
    paths = sources.find([tmp_path])[0]
    alone = as_values(list(sources.read(paths, how=Preparation(2.0))))
    assert alone == as_values(list(sources.read(paths, how=Preparation(2.0), jobs=2)))
    assert alone[-2] == (f"{tmp_path}/a.ndjson:{sources.LINES_PER_TASK * 7 + 6}", alone[-2][1])


def test_reading_in_parallel_can_be_left_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(text_of(sources.LINES_PER_TASK * (sources.SERIAL_TASKS + 20)))
    readings = sources.read([tmp_path / "a.ndjson"], how=Preparation(2.0), jobs=2)
    for _ in range(sources.LINES_PER_TASK * (sources.SERIAL_TASKS + 1)):
        next(readings)
    readings.close()


def test_no_process_outlives_a_reader_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(text_of(sources.LINES_PER_TASK * (sources.SERIAL_TASKS + 20)))
    reader = f"""
from pathlib import Path
from sketchrnn_cli.data.conversion import sources
from sketchrnn_cli.strokes.prepare import Preparation
for reading in sources.read([Path({str(tmp_path / "a.ndjson")!r})], how=Preparation(), jobs=2):
    print(reading.where, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", reader], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(sources.LINES_PER_TASK * (sources.SERIAL_TASKS + 1)):
            process.stdout.readline()
        assert process.poll() is None
        process.kill()
        process.communicate(timeout=60)  # Ends when no process holds the other end of the pipe any more.


def test_what_this_program_wrote_is_passed_over_in_folders_and_named(tmp_path: Path) -> None:
    ours, own, out = tmp_path / "cat-001.svg", tmp_path / "own.svg", tmp_path / "deep" / "set.npz"
    save_picture(grid([SKETCH]), ours)
    save_picture(grid([SKETCH]), tmp_path / "sheet.png")
    save_animation([grid([SKETCH])], Timing(fps=2, seconds=1.0), tmp_path / "moving.png")
    save_animation([grid([SKETCH])], Timing(fps=2, seconds=1.0), tmp_path / "frame-%03d.png")
    own.write_text("<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0L9 9' stroke='black'/></svg>")
    out.parent.mkdir()
    archive.write(out, {"train": [SKETCH], "valid": [], "test": []}, "")
    (tmp_path / "more.ndjson.gz").touch()
    found, notes = sources.find([tmp_path], out)
    assert found == [own]
    assert [note.split("skipped ")[1].split(":")[0] for note in notes] == [
        f"{3 + len(list(tmp_path.glob('frame-*.png')))} pictures drawn by sketchrnn",
        "1 archive files",
    ]
    found, notes = sources.find([tmp_path])
    assert (found, "data sets among other drawings" in notes[1]) == ([own], True)
    assert sources.find([ours, out])[0] == [ours, out]


def test_a_folder_of_data_sets_is_taken_but_for_the_one_to_be_written(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz", "all.npz"):
        (tmp_path / name).touch()
    (tmp_path / "link.npz").symlink_to("all.npz")
    found, _ = sources.find([tmp_path], tmp_path / "all.npz")
    assert [path.name for path in found] == ["a.npz", "b.npz"]


def test_an_array_of_objects_is_read(tmp_path: Path) -> None:
    items = np.empty(2, dtype=object)
    items[0], items[1] = SKETCH, SKETCH[::-1] + 0.5 * np.array([1, 1, 0])
    np.save(tmp_path / "a.npy", items, allow_pickle=True)
    found = list(sources.read([tmp_path / "a.npy"], how=Preparation(2.0)))
    assert [each.sketch.tolist() for each in found] == [each.tolist() for each in items]


def test_drawings_whose_y_grows_upwards_can_be_turned_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(SKETCH.tolist()))
    (tmp_path / "b.ndjson").write_text(json.dumps({"drawing": [[[0, 255, 40], [7, 0, 200]]]}))
    archive.write(tmp_path / "c.npz", {"train": [SKETCH], "valid": [], "test": []}, "")
    paths = sorted(tmp_path.iterdir())
    for one, other in zip(
        sources.read(paths, Preparation()), sources.read(paths, Preparation(flip_y=True)), strict=True
    ):
        np.testing.assert_array_equal(one.sketch * [1, -1, 1], other.sketch)
        assert one.sketch.dtype == other.sketch.dtype
