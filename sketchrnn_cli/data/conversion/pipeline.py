"""From drawings of any source to the three splits of a data set."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.data.dataset import SPLITS
from sketchrnn_cli.errors import DataError


@dataclass(frozen=True)
class Rules:
    """What is taken."""

    recognized_only: bool = False
    min_points: int = 1
    max_points: int | None = None
    max_per_class: int | None = None
    duplicates: bool = False
    """Keep sketches that are equal, point by point, to one that came before."""
    strict: bool = False
    """Stop at a drawing that cannot be read, instead of skipping it."""


@dataclass
class Collection:
    """What was taken, and what was not."""

    drawings: list[Drawing] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    """Those that could not be read."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many the rules left out, by the rule."""


def collect(findings: Iterable[Drawing | Skipped], rules: Rules, collection: Collection) -> Iterator[int]:
    """Put what is found into the collection, yielding after each how many were seen.

    Raises:
        DataError: under strict rules, a drawing that could not be read.
    """
    seen: set[bytes] = set()
    classes: Counter[str] = Counter()
    for number, finding in enumerate(findings, 1):
        if isinstance(finding, Skipped):
            if rules.strict:
                raise DataError(f"{finding.where}: {finding.reason}")
            collection.skipped.append(finding)
        elif reason := _against(finding, rules, classes, seen):
            collection.left_out[reason] += 1
        else:
            seen.add(digest(finding.sketch))
            classes[finding.label] += 1
            collection.drawings.append(finding)
        yield number


def _against(drawing: Drawing, rules: Rules, classes: Counter[str], seen: set[bytes]) -> str:
    """Return the rule that leaves a drawing out, or nothing."""
    points = len(drawing.sketch)
    if rules.recognized_only and not drawing.recognized:
        return "not recognized"
    if points < rules.min_points:
        return f"fewer than {rules.min_points} points"
    if rules.max_points is not None and points > rules.max_points:
        return f"more than {rules.max_points} points"
    if not rules.duplicates and digest(drawing.sketch) in seen:
        return "duplicates"
    if rules.max_per_class is not None and classes[drawing.label] >= rules.max_per_class:
        return f"beyond {rules.max_per_class} of a class"
    return ""


def split(
    drawings: Sequence[Drawing], valid: float, test: float, seed: int, resplit: bool = False
) -> dict[str, list[np.ndarray]]:
    """Return the sketches by split, in the order given.

    Sketches from archives stay in their splits unless `resplit`. The others are ordered by a hash of the seed and
    their points, and cut: so equal sketches are in one split, whatever files they come from, and it does not
    matter in which order these are given. Each fraction above 0 gets at least one sketch of three.

    Args:
        drawings: what to split.
        valid: fraction for validation.
        test: fraction for testing.
        seed: another one gives other splits.
        resplit: split those from archives as well.

    Raises:
        DataError: no sketch is left for training.
    """
    hashes = [digest(drawing.sketch, seed) for drawing in drawings]
    free = sorted({hashed for drawing, hashed in zip(drawings, hashes, strict=True) if resplit or not drawing.split})
    held_out = [max(round(len(free) * part), int(part > 0 and len(free) >= 3)) for part in (valid, test)]
    names = ["valid"] * held_out[0] + ["test"] * held_out[1]
    chosen = dict(zip(free, names, strict=False))
    splits: dict[str, list[np.ndarray]] = {name: [] for name in SPLITS}
    for drawing, hashed in zip(drawings, hashes, strict=True):
        kept = "" if resplit else drawing.split
        splits[kept or chosen.get(hashed, "train")].append(drawing.sketch)
    if not splits["train"]:
        raise DataError("no drawing is left to train on")
    return splits


def provenance(sources: Sequence[Path]) -> str:
    """Return where converted drawings came from; the same for one drawing in several formats."""
    names = [source.stem for source in sources]
    return "converted from " + ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def write(path: Path, splits: dict[str, list[np.ndarray]], sources: Sequence[Path]) -> None:
    """Write the archive.

    Raises:
        DataError: it cannot be written.
    """
    archive.write(path, splits, provenance(sources))


def write_report(path: Path, skipped: Sequence[Skipped]) -> None:
    """Write where and why drawings were skipped: a line each, a tab between.

    Raises:
        DataError: it cannot be written.
    """
    lines = [" ".join(item.where.split()) + "\t" + " ".join(item.reason.split()) for item in skipped]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing_file(path) as partial:
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def digest(sketch: np.ndarray, seed: int | None = None) -> bytes:
    """Return a digest of a sketch's points; equal for equal points of any type."""
    key = b"" if seed is None else str(seed).encode()[:64]
    return hashlib.blake2b(sketch.astype(np.float32).tobytes(), digest_size=16, key=key).digest()
