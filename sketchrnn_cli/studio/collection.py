"""The user's drawings on disk: an append-only text file with one JSON object per line.

A response to the page means that the line is on disk. A line truncated by a crash was never acknowledged; the next
process that takes the lock removes it, and the page sends the drawing again. Its id makes a retry idempotent.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.data.conversion import ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.prepare import EPSILON


@dataclass
class _Index:
    """Index of the part of the file read so far."""

    file: tuple[int, int] = (0, 0)
    """Device and inode, to detect a replaced file."""
    end: int = 0
    """Offset behind the last complete line."""
    starts: list[int] = field(default_factory=list)
    """Offset of each drawing's line."""
    ids: set[str] = field(default_factory=set)


class Collection:
    """A data set to which the page adds drawings; several servers may share one."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, and repair it after a crash.

        Raises:
            UsageError: the name does not end in .ndjson, or is a folder.
            DataError: the file cannot be read or written, or is not a file of drawings.
        """
        if path.suffix.lower() != ".ndjson" or path.is_dir():
            raise UsageError(f"--data {path}: give the name of an .ndjson file; one that is missing is created")
        self.path = path
        self._index = _Index()
        self._thread_lock = threading.Lock()
        with self._open():
            pass

    def count(self) -> int:
        """Return the number of drawings, including those of other processes.

        Raises:
            DataError: the file cannot be read.
        """
        with self._open():
            return len(self._index.starts)

    def add(self, record: Mapping[str, Any]) -> int:
        """Append a drawing unless its id exists, sync it to disk, and return the number of drawings.

        Raises:
            DataError: it cannot be written; the file is then unchanged.
        """
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._open() as file:
            index = self._index
            if record["id"] not in index.ids:
                try:
                    _write_at(file, index.end, line)
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(index.end)
                    raise
                index.starts.append(index.end)
                index.ids.add(record["id"])
                index.end += len(line)
            else:  # Its writer may have died before the sync.
                os.fsync(file.fileno())
            return len(index.starts)

    def latest(self, limit: int) -> tuple[list[tuple[str, np.ndarray, str | None]], int]:
        """Return id, stroke-3 sketch (data units) and word of the last drawings, oldest first, and the total count.

        Drawings that cannot be encoded, such as a single dot, are skipped.

        Raises:
            DataError: the file cannot be read.
        """
        with self._open() as file:
            starts = self._index.starts[-limit:] if limit > 0 else []
            lines = [self._line_at(file, start) for start in starts]
            count = len(self._index.starts)
        found = []
        for start, line in zip(starts, lines, strict=True):
            drawing = ndjson.parse(line, str(self.path), self.path.stem, EPSILON)
            if isinstance(drawing, Drawing):
                values = json.loads(line)
                word = values.get("word")
                found.append((_identity(values) or f"{start}", drawing.sketch, word if isinstance(word, str) else None))
        return found, count

    @staticmethod
    def _line_at(file: BinaryIO, start: int) -> bytes:
        file.seek(start)
        return file.readline(ndjson.MAX_LINE_BYTES)

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """Open the file, locked against other threads and processes, and index what they added."""
        try:
            with self._thread_lock, _locked(self.path.with_name(f".{self.path.name}.lock")):
                is_new = not self.path.exists()
                with os.fdopen(
                    os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b"
                ) as file:
                    if is_new:
                        atomic.sync(self.path.parent)
                    self._catch_up(file)
                    yield file
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read or written: {error.strerror or error}") from error

    def _catch_up(self, file: BinaryIO) -> None:
        """Index new lines; complete or truncate a last one without a line break."""
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != self._index.file or status.st_size < self._index.end:
            self._index = _Index((status.st_dev, status.st_ino))
        index = self._index
        file.seek(index.end)
        while line := file.readline():
            values = _values(line)
            is_complete = line.endswith(b"\n")
            if index.end == 0 and values is None and (is_complete or not line.startswith((b"{", b"\0"))):
                raise DataError(f"{self.path}: its first line is not a drawing; give a file of drawings, or a new name")
            if not is_complete and values is None:
                file.truncate(index.end)
                break
            if not is_complete:
                _write_at(file, index.end + len(line), b"\n")
                line += b"\n"
            if values is not None:
                index.starts.append(index.end)
                index.ids |= {found for found in [_identity(values)] if found}
            index.end += len(line)


def _values(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line if it is a drawing, else None."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and isinstance(values.get("drawing"), list) else None


def _identity(values: Mapping[str, Any]) -> str | None:
    found = values.get("id")
    return found if isinstance(found, str) else None


def _write_at(file: BinaryIO, offset: int, data: bytes) -> None:
    """Write unbuffered: the file's buffer would retry after a failure."""
    os.lseek(file.fileno(), offset, os.SEEK_SET)
    while data:
        data = data[os.write(file.fileno(), data) :]


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file; it is released when closed, or when the process ends."""
    with path.open("ab") as file:
        _lock(file)
        yield
