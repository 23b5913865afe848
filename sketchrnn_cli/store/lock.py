"""One training at a time in a run's folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sketchrnn_cli.errors import CheckpointError

LOCK = ".lock"
"""The file that a training holds locked; the system lets go of it however the process ends."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder, created when missing, for this process alone.

    Raises:
        CheckpointError: another process holds it, or it cannot be made.
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
            raise CheckpointError(f"{folder}: another training of this run goes on; choose another --name") from error
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
