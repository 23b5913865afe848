"""Atomic writes: a reader, or a crash, sees the old file or the new one, never a part.

Whether a name is free is decided by the file system when the file is complete, so there is no race between processes.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sketchrnn_cli.errors import ExistsError, UsageError


def check_folder_name(path: Path) -> None:
    """Refuse a file's name for a folder.

    Raises:
        UsageError: what is no folder yet ends as files do.
    """
    if re.fullmatch(r"\.[A-Za-z]\w*", path.suffix) and not path.is_dir():
        raise UsageError(f"{path}: a folder is written here, and this is a file's name; leave {path.suffix} out")


@contextmanager
def new_file(path: Path, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the same folder; sync and rename it at the end, or remove it on failure.

    Raises:
        ExistsError: without `replace`, `path` exists, if only as a broken link.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        sync(partial)
        put(partial, path, replace)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Do what `new_file` does, replacing an existing file."""
    with new_file(path, replace=True) as partial:
        yield partial


def put(partial: Path, path: Path, replace: bool) -> None:
    """Rename a complete file atomically.

    Raises:
        ExistsError: without `replace`, `path` exists.
    """
    if replace:
        partial.replace(path)
        return
    try:
        try:
            os.link(partial, path)
        except FileExistsError:
            raise
        except OSError:  # A file system without hard links, such as FAT: reserve the name first.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            partial.replace(path)
    except FileExistsError as error:
        raise taken(path) from error


def taken(path: Path) -> ExistsError:
    """Return the error for a name that exists."""
    return ExistsError(f"{path} exists; give another name, or --force to replace it")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; sync and rename it to `path` at the end, or remove it on failure.

    Raises:
        ExistsError: `path` exists and is not an empty folder.
    """
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        for file in partial.iterdir():
            sync(file)
        sync(partial)
        put_folder(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync(path.parent)


def put_folder(partial: Path, path: Path) -> None:
    """Rename a complete folder.

    Raises:
        ExistsError: `path` exists and is not an empty folder.
    """
    try:
        if os.name == "nt" and path.is_dir():
            path.rmdir()  # Elsewhere, rename replaces an empty folder.
        partial.rename(path)
    except OSError as error:
        if os.path.lexists(path):
            raise taken(path) from error
        raise


def sync(path: Path) -> None:
    """Flush a file, or a folder's entries, to disk; on Windows, folders need no sync."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
