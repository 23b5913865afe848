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
from sketchrnn_cli.data.dataset import SPLITS
from sketchrnn_cli.data.splitting import position, split_at
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.strokes.prepare import shorten, simplified

COMMON = 0.1
"""Share of the drawings from which on a doubt is worth a word; below it some drawings are odd."""
DUPLICATES = "duplicates"
"""The rule that leaves out a drawing which is equal to another."""
SHOWN = 3
"""Drawings of a kind that remarks name."""


@dataclass(frozen=True)
class Rules:
    """What is taken."""

    recognized_only: bool = False
    min_points: int = 1
    max_points: int | None = None
    """Longer sketches are simplified until they fit."""
    drop_longer: bool = False
    """Leave longer sketches out instead."""
    max_per_class: int | None = None
    duplicates: bool = False
    """Keep sketches that are equal, point by point, to one that came before."""
    strict: bool = False
    """Stop at a drawing that cannot be read, instead of skipping it."""
    hand_only: bool = False
    """Leave out what a model drew alone."""


@dataclass
class Collection:
    """What was taken, and what was not."""

    drawings: list[Drawing] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    """Those that could not be read."""
    twins: list[Skipped] = field(default_factory=list)
    """Duplicates, each with the drawing that it equals."""
    noted: list[Skipped] = field(default_factory=list)
    """What was ignored, joined or simplified of those that were taken."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many the rules left out, by the rule."""

    @property
    def report(self) -> list[Skipped]:
        """All that there is to say of single drawings."""
        return [*self.skipped, *self.twins, *self.noted]


def collect(findings: Iterable[Drawing | Skipped], rules: Rules, collection: Collection) -> Iterator[int]:
    """Put what is found into the collection, yielding after each how many were seen.

    Raises:
        DataError: under strict rules, a drawing that could not be read.
    """
    seen: dict[bytes, str] = {}
    classes: Counter[str] = Counter()
    for number, finding in enumerate(findings, 1):
        if isinstance(finding, Skipped):
            if rules.strict:
                raise DataError(f"{finding.where}: {finding.reason}")
            collection.skipped.append(finding)
        else:
            _take(finding, rules, classes, seen, collection)
        yield number


def _take(
    drawing: Drawing, rules: Rules, classes: Counter[str], seen: dict[bytes, str], collection: Collection
) -> None:
    """Put a drawing into the collection, fitted to the rules, or count why not."""
    try:
        fitted = drawing if rules.drop_longer else _fitted(drawing, rules.max_points)
    except DataError as error:
        if rules.strict:
            raise
        collection.skipped.append(Skipped(drawing.where, str(error)))
        return
    if reason := _against(fitted, rules, classes, seen):
        collection.left_out[reason] += 1
        if reason == DUPLICATES:
            collection.twins.append(Skipped(drawing.where, f"the same as {seen[digest(fitted.sketch)]}"))
        return
    seen.setdefault(digest(fitted.sketch), fitted.where)
    classes[fitted.label] += 1
    collection.drawings.append(fitted)
    collection.noted += [Skipped(fitted.where, note.removeprefix(f"{fitted.where}: ")) for note in fitted.notes]


def _fitted(drawing: Drawing, max_points: int | None) -> Drawing:
    """Return a drawing of `max_points` points at most.

    Raises:
        DataError: it has more strokes than that allows.
    """
    if max_points is None or len(drawing.sketch) <= max_points:
        return drawing
    sketch, used = shorten(drawing.sketch, max_points)
    notes = (*drawing.notes, simplified(drawing.where, sketch, used))
    return dataclasses.replace(drawing, sketch=compact(sketch), notes=notes)


