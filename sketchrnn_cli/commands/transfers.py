"""Shared by the downloading commands: download files one after another, with progress bars."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sketchrnn_cli import console, download


def fetch(jobs: Iterable[tuple[str, str, Path]], kind: download.Kind) -> Iterator[Path]:
    """Download files, each a (name, URL, path), with progress; yield each path when its file is complete.

    Raises:
        DownloadError: a download failed permanently.
    """
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with console.progress(*columns) as bars, download.client() as http:
        for name, url, path in jobs:
            bar = bars.add_task(name, total=None)
            for done in download.download(url, path, http, kind):
                if done.note:
                    bars.console.print(f"{name}: {done.note}", highlight=False, markup=False)
                bars.update(bar, completed=done.received, total=done.total)
            yield path
