"""Downloads from a server that misbehaves: a file is there whole, or not at all."""

import hashlib
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli import download
from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import DownloadError

ARCHIVE = download.Kind("archive", b"PK", archive.load)

SKETCH = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 1]], dtype=np.int16)


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's behaviors, the last one for good."""

    server: "Server"

    def do_GET(self) -> None:
        server = self.server
        server.requests.append(dict(self.headers))
        behavior = server.behaviors.pop(0) if len(server.behaviors) > 1 else server.behaviors[0]
        behavior(self)

    def log_message(self, *arguments: object) -> None:
        pass

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, blob: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blob = blob
        self.behaviors: list[Callable[[Handler], None]] = [whole]
        self.requests: list[dict[str, str]] = []
        self.done = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sketchrnn/cat.npz"


def whole(handler: Handler) -> None:
    """Serve the file, or the part of it that is asked for."""
    blob, asked = handler.server.blob, handler.headers.get("Range")
    if not asked or handler.headers.get("If-Range") != '"one"':
        return handler.answer(200, blob, ETag='"one"')
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(blob):
        return handler.answer(416, b"", Content_Range=f"bytes */{len(blob)}")
    place = f"bytes {start}-{len(blob) - 1}/{len(blob)}"
    return handler.answer(206, blob[start:], ETag='"one"', Content_Range=place)


