"""Train a model: a trainer holds the weights, yields reports, and never prints.

A step's randomness derives from (seed, step) and its batch from (seed, epoch), so a run that is stopped at any step and
resumed from its checkpoint computes the same as without the interruption. Nothing blocks the next step: metrics are
fetched while later steps run, checkpoints are copied on the device and written by a thread.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, nullcontext
from pathlib import Path

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Corpus, batch_size, plan, steps_per_epoch
from sketchrnn_cli.errors import CheckpointError, TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.store import runs
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.store.lock import locked
from sketchrnn_cli.training import budget, devices, failures, packing
from sketchrnn_cli.training.blocks import ScheduleTable, empty_history, tensor
from sketchrnn_cli.training.compiling import VALIDATION, Compilation, begin
from sketchrnn_cli.training.feeds import FEEDS, Feed, Work
from sketchrnn_cli.training.packing import Packing
from sketchrnn_cli.training.progress import Progress
from sketchrnn_cli.training.reports import CompileReport, Report, ValidationReport
from sketchrnn_cli.training.saving import Save, Saver
from sketchrnn_cli.training.validation import Validation

REPORT_SECONDS = 0.25
"""Between reports."""
AGREE_STEPS = 50
"""Interval, in steps, at which several hosts agree whether to stop: they must stop at the same step."""


class Trainer:
    """A training run: weights, optimizer, step, and the folder they are saved in."""

    def __init__(
        self,
        folder: Path,
        sidecar: Sidecar,
        training: Corpus,
        validation: Corpus,
        run: runs.Run,
        weights: Mapping[str, np.ndarray] | None = None,
        slots: Mapping[str, np.ndarray] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to train.

        Args:
            folder: the run's folder.
            sidecar: hyperparameters (``max_seq_len`` set), scale, data; training starts at its step.
            training: training split.
            validation: validation split; may be empty.
            run: the contents of `run.json`, with an engine; `last` and `best` are empty for a new run.
            weights: initial weights; None to initialize from the seed.
            slots: the optimizer's tensors; None for zeros.
            clock: seconds.
        """
        self.folder, self.sidecar, self.step = folder, sidecar, sidecar.step
        self.training, self.validation = training, validation
        self.rows = batch_size(training, sidecar.hparams)
        self.steps_per_epoch = steps_per_epoch(training, sidecar.hparams)
        self.stopping = False
        """Set it to stop after this step, or with several hosts when they next agree."""
        several = kernels.several()
        self._agrees = several.any_host if several is not None and several.hosts() > 1 else None
        self._agreed = False
        self.leads = devices.leads()
        """Whether this process saves and displays: the first of several hosts, or the only one."""
        self.total_steps = budget.total_steps(run.schedule, self.steps_per_epoch)
        self.notes: tuple[str, ...] = ()
        """Messages for the user about the setup."""
        if run.engine is None:
            raise ValueError("a run that trains has an engine")
        self.engine: runs.Engine = run.engine
        self._packing = Packing(sidecar.hparams)
        self._state = packing.map_arrays(tensor, self._packing.initial(weights, slots))
        self._history, self._schedules = empty_history(), ScheduleTable(sidecar.hparams)
        self._clock, self.began, self._found = clock, clock(), self._run_file()
        self._saver = Saver(folder, run, self._packing, lambda step: self._not_finite("the weights are", step))
        self._validation = Validation(validation, sidecar.units_per_model_unit, sidecar.hparams)
        self._best_step, self._validated_at = int(run.best or 0), -1
        self._saved_step, self._saved_at = -1, clock()
        self._progress = Progress(clock, self._loss_not_finite)
        self.times = self._progress.times

    @property
    def hparams(self) -> HParams:
        """The model's; a budget in minutes adapts the decay rates once."""
        return self.sidecar.hparams

    @property
    def run(self) -> runs.Run:
        """What is saved."""
        return self._saver.run

    def train(self, total_steps: int | None = None) -> Iterator[Report]:
        """Train until `total_steps` (the schedule's where None) are completed or `stopping` is set, saving regularly.

        Raises:
            TrainingError: the loss or the weights are not finite any more, or the device fails; the last good
                checkpoint stays.
            CheckpointError: a checkpoint cannot be saved; likewise. Or another training holds the run.
        """
        self.total_steps = total_steps or self.total_steps
        with locked(self.folder) if self.leads else nullcontext(lambda: None) as self._saver.check_folder:
            if self.leads and self._run_file() != self._found:
                raise CheckpointError(
                    f"{self.folder}: another training has written it meanwhile; choose another --name"
                )
            try:
                yield from self._train()
            except GeneratorExit:
                self._saver.flush()
                raise
            except kernels.engine().DEVICE_ERRORS as error:
                alone = self._agrees is None
                raise failures.device_failed(error, self.step, self.run, self.folder, alone) from error
            finally:
                self._saver.close()

    def _train(self) -> Iterator[Report]:
        feed: Feed = FEEDS[self.engine.pipeline](
            self.training, self.hparams, self.sidecar.units_per_model_unit, self.engine.lengths
        )
        with closing(feed.work(self.step)) as works, closing(self._compilation(feed)) as compilation:
            self._progress.begin()
            self._saved_at = self._clock()
            yield from self._steps(works, compilation)
        if self.leads and self.step != self._saved_step and self.run.last != runs.step_name(self.step):
            self._submit()
        with self._progress.timed("save"):
            self._saver.flush()

    def _steps(self, works: Iterator[Work], compilation: Compilation[int]) -> Iterator[Report]:
        """Take steps until training ends."""
        while not self._ended():
            began = self._clock()
            work = next(works)
            if self.times.compiled:  # Before the first step this is part of the start.
                self.times.input_wait += self._clock() - began
            yield from self._take(work, compilation)
            yield from self._after_step(compilation)

    def _take(self, work: Work, compilation: Compilation[int]) -> Iterator[Report]:
        """Submit a step to the device, and wait if too many are queued."""
        is_new, began = compilation.is_new(work.length), 0.0
        if is_new:
            yield from self._drained()
            yield CompileReport(compilation.number + 1, compilation.total, f"length {work.length}", self.step)
            began = self._clock()
        take = compilation.take(work.length)
        self._state, self._history = take(self._state, self._history, *self._schedules.at(self.step), *work.arguments)
        if is_new:
            self._progress.compiled(self.step, self._history, began)
        else:
            self._progress.dispatched(self.step, work.sketches, self._history)
        self.step += 1

    def _after_step(self, compilation: Compilation[int]) -> Iterator[Report]:
        """Report, validate and save if due."""
        self._saver.check()
        if self._agrees and self.step % AGREE_STEPS == 0:
            self._agreed = self._agrees(self.stopping)
        at_end = self.total_steps is not None and self.step >= self.total_steps
        validates = at_end or self.step % self.engine.validate_every == 0
        keeps = self._keeps()
        if validates or keeps or self._ended():
            yield from self._drained()
        elif self._progress.is_due(REPORT_SECONDS):
            yield from self._handed(self._report())
        if self.total_steps is None:
            self._fit(compilation)
        report = None
        if validates:
            self._progress.begin_span()
            yield from self._compiled_validation(compilation)
            report = self._validate(compilation)
        is_best = report is not None and report.is_best
        due = self._clock() - self._saved_at > self.run.schedule.save_every
        if self.leads and (is_best or keeps or due):
            self._submit(is_best, keeps)
        if report is not None:
            self._progress.sync()
            yield from self._handed(report)

    def _ended(self) -> bool:
        out_of_patience = (
            self.run.schedule.patience is not None
            and self._validated_at == self.step
            and self.step - self._best_step >= self.run.schedule.patience * self.steps_per_epoch
        )
        stopping = self._agreed if self._agrees else self.stopping
        return stopping or out_of_patience or (self.total_steps is not None and self.step >= self.total_steps)

    def _keeps(self) -> bool:
        """Return whether an epoch has just ended whose checkpoint is kept permanently."""
        epoch, rest = divmod(self.step, self.steps_per_epoch)
        keep_every = self.run.schedule.keep_every
        return rest == 0 and keep_every is not None and epoch % keep_every == 0

    def checkpoint(self) -> Checkpoint:
        """Return the model in its current state."""
        weights, _ = self._packing.released(np, packing.map_arrays(ops.convert_to_numpy, self._state))
        return Checkpoint(self.folder, self._sidecar_now(), weights)

    def save(self) -> None:
        """Save the current state as the `last` step, now.

        Raises:
            CheckpointError: it cannot be written; earlier saves remain.
            TrainingError: the weights are not finite any more; likewise.
        """
        self._submit()
        self._saver.flush()

    def _run_file(self) -> bytes | None:
        path = self.folder / runs.RUN_FILE
        return path.read_bytes() if path.is_file() else None

    def _sidecar_now(self) -> Sidecar:
        return dataclasses.replace(self.sidecar, step=self.step, epoch=self.step // self.steps_per_epoch)

    def _submit(self, is_best: bool = False, keeps: bool = False) -> None:
        state, is_best = kernels.engine().snapshot(self._state), is_best or not self._validation.chooses
        self._saver.submit(Save(state, self._sidecar_now(), is_best, keeps))
        self._saved_step, self._saved_at = self.step, self._clock()

    def _compilation(self, feed: Feed) -> Compilation[int]:
        """Start compiling every length, in the order in which they are needed, and the validation."""
        epoch, done = divmod(self.step, self.steps_per_epoch)
        first = next(plan(self.training, self.hparams, self.engine.lengths, epoch, done)).length
        lengths = sorted(self.engine.lengths, key=lambda length: length != first)
        return begin(feed, lengths, self._validation, self.hparams)

    def _compiled_validation(self, compilation: Compilation[int]) -> Iterator[Report]:
        """Wait for the compiled validation, and call it once, outside its timing."""
        if not len(self._validation) or not compilation.is_new(VALIDATION):
            return
        yield CompileReport(compilation.number + 1, compilation.total, "validation", self.step)
        with self._progress.timed("compile"):
            self._validation.warm_up(compilation.take(VALIDATION), self._state)

    def _drained(self) -> Iterator[Report]:
        """Wait for every step in flight, and report them."""
        self._progress.drain(self.step, self._history)
        if self._progress.losses:
            yield from self._handed(self._report())

    def _handed(self, report: Report) -> Iterator[Report]:
        """Yield a report, and time its consumer."""
        with self._progress.timed("reports"):
            yield report

    def _report(self) -> Report:
        return self._progress.report(self.step, self.total_steps, self.steps_per_epoch)

    def _fit(self, compilation: Compilation[int]) -> None:
        """Convert a budget in minutes to steps, once enough steps were measured or the time is over."""
        elapsed = self._clock() - self.began
        fitted = budget.fitted(self.run.schedule, self.times, elapsed, compilation.total - compilation.number)
        if fitted is None:
            return
        self.total_steps = self.step + fitted
        whole = dataclasses.replace(self.run.schedule, minutes=None, steps=self.total_steps)
        self._saver.run = dataclasses.replace(self.run, schedule=whole)
        if self.run.last == "":
            self.sidecar = dataclasses.replace(self.sidecar, hparams=budget.stretched(self.hparams, self.total_steps))
            self._schedules = ScheduleTable(self.hparams)

    def _validate(self, compilation: Compilation[int]) -> ValidationReport:
        """Evaluate the validation split, and record whether it is the best."""
        best, measured = self.sidecar.best, None
        with self._progress.timed("validate"):
            if len(self._validation):
                measured = self._validation.measure(compilation.take(VALIDATION), self._state)
                value = measured.validation_loss(self.hparams)
                if not np.isfinite(value):
                    raise self._not_finite("the validation loss is", self.step)
                best = value if best is None or value < best else best
            is_best = self._validation.chooses and best != self.sidecar.best
            self.sidecar = dataclasses.replace(self.sidecar, best=best if self._validation.chooses else None)
            self._validated_at = self.step
            self._best_step = self.step if is_best or not self._validation.chooses else self._best_step
            training_loss = self._progress.since_validation.take()["loss"]
        return ValidationReport(self.step / self.steps_per_epoch, self.step, training_loss, measured, is_best)

    def _loss_not_finite(self, step: int) -> TrainingError:
        self._saver.flush()
        return self._not_finite("the loss is", step)

    def _not_finite(self, what: str, step: int) -> TrainingError:
        return failures.not_finite(what, step, self.run, self.folder)
