"""The logs of a run: `log.csv`, with a row per validation, and TensorBoard event files.

A log that cannot be written is reported once and abandoned: it never stops a run.
"""

import csv
import os
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from sketchrnn_cli import atomic
from sketchrnn_cli.training.reports import StepReport, ValidationReport

FILE = "log.csv"
BOARD = "tensorboard"
COLUMNS = (
    "epoch", "step", "seconds", "loss", "validation_reconstruction_loss", "validation_kl_loss", "kl_weight",
    "learning_rate", "sketches_per_second",
)  # fmt: skip


class RunLog:
    """Writes the reports of a trainer next to the run's checkpoints."""

    def __init__(self, folder: Path, step: int) -> None:
        """Open the logs, and drop rows beyond `step`, which this run repeats."""
        self.complaints: list[str] = []
        """Error messages, one per log that could not be written."""
        self._path, self._board_path = folder / FILE, folder / BOARD
        self._table = True
        self._board: RecordWriter | None = None
        self._last: StepReport | None = None
        try:
            self._begin_table(step)
        except (OSError, ValueError, csv.Error) as error:
            self._give_up_table(error)
        name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}"
        try:
            self._board_path.mkdir(exist_ok=True)
            self._board = RecordWriter((self._board_path / name).open("ab"))
        except OSError as error:
            self._give_up_board(error)
        self._add(Event(file_version="brain.Event:2"))

    def step(self, report: StepReport) -> None:
        """Record a report between validations, in TensorBoard only."""
        self._last = report
        self._scalars(report.step, {
            "loss": report.loss,
            "reconstruction_loss": report.reconstruction_loss,
            "kl_loss": report.kl_loss,
            "kl_weight": report.kl_weight,
            "learning_rate": report.learning_rate,
            "sketches_per_second": report.sketches_per_second,
        })  # fmt: skip

    def validation(self, report: ValidationReport, seconds: float) -> None:
        """Record a validation, `seconds` after training started."""
        measured = {}
        if report.validation is not None:
            measured = {
                "validation_reconstruction_loss": float(report.validation.reconstruction.mean()),
                "validation_kl_loss": float(report.validation.kl.mean()),
            }
            self._scalars(report.step, measured)
        row = {"epoch": report.epoch, "step": report.step, "seconds": seconds, "loss": report.training_loss, **measured}
        if self._last:
            for column in ("kl_weight", "learning_rate", "sketches_per_second"):
                row[column] = getattr(self._last, column)
        if not self._table:
            return
        try:
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, COLUMNS).writerow(
                    {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()}
                )
        except OSError as error:
            self._give_up_table(error)

    def sheet(self, step: int, png: bytes, width: int, height: int) -> None:
        """Record a sheet of samples, in TensorBoard."""
        image = Summary.Image(encoded_image_string=png, width=width, height=height, colorspace=3)
        self._add(Event(step=step, summary=Summary(value=[Summary.Value(tag="samples", image=image)])))

    def close(self) -> None:
        """Flush and close the logs."""
        if self._board is not None:
            try:
                self._board.close()
            except OSError as error:
                self._give_up_board(error)

    def _begin_table(self, step: int) -> None:
        rows = [row for row in read(self._path) if int(row["step"]) <= step]
        with atomic.replacing_file(self._path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

    def _scalars(self, step: int, values: dict[str, float]) -> None:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._add(Event(step=step, summary=summary))

    def _add(self, event: Event) -> None:
        if self._board is not None:
            event.wall_time = time.time()
            try:
                self._board.write(event.SerializeToString())
                self._board.flush()
            except OSError as error:
                self._give_up_board(error)

    def _give_up_table(self, error: Exception) -> None:
        self._table = False
        self.complaints.append(f"{self._path}: cannot be written ({_reason(error)}); training goes on without it")

    def _give_up_board(self, error: Exception) -> None:
        self._board = None
        self.complaints.append(f"{self._board_path}: cannot be written ({_reason(error)}); training goes on without it")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:100]


def read(path: Path) -> list[dict[str, str]]:
    """Return the complete rows of a log, without one truncated by a crash."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if str(row.get("step", "")).isdigit() and None not in row.values()]
