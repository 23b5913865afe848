"""Read drawings from files of every supported kind, in parallel if there are many."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from sketchrnn_cli import foreign
from sketchrnn_cli.data import archive, npy
from sketchrnn_cli.data.conversion import binary, ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped, compact
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes import files
from sketchrnn_cli.strokes.formats import ABSOLUTE, flipped, looks_absolute
from sketchrnn_cli.strokes.pictures import SUFFIXES as PICTURE_SUFFIXES
from sketchrnn_cli.strokes.pictures import read_picture
from sketchrnn_cli.strokes.prepare import CANVAS, Preparation, simplified, to_sketch
from sketchrnn_cli.strokes.svg import MARK

LINES_PER_TASK = 400
"""Lines of text per task."""

PICTURES_PER_TASK = 32
"""Pictures per task."""

COMPRESSED = (".gz", ".zip", ".bz2", ".xz", ".tar", ".tgz", ".7z", ".rar")

SERIAL_TASKS = 4
"""Tasks run before processes are started; a small conversion needs none."""

T = TypeVar("T")
Result = Drawing | Skipped
Work = Callable[[], list[Result]]


def find(paths: Sequence[Path], out: Path | None = None) -> tuple[list[Path], list[str]]:
    """Return the files among `paths` and, sorted, those in its folders at any depth; each once.

    In a folder, output of this program is skipped: `out`, and if there are other drawings, pictures and data sets.

    Returns:
        The files, and messages about skipped files that may have been meant.

    Raises:
        DataError: one does not exist, is unreadable, of an unknown kind, or a folder without drawings.
    """
    found: dict[Path, None] = {}
    notes: list[str] = []
    for path in paths:
        if os.path.isdir(path):  # Path.is_dir fails on a name that is too long.
            inside, passed_over = _inside(path, out)
            notes += passed_over
            if not inside:
                raise DataError(f"{path}: no drawings in this folder ({' '.join(SUFFIXES)})")
            found |= dict.fromkeys(inside)
        elif not os.path.lexists(path):
            raise DataError(f"{path}: no such file or folder")
        elif not os.path.isfile(path):
            raise DataError(f"{path}: not a file, or a broken link")
        elif path.suffix.lower() not in SUFFIXES:
            raise DataError(f"{path}: not a supported kind of drawing ({' '.join(SUFFIXES)})")
        else:
            found[path] = None
    return list(found), notes


def read(paths: Sequence[Path], how: Preparation, jobs: int = 1) -> Iterator[Result]:
    """Yield the contents of files, in order, whatever the number of jobs.

    Args:
        paths: see `find`.
        how: preparation of drawings that are not prepared yet.
        jobs: maximum number of processes.
    """
    for result in _read(paths, how, jobs):
        yield (replace(result, sketch=flipped(result.sketch)) if how.flip_y and isinstance(result, Drawing) else result)


def _read(paths: Sequence[Path], how: Preparation, jobs: int) -> Iterator[Result]:
    work = chain.from_iterable(_pieces(paths, how))
    for piece in islice(work, SERIAL_TASKS if jobs > 1 else None):
        yield from piece()
    yield from _in_parallel(work, jobs)


def _in_parallel(work: Iterator[Work], jobs: int) -> Iterator[Result]:
    """Yield the results of all tasks, in order; processes start only if there is a task."""
    if not (first := list(islice(work, 1))):
        return
    # Forking a process that has threads is not safe.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _serve)
    waiting: deque[Future[list[Result]]] = deque()
    try:
        for piece in chain(first, work):
            waiting.append(pool.submit(piece))
            if len(waiting) > 4 * jobs:  # Enough to keep all processes busy, and few enough to fit in memory.
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise DataError("a worker process was killed, perhaps for lack of memory; try --jobs 1") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _serve() -> None:
    """Initialize a process: it leaves Ctrl-C to its parent, and exits with it, even if the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _pieces(paths: Sequence[Path], how: Preparation) -> Iterator[Iterator[Work]]:
    """Yield the tasks for the files, consecutive pictures together."""
    pictures: list[Path] = []
    for path in paths:
        if path.suffix.lower() in PICTURE_SUFFIXES:
            pictures.append(path)
            continue
        yield _pictures(pictures, how)
        pictures = []
        yield _READERS[path.suffix.lower()](path, how)
    yield _pictures(pictures, how)


def _pictures(paths: Sequence[Path], how: Preparation) -> Iterator[Work]:
    return (partial(_read_pictures, some, how) for some in _batched(paths, PICTURES_PER_TASK))


def _text(path: Path, how: Preparation) -> Iterator[Work]:
    try:
        if reason := ndjson.misfit(path):
            yield partial(_report, path, reason)
            return
        for some in _batched(ndjson.lines(path), LINES_PER_TASK):
            yield partial(_read_lines, some, path, how)
    except OSError as error:
        yield partial(_report, path, f"cannot be read: {error.strerror or error}")