def cut(handler: Handler) -> None:
    """Break off after a third, whatever is asked for."""
    blob = handler.server.blob
    handler.answer(200, blob[: len(blob) // 3], len(blob), ETag='"one"')


def cut_again(handler: Handler) -> None:
    """Go on where asked, and break off some bytes later."""
    blob = handler.server.blob
    start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    place = f"bytes {start}-{len(blob) - 1}/{len(blob)}"
    handler.answer(206, blob[start : start + 50], len(blob) - start, ETag='"one"', Content_Range=place)


def cut_without_tag(handler: Handler) -> None:
    blob = handler.server.blob
    handler.answer(200, blob[: len(blob) // 3], len(blob))


def another_part(handler: Handler) -> None:
    blob = handler.server.blob
    handler.answer(206, blob[10:], ETag='"one"', Content_Range=f"bytes 10-{len(blob) - 1}/{len(blob)}")


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""


def stall(handler: Handler) -> None:
    """Send a few bytes, then nothing until the test is over."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(handler.server.blob)))
    handler.end_headers()
    handler.wfile.write(handler.server.blob[:40])
    handler.server.done.wait(20)


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.answer(code, b"sorry", **headers)


def body(blob: bytes, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.answer(200, blob, **headers)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    source = tmp_path / "source.npz"
    archive.write(source, {"train": [SKETCH] * 40, "valid": [SKETCH], "test": [SKETCH]}, "a test")
    with Server(source.read_bytes()) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.done.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "datasets" / "cat.npz"


def fetch(server: Server, path: Path, timeout: float = 10.0) -> list[download.Progress]:
    with download.client(timeout) as http:
        return list(download.download(server.url, path, http, ARCHIVE, pause=0.0))


def fetched_whole(server: Server, path: Path) -> bool:
    """Tell whether the file is there, equal to the server's, and nothing else."""
    return path.read_bytes() == server.blob and list(path.parent.iterdir()) == [path]


def test_a_file_arrives_whole_with_its_progress(server: Server, path: Path) -> None:
    steps = fetch(server, path)
    assert fetched_whole(server, path)
    assert [step.total for step in steps] == [len(server.blob)] * len(steps)
    assert steps[-1].received == len(server.blob)


def test_a_broken_transfer_goes_on_where_it_stopped(server: Server, path: Path) -> None:
    server.behaviors = [cut, cut_again, hang_up, whole]
    steps = fetch(server, path)
    assert fetched_whole(server, path)
    third = len(server.blob) // 3
    asked = [request.get("Range") for request in server.requests]
    assert asked == [None, f"bytes={third}-", f"bytes={third + 50}-", f"bytes={third + 50}-"]
    assert [request.get("If-Range") for request in server.requests] == [None, '"one"', '"one"', '"one"']
    assert sum("trying again" in step.note for step in steps) == 3


def test_a_transfer_that_was_killed_goes_on_the_next_time(server: Server, path: Path) -> None:
    server.behaviors = [cut, whole]
    with download.client() as http:
        for step in download.download(server.url, path, http, ARCHIVE):
            if step.received:
                break
    assert not path.exists()
    assert path.with_name("cat.npz.part").stat().st_size > 0
    fetch(server, path)
    assert fetched_whole(server, path)


def test_a_part_that_had_arrived_in_full_is_used(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("cat.npz.part").write_bytes(server.blob)
    path.with_name("cat.npz.part.etag").write_text('"one"')
    fetch(server, path)
    assert fetched_whole(server, path)
    assert server.requests[0]["Range"] == f"bytes={len(server.blob)}-"


def test_a_part_that_no_strong_tag_belongs_to_is_fetched_from_the_start(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("cat.npz.part").write_bytes(b"PK of another day")
    server.behaviors = [lambda handler: handler.answer(200, handler.server.blob[:50], 999, ETag='W/"one"'), whole]
    fetch(server, path)
    assert fetched_whole(server, path)
    assert [request.get("Range") for request in server.requests] == [None, None]


def test_a_transfer_that_gets_on_may_break_off_any_number_of_times(server: Server, path: Path) -> None:
    breaks = download.MAX_RETRIES + 3
    server.behaviors = [cut, *[cut_again] * breaks, whole]
    assert len(server.blob) // 3 + 50 * breaks < len(server.blob)
    try:
        notes = [step.note for step in fetch(server, path) if step.note]
    except DownloadError as error:
        pytest.fail(f"given up: {error}")
    assert fetched_whole(server, path)
    assert len(notes) == breaks + 1


def test_the_servers_checksum_is_compared_before_the_file_is_looked_at(server: Server, path: Path) -> None:
    checksum = b64encode(hashlib.md5(server.blob).digest()).decode()
    sums, flipped = {"x_goog_hash": f"md5={checksum}"}, server.blob[:-1] + b"!"
    server.behaviors = [body(flipped, **sums), body(server.blob, **sums)]
    anything = download.Kind("anything", b"PK", lambda path: None)
    with download.client() as http:
        list(download.download(server.url, path, http, anything, pause=0.0))
    assert fetched_whole(server, path)


@pytest.mark.parametrize("left", [b"PK", b"x" * 10_000])
def test_a_part_of_another_file_is_not_gone_on_with(left: bytes, server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("cat.npz.part").write_bytes(left)
    path.with_name("cat.npz.part.etag").write_text('"another"')
    fetch(server, path)
    assert fetched_whole(server, path)


@pytest.mark.parametrize(
    "behaviors",
    [
        [cut_without_tag, whole],  # Nothing says that the file stays the same: from the start.
        [cut, body(b""), whole],
        [cut, another_part, whole],
        [cut, status(416), whole],
        [status(500), status(503, Retry_After="0"), status(429), whole],
        [hang_up, hang_up, whole],
    ],
)
def test_what_may_pass_is_tried_again(behaviors: list[Callable[[Handler], None]], server: Server, path: Path) -> None:
    server.behaviors = behaviors
    fetch(server, path)
    assert fetched_whole(server, path)


def test_a_server_that_ignores_ranges_starts_over(server: Server, path: Path) -> None:
    server.behaviors = [cut, lambda handler: handler.answer(200, handler.server.blob)]
    fetch(server, path)
    assert fetched_whole(server, path)


@pytest.mark.parametrize(
    ("behavior", "says"),
    [
        (status(404), "not found"),
        (status(403), "403"),
        (body(b"<!DOCTYPE html><title>Sign in</title>"), "a web page"),
        (body(b"no archive at all"), "something else"),
        (body(b"PK\x03\x04 looks like one"), "not a valid archive"),
        (status(302, Location="ftp://example.invalid/"), "ftp"),
    ],
)
def test_what_will_not_pass_ends_at_once(
    behavior: Callable[[Handler], None], says: str, server: Server, path: Path
) -> None:
    server.behaviors = [behavior]
    with pytest.raises(DownloadError, match=says) as caught:
        fetch(server, path)
    assert str(caught.value).startswith(server.url)
    assert len(server.requests) == 1
    assert list(path.parent.iterdir()) == []


def test_a_length_that_is_too_short_is_noticed(server: Server, path: Path) -> None:
    server.behaviors = [lambda handler: handler.answer(200, handler.server.blob[:-30])]
    with pytest.raises(DownloadError, match="not a valid archive"):
        fetch(server, path)
    assert list(path.parent.iterdir()) == []


def test_a_wrong_checksum_is_tried_again(server: Server, path: Path) -> None:
    checksum = b64encode(hashlib.md5(server.blob).digest()).decode()
    flipped = server.blob[:80] + bytes([server.blob[80] ^ 1]) + server.blob[81:]
    sums = {"x_goog_hash": f"crc32c=AAAAAA==,md5={checksum}"}
    server.behaviors = [body(flipped, **sums), body(server.blob, **sums)]
    steps = fetch(server, path)
    assert fetched_whole(server, path)
    assert any("checksum does not match" in step.note for step in steps)


def test_a_silent_server_is_given_up_and_what_arrived_stays_apart(server: Server, path: Path) -> None:
    server.behaviors = [stall]
    with pytest.raises(DownloadError, match="given up after 5 retries"):
        fetch(server, path, timeout=0.05)
    assert not path.exists()
    assert path.with_name("cat.npz.part").read_bytes() == server.blob[:40]


def test_a_server_that_never_gets_further_is_given_up(server: Server, path: Path) -> None:
    server.behaviors = [cut, another_part] * 20
    with pytest.raises(DownloadError, match="given up"):
        fetch(server, path)
    assert not path.exists()


def test_a_failed_download_leaves_the_old_file(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("old")
    server.behaviors = [body(b"PK and no more")]
    with pytest.raises(DownloadError):
        fetch(server, path)
    assert path.read_text() == "old"
    server.behaviors = [whole]
    fetch(server, path)
    assert fetched_whole(server, path)


def test_two_downloads_of_one_file_do_not_mix(server: Server, path: Path) -> None:
    with download.client() as http:
        first = download.download(server.url, path, http, ARCHIVE)
        next(first)
        with pytest.raises(DownloadError, match="another download"):
            fetch(server, path)
        list(first)
    assert fetched_whole(server, path)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/cat.npz", "nonsense", "http://[", "file:///etc/passwd"])
def test_an_address_that_leads_nowhere_is_an_error(url: str, path: Path) -> None:
    with download.client() as http, pytest.raises(DownloadError) as caught:
        list(download.download(url, path, http, ARCHIVE, pause=0.0))
    assert str(caught.value).startswith(url)


def test_more_than_any_archive_has_is_refused(server: Server, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_FILE_BYTES", 100)
    with pytest.raises(DownloadError, match="more than"):
        fetch(server, path)
    assert not path.exists()


def test_the_client_asks_for_the_bytes_as_they_are(server: Server, path: Path) -> None:
    fetch(server, path)
    assert server.requests[0]["Accept-Encoding"] == "identity"


def test_a_name_without_an_address_is_no_network_and_not_tried_again(path: Path) -> None:
    with download.client() as http, pytest.raises(DownloadError, match=r"no network: nowhere\.invalid cannot"):
        assert [done.note for done in download.download("http://nowhere.invalid/cat.npz", path, http, ARCHIVE)] == []
