"""`sketchrnn dataset download`: fetch categories of Quick, Draw!."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.data.quickdraw import BASE_URL


def download(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Categories; see: sketchrnn dataset list.")],
    full: Annotated[bool, typer.Option("--full", help="All drawings (NAME.full.npz) instead of 75,000.")] = False,
    base_url: Annotated[str, typer.Option(metavar="URL", help="A mirror that holds sketchrnn/NAME.npz.")] = BASE_URL,
    data_dir: opt.DataDir = opt.DATA_DIR,
    force: opt.Force = False,
) -> None:
    """Fetch categories of Quick, Draw!; a broken transfer goes on where it stopped.

    Example: sketchrnn dataset download cat "alarm clock"
    """
    fetch(names, data_dir, base_url, full, force)


def fetch(
    names: Sequence[str], data_dir: Path, base_url: str = BASE_URL, full: bool = False, force: bool = False
) -> list[Path]:
    """Download categories one after another, showing how it goes; return the files.

    What is here already stays, unless `force`.

    Raises:
        UsageError: there is no such category.
        DataError: a transfer failed for good.
    """
    import os

    from sketchrnn_cli import atomic
    from sketchrnn_cli.commands import transfers
    from sketchrnn_cli.data import quickdraw

    categories = list(dict.fromkeys(quickdraw.category(name) for name in names))
    paths = [data_dir / quickdraw.file_name(category, full) for category in categories]
    jobs = []
    for category, path in zip(categories, paths, strict=True):
        if os.path.lexists(path) and not os.path.exists(path) and not force:
            raise atomic.taken(path)
        if os.path.exists(path) and not force:
            console.message(f"{path} is here already; --force fetches it again")
        else:
            jobs.append((category, quickdraw.url(category, full, base_url), path))
    for path in transfers.fetch(jobs):
        console.result(str(path))
    return paths
