"""`sketchrnn dataset download`: fetch categories of Quick, Draw!."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.data.quickdraw import BASE_URL


def download(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Category names; see: sketchrnn dataset list.")],
    full: Annotated[bool, typer.Option("--full", help="All drawings (NAME.full.npz) instead of 75,000.")] = False,
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="Base URL of a mirror with sketchrnn/NAME.npz.")
    ] = BASE_URL,
    data_dir: opt.DataDir = opt.DATA_DIR,
    force: opt.Force = False,
) -> None:
    """Download categories of Quick, Draw!; an interrupted transfer resumes.

    Example: sketchrnn dataset download cat "alarm clock"
    """
    fetch(names, data_dir, base_url, full, force)


def fetch(
    names: Sequence[str], data_dir: Path, base_url: str = BASE_URL, full: bool = False, force: bool = False
) -> list[Path]:
    """Download categories one after another, with progress; return the files.

    Existing files are kept unless `force`.

    Raises:
        UsageError: an unknown category.
        DataError: a download failed permanently.
    """
    import os

    from sketchrnn_cli import atomic
    from sketchrnn_cli.commands import transfers
    from sketchrnn_cli.data import archive, quickdraw
    from sketchrnn_cli.download import Kind

    categories = list(dict.fromkeys(quickdraw.category(name) for name in names))
    paths = [data_dir / quickdraw.file_name(category, full) for category in categories]
    jobs = []
    for category, path in zip(categories, paths, strict=True):
        if os.path.lexists(path) and not os.path.exists(path) and not force:
            raise atomic.taken(path)
        if os.path.exists(path) and not force:
            console.message(f"{path} already exists; --force downloads it again")
        else:
            jobs.append((category, quickdraw.url(category, full, base_url), path))
    for path in transfers.fetch(jobs, Kind("archive", b"PK", archive.load)):
        console.result(str(path))
    return paths


def fetch_missing(datasets: Sequence[str], data_dir: Path, yes: bool) -> list[Path]:
    """Return the files of data sets, after downloading missing categories if the user, or `yes`, agrees.

    Raises:
        DataError: one is missing, or a download failed permanently.
    """
    from sketchrnn_cli.data import names as set_names

    missing = set_names.missing_categories(datasets, data_dir)
    if missing:
        if not (yes or _agreed(missing)):
            raise set_names.absent(missing, data_dir)
        fetch(missing, data_dir)
    return [set_names.find(dataset, data_dir) for dataset in datasets]


def _agreed(missing: Sequence[str]) -> bool:
    """Ask whether to download missing categories; False if stdin is not a terminal."""
    question = f"missing: {', '.join(missing)}. Download from Quick, Draw! (about 15 MB each)?"
    return sys.stdin.isatty() and typer.confirm(question, err=True)
