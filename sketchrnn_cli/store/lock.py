"""A lock that allows one training per run folder."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sketchrnn_cli.errors import CheckpointError

LOCK = ".lock"
"""Locked during training; the system releases the lock however the process ends."""


@contextmanager
def locked(folder: Path) -> Iterator[Callable[[], None]]:
    """Lock a run's folder, creating it if missing; yield a function that raises once the folder is not that one.

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

        def check() -> None:
            try:
                is_same = os.path.samestat(os.fstat(file.fileno()), (folder / LOCK).stat())
            except OSError:
                is_same = False
            if not is_same:
                raise CheckpointError(f"{folder}: removed or replaced during training; nothing is saved; train again")

        check()
        yield check


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
