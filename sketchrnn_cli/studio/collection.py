"""The user's drawings on disk: a text file, one JSON object a line, to which whole lines are only ever added.

An answer to the page means that the line is on the disk. A line that a crash cut short was never answered for; the
next to take the lock cuts it off, and the page sends that drawing again. Its id makes sending twice harmless.
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
class _Known:
    """What of the file has been read."""

    file: tuple[int, int] = (0, 0)
    """Device and inode: another file may have taken the name."""
    end: int = 0
    """Bytes of the whole lines read so far."""
    starts: list[int] = field(default_factory=list)
    """Where the line of each drawing begins."""
    ids: set[str] = field(default_factory=set)


class Collection:
    """A data set that grows by the drawings of the page; several servers may share one."""

    def __init__(self, path: Path) -> None:
        """Open, or create, the file, and mend what a crash left.

        Raises:
            UsageError: the name does not end in .ndjson, or is a folder's.
            DataError: it cannot be read or written, or holds something else than drawings.
        """
        if path.suffix.lower() != ".ndjson" or path.is_dir():
            raise UsageError(f"--data {path}: give the name of an .ndjson file; one that is missing is created")
        self.path = path
        self._known = _Known()
        self._thread_lock = threading.Lock()
        with self._open():
            pass

    def count(self) -> int:
        """Return how many drawings there are, also those that others added.

        Raises:
            DataError: the file cannot be read any more.
        """
        with self._open():
            return len(self._known.starts)

    def add(self, record: Mapping[str, Any]) -> int:
        """Put a drawing on the disk, unless its id is there already, and return how many there are.

        Raises:
            DataError: it cannot be written; then nothing of it stays.
        """
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._open() as file:
            known = self._known
            if record["id"] not in known.ids:
                try:
                    _write_at(file, known.end, line)
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(known.end)
                    raise
                known.starts.append(known.end)
                known.ids.add(record["id"])
                known.end += len(line)
            else:  # Who wrote it may have died before syncing it.
                os.fsync(file.fileno())
            return len(known.starts)

    def latest(self, limit: int) -> tuple[list[tuple[str, np.ndarray, str | None]], int]:
        """Return id, stroke-3 sketch (data units) and word of the last drawings, oldest first, and how many there are.

        Those that no model could be shown, such as a single dot, are passed over.

        Raises:
            DataError: the file cannot be read any more.
        """
        with self._open() as file:
            starts = self._known.starts[-limit:] if limit > 0 else []
            lines = [self._line_at(file, start) for start in starts]
            count = len(self._known.starts)
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
        return file.readline(ndjson.LONGEST_LINE)

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """Open the file under the lock of all threads and processes, after reading what others added."""
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
        """Read the lines behind the known ones; finish or cut off a last one without a line break."""
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != self._known.file or status.st_size < self._known.end:
            self._known = _Known((status.st_dev, status.st_ino))
        known = self._known
        file.seek(known.end)
        while line := file.readline():
            values = _values(line)
            is_whole = line.endswith(b"\n")
            if known.end == 0 and values is None and (is_whole or not line.startswith((b"{", b"\0"))):
                raise DataError(f"{self.path}: its first line is no drawing; give a file of drawings, or a new name")
            if not is_whole and values is None:
                file.truncate(known.end)
                break
            if not is_whole:
                _write_at(file, known.end + len(line), b"\n")
                line += b"\n"
            if values is not None:
                known.starts.append(known.end)
                known.ids |= {found for found in [_identity(values)] if found}
            known.end += len(line)


def _values(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line that holds a drawing, else None."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and isinstance(values.get("drawing"), list) else None


def _identity(values: Mapping[str, Any]) -> str | None:
    found = values.get("id")
    return found if isinstance(found, str) else None


def _write_at(file: BinaryIO, place: int, data: bytes) -> None:
    """Write past the file's buffer, which would try again after a failure."""
    os.lseek(file.fileno(), place, os.SEEK_SET)
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
    """Hold the lock that a file stands for; closing it, or the end of the process, gives it back."""
    with path.open("ab") as file:
        _lock(file)
        yield
