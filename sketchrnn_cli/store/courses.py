"""How training runs went: where they stand, and the losses in their logs."""

import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

import svgwrite

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.store import checkpoint, runs

LOG = "log.csv"
LOSS = "validation_reconstruction_loss"
WIDTH, HEIGHT, MARGIN = 720, 420, 50
"""Pixels of the picture, and of the free space around its curves."""
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#22262b")


@dataclass(frozen=True)
class Course:
    """A run, and how it went."""

    name: str
    last: int
    """Step."""
    best: int
    """Step."""
    best_loss: float | None
    data: tuple[str, ...]
    time: float
    """Seconds since 1970 of the last save."""
    losses: tuple[tuple[int, float], ...]
    """Steps, and validation L_R there."""


def read_all(checkpoint_dir: Path) -> list[Course]:
    """Return the runs of a folder, the newest first; one that is damaged is left out."""
    if not checkpoint_dir.is_dir():
        return []
    found = []
    for folder in checkpoint_dir.iterdir():
        if (folder / runs.RUN_FILE).is_file():
            try:
                found.append(_read(folder))
            except CheckpointError:
                continue
    return sorted(found, key=lambda course: -course.time)


def _read(folder: Path) -> Course:
    run = runs.read_run(folder)
    sidecar = checkpoint.load_sidecar(folder / "steps" / run.last)
    data = tuple(source.name for source in sidecar.datasets)
    return Course(folder.name, int(run.last), int(run.best), sidecar.best, data, run.time, _losses(folder / LOG))


def _losses(path: Path) -> tuple[tuple[int, float], ...]:
    """Return the steps and losses of a log; none where it cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(int(row["step"]), float(row[LOSS])) for row in csv.DictReader(file) if row.get(LOSS)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return ()
    return tuple((step, loss) for step, loss in rows if math.isfinite(loss))


def draw(courses: list[Course], path: Path, force: bool) -> None:
    """Draw the validation L_R of every run over its steps.

    Raises:
        UsageError: there is nothing to draw, or `path` is taken, no .svg, or cannot be written.
    """
    drawn = [course for course in courses if course.losses]
    if not drawn:
        raise UsageError(f"{path}: no run has a log of validation losses")
    if path.suffix.lower() != ".svg":
        raise UsageError(f"{path}: curves are drawn as .svg")
    if os.path.lexists(path) and not force:
        raise atomic.taken(path)
    points = [point for course in drawn for point in course.losses]
    longest = max(step for step, _ in points)
    low, high = min(loss for _, loss in points), max(loss for _, loss in points)
    picture = svgwrite.Drawing(size=(WIDTH, HEIGHT), profile="tiny")
    picture.add(picture.rect((0, 0), (WIDTH, HEIGHT), fill="white"))
    across, down = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN

    def place(step: int, loss: float) -> tuple[float, float]:
        return (
            round(MARGIN + across * step / max(1, longest), 1),
            round(MARGIN + down * (high - loss) / ((high - low) or 1.0), 1),
        )

    frame = [(MARGIN, MARGIN), (MARGIN, HEIGHT - MARGIN), (WIDTH - MARGIN, HEIGHT - MARGIN)]
    picture.add(picture.polyline(frame, fill="none", stroke="#888888"))
    for text, where, anchor in (
        (f"{high:.2f}", (MARGIN - 6, MARGIN + 4), "end"),
        (f"{low:.2f}", (MARGIN - 6, HEIGHT - MARGIN), "end"),
        ("0", (MARGIN, HEIGHT - MARGIN + 18), "middle"),
        (str(longest), (WIDTH - MARGIN, HEIGHT - MARGIN + 18), "end"),
        ("step", (MARGIN + across / 2, HEIGHT - MARGIN + 34), "middle"),
    ):
        picture.add(picture.text(text, where, font_size=12, font_family="sans-serif", text_anchor=anchor))
    name_of_y = picture.text(
        "validation L_R (nats)", (0, 0), font_size=12, font_family="sans-serif", text_anchor="middle"
    )
    name_of_y.translate(MARGIN - 32, MARGIN + down / 2)
    name_of_y.rotate(-90)
    picture.add(name_of_y)
    for number, course in enumerate(drawn):
        color = COLORS[number % len(COLORS)]
        line = [place(step, loss) for step, loss in course.losses]
        picture.add(picture.polyline(line, fill="none", stroke=color, stroke_width=1.5))
        picture.add(picture.circle(line[-1], r=2.5, fill=color))  # One validation alone is a point.
        where = (WIDTH - MARGIN - 6, MARGIN + 4 + 16 * number)
        label = picture.text(course.name, where, fill=color, font_size=12, font_family="sans-serif", text_anchor="end")
        picture.add(label)
    try:
        with atomic.replacing_file(path) as partial:
            partial.write_text(picture.tostring(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
