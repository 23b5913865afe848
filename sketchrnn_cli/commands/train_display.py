"""The output of `train`: lines about the data, a progress bar, a line per validation, a table at the end."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from sketchrnn_cli import console
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.raster import write_png
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.model import kernels
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.training.log import FILE, RunLog
from sketchrnn_cli.training.reports import CompileReport, Report, StepReport, ValidationReport
from sketchrnn_cli.wording import counted

if TYPE_CHECKING:
    from sketchrnn_cli.training.trainer import Trainer

SAMPLES, SAMPLE_TEMPERATURE = 9, 0.4
"""Of the sheet shown in TensorBoard."""
SHEET_SECONDS, SHEET_SHARE = 60.0, 0.01
"""Minimum seconds between sheets, and the maximum fraction of a run spent on drawing them."""
WIDE = 110
"""Terminal columns needed to show every loss."""


class Display:
    """Progress of a training run, on the terminal and in its logs."""

    def __init__(self, trainer: "Trainer", device: str) -> None:
        """Print what is about to be trained."""
        self.trainer = trainer
        self._log: RunLog | None = None
        self._began = time.monotonic()
        self._next_sheet = self._began + SHEET_SECONDS
        console.messages(_beginning(trainer, device))
        self._progress: Progress = console.progress(
            TextColumn("step {task.fields[step]}"), BarColumn(bar_width=18), TextColumn("{task.fields[state]}")
        )
        self._wide = self._progress.console.width >= WIDE
        self._task = self._progress.add_task(
            "", total=trainer.total_steps, completed=trainer.step, step=trainer.step, state="starting"
        )

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if self._log:
            self._log.close()
            self._complain()

    def show(self, report: Report) -> None:
        """Display a report of the trainer."""
        if self._log is None:
            self._log = RunLog(self.trainer.folder, self.trainer.sidecar.step)
        if isinstance(report, CompileReport):
            state = f"compiling {report.number} of {report.total}: {report.what}"
            self._progress.update(self._task, state=state)
        elif isinstance(report, ValidationReport):
            self._progress.console.print(_validation_line(report), highlight=False)
            self._log.validation(report, time.monotonic() - self._began)
            if time.monotonic() > self._next_sheet:
                self._draw_samples(report.step)
        else:
            self._log.step(report)
            self._show_step(report)
        self._complain()

    def _show_step(self, report: StepReport) -> None:
        losses = f"loss {report.loss:.3f}"
        if self._wide:
            losses += (
                f"  L_R {report.reconstruction_loss:.3f}  L_KL {report.kl_loss:.3f}  w {report.kl_weight:.3f}  "
                f"lr {report.learning_rate:.1e}"
            )
        left = "" if report.seconds_left is None else f"  {timedelta(seconds=round(report.seconds_left))} left"
        total = "?" if report.total_steps is None else report.total_steps
        self._progress.update(
            self._task,
            total=report.total_steps,
            completed=report.step,
            step=f"{report.step}/{total}",
            state=f"{losses}  {report.sketches_per_second:.0f}/s{left}",
        )

    def _complain(self) -> None:
        while self._log and self._log.complaints:
            console.message(self._log.complaints.pop())

    def _draw_samples(self, step: int) -> None:
        """Draw a sheet with the current weights, always from the same z, so that progress is visible."""
        began = time.monotonic()
        sketcher = Sketcher(self.trainer.checkpoint())
        z = sketcher.random_latents(SAMPLES, seed=0)
        sheet = grid(sketcher.draw(z, SAMPLES, SAMPLE_TEMPERATURE, seed=0), style=Style(size=128))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samples.png"
            write_png(sheet, path)
            if self._log:
                self._log.sheet(step, path.read_bytes(), sheet.width, sheet.height)
        took = time.monotonic() - began
        self._next_sheet = time.monotonic() + max(SHEET_SECONDS, took / SHEET_SHARE)

    def finish(self) -> None:
        """Print the state of the run, as a result."""
        trainer = self.trainer
        table = Table(title=f"{trainer.folder}")
        for heading in ("checkpoint", "step", "validation loss"):
            table.add_column(heading)
        name, best = trainer.folder.name, trainer.sidecar.best
        table.add_row(f"{name}@best", trainer.run.best.lstrip("0") or "0", "" if best is None else f"{best:.4f}")
        table.add_row(f"{name}@last", trainer.run.last.lstrip("0") or "0", "")
        console.stdout().print(table)
        times = trainer.times
        if times.steps_timed:
            speed, share = times.sketches_timed / times.steps, 1000 * times.steps / times.steps_timed
            console.message(f"time: {times}; {share:.2f} ms a step, {speed:.0f} sketches/s")
        console.message(f"training log: {trainer.folder / FILE}; tensorboard --logdir {trainer.folder}")


def _beginning(trainer: "Trainer", device: str) -> list[str]:
    """Return what the user should know before training starts."""
    sidecar, hparams, engine = trainer.sidecar, trainer.hparams, trainer.engine
    lines = [f"data: {source.name} ({source.provenance})" for source in sidecar.datasets]
    dropped = sum(len(part) for part in trainer.training.parts) - len(trainer.training)
    lines.append(
        f"{len(trainer.training)} training and {len(trainer.validation)} validation sketches, "
        f"N_max {hparams.max_seq_len}, scale {sidecar.units_per_model_unit:.6f}"
        + (f"; {dropped} longer sketches excluded" if dropped else "")
    )
    end = f"step {trainer.total_steps}"
    if trainer.total_steps is None:
        end = f"the end of {trainer.run.schedule.minutes:g} minutes"
    lines.append(
        f"{trainer.folder}: epoch {trainer.step / trainer.steps_per_epoch:.4g}, step {trainer.step} to {end} "
        f"({counted(trainer.steps_per_epoch, 'step')} of {counted(trainer.rows, 'sketch')} an epoch), on {device}"
    )
    where = {"host": "made here", "device": "made on the device"}[engine.pipeline]
    lines.append(
        f"kernel: {engine.kernel} for encoder and decoder, precision {hparams.precision}; batches {where}, "
        f"padded to {', '.join(map(str, engine.lengths))} points; "
        f"validation every {counted(engine.validate_every, 'step')}"
    )
    if reason := kernels.choice(hparams).reason:
        lines.append(reason)
    if trainer.rows < hparams.batch_size:
        lines.append(f"the set is smaller than a batch of {hparams.batch_size}: each step sees all of it")
    return [*lines, *trainer.notes]


def _validation_line(report: ValidationReport) -> str:
    line = f"epoch {report.epoch:.4g}  step {report.step}  loss {report.training_loss:.4f}"
    if report.validation is not None:
        measured = report.validation
        line += f"  validation L_R {measured.reconstruction.mean():.4f}  L_KL {measured.kl.mean():.4f}"
    return line + ("  best" if report.is_best else "")
