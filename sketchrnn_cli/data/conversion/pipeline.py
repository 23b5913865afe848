"""From drawings of any source to the three splits of a data set."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped, compact
from sketchrnn_cli.data.dataset import FEW, SPLITS
from sketchrnn_cli.data.splitting import position, split_at
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.prepare import shorten, simplified
from sketchrnn_cli.wording import counted

COMMON = 0.1
"""Fraction of doubtful drawings from which on it is reported; below it some drawings are just odd."""
DUPLICATES = "duplicates"
"""The reason for excluding a drawing that equals another."""
HELD_BACK = 0.05
"""Default fraction for validation, and for testing, of a set of more than `FEW` drawings."""
SHOWN = 3
"""Drawings per kind named in `remarks`."""


@dataclass(frozen=True)
class Rules:
    """Which drawings to keep."""

    recognized_only: bool = False
    min_points: int = 1
    max_points: int | None = None
    """Longer sketches are simplified until they fit."""
    drop_longer: bool = False
    """Exclude longer sketches instead."""
    max_per_class: int | None = None
    duplicates: bool = False
    """Keep sketches that equal an earlier one, point by point."""
    strict: bool = False
    """Stop at an unreadable drawing instead of skipping it."""
    hand_only: bool = False
    """Exclude drawings by a model alone."""


@dataclass
class Collection:
    """The drawings kept, and the others with reasons."""

    drawings: list[Drawing] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    """Unreadable drawings."""
    twins: list[Skipped] = field(default_factory=list)
    """Duplicates, each with the drawing that it equals."""
    noted: list[Skipped] = field(default_factory=list)
    """What was ignored, joined or simplified in the drawings kept."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Number of excluded drawings, by reason."""

    @property
    def report(self) -> list[Skipped]:
        """All remarks about single drawings."""
        return [*self.skipped, *self.twins, *self.noted]


def collect(results: Iterable[Drawing | Skipped], rules: Rules, collection: Collection) -> Iterator[int]:
    """Add drawings to the collection, yielding the number seen after each.

    Raises:
        DataError: under strict rules, an unreadable drawing.
    """
    seen: dict[bytes, str] = {}
    classes: Counter[str] = Counter()
    for number, result in enumerate(results, 1):
        if isinstance(result, Skipped):
            if rules.strict:
                raise DataError(f"{result.where}: {result.reason}")
            collection.skipped.append(result)
        else:
            _take(result, rules, classes, seen, collection)
        yield number


def _take(
    drawing: Drawing, rules: Rules, classes: Counter[str], seen: dict[bytes, str], collection: Collection
) -> None:
    """Add a drawing to the collection, simplified if the rules ask for it, or the reason why not."""
    try:
        fitted = drawing if rules.drop_longer else _fitted(drawing, rules.max_points)
    except DataError as error:
        if rules.strict:
            raise
        collection.skipped.append(Skipped(drawing.where, str(error)))
        return
    if reason := _exclusion_reason(fitted, rules, classes, seen):
        collection.left_out[reason] += 1
        if reason == DUPLICATES:
            collection.twins.append(Skipped(drawing.where, f"the same as {seen[digest(fitted.sketch)]}"))
        return
    seen.setdefault(digest(fitted.sketch), fitted.where)
    classes[fitted.label] += 1
    collection.drawings.append(fitted)
    collection.noted += [Skipped(fitted.where, note.removeprefix(f"{fitted.where}: ")) for note in fitted.notes]


def _fitted(drawing: Drawing, max_points: int | None) -> Drawing:
    """Return a drawing simplified to at most `max_points` points.

    Raises:
        DataError: it has too many strokes.
    """
    if max_points is None or len(drawing.sketch) <= max_points:
        return drawing
    sketch, used = shorten(drawing.sketch, max_points)
    notes = (*drawing.notes, simplified(drawing.where, sketch, used))
    return dataclasses.replace(drawing, sketch=compact(sketch), notes=notes)


def _exclusion_reason(drawing: Drawing, rules: Rules, classes: Counter[str], seen: Mapping[bytes, str]) -> str:
    """Return why the rules exclude a drawing, or an empty text."""
    points = len(drawing.sketch)
    if rules.recognized_only and not drawing.recognized:
        return "not recognized"
    if rules.hand_only and not drawing.by_hand:
        return "drawn by a model"
    if points < rules.min_points:
        return f"fewer than {counted(rules.min_points, 'point')}"
    if rules.drop_longer and rules.max_points is not None and points > rules.max_points:
        return f"more than {counted(rules.max_points, 'point')}"
    if not rules.duplicates and digest(drawing.sketch) in seen:
        return DUPLICATES
    if rules.max_per_class is not None and classes[drawing.label] >= rules.max_per_class:
        return f"beyond {rules.max_per_class} of a class"
    return ""