def _against(drawing: Drawing, rules: Rules, classes: Counter[str], seen: Mapping[bytes, str]) -> str:
    """Return the rule that leaves a drawing out, or nothing."""
    points = len(drawing.sketch)
    if rules.recognized_only and not drawing.recognized:
        return "not recognized"
    if rules.hand_only and not drawing.by_hand:
        return "drawn by a model"
    if points < rules.min_points:
        return f"fewer than {rules.min_points} points"
    if rules.drop_longer and rules.max_points is not None and points > rules.max_points:
        return f"more than {rules.max_points} points"
    if not rules.duplicates and digest(drawing.sketch) in seen:
        return DUPLICATES
    if rules.max_per_class is not None and classes[drawing.label] >= rules.max_per_class:
        return f"beyond {rules.max_per_class} of a class"
    return ""


def doubts(drawings: Sequence[Drawing]) -> dict[str, list[Drawing]]:
    """Return the drawings that were perhaps misread, by the reason, where they are more than a few of all."""
    found: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        if drawing.doubt:
            found.setdefault(drawing.doubt, []).append(drawing)
    return {reason: some for reason, some in found.items() if len(some) > COMMON * len(drawings)}


def remarks(collection: Collection) -> list[str]:
    """Return what the user should know of what was and was not taken, a line each."""
    skipped, notes = collection.skipped, [f"{item.where}: {item.reason}" for item in collection.noted]
    lines = [f"skipped {item.where}: {item.reason}" for item in skipped[:SHOWN]]
    if skipped:
        lines.append(f"skipped {len(skipped)} bad drawings")
    lines += notes[:SHOWN]
    if len(notes) > SHOWN:
        lines.append(f"and {len(notes) - SHOWN} more such drawings: {len(notes)} in all")
    lines += [f"left out {item.where}: {item.reason}" for item in collection.twins[:SHOWN]]
    lines += [f"left out {count}: {reason}" for reason, count in collection.left_out.items()]
    for reason, doubtful in doubts(collection.drawings).items():
        lines.append(f"{len(doubtful)} of {len(collection.drawings)} such as {doubtful[0].where}: {reason}")
    return lines


def split(
    drawings: Sequence[Drawing], valid: float, test: float, seed: int, resplit: bool = False
) -> dict[str, list[np.ndarray]]:
    """Return the sketches by split, in the order given.

    Sketches from archives stay in their splits unless `resplit`. Each of the others goes by a hash of its key id, or of
    its points where it has none, against thresholds: where it goes depends neither on the order nor on what else is
    there, so a set may grow and no drawing changes its split. Where none would be left to train on, all of these do.

    Args:
        drawings: what to split.
        valid: fraction for validation.
        test: fraction for testing.
        seed: another one gives other splits.
        resplit: split those from archives as well.

    Raises:
        DataError: no sketch is left for training.
    """
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
        raise DataError("no drawing is left to train on")
    return splits


def provenance(sources: Sequence[Path]) -> str:
    """Return where converted drawings came from; the same for one drawing in several formats."""
    names = [source.stem or source.resolve().name or "a folder" for source in sources]
    return "converted from " + ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def write(path: Path, splits: dict[str, list[np.ndarray]], sources: Sequence[Path], replace: bool) -> None:
    """Write the archive.

    Raises:
        ExistsError: without `replace`, the name is taken.
        DataError: it cannot be written.
    """
    archive.write(path, splits, provenance(sources), replace=replace)


def write_report(path: Path, skipped: Sequence[Skipped], replace: bool) -> None:
    """Write where drawings were skipped or changed, and why or how: a line each, a tab between.

    Raises:
        ExistsError: without `replace`, the name is taken.
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
    """Return a digest of a sketch's points; equal for equal points of any type."""
    return hashlib.blake2b(sketch.astype(np.float32).tobytes(), digest_size=16).digest()


def _position(drawing: Drawing, seed: int) -> float:
    """Return a drawing's place in [0, 1); with seed 0 that of its key id, or of its float32 points."""
    key = drawing.sketch.astype(np.float32).tobytes() if drawing.key_id is None else str(drawing.key_id).encode()
    return position(key if seed == 0 else str(seed).encode() + b":" + key)