def _whole(reader: Callable[[Path], Iterator[Result]], path: Path, how: Preparation) -> Iterator[Work]:
    """Yield one task for a file of sketches that need no preparation."""
    yield partial(_read_whole, reader, path)


def _report(path: Path, reason: str) -> list[Result]:
    return [Skipped(str(path), reason)]


def _read_lines(lines: Sequence[tuple[int, bytes]], path: Path, how: Preparation) -> list[Result]:
    return [ndjson.parse(line, f"{path}:{number}", path.stem, how.epsilon, how.hand_only) for number, line in lines]


def _read_pictures(paths: Sequence[Path], how: Preparation) -> list[Result]:
    results: list[Result] = []
    for path in paths:
        try:
            strokes, notes = read_picture(path, how)
            sketch, used = to_sketch(strokes, CANVAS, how.epsilon, how.max_points)
            if used > how.epsilon:
                notes += (simplified(str(path), sketch, used),)
            results.append(Drawing(compact(sketch), str(path), path.parent.name, notes=notes))
        except DataError as error:
            results.append(Skipped(str(path), str(error).removeprefix(f"{path}: ")))
    return results


def _read_whole(reader: Callable[[Path], Iterator[Result]], path: Path) -> list[Result]:
    if reason := foreign.obstacle(path):
        return _report(path, reason)
    try:
        return list(reader(path))
    except DataError as error:
        return _report(path, str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return _report(path, f"cannot be read: {error.strerror or error}")


def _read_strokes(path: Path) -> Iterator[Result]:
    objects = npy.read_objects(path) if path.suffix.lower() == ".npy" else None
    found = files.read_sketches(path) if objects is None else pack(objects, str(path))
    for number, sketch in enumerate(map(found.__getitem__, range(len(found)))):
        yield Drawing(compact(sketch), f"{path}:{number}", path.stem, doubt=ABSOLUTE if looks_absolute(sketch) else "")


def _read_archive(path: Path) -> Iterator[Result]:
    dataset = archive.load(path)
    for split, sketches in dataset.splits.items():
        for number, sketch in enumerate(map(sketches.__getitem__, range(len(sketches)))):
            doubt = ABSOLUTE if looks_absolute(sketch) else ""
            yield Drawing(compact(sketch), f"{path}:{split}:{number}", dataset.name, split=split, doubt=doubt)


_READERS: dict[str, Callable[[Path, Preparation], Iterator[Work]]] = {
    ".ndjson": _text,
    ".jsonl": _text,
    ".bin": partial(_whole, binary.read),
    ".npy": partial(_whole, _read_strokes),
    ".json": partial(_whole, _read_strokes),
    ".npz": partial(_whole, _read_archive),
}
SUFFIXES = (*PICTURE_SUFFIXES, *_READERS)


def _batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield tuples of up to `size` items (itertools.batched needs Python 3.12)."""
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _inside(folder: Path, out: Path | None) -> tuple[list[Path], list[str]]:
    """Return the files of drawings in a folder at any depth, sorted, and messages about skipped ones.

    Hidden files and linked folders are skipped silently.

    Raises:
        DataError: a folder in it cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from error

    files = (Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names)
    there = sorted(file for file in files if not file.name.startswith(".") and os.path.isfile(file))
    output = [file for file in there if out is not None and out.exists() and file.samefile(out)]
    sources = [file for file in there if file.suffix.lower() in SUFFIXES and file not in output]
    ours, sources = _without_output(sources, _is_ours)
    sets, sources = _without_output(sources, lambda file: file.suffix.lower() == ".npz")
    packed = [file for file in there if file.suffix.lower() in COMPRESSED]
    notes = [
        f"{folder}: skipped {len(some)} {what}: {some[0]}{', ...' if len(some) > 1 else ''}; {advice}"
        for some, what, advice in (
            (ours, "pictures drawn by sketchrnn", "name them explicitly to include them"),
            (sets, "data sets among other drawings", "name them explicitly to include them"),
            (packed, "archive files", "unpack them first"),
        )
        if some
    ]
    return sources, notes


def _without_output(files: list[Path], is_output: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Split files into skipped output and the rest; if all are output, they are meant, and none is skipped."""
    output = [file for file in files if is_output(file)]
    return (output, [file for file in files if file not in set(output)]) if len(output) < len(files) else ([], files)


def _is_ours(path: Path) -> bool:
    """Return whether a picture was drawn by this program."""
    if path.suffix.lower() not in (".svg", ".png"):
        return False
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.read(1024)
    except OSError:
        return False  # Its reader reports it.
