"""What is kept to save time and can be deleted at any moment: prepared data, converted drawings, compiled steps."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import platformdirs

from sketchrnn_cli.errors import UsageError

HOME = "SKETCHRNN_CACHE"
"""The environment variable that names another folder than the system's own for caches."""
PREPARED = ".cache"
"""The folder beside archives that holds them prepared."""


class Cache(NamedTuple):
    """A folder of things that can be made again."""

    name: str
    folder: Path
    size: int
    """Bytes."""


def user_folder() -> Path:
    """Return the user's folder for caches of this program; it need not exist."""
    return Path(os.environ.get(HOME) or platformdirs.user_cache_dir("sketchrnn", appauthor=False))


def compiled_folder() -> Path:
    """Return where JAX keeps compiled training steps."""
    return user_folder() / "jax"


def drawings_folder() -> Path:
    """Return where folders of drawings are kept as data sets."""
    return user_folder() / "drawings"


def found(data_dir: Path) -> list[Cache]:
    """Return every cache, with its size; one that is not there has none."""
    folders = {
        "prepared data sets": data_dir / PREPARED,
        "converted drawings": drawings_folder(),
        "compiled training steps": compiled_folder(),
    }
    return [Cache(name, folder, _size(folder)) for name, folder in folders.items()]


def clear(data_dir: Path) -> int:
    """Delete every cache; return the bytes that are free again.

    Raises:
        UsageError: one cannot be deleted.
    """
    freed = 0
    for cache in found(data_dir):
        try:
            if cache.folder.is_dir():
                shutil.rmtree(cache.folder)
        except OSError as error:
            raise UsageError(f"{cache.folder}: cannot be deleted: {error.strerror or error}") from error
        freed += cache.size
    return freed


def _size(folder: Path) -> int:
    """Return the bytes of a folder's files; another process may remove some meanwhile."""
    size = 0
    for parent, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):
                size += os.stat(os.path.join(parent, file)).st_size
    return size
