"""Fetch a file over HTTP so that only a whole, sound one ever gets its name.

Bytes are collected in `NAME.part`; a transfer that breaks goes on from there, also in a later session, as
long as the server says by its ETag that the file is still the same. Before the part is renamed it is read as
what it has to be, for an archive with every byte's CRC.
"""

import hashlib
import os
import socket
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

import httpx

from sketchrnn_cli import atomic
from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import DataError, SketchRNNError

LARGEST = 1 << 30
"""Bytes of a file; a server that sends more is not trusted."""

RETRIES = 5
"""Failures in a row, without getting further in between, after which the transfer is given up."""

PATIENCE = 60.0
"""Seconds between attempts at most, whatever a server asks for."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which another attempt makes sense."""


@dataclass(frozen=True)
class Kind:
    """What a file has to be, or it is not kept."""

    name: str
    start: bytes
    """What it begins with."""
    load: Callable[[Path], object]
    """Reads it, and raises a `SketchRNNError` where it is not sound."""


ARCHIVE = Kind("archive", b"PK", archive.load)


@dataclass(frozen=True)
class Progress:
    """How far a transfer is."""

    received: int
    """Bytes on disk."""
    total: int | None
    """Bytes of the whole file, where the server says so."""
    note: str = ""
    """What went wrong before this attempt, and when the next one is."""


class _InterruptedError(Exception):
    """An attempt that failed in a way that the next may not; the server may ask to `wait` some seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def client(timeout: float = 30.0) -> httpx.Client:
    """Return the HTTP client for `download`; `timeout` is how many seconds a server may stay silent."""
    return httpx.Client(follow_redirects=True, timeout=timeout, headers={"Accept-Encoding": "identity"})


def download(
    url: str,
    path: Path,
    http: httpx.Client,
    pause: float = 1.0,
    kind: Kind = ARCHIVE,
    enough: Callable[[BufferedRandom], int | None] | None = None,
    block: int = 1 << 20,
) -> Iterator[Progress]:
    """Fetch a file, yielding progress; it is at `path`, whole and checked, when the iterator ends.

    Args:
        url: where from.
        path: where to; its folder is created, what is there is replaced at the end.
        http: see `client`.
        pause: seconds before the second attempt; doubled with each failure.
        kind: what the file has to be.
        enough: where only the beginning is needed: looks at what has arrived and says how many bytes of it are kept,
            or None for more.
        block: bytes that are then asked for at a time.

    Raises:
        DataError: the server refuses, fails too often or sends something else, or the disk is full.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part) as file:
            if enough is None:
                yield from _attempts(url, part, file, http, pause, kind)
            else:
                kept, before = enough(file), -1
                while kept is None and _size(file) > before:
                    before = _size(file)
                    yield from _attempts(url, part, file, http, pause, kind, before + block)
                    kept = enough(file)
                file.truncate(_size(file) if kept is None else kept)
            _verify(url, part, file, kind)
        part.replace(path)
        _tag_file(part).unlink(missing_ok=True)
        atomic.sync(path.parent)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DataError(f"{url}: {error}") from error


def _attempts(
    url: str, part: Path, file: BufferedRandom, http: httpx.Client, pause: float, kind: Kind, stop: int | None = None
) -> Iterator[Progress]:
    """Try until all has arrived, ever more slowly while nothing does."""
    failures, most = 0, _size(file)
    while True:
        try:
            yield from _attempt(url, part, file, http, kind, stop)
            return
        except (_InterruptedError, httpx.TransportError) as error:
            if isinstance(error, httpx.UnsupportedProtocol):
                raise
            if _is_unresolved(error):
                host = httpx.URL(url).host
                raise DataError(f"{url}: no network: {host} cannot be resolved; try again once online") from error
            failures = 1 if _size(file) > most else failures + 1
            most = max(most, _size(file))
            reason = str(error) or type(error).__name__
            if failures > RETRIES:
                kept = "; what arrived is kept for the next time" if _size(file) else ""
                raise DataError(f"{url}: {reason}; given up after {RETRIES} retries{kept}") from error
            wait = min(PATIENCE, max(pause * 2 ** (failures - 1), getattr(error, "wait", 0.0)))
            yield Progress(_size(file), None, f"{reason}; trying again in {wait:g} s")
            time.sleep(wait)


def _is_unresolved(error: BaseException | None) -> bool:
    """Return whether an error comes of a host's name that has no address: no other attempt changes that soon."""
    while error is not None and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return error is not None


