"""What `train` shows: a line on the data, a progress bar while it runs, a line an epoch, a table at the end."""

import tempfile
import time
from pathlib import Path
from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sketchrnn_cli import console
from sketchrnn_cli.drawing.layout import Style, grid
from sketchrnn_cli.drawing.raster import write_png
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.sketching import Sketcher
from sketchrnn_cli.training.log import FILE, RunLog
from sketchrnn_cli.training.trainer import EpochReport, StepReport, Trainer

SAMPLES, SAMPLE_TEMPERATURE = 9, 0.4
"""The sheet that TensorBoard shows after an epoch."""

SHEET_SECONDS = 60.0
"""Epochs that follow faster than this share a sheet: a small set's take less time than drawing it."""


class Display:
    """The progress of one training run, on the terminal and in its logs."""

    def __init__(self, trainer: Trainer, total_steps: int, device: str) -> None:
        """Say what is about to happen."""
        self.trainer, self.total_steps = trainer, total_steps
        self._sheet_at = -SHEET_SECONDS
        self._log = RunLog(trainer.folder, trainer.step)
        sidecar, hparams = trainer.sidecar, trainer.hparams
        for source in sidecar.datasets:
            console.message(f"data: {source.name} ({source.provenance})")
        dropped = sum(len(part) for part in trainer.training.parts) - len(trainer.training)
        console.message(
            f"{len(trainer.training)} training and {len(trainer.validation)} validation sketches, "
            f"N_max {hparams.max_seq_len}, scale {sidecar.units_per_model_unit:.6f}"
            + (f"; {dropped} longer sketches left out" if dropped else "")
        )
        epochs = total_steps / trainer.steps_per_epoch
        console.message(
            f"{trainer.folder}: step {trainer.step} to {total_steps} ({epochs:.4g} epochs of "
            f"{trainer.steps_per_epoch} steps of {trainer.rows} sketches), on {device}"
        )
        console.message(f"kernel: {trainer.kernel} for encoder and decoder, precision {hparams.precision}")
        if reason := kernels.choice(hparams).reason:
            console.message(reason)
        if trainer.rows < hparams.batch_size:
            console.message(f"the set is smaller than a batch of {hparams.batch_size}: each step sees all of it")
        self._progress: Progress = console.progress(
            TextColumn("epoch {task.fields[epoch]}  step {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(),
        )
        self._task = self._progress.add_task(
            "", total=total_steps, completed=trainer.step, epoch="1", losses="compiling"
        )

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        self._log.close()

    def show(self, report: StepReport | EpochReport) -> None:
        """Show what the trainer reports."""
        if isinstance(report, EpochReport):
            self._progress.console.print(_epoch_line(report), highlight=False)
            self._log.epoch(report)
            if time.monotonic() - self._sheet_at > SHEET_SECONDS:
                self._show_samples(report.step)
                self._sheet_at = time.monotonic()
            return
        self._log.step(report)
        losses = (
            f"loss {report.loss:.3f}  L_R {report.reconstruction_loss:.3f}  L_KL {report.kl_loss:.3f}  "
            f"w {report.kl_weight:.3f}  lr {report.learning_rate:.1e}  {report.sketches_per_second:.0f} sketches/s"
        )
        self._progress.update(self._task, completed=report.step, epoch=str(report.epoch + 1), losses=losses)

    def _show_samples(self, step: int) -> None:
        """Draw a sheet with the weights of now; the same z each time, so that one sees them learn."""
        sketcher = Sketcher(self.trainer.checkpoint())
        z = sketcher.random_latents(SAMPLES, seed=0)
        sheet = grid(sketcher.draw(z, SAMPLES, SAMPLE_TEMPERATURE, seed=0), style=Style(size=128))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samples.png"
            write_png(sheet, path)
            self._log.sheet(step, path.read_bytes(), sheet.width, sheet.height)

    def finish(self) -> None:
        """Print where the run stands, as a result."""
        trainer = self.trainer
        table = Table(title=f"{trainer.folder}")
        for heading in ("checkpoint", "step", "validation loss"):
            table.add_column(heading)
        name, best = trainer.folder.name, trainer.sidecar.best
        table.add_row(f"{name}@best", trainer.run.best.lstrip("0") or "0", "" if best is None else f"{best:.4f}")
        table.add_row(f"{name}@last", trainer.run.last.lstrip("0") or "0", "")
        console.stdout().print(table)
        console.message(f"the course of training: {trainer.folder / FILE}; tensorboard --logdir {trainer.folder}")


def _epoch_line(report: EpochReport) -> str:
    line = f"epoch {report.epoch}  step {report.step}  loss {report.training_loss:.4f}"
    if report.validation is not None:
        measured = report.validation
        line += f"  validation L_R {measured.reconstruction.mean():.4f}  L_KL {measured.kl.mean():.4f}"
    return line + ("  best" if report.is_best else "")
