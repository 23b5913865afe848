"""What the server gives the page: models, the count of drawings, the drawings, films of them."""

import asyncio
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio_server import Server, drawing, tiny_checkpoint

from sketchrnn_cli.data.conversion import ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing
from sketchrnn_cli.studio import server as server_module


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tiny_checkpoint(tmp_path_factory.mktemp("studio") / "tiny"))
    yield server
    server.stop()


def test_the_page_gets_a_model_to_the_last_byte(server: Server, tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "tiny")
    assert server.json("GET", "/api/state")["models"] == [{"name": "tiny", "words": None}]
    for name in ("hparams.json", "weights.safetensors"):
        assert server.ask("GET", f"/models/tiny/{name}")[1] == (folder / name).read_bytes()


def test_without_a_data_set_there_is_nothing_to_add_to(server: Server) -> None:
    assert server.json("GET", "/api/state")["data"] is None
    status, body, _ = server.ask("POST", "/api/drawings", json.dumps(drawing("nowhere-to-go")).encode())
    assert status == 404
    assert b"--data" in body


@pytest.mark.parametrize(("kind", "name"), [("gif", "GIF"), ("webp", "WEBP")])
@pytest.mark.parametrize("frames", ["drawing", "morph"])
def test_a_film_is_what_its_name_says(server: Server, kind: str, name: str, frames: str) -> None:
    sketch = [[0, 50, 0], [60, 0, 1], [-20, -90.5, 0], [0, 0, 1]]
    asked = {"format": kind, "frames": frames, "sketches": [sketch] * (1 if frames == "drawing" else 3)}
    status, body, headers = server.ask("POST", "/api/render", json.dumps(asked).encode())
    assert status == 200, body
    assert headers["Content-Type"] == f"image/{kind}"
    with Image.open(io.BytesIO(body)) as film:
        assert film.format == name
        assert getattr(film, "n_frames", 1) > 1 or frames == "morph"
        assert max(film.size) == 480


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "mp4"},
        {"format": "../x.gif"},
        {"format": ["gif"]},
        {"frames": "film"},
        {"frames": "morph"},
        {"sketches": []},
        {"sketches": [[]]},
        {"sketches": [[[1, 2]]]},
        {"sketches": [[["a", 0, 1]]]},
        {"sketches": [[[1, 1, 1]] * 50_001]},
        {"sketches": [[[1, 1, 1]]] * 101},
        {"sketches": None},
    ],
    ids=str,
)
def test_a_film_of_nothing_is_refused(server: Server, changes: dict) -> None:
    asked = {"format": "gif", "frames": "drawing", "sketches": [[[1, 2, 1]]]} | changes
    status, body, _ = server.ask("POST", "/api/render", json.dumps(asked).encode())
    assert status == 400, body
    assert list(json.loads(body)) == ["error"]


def test_drawings_that_were_added_come_back_as_training_sees_them(tmp_path: Path) -> None:
    data = tmp_path / "mine.ndjson"
    server = Server(tiny_checkpoint(tmp_path / "tiny"), "--data", data)
    assert [server.json("POST", "/api/drawings", drawing(f"drawing-{n}"))["count"] for n in (1, 2, 2, 1, 3)] == [
        1,
        2,
        2,
        2,
        3,
    ]
    found = server.json("GET", "/api/drawings?limit=2")
    assert found["count"] == 3
    assert [each["id"] for each in found["drawings"]] == ["drawing-2", "drawing-3"]
    first = data.read_bytes().splitlines()[0]
    assert json.loads(first) == drawing("drawing-1")
    read = ndjson.parse(first, "x", "x", 2.0)
    assert isinstance(read, Drawing)
    np.testing.assert_array_equal(found["drawings"][0]["rows"], read.sketch)
    assert found["drawings"][0]["word"] == read.label == "cat"
    assert server.stop() == (0, "Ctrl-C ends it.\n")


def test_two_servers_share_a_data_set(tmp_path: Path) -> None:
    ckpt, data = tiny_checkpoint(tmp_path / "tiny"), tmp_path / "mine.ndjson"
    servers = [Server(ckpt, "--data", data) for _ in range(2)]

    def tab(server: Server, number: int) -> None:
        for n in range(20):
            server.json("POST", "/api/drawings", drawing(f"drawing-{number}-{n}"))
            server.json("POST", "/api/drawings", drawing(f"drawing-of-both-{n}"))

    tabs = [threading.Thread(target=tab, args=(server, n)) for n, server in enumerate(servers * 2)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert [server.json("GET", "/api/state")["data"]["count"] for server in servers] == [100, 100]
    ids = [json.loads(line)["id"] for line in data.read_bytes().splitlines()]
    assert len(ids) == len(set(ids)) == 100
    for server in servers:
        server.stop()


def test_what_was_answered_for_survives_a_kill_and_is_there_once(tmp_path: Path) -> None:
    ckpt, data = tiny_checkpoint(tmp_path / "tiny"), tmp_path / "mine.ndjson"
    answered: set[str] = set()
    for life in range(3):
        server = Server(ckpt, "--data", data)

        enough = threading.Event()

        def hammer(server: Server, enough: threading.Event, start: int) -> None:
            for n in range(start, start + 1000):
                try:
                    server.json("POST", "/api/drawings", drawing(f"drawing-{n:04d}"))
                except OSError:
                    return
                answered.add(f"drawing-{n:04d}")
                enough.set()

        client = threading.Thread(target=hammer, args=(server, enough, life * 1000))
        client.start()
        assert enough.wait(30)
        server.stop(signal.SIGKILL)
        client.join()
    server = Server(ckpt, "--data", data)
    known = [each["id"] for each in server.json("GET", "/api/drawings?limit=1000")["drawings"]]
    assert answered <= set(known)
    for identity in sorted(answered)[:5]:
        server.json("POST", "/api/drawings", drawing(identity))
    assert server.json("GET", "/api/state")["data"]["count"] == len(known) == len(set(known))
    server.stop()


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["nothing"], 4, "no checkpoint 'nothing'"),
        (["cat", "--data", "mine.npz"], 2, "ndjson"),
        (["cat", "--port", "70000"], 2, "65535"),
        (["cat", "--host", "192.0.2.1"], 2, "cannot listen"),
    ],
    ids=str,
)
def test_a_start_that_cannot_be_ends_in_one_line(options: list[str], code: int, reason: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sketchrnn_cli", "studio", "--no-browser", *options]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_model_is_refused_at_the_start(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "tiny")
    with (folder / "weights.safetensors").open("r+b") as file:
        file.seek(-8, 2)
        file.write(b"\1" * 8)
    words = [sys.executable, "-m", "sketchrnn_cli", "studio", "--no-browser", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 4
    assert "damaged" in done.stderr


def test_a_fault_of_the_server_tells_the_page_nothing_of_itself() -> None:
    answer = asyncio.run(server_module._hide(None, RuntimeError("/home/someone/secret.npz")))
    assert answer.status_code == 500
    assert json.loads(answer.body) == {"error": "the server failed; see its terminal"}
