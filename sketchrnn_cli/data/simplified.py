"""The first recognized drawings of words of Quick, Draw!, from its simplified ndjson, as one labeled archive.

The 345 files together are 23 GB; a few hundred drawings of each lie in their first half megabyte.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from urllib.parse import quote

import numpy as np

from sketchrnn_cli import download
from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion import ndjson
from sketchrnn_cli.data.conversion.drawings import Skipped
from sketchrnn_cli.data.dataset import SPLITS
from sketchrnn_cli.data.quickdraw import BASE_URL
from sketchrnn_cli.data.splitting import position_of_id, split_at
from sketchrnn_cli.errors import DataError

PROVENANCE = "Quick, Draw! Dataset, Google, CC BY 4.0: drawings in the simplified form, recognized by the game"
VALID, TEST = 0.05, 0.1
"""Shares of the splits."""
BLOCK = 256 << 10
"""Bytes asked for at a time; a drawing takes about 700."""


@dataclass(frozen=True)
class Wanted:
    """Which drawings."""

    words: tuple[str, ...]
    """As Quick, Draw! writes them."""
    drawings: int
    """Recognized drawings of each, from the first on."""
    longest: int = 250
    """Points; longer drawings are left out."""


def url(word: str, base_url: str = BASE_URL) -> str:
    """Return the address of a word's simplified drawings."""
    return f"{base_url.rstrip('/')}/full/simplified/{quote(word)}.ndjson"


def fetch(wanted: Wanted, folder: Path, base_url: str = BASE_URL) -> Iterator[tuple[str, download.Progress]]:
    """Fetch the beginning of each word's file into `folder`, yielding the word and how far it is.

    What is there already stays; a transfer that broke goes on where it stopped.

    Raises:
        DownloadError: a transfer failed for good.
    """
    with download.client() as http:
        for word in wanted.words:
            path = folder / f"{word}.{wanted.drawings}.ndjson"
            if path.is_file():
                yield word, download.Progress(path.stat().st_size, path.stat().st_size)
                continue
            kind = download.Kind("text of drawings", b"{", _check)
            for progress in download.download(
                url(word, base_url), path, http, kind, enough=_enough(wanted.drawings), block=BLOCK
            ):
                yield word, progress


def build(wanted: Wanted, folder: Path, out: Path, replace: bool = False) -> dict[str, int]:
    """Write the archive of what `fetch` left in `folder`; return how many drawings each split has.

    A drawing's split depends on its key id alone (`splitting`).

    Raises:
        DataError: the archive cannot be written.
        ExistsError: without `replace`, the archive is there already.
    """
    sketches: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    labels: dict[str, list[int]] = {split: [] for split in SPLITS}
    ids: dict[str, list[int]] = {split: [] for split in SPLITS}
    for label, word in enumerate(wanted.words):
        path = folder / f"{word}.{wanted.drawings}.ndjson"
        for number, line in ndjson.lines(path):
            drawing = ndjson.parse(line, f"{path}:{number}", word, epsilon=2.0)
            if isinstance(drawing, Skipped) or drawing.key_id is None:
                continue
            if not drawing.recognized or len(drawing.sketch) > wanted.longest:
                continue
            split = split_at(position_of_id(drawing.key_id), VALID, TEST)
            sketches[split].append(drawing.sketch)
            labels[split].append(label)
            ids[split].append(drawing.key_id)
    key_ids = {split: np.array(some, dtype=np.uint64) for split, some in ids.items()}
    archive.write(out, sketches, PROVENANCE, wanted.words, labels, key_ids, replace)
    return {split: len(some) for split, some in sketches.items()}


def _enough(drawings: int) -> Callable[[BufferedRandom], int | None]:
    """Return a function that says where, in a file as far as it has arrived, so many recognized drawings end."""
    end = found = 0

    def enough(file: BufferedRandom) -> int | None:
        nonlocal end, found
        if file.seek(0, 2) < end:  # It was begun anew.
            end = found = 0
        file.seek(end)
        for line in file:
            if found == drawings or not line.endswith(b"\n"):
                break
            end += len(line)
            found += _recognized(line)
        return end if found == drawings else None

    return enough


def _recognized(line: bytes) -> bool:
    try:
        return json.loads(line).get("recognized") is True
    except (ValueError, RecursionError, AttributeError):
        return False


def _check(path: Path) -> None:
    """Refuse a file without a recognized drawing.

    Raises:
        DataError: it holds none.
    """
    with path.open("rb") as file:
        if not any(map(_recognized, file)):
            raise DataError(f"{path}: no recognized drawing")
