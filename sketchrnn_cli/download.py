"""Download a file over HTTP; only a complete and valid one gets its final name.

Bytes are collected in `NAME.part`. An interrupted download resumes from there, even in a later process, if the
server's ETag shows that the file is unchanged. Before it is renamed, the part is validated; for an archive this
includes all CRCs.
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
from sketchrnn_cli.errors import DownloadError, SketchRNNError

MAX_FILE_BYTES = 1 << 30
"""A server that sends more is not trusted."""

MAX_RETRIES = 5
"""Consecutive failures without progress before giving up."""

MAX_WAIT_SECONDS = 60.0
"""Longest delay between attempts, whatever a server's Retry-After."""

TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses worth a retry."""


@dataclass(frozen=True)
class Kind:
    """The expected type of a file; others are discarded."""

    name: str
    start: bytes
    """Its signature."""
    load: Callable[[Path], object]
    """Reads it; raises `SketchRNNError` if it is not valid."""


@dataclass(frozen=True)
class Progress:
    """Progress of a download."""

    received: int
    """Bytes on disk."""
    total: int | None
    """Size of the file, if the server sends it."""
    note: str = ""
    """The reason of a retry, and the delay."""


class _TransientError(Exception):
    """A failure worth a retry, after at least `wait` seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def client(timeout: float = 30.0) -> httpx.Client:
    """Return the HTTP client for `download`; `timeout` is in seconds of inactivity."""
    return httpx.Client(follow_redirects=True, timeout=timeout, headers={"Accept-Encoding": "identity"})


def download(
    url: str,
    path: Path,
    http: httpx.Client,
    kind: Kind,
    pause: float = 1.0,
    enough: Callable[[BufferedRandom], int | None] | None = None,
    block: int = 1 << 20,
) -> Iterator[Progress]:
    """Download a file, yielding progress; it is complete and validated when the iterator ends.

    Args:
        url: the source.
        path: the target; its folder is created, an existing file is replaced at the end.
        http: see `client`.
        kind: the expected type.
        pause: seconds before the first retry, doubled with each failure.
        enough: if only a prefix is needed: given the part, returns the number of bytes to keep, or None for more.
        block: bytes requested at a time with `enough`.

    Raises:
        DownloadError: the server refuses, fails too often or sends another type, or the disk is full.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive(part) as file:
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
        _tag_file(part).unlink(missing_ok=True)  # First: nobody would remove it later.
        part.replace(path)
        atomic.sync(path.parent)
    except OSError as error:
        raise DownloadError(f"{path}: cannot be written: {error.strerror or error}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(f"{url}: {error}") from error


def _attempts(
    url: str, part: Path, file: BufferedRandom, http: httpx.Client, pause: float, kind: Kind, stop: int | None = None
) -> Iterator[Progress]:
    """Retry until the file is complete, with exponential backoff while there is no progress."""
    failures, furthest = 0, _size(file)
    while True:
        try:
            yield from _attempt(url, part, file, http, kind, stop)
            return
        except (_TransientError, httpx.TransportError) as error:
            if isinstance(error, httpx.UnsupportedProtocol):
                raise
            if _is_unresolved(error):
                host = httpx.URL(url).host
                raise DownloadError(f"{url}: no network: {host} cannot be resolved; try again once online") from error
            failures = 1 if _size(file) > furthest else failures + 1
            furthest = max(furthest, _size(file))
            reason = str(error) or type(error).__name__
            if failures > MAX_RETRIES:
                kept = "; the part received is kept, so that the next attempt resumes" if _size(file) else ""
                raise DownloadError(f"{url}: {reason}; given up after {MAX_RETRIES} retries{kept}") from error
            wait = min(MAX_WAIT_SECONDS, max(pause * 2 ** (failures - 1), getattr(error, "wait", 0.0)))
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
    """Request the missing bytes and append them, until the file is complete or has `stop` bytes.

    Raises:
        _TransientError: worth a retry.
        DownloadError: not worth one.
        httpx.TransportError: the connection failed.
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
                return  # The part was complete.
            _empty(file)
            raise _TransientError("the server's file is shorter than the part received; starting over")
        _check_status(response, url)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            _empty(file)
            raise _TransientError("the server sent another range than requested; starting over")
        if not resumed:
            _empty(file)
        if not start or not resumed:
            _save_tag(part, response)
        received = _size(file)
        length = _number(response.headers.get("Content-Length"))
        total = None if length is None else received + length
        yield Progress(received, total)
        for chunk in response.iter_bytes():
            if received == 0 and chunk[: len(kind.start)] != kind.start[: len(chunk)]:
                sent = "a web page" if chunk.lstrip().startswith(b"<") else "something else"
                raise DownloadError(f"{url}: the server sent {sent} instead of the {kind.name}; check --base-url")
            if stop is not None:
                chunk = chunk[: stop - received]
            received += len(chunk)
            if max(received, total or 0) > MAX_FILE_BYTES:
                raise DownloadError(f"{url}: more than {MAX_FILE_BYTES >> 20} MiB; refused")
            file.write(chunk)
            yield Progress(received, total)
            if received == stop:  # A server without range support sends the rest.
                return
    if received == 0:
        raise _TransientError("the server sent nothing")
    if not _matches(file, response.headers):
        _empty(file)
        raise _TransientError("the checksum does not match the server's; starting over")