def _attempt(
    url: str, part: Path, file: BufferedRandom, http: httpx.Client, kind: Kind, stop: int | None
) -> Iterator[Progress]:
    """Ask for what is missing and append it; returns when the file has its full length, or `stop` bytes.

    Raises:
        _InterruptedError: worth another attempt.
        DataError: not worth one.
        httpx.TransportError: the connection failed or broke.
    """
    start = _size(file)
    tag = _tag_file(part).read_text(encoding="utf-8") if start and _tag_file(part).is_file() else ""
    if start and not tag:
        _empty(file)
        start = 0
    headers = {"If-Range": tag} if start else {}
    if start or stop is not None:
        headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
    with http.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if response.headers.get("Content-Range") == f"bytes */{start}":
                return  # All had arrived before.
            _empty(file)
            raise _InterruptedError("the server has fewer bytes than arrived; starting over")
        _check_status(response, url)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            _empty(file)
            raise _InterruptedError("the server sent another part than asked for; starting over")
        if not resumed:
            _empty(file)
        if not start or not resumed:
            _note_tag(part, response)
        received = _size(file)
        length = _number(response.headers.get("Content-Length"))
        total = None if length is None else received + length
        yield Progress(received, total)
        for chunk in response.iter_bytes():
            if received == 0 and chunk[: len(kind.start)] != kind.start[: len(chunk)]:
                sent = "a web page" if chunk.lstrip().startswith(b"<") else "something else"
                raise DataError(f"{url}: the server sent {sent} instead of the {kind.name}; check --base-url")
            if stop is not None:
                chunk = chunk[: stop - received]
            received += len(chunk)
            if max(received, total or 0) > LARGEST:
                raise DataError(f"{url}: more than {LARGEST >> 20} MiB, which no {kind.name} has")
            file.write(chunk)
            yield Progress(received, total)
            if received == stop:  # A server that knows no ranges would send all the rest.
                return
    if received == 0:
        raise _InterruptedError("the server sent nothing")
    if not _matches(file, response.headers):
        _empty(file)
        raise _InterruptedError("what arrived has another checksum than the server says; starting over")


def _check_status(response: httpx.Response, url: str) -> None:
    """Raise unless the response carries the file."""
    status = response.status_code
    if status in TRANSIENT:
        wait = _number(response.headers.get("Retry-After")) or 0
        raise _InterruptedError(f"the server answers {status} {response.reason_phrase}", wait)
    if status == httpx.codes.NOT_FOUND:
        raise DataError(f"{url}: not there (404); check --base-url")
    if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise DataError(f"{url}: the server answers {status} {response.reason_phrase}")


def _verify(url: str, part: Path, file: BufferedRandom, kind: Kind) -> None:
    """Sync the file and read it as what it has to be."""
    file.flush()
    os.fsync(file.fileno())
    try:
        kind.load(part)
    except SketchRNNError as error:
        _empty(file)
        reason = str(error).removeprefix(f"{part}: ")
        raise DataError(f"{url}: not a sound {kind.name} ({reason}); nothing was kept") from error


def _matches(file: BufferedRandom, headers: httpx.Headers) -> bool:
    """Compare with the MD5 that Google's storage sends along; True where none is sent."""
    fields = headers.get("x-goog-hash", "").split(",")
    sums = dict(field.strip().split("=", 1) for field in fields if "=" in field)
    try:
        expected = b64decode(sums["md5"], validate=True)
    except (KeyError, ValueError):
        return True
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest() == expected


@contextmanager
def _alone(part: Path) -> Iterator[BufferedRandom]:
    """Open the part for appending, and keep other processes off it where the system can; leave no empty one.

    Raises:
        DataError: another process is at it.
    """
    with part.open("a+b") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), part.stat()):
                raise BlockingIOError
        except ImportError:
            pass
        except (BlockingIOError, FileNotFoundError) as error:
            raise DataError(f"{part}: another download is at work on it; wait for that") from error
        try:
            yield file
        finally:
            if not _size(file):
                part.unlink(missing_ok=True)
                _tag_file(part).unlink(missing_ok=True)


def _note_tag(part: Path, response: httpx.Response) -> None:
    """Remember which version of the file is arriving; a weak tag (W/...) does not promise equal bytes."""
    tag = response.headers.get("ETag", "")
    _tag_file(part).unlink(missing_ok=True)
    if tag.startswith('"'):
        _tag_file(part).write_text(tag, encoding="utf-8")


def _number(text: str | None) -> int | None:
    """Return a header's whole number, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _size(file: BufferedRandom) -> int:
    return file.seek(0, os.SEEK_END)


def _empty(file: BufferedRandom) -> None:
    file.seek(0)
    file.truncate()


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".etag")
