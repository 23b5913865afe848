"""A lock that allows one training per run folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sketchrnn_cli.errors import CheckpointError

LOCK = ".lock"
"""Locked during training; the system releases the lock however the process ends."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a run's folder, creating it if missing.

    Raises:
        CheckpointError: another process holds the lock, or the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a+")
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written: {error.strerror or error}") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise CheckpointError(f"{folder}: another process is training this run; choose another --name") from error
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