def _check_status(response: httpx.Response, url: str) -> None:
    """Raise unless the response contains the file."""
    status = response.status_code
    if status in TRANSIENT_STATUSES:
        wait = _number(response.headers.get("Retry-After")) or 0
        raise _TransientError(f"the server answers {status} {response.reason_phrase}", wait)
    if status == httpx.codes.NOT_FOUND:
        raise DownloadError(f"{url}: not found (404); check --base-url")
    if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise DownloadError(f"{url}: the server answers {status} {response.reason_phrase}")


def _verify(url: str, part: Path, file: BufferedRandom, kind: Kind) -> None:
    """Sync the file and validate it."""
    file.flush()
    os.fsync(file.fileno())
    try:
        kind.load(part)
    except SketchRNNError as error:
        _empty(file)
        reason = str(error).removeprefix(f"{part}: ")
        raise DownloadError(f"{url}: not a valid {kind.name} ({reason}); nothing was kept") from error


def _matches(file: BufferedRandom, headers: httpx.Headers) -> bool:
    """Compare with the MD5 that Google Cloud Storage sends; True without one."""
    fields = headers.get("x-goog-hash", "").split(",")
    sums = dict(field.strip().split("=", 1) for field in fields if "=" in field)
    try:
        expected = b64decode(sums["md5"], validate=True)
    except (KeyError, ValueError):
        return True
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest() == expected


@contextmanager
def _exclusive(part: Path) -> Iterator[BufferedRandom]:
    """Open the part for appending, locked if the system supports it; remove it if it is empty at the end.

    Raises:
        DownloadError: another process has it locked.
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
            raise DownloadError(f"{part}: another download is using it; wait for that to finish") from error
        try:
            yield file
        finally:
            if not _size(file):
                part.unlink(missing_ok=True)
                _tag_file(part).unlink(missing_ok=True)


def _save_tag(part: Path, response: httpx.Response) -> None:
    """Save the ETag; a weak one (W/...) does not guarantee identical bytes."""
    tag = response.headers.get("ETag", "")
    _tag_file(part).unlink(missing_ok=True)
    if tag.startswith('"'):
        _tag_file(part).write_text(tag, encoding="utf-8")


def _number(text: str | None) -> int | None:
    """Parse a header's non-negative integer, or return None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _size(file: BufferedRandom) -> int:
    return file.seek(0, os.SEEK_END)


def _empty(file: BufferedRandom) -> None:
    file.seek(0)
    file.truncate()


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".etag")
