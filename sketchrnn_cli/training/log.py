"""The record of a run: `log.csv`, a row an epoch, and TensorBoard's event files."""

import csv
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from sketchrnn_cli import atomic
from sketchrnn_cli.training.trainer import EpochReport, StepReport

FILE = "log.csv"
BOARD = "tensorboard"
COLUMNS = (
    "epoch", "step", "loss", "validation_reconstruction_loss", "validation_kl_loss", "kl_weight", "learning_rate",
    "sketches_per_second",
)  # fmt: skip


class RunLog:
    """Writes what a trainer reports beside the run's checkpoints."""

    def __init__(self, folder: Path, step: int) -> None:
        """Open the logs; rows beyond `step`, from a run that is now repeated, are dropped."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        rows = [row for row in _rows(self._path) if int(row["step"]) <= step]
        with atomic.replacing_file(self._path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        self._board = EventFileWriter(str(folder / BOARD))
        self._last: StepReport | None = None

    def step(self, report: StepReport) -> None:
        """Record a report within an epoch, on the board alone."""
        self._last = report
        self._scalars(report.step, {
            "loss": report.loss,
            "reconstruction_loss": report.reconstruction_loss,
            "kl_loss": report.kl_loss,
            "kl_weight": report.kl_weight,
            "learning_rate": report.learning_rate,
            "sketches_per_second": report.sketches_per_second,
        })  # fmt: skip

    def epoch(self, report: EpochReport) -> None:
        """Record the end of an epoch."""
        measured = {}
        if report.validation is not None:
            measured = {
                "validation_reconstruction_loss": float(report.validation.reconstruction.mean()),
                "validation_kl_loss": float(report.validation.kl.mean()),
            }
            self._scalars(report.step, measured)
        row = {"epoch": report.epoch, "step": report.step, "loss": report.training_loss, **measured}
        if self._last:
            for column in ("kl_weight", "learning_rate", "sketches_per_second"):
                row[column] = getattr(self._last, column)
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS).writerow(
                {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in row.items()}
            )

    def sheet(self, step: int, png: bytes, width: int, height: int) -> None:
        """Record a sheet of samples, on the board."""
        image = Summary.Image(encoded_image_string=png, width=width, height=height, colorspace=3)
        self._board.add_event(Event(step=step, summary=Summary(value=[Summary.Value(tag="samples", image=image)])))

    def close(self) -> None:
        """Write what is left."""
        self._board.close()

    def _scalars(self, step: int, values: dict[str, float]) -> None:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._board.add_event(Event(step=step, summary=summary))


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the whole rows of a log; one that a crash cut short is not among them."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if str(row.get("step", "")).isdigit() and None not in row.values()]
