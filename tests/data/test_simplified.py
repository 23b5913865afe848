"""The first drawings of words by ranged requests, from a server on loopback."""

import dataclasses
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from sketchrnn_cli import recipes
from sketchrnn_cli.commands.recipe_data import recipe_data
from sketchrnn_cli.data import archive, simplified
from sketchrnn_cli.data.simplified import Wanted
from sketchrnn_cli.data.splitting import position_of_id, split_at
from sketchrnn_cli.errors import DownloadError, UsageError
from sketchrnn_cli.strokes.formats import to_polylines

WORDS = ("cat", "The Eiffel Tower")


def text(word: str, count: int) -> bytes:
    """Return `count` drawings of two strokes, every third not recognized."""
    rng = np.random.default_rng(len(word))
    lines = []
    for number in range(count):
        strokes = [rng.integers(0, 256, (2, n)).tolist() for n in (3 + number % 5, 2)]
        strokes[0][0][:2], strokes[0][1][0] = [0, 255], 0  # Aligned and scaled, as Google's are.
        record = {"word": word, "key_id": str(10_000 + number), "recognized": number % 3 != 2, "drawing": strokes}
        lines.append(json.dumps(record))
    return ("\n".join(lines) + "\n").encode()


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        blob = self.server.files.get(name)
        if blob is None:
            self.send_error(404)
            return
        first, last = (int(text) for text in self.headers["Range"].removeprefix("bytes=").split("-"))
        self.server.asked.append((name, first, last))
        if first >= len(blob):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(blob)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        part = blob[first : last + 1]
        self.send_response(206)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(blob)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            part = part[: len(part) // 2]
            self.close_connection = True
        self.wfile.write(part)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"cat.ndjson": text("cat", 300), "The%20Eiffel%20Tower.ndjson": text("The Eiffel Tower", 300)}
        self.asked: list[tuple[str, int, int]] = []
        self.breaks = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(simplified, "BLOCK", 4096)
    server = Server()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(wanted: Wanted, folder: Path, server: Server) -> None:
    for _ in simplified.fetch(wanted, folder, server.url):
        pass


def test_only_the_beginning_of_each_file_is_asked_for_and_kept(tmp_path: Path, server: Server) -> None:
    fetch(Wanted(WORDS, 50), tmp_path, server)
    kept = (tmp_path / "cat.50.ndjson").read_bytes()
    assert server.files["cat.ndjson"].startswith(kept)
    lines = [json.loads(line) for line in kept.splitlines()]
    assert sum(line["recognized"] for line in lines) == 50
    assert lines[-1]["recognized"]
    asked = [last + 1 for name, _, last in server.asked if name == "cat.ndjson"]
    assert len(kept) <= max(asked) < len(kept) + 4096 < len(server.files["cat.ndjson"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["The Eiffel Tower.50.ndjson", "cat.50.ndjson"]


def test_the_archive_holds_the_recognized_drawings_with_words_ids_and_splits_of_their_own(
    tmp_path: Path, server: Server
) -> None:
    wanted = Wanted(WORDS, 60, longest=8)
    fetch(wanted, tmp_path, server)
    counts = simplified.build(wanted, tmp_path, tmp_path / "some.npz")
    loaded = archive.load(tmp_path / "some.npz")
    assert loaded.words == WORDS
    assert "CC BY 4.0" in loaded.provenance
    expected = {}
    for label, name in enumerate(server.files):
        records = [json.loads(line) for line in server.files[name].splitlines()][:90]
        for record in records:
            points = sum(len(stroke[0]) for stroke in record["drawing"]) - 1
            if record["recognized"] and points <= 8:
                expected[label, int(record["key_id"])] = record["drawing"]
    found = {}
    for split, sketches in loaded.splits.items():
        assert counts[split] == len(sketches)
        for number in range(len(sketches)):
            key_id = int(sketches.key_ids[number])
            assert split == split_at(position_of_id(key_id), 0.05, 0.1)
            found[int(sketches.labels[number]), key_id] = sketches[number]
    assert found.keys() == expected.keys()
    for key, sketch in found.items():
        strokes = [np.array(stroke).T for stroke in expected[key]]
        for drawn, stroke in zip(to_polylines(sketch), strokes, strict=True):
            np.testing.assert_array_equal(drawn, stroke - strokes[0][0])


def test_a_transfer_that_breaks_goes_on_where_it_stopped(tmp_path: Path, server: Server) -> None:
    server.breaks = 2
    for _ in simplified.fetch(Wanted(("cat",), 50), tmp_path, server.url):
        pass
    starts = [first for _, first, _ in server.asked]
    assert starts == sorted(starts)
    assert len(set(starts)) == len(starts)  # Nothing was asked for twice.
    assert server.files["cat.ndjson"].startswith((tmp_path / "cat.50.ndjson").read_bytes())


def test_what_is_there_is_not_fetched_again(tmp_path: Path, server: Server) -> None:
    fetch(Wanted(("cat",), 20), tmp_path, server)
    server.asked.clear()
    fetch(Wanted(("cat",), 20), tmp_path, server)
    assert server.asked == []


def test_a_file_with_fewer_drawings_is_taken_whole(tmp_path: Path, server: Server) -> None:
    fetch(Wanted(("cat",), 5000), tmp_path, server)
    assert (tmp_path / "cat.5000.ndjson").read_bytes() == server.files["cat.ndjson"]


def test_a_word_that_the_server_lacks_ends_in_one_line_and_leaves_nothing(tmp_path: Path, server: Server) -> None:
    with pytest.raises(DownloadError, match="404"):
        fetch(Wanted(("dog",), 5), tmp_path, server)
    assert list(tmp_path.iterdir()) == []


def test_the_drawings_of_a_recipe_are_fetched_once(tmp_path: Path, server: Server) -> None:
    recipe = dataclasses.replace(recipes.load("vae"), data=Wanted(("cat", "The Eiffel Tower"), 30, 160))
    with pytest.raises(UsageError, match="--yes downloads the first 30 drawings of 2 words"):
        recipe_data(recipe, tmp_path, False, server.url)
    path = recipe_data(recipe, tmp_path, True, server.url)
    assert archive.load(path).words == ("cat", "The Eiffel Tower")
    server.asked.clear()
    assert recipe_data(recipe, tmp_path, False, server.url) == path
    assert server.asked == []
