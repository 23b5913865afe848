"""`pretrained` against a real server on loopback: listed, fetched, imported; or nothing is left behind."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from vae_file import vae

from sketchrnn_cli import cli
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop.magenta_js import export
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, pretrained
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar

Run = Callable[..., tuple[int, str, str]]


class Handler(BaseHTTPRequestHandler):
    """Serves what `Server.files` holds, a part of it where that is asked for; a file is cut while `cuts` are left."""

    server: "Server"

    def do_GET(self) -> None:
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        blob = server.files.get(unquote(self.path))
        if blob is None:
            self.send_error(404)
            return
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(blob) - start))
        self.send_header("ETag", '"one"')
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(blob) - 1}/{len(blob)}")
        self.end_headers()
        end = len(blob)
        if server.cuts:
            server.cuts -= 1
            end = start + (len(blob) - start) // 2
        self.wfile.write(blob[start:end])

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def model(name: str, conditional: bool = False, units: int = 10) -> bytes:
    """An official-looking file: no canvas size in it."""
    hparams = HParams(
        conditional=conditional, enc_rnn_size=6, dec_rnn_size=units, z_size=4, max_seq_len=40
    )  # fmt: skip
    loaded = Checkpoint(Path(name), Sidecar(hparams, 30.0, 255.0), dict(initialize(hparams)))
    info, *tensors = vae(loaded, name) if conditional else export.encode(loaded, name)
    del info["canvas_size"]
    return json.dumps([info, *tensors]).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.files = {
            "/models/dog.gen.json": model("dog"),
            "/models/palm_tree.gen.json": model("palm_tree"),
            "/models/dog.vae.json": model("dog", conditional=True),
            "/large_models/dog.gen.json": model("dog", units=20),
        }
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def sketchrnn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder; return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sketchrnn", *map(str, words)])
        with pytest.raises(SystemExit) as done:
            cli.main()
        out, err = capsys.readouterr()
        return int(done.value.code or 0), out, err

    return run


def files() -> list[str]:
    folder = Path("checkpoints")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_collection_is_the_published_one() -> None:
    assert len(pretrained.NAMES) == len(set(pretrained.NAMES)) == 114
    assert list(pretrained.NAMES) == sorted(pretrained.NAMES)
    assert {"dog", "sheep", "cat", "palm_tree", "everything", "crabrabbitfacepig", "yogabicycle"} < {*pretrained.NAMES}
    assert pretrained.url("the_mona_lisa", vae=True, large=True) == (
        "https://storage.googleapis.com/quickdraw-models/sketchRNN/large_models/the_mona_lisa.vae.json"
    )


def test_models_are_fetched_and_imported_under_their_names(sketchrnn: Run, server: Server) -> None:
    code, out, err = sketchrnn("pretrained", "download", "dog", "Palm tree", "dog", "--base-url", server.url)
    assert (code, out, err) == (0, "checkpoints/dog\ncheckpoints/palm_tree\n", "")
    assert files() == ["dog", "palm_tree"]
    assert [path for path, _ in server.requests] == ["/models/dog.gen.json", "/models/palm_tree.gen.json"]
    loaded = checkpoint.load(Path("checkpoints/dog"))
    assert not loaded.hparams.conditional
    assert server.url in loaded.sidecar.note
    assert np.isfinite(loaded.sidecar.canvas_size)
    assert sketchrnn("sample", "dog", "--out", "dog.svg")[0] == 0


def test_variants_do_not_take_each_others_name(sketchrnn: Run, server: Server) -> None:
    for options in ([], ["--vae"], ["--large"]):
        assert sketchrnn("pretrained", "download", "dog", *options, "--base-url", server.url)[0] == 0
    assert files() == ["dog", "dog_large", "dog_vae"]
    loaded = {name: checkpoint.load(Path("checkpoints") / name).hparams for name in files()}
    assert loaded["dog_vae"].conditional
    assert loaded["dog_large"].dec_rnn_size == 20


def test_what_is_here_is_listed_and_not_fetched_again(sketchrnn: Run, server: Server) -> None:
    assert sketchrnn("pretrained", "list", "--contains", "dog") == (0, "  dog\n  dogbunny\n", "")
    sketchrnn("pretrained", "download", "dog", "--vae", "--base-url", server.url)
    assert sketchrnn("pretrained", "list", "--contains", "Dog")[1] == "* dog\n  dogbunny\n"
    code, out, err = sketchrnn("pretrained", "download", "dog", "--vae", "--base-url", server.url)
    assert (code, out, len(server.requests)) == (0, "", 1)
    assert "already exists" in err
    assert sketchrnn("pretrained", "download", "dog", "--vae", "--force", "--base-url", server.url)[0] == 0
    assert len(server.requests) == 2
    assert len(sketchrnn("pretrained", "list")[1].splitlines()) == len(pretrained.NAMES)
    assert sketchrnn("pretrained", "list", "--contains", "unicorn")[0:2] == (0, "")


def test_a_misspelt_name_gets_the_nearest_before_anything_is_fetched(sketchrnn: Run, server: Server) -> None:
    code, out, err = sketchrnn("pretrained", "download", "dog", "octopuss", "--base-url", server.url)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "did you mean 'octopus'?" in err
    assert server.requests == []
    assert files() == []


def test_everything_has_no_encoder(sketchrnn: Run) -> None:
    code, _, err = sketchrnn("pretrained", "download", "everything", "--vae")
    assert code == 2
    assert "--vae" in err


def test_a_broken_transfer_goes_on_where_it_stopped(sketchrnn: Run, server: Server) -> None:
    server.cuts = 1
    assert sketchrnn("pretrained", "download", "dog", "--base-url", server.url)[0] == 0
    half = len(server.files["/models/dog.gen.json"]) // 2
    assert [part for _, part in server.requests] == [None, f"bytes={half}-"]
    assert files() == ["dog"]


@pytest.mark.parametrize(
    ("blob", "says"),
    [
        (None, "not found"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
        (b'{"error": 404}', "something else"),
        (b"[1, 2", "not a valid Magenta.js model"),
        (model("dog")[:-40] + b'"]]', "not a valid Magenta.js model"),
    ],
)
def test_what_is_no_model_is_one_line_and_leaves_nothing(
    blob: bytes | None, says: str, sketchrnn: Run, server: Server
) -> None:
    if blob is None:
        del server.files["/models/dog.gen.json"]
    else:
        server.files["/models/dog.gen.json"] = blob
    code, out, err = sketchrnn("pretrained", "download", "dog", "--base-url", server.url)
    assert (code, out, err.count("\n")) == (7, "", 1)
    assert says in err
    assert files() == []


def test_what_was_fetched_before_a_failure_stays(sketchrnn: Run, server: Server) -> None:
    code, out, _ = sketchrnn("pretrained", "download", "dog", "tiger", "--base-url", server.url)
    assert (code, out) == (7, "checkpoints/dog\n")
    assert files() == ["dog"]


def test_a_data_set_that_cannot_be_fetched_ends_as_a_model_that_cannot(sketchrnn: Run, server: Server) -> None:
    code, out, err = sketchrnn("dataset", "download", "cat", "--base-url", server.url)
    assert (code, out, err.count("\n")) == (7, "", 1)
    assert "not found (404); check --base-url" in err