def doubts(drawings: Sequence[Drawing]) -> dict[str, list[Drawing]]:
    """Return possibly misread drawings by reason, if they are more than a few of all."""
    found: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        if drawing.doubt:
            found.setdefault(drawing.doubt, []).append(drawing)
    return {reason: some for reason, some in found.items() if len(some) > COMMON * len(drawings)}


def remarks(collection: Collection) -> list[str]:
    """Return messages for the user about what was kept and what was not."""
    skipped, notes = collection.skipped, [f"{item.where}: {item.reason}" for item in collection.noted]
    lines = [f"skipped {item.where}: {item.reason}" for item in skipped[:SHOWN]]
    if skipped:
        lines.append(f"skipped {counted(len(skipped), 'bad drawing')}")
    lines += notes[:SHOWN]
    if len(notes) > SHOWN:
        lines.append(f"and {len(notes) - SHOWN} more such drawings: {len(notes)} in all")
    lines += [f"excluded {item.where}: {item.reason}" for item in collection.twins[:SHOWN]]
    lines += [f"excluded {count}: {reason}" for reason, count in collection.left_out.items()]
    for reason, doubtful in doubts(collection.drawings).items():
        lines.append(f"{len(doubtful)} of {len(collection.drawings)} such as {doubtful[0].where}: {reason}")
    return lines


def held_back(drawings: Sequence[Drawing]) -> float:
    """Return the default fraction for validation, and for testing: none of a set that training needs whole."""
    return HELD_BACK if len(drawings) > FEW else 0.0


def split(
    drawings: Sequence[Drawing], valid: float | None, test: float | None, seed: int, resplit: bool = False
) -> dict[str, list[np.ndarray]]:
    """Return the sketches by split, in the order given.

    Sketches from archives stay in their splits unless `resplit`. The others are assigned by thresholds on a hash of the
    key id, or of the points if there is none: independent of order and of the other drawings, so a set may grow without
    any drawing changing its split. If none would be left for training, all of these are for training.

    Args:
        drawings: the drawings.
        valid: fraction for validation; None for `held_back`.
        test: fraction for testing, likewise.
        seed: each seed gives different splits.
        resplit: also split sketches from archives again.

    Raises:
        DataError: no sketch is left for training.
    """
    share = held_back(drawings)
    valid, test = share if valid is None else valid, share if test is None else test
    places = [
        (drawing.split if not resplit else "") or split_at(_position(drawing, seed), valid, test)
        for drawing in drawings
    ]
    if "train" not in places:
        places = [(drawing.split if not resplit else "") or "train" for drawing in drawings]
    splits: dict[str, list[np.ndarray]] = {name: [] for name in SPLITS}
    for drawing, place in zip(drawings, places, strict=True):
        splits[place].append(drawing.sketch)
    if not splits["train"]:
        raise DataError("no drawing left to train on")
    return splits


def provenance(sources: Sequence[Path]) -> str:
    """Return the provenance of converted drawings, independent of the file format."""
    names = [source.stem or source.resolve().name or "a folder" for source in sources]
    return "converted from " + ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def write(path: Path, splits: dict[str, list[np.ndarray]], sources: Sequence[Path], replace: bool) -> None:
    """Write the archive.

    Raises:
        ExistsError: without `replace`, the file exists.
        DataError: it cannot be written.
    """
    archive.write(path, splits, provenance(sources), replace=replace)


def write_report(path: Path, skipped: Sequence[Skipped], replace: bool) -> None:
    """Write a line per drawing that was skipped or changed: where, a tab, and why.

    Raises:
        ExistsError: without `replace`, the file exists.
        DataError: it cannot be written.
    """
    lines = [" ".join(item.where.split()) + "\t" + " ".join(item.reason.split()) for item in skipped]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial:
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def digest(sketch: np.ndarray) -> bytes:
    """Return a digest of a sketch's points, independent of the dtype."""
    return hashlib.blake2b(sketch.astype(np.float32).tobytes(), digest_size=16).digest()


def _position(drawing: Drawing, seed: int) -> float:
    """Return a drawing's position in [0, 1): a hash of its key id, or else of its float32 points, and of the seed."""
    key = drawing.sketch.astype(np.float32).tobytes() if drawing.key_id is None else str(drawing.key_id).encode()
    return position(key if seed == 0 else str(seed).encode() + b":" + key)
