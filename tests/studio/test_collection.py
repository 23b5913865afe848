"""The file of the user's drawings: whatever happens between two operations on it, no drawing is lost or there twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from studio_server import drawing

from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.studio import collection as module
from sketchrnn_cli.studio.collection import Collection

ADD = """
import sys, time
from pathlib import Path
from studio_server import drawing
from sketchrnn_cli.studio import collection as module
write = module._write_at
def slowly(*place):
    time.sleep(0.001)  # Others get their turn between reading and writing.
    write(*place)
module._write_at = slowly
collection = module.Collection(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
for n in range(40):
    collection.add(drawing(f"drawing-{sys.argv[2]}-{n}"))
    collection.add(drawing(f"drawing-both-{n}"))
"""


def ids(collection: Collection) -> list[str]:
    return [identity for identity, _, _ in collection.latest(1000)[0]]


def test_a_line_cut_at_any_byte_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    collection = Collection(path)
    for n in range(3):
        collection.add(drawing(f"drawing-{n}"))
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        again = Collection(path)
        is_all_there = end == len(whole) - 1  # Only the line break is missing.
        assert again.count() == (3 if is_all_there else 2)
        assert again.add(drawing("drawing-2")) == 3
        assert path.read_bytes() == whole


def test_the_latest_are_the_last_ones_the_oldest_of_them_first(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine.ndjson")
    for n in range(4):
        collection.add(drawing(f"drawing-{n}"))
    found, count = collection.latest(2)
    assert [identity for identity, _, _ in found] == ["drawing-2", "drawing-3"]
    assert count == 4
    assert collection.latest(0) == ([], 4)


def test_a_file_that_was_replaced_or_cut_meanwhile_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    collection, other = Collection(path), Collection(tmp_path / "other.ndjson")
    for n in range(3):
        collection.add(drawing(f"drawing-{n}"))
        other.add(drawing(f"a-longer-name-{n}"))
    other.path.replace(path)
    assert ids(collection) == [f"a-longer-name-{n}" for n in range(3)]
    first = path.read_bytes().index(b"\n") + 1
    with path.open("r+b") as file:
        file.truncate(first)
    assert collection.count() == 1
    assert ids(collection) == ["a-longer-name-0"]


def test_a_first_line_that_was_cut_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    Collection(path).add(drawing("drawing-0"))
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert Collection(path).add(drawing("drawing-0")) == 1
        assert path.read_bytes() == whole


def test_nothing_of_a_line_that_was_cut_stays_behind_a_shorter_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    collection = Collection(path)
    collection.add(drawing("drawing-0"))
    first = path.read_bytes()
    collection.add(drawing("drawing-long", word="x" * 100))
    path.write_bytes(path.read_bytes()[:-2])
    again = Collection(path)
    assert path.read_bytes() == first
    assert again.add(drawing("drawing-1")) == 2
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()] == ["drawing-0", "drawing-1"]


def test_a_full_disk_is_told_and_leaves_no_part_of_a_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.ndjson"
    collection = Collection(path)
    collection.add(drawing("drawing-0"))
    before = path.read_bytes()
    really_write = os.write
    left = [100]

    def write(handle: int, data: bytes) -> int:
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        done = really_write(handle, data[: left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DataError, match="No space left"):
        collection.add(drawing("drawing-1"))
    assert path.read_bytes() == before
    monkeypatch.undo()
    assert collection.add(drawing("drawing-1")) == 2
    assert ids(Collection(path)) == ["drawing-0", "drawing-1"]


def test_a_drawing_that_was_not_synced_is_not_answered_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = Collection(tmp_path / "mine.ndjson")

    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError, match="Input/output"):
        collection.add(drawing("drawing-0"))
    monkeypatch.undo()
    assert collection.count() == 0
    assert collection.add(drawing("drawing-0")) == 1


def test_one_that_was_written_by_a_process_that_died_is_synced_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = Collection(tmp_path / "mine.ndjson")
    collection.add(drawing("drawing-0"))
    synced: list[int] = []
    really_sync = os.fsync

    def sync(handle: int) -> None:
        really_sync(handle)
        synced.append(handle)

    monkeypatch.setattr(os, "fsync", sync)
    assert collection.add(drawing("drawing-0")) == 1
    assert synced


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(path), str(n)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for n in range(3)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in running:  # All at once.
        assert process.stdin is not None
        process.stdin.close()
    for process in running:
        assert process.wait(120) == 0
        assert process.stdout is not None
        process.stdout.close()
    found = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    assert len(found) == len(set(found)) == 160
    assert Collection(path).count() == 160


def test_a_file_that_others_add_to_or_replace_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    collection = Collection(path)
    collection.add(drawing("drawing-0"))
    with path.open("a") as file:
        file.write('\nnot a drawing\n{"drawing": [[[0, 255], [0, 255]]], "key_id": "5"}')
    assert collection.count() == 2
    assert collection.add(drawing("drawing-1")) == 3
    assert path.read_bytes().splitlines()[3] == b'{"drawing": [[[0, 255], [0, 255]]], "key_id": "5"}'
    other = tmp_path / "other.ndjson"
    Collection(other).add(drawing("drawing-9"))
    other.replace(path)
    assert ids(collection) == ["drawing-9"]
    path.unlink()
    assert collection.count() == 0


def test_what_no_model_can_be_shown_counts_but_is_not_on_the_map(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine.ndjson")
    dot: dict[str, Any] = {"drawing": [[[3], [4], [0]]], "pressure": [[0.5]], "by": ["hand"]}
    collection.add(drawing("drawing-dot", **dot))
    collection.add(drawing("drawing-two", word=None))
    latest, count = collection.latest(10)
    assert count == 2
    assert [(identity, word) for identity, _, word in latest] == [("drawing-two", None)]
    assert collection.latest(0)[0] == []


@pytest.mark.parametrize("content", [b"PK\3\4", b"GIF89a\n\n", b"word,drawing\n", b"[1, 2]\n", b"PK\3\4" * 999])
def test_a_file_of_something_else_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    path.write_bytes(content)
    with pytest.raises(DataError, match="first line is not a drawing"):
        Collection(path)
    assert path.read_bytes() == content


def test_a_data_set_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.ndjson"):
        Collection(tmp_path / "mine.npz")
    (tmp_path / "folder.ndjson").mkdir()
    with pytest.raises(UsageError, match=r"\.ndjson"):
        Collection(tmp_path / "folder.ndjson")
    with pytest.raises(DataError, match="cannot be read or written"):
        Collection(tmp_path / "nowhere" / "mine.ndjson")


def test_what_was_drawn_becomes_a_data_set_with_or_without_the_model_s_strokes(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine.ndjson")
    for n in range(4):
        strokes = [[[0, 11.5 + n, 30], [0, 20, 5], [0, 8, 30]], [[5, 90], [40, 12], [100, 140]]]
        collection.add(drawing(f"drawing-{n}", drawing=strokes))
    collection.add(drawing("drawing-by-model", by=["model", "model"]))
    words = [sys.executable, "-m", "sketchrnn_cli", "dataset", "convert", str(collection.path), "--valid", "0"]
    for extra, sketches, strokes_each, said in (
        ([], 5, 2, ""),
        (["--hand-only"], 4, 1, "excluded 1: drawn by a model\n"),
    ):
        out = tmp_path / f"{sketches}.npz"
        done = subprocess.run(
            [*words, "--test", "0", "--out", str(out), *extra], capture_output=True, text=True, check=True, timeout=120
        )
        assert said in done.stderr
        found = archive.load(out).splits["train"]
        assert len(found) == sketches
        assert [int(sketch[:, 2].sum()) for sketch in found] == [strokes_each] * sketches


def test_the_largest_drawing_is_one_line_that_comes_back(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "mine.ndjson")
    axis = [0.123456789 * n for n in range(50_000)]
    collection.add(drawing("drawing-0", drawing=[[axis, axis, axis]], pressure=[[0.123456] * 50_000], by=["hand"]))
    line = collection.path.read_bytes()
    assert len(line) < module.ndjson.MAX_LINE_BYTES
    assert len(collection.latest(1)[0]) == 1
