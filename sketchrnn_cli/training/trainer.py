"""Train a model: a trainer holds the weights, yields what happens, and never prints.

A step's randomness derives from (seed, step) and its batch from (seed, epoch), so a run that stops at any step and goes
on from its checkpoint computes what it would have computed without the stop. Nothing stands in the way of the next
step: metrics are fetched while later steps run, checkpoints are copied on the device and written by a thread.
"""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Corpus, batch_size, plan, steps_per_epoch
from sketchrnn_cli.errors import CheckpointError, TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import runs
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.store.lock import locked
from sketchrnn_cli.training import budget, devices, evaluation, optimizer
from sketchrnn_cli.training.compiling import Compilation
from sketchrnn_cli.training.feeds import FEEDS, Feed, Work, tensors
from sketchrnn_cli.training.reports import CompileReport, Losses, Report, StepReport, Times, ValidationReport
from sketchrnn_cli.training.saving import Save, Saver
from sketchrnn_cli.training.step import METRICS, schedule

Array = Any
REPORT_SECONDS = 0.25
"""From one report to the next."""
AHEAD_SECONDS, MAX_AHEAD = 0.1, 16
"""How far the device is kept supplied: enough never to starve it, little enough to stop soon when told to."""
MIN_SPAN_SECONDS, SPAN_SECONDS = 2.0, 10.0
"""Over how long the speed is measured."""
AGREE_STEPS = 50
"""After how many steps several hosts ask one another whether to stop: they must stop at the same one."""
VALIDATION = 0
"""Stands for the validation among the padded lengths that are compiled."""
CHOOSING = 30
"""Validation sketches from which on they choose the best step; of fewer, chance would: the best is the last."""
KEPT_BATCHES = 256 << 20
"""Bytes of validation batches that are kept on the device; more are made at each validation."""


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
            sidecar: hyperparameters (``max_seq_len`` set), scale, data; its step is where training begins.
            training: training split.
            validation: validation split; may be empty.
            run: what the run's file says so far, and its engine; `last` and `best` empty for a new run.
            weights: initial weights; drawn from the seed where None.
            slots: the optimizer's tensors; zero where None.
            clock: seconds.
        """
        self.folder, self.sidecar = folder, sidecar
        self.training, self.validation = training, validation
        self.rows = batch_size(training, sidecar.hparams)
        self.steps_per_epoch = steps_per_epoch(training, sidecar.hparams)
        self.step = sidecar.step
        self.stopping = False
        """Set it to stop soon: after this step; with several hosts, when they next agree."""
        several = kernels.several()
        self._agrees = several.any_host if several is not None and several.hosts() > 1 else None
        self._agreed = False
        self.leads = devices.leads()
        """Whether this process saves and shows: the first of several hosts, or the only one."""
        self.times = Times()
        self.total_steps = budget.total_steps(run.schedule, self.steps_per_epoch)
        self.notes: tuple[str, ...] = ()
        """What the user should know of how it was set up."""
        if run.engine is None:
            raise ValueError("a run that trains has an engine")
        self.engine: runs.Engine = run.engine
        initial = initialize(sidecar.hparams) if weights is None else weights
        if slots is None:
            slots = optimizer.first_slots(initial, sidecar.hparams)
        else:
            initial, slots = optimizer.swap_average(initial, slots, sidecar.hparams)
        self._state = (tensors(initial), tensors(slots))
        self._clock, self.began = clock, clock()
        self._found = _read(folder / runs.RUN_FILE)
        self._saver = Saver(folder, run, lambda step: self._not_finite("the weights are", step))
        self._best_step = int(run.best or 0)
        self._chooses = len(validation) >= CHOOSING
        self._validated_at = self._saved_step = -1
        self._saved_at = self._reported_at = self._synced_at = clock()
        self._in_flight: deque[tuple[Work, int, Array]] = deque()
        """Work, steps before it, metrics still on the device."""
        self._ahead = 1
        self._losses, self._since_validation = Losses(), Losses()
        self._speed, self._span_from = 0.0, (0, 0.0)
        self._validation_batches: list | None = None

    @property
    def hparams(self) -> HParams:
        """Those of the model; a budget in minutes fits its decay rates once."""
        return self.sidecar.hparams

    @property
    def run(self) -> runs.Run:
        """What is saved."""
        return self._saver.run

    def train(self, total_steps: int | None = None) -> Iterator[Report]:
        """Train until `total_steps` (the schedule's where None) are taken or `stopping` is set, saving on the way.

        Raises:
            TrainingError: the loss or the weights are not finite any more, or the device fails; the last good
                checkpoint stays.
            CheckpointError: a checkpoint cannot be saved; likewise. Or another training holds the run.
        """
        self.total_steps = total_steps or self.total_steps
        with locked(self.folder) if self.leads else nullcontext(lambda: None) as self._saver.check_folder:
            if self.leads and _read(self.folder / runs.RUN_FILE) != self._found:
                raise CheckpointError(
                    f"{self.folder}: another training has written it meanwhile; choose another --name"
                )
            try:
                yield from self._train()
            except GeneratorExit:
                self._saver.flush()
                raise
            except kernels.engine().DEVICE_ERRORS as error:
                raise self._device_failed(error) from error
            finally:
                self._saver.close()

    def _train(self) -> Iterator[Report]:
        feed: Feed = FEEDS[self.engine.pipeline](
            self.training, self.hparams, self.sidecar.units_per_model_unit, self.engine.lengths
        )
        with closing(feed.work(self.step)) as works, closing(self._compilation(feed)) as compilation:
            self._saved_at = self._reported_at = self._synced_at = self._clock()
            yield from self._steps(works, compilation)
        if self.leads and self.step != self._saved_step and self.run.last != runs.step_name(self.step):
            self._submit(Save(self._copy(), self._sidecar_now()))
        began = self._clock()
        self._saver.flush()
        self.times.save += self._clock() - began

    def _steps(self, works: Iterator[Work], compilation: Compilation[int]) -> Iterator[Report]:
        """Take steps until training ends."""
        while not self._ended():
            began = self._clock()
            work = next(works)
            if self._losses or self._in_flight:  # Before the first step this is part of the start.
                self.times.input_wait += self._clock() - began
            yield from self._take(work, compilation)
            yield from self._after_step(compilation)

    def _take(self, work: Work, compilation: Compilation[int]) -> Iterator[Report]:
        """Have the device take a step, and wait for it where it is given more than it needs."""
        step = kernels.engine().scalars(schedule(self.step, self.hparams))
        if compilation.is_new(work.length):
            yield from self._drained()
            yield CompileReport(compilation.number + 1, compilation.total, f"length {work.length}", self.step)
            began = self._clock()
            self._state, metrics = compilation.take(work.length)(self._state, step, *work.arguments)
            self._losses.add(self._finite(self.step, metrics))
            self.step += 1
            self.times.compile += self._clock() - began
            self.times.compiled += 1
            self._synced_at = self._clock()
        else:
            self._state, metrics = compilation.take(work.length)(self._state, step, *work.arguments)
            kernels.engine().begin_fetch(metrics)
            self._in_flight.append((work, self.step, metrics))
            self.step += 1
            while len(self._in_flight) > self._ahead:
                self._fetch()

    def _after_step(self, compilation: Compilation[int]) -> Iterator[Report]:
        """Report, validate and save what is due."""
        self._saver.check()
        if self._agrees and self.step % AGREE_STEPS == 0:
            self._agreed = self._agrees(self.stopping)
        at_end = self.total_steps is not None and self.step >= self.total_steps
        validates = at_end or self.step % self.engine.validate_every == 0
        keeps = self._keeps()
        if validates or keeps or self._ended():
            yield from self._drained()
        elif self._losses and self._clock() - self._reported_at > REPORT_SECONDS:
            yield from self._handed(self._report())
        if self.total_steps is None:
            self._fit(compilation)
        report = None
        if validates:
            yield from self._compiled_validation(compilation)
            report = self._validate(compilation)
        is_best = report is not None and report.is_best
        due = self._clock() - self._saved_at > self.run.schedule.save_every
        if self.leads and (is_best or keeps or due):
            self._submit(Save(self._copy(), self._sidecar_now(), is_best, keeps))
        if report is not None:
            self._synced_at = self._clock()
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
        """Return whether an epoch has just ended whose checkpoint is kept for good."""
        epoch, rest = divmod(self.step, self.steps_per_epoch)
        keep_every = self.run.schedule.keep_every
        return rest == 0 and keep_every is not None and epoch % keep_every == 0

    def checkpoint(self) -> Checkpoint:
        """Return the model as it stands."""
        weights = {name: ops.convert_to_numpy(value) for name, value in self._released()[0].items()}
        return Checkpoint(self.folder, self._sidecar_now(), weights)

    def save(self) -> None:
        """Save the run as it stands as its `last` step, now.

        Raises:
            CheckpointError: it cannot be written; what was saved before stays.
            TrainingError: the weights are not finite any more; likewise.
        """
        self._submit(Save(self._copy(), self._sidecar_now()))
        self._saver.flush()

    def _sidecar_now(self) -> Sidecar:
        return dataclasses.replace(self.sidecar, step=self.step, epoch=self.step // self.steps_per_epoch)

    def _copy(self) -> Any:
        return kernels.engine().snapshot(self._released())

    def _released(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return weights and slots as a checkpoint holds them: the average of the weights, where there is one."""
        return optimizer.swap_average(*self._state, self.hparams)

    def _submit(self, save: Save) -> None:
        self._saver.submit(save if self._chooses else dataclasses.replace(save, is_best=True))
        self._saved_step, self._saved_at = self.step, self._clock()

    def _compilation(self, feed: Feed) -> Compilation[int]:
        """Begin to compile every length, in the order of need, and the validation."""
        engine, kernel = kernels.engine(), kernels.prepare(self.hparams)
        epoch, done = divmod(self.step, self.steps_per_epoch)
        first = next(plan(self.training, self.hparams, self.engine.lengths, epoch, done)).length
        # A thread must not touch the state, which a step may overwrite meanwhile: it gets its shapes alone.
        state = tuple(
            {name: np.broadcast_to(np.zeros((), np.float32), value.shape) for name, value in part.items()}
            for part in self._state
        )

        def build(length: int) -> Callable[[], Callable]:
            return lambda: engine.compiled(feed.function(length), kernel, (state, *feed.examples(length)), True)

        builds = {length: build(length) for length in sorted(self.engine.lengths, key=lambda length: length != first)}
        if len(self.validation):
            losses = evaluation.losses_of(self.hparams)
            examples = next(evaluation.batches(self.validation, 1.0, self.hparams))
            builds[VALIDATION] = lambda: engine.compiled(losses, kernel, (state[0], *examples), False)
        return Compilation(builds, engine.COMPILES_ASIDE)

    def _compiled_validation(self, compilation: Compilation[int]) -> Iterator[Report]:
        """Wait for the validation to be compiled, and call it once, apart from its time."""
        if not len(self.validation) or not compilation.is_new(VALIDATION):
            return
        yield CompileReport(compilation.number + 1, compilation.total, "validation", self.step)
        began = self._clock()
        made = evaluation.batches(self.validation, self.sidecar.units_per_model_unit, self.hparams)
        first = next(made)
        ops.convert_to_numpy(compilation.take(VALIDATION)(self._released()[0], *first).kl)
        batch_bytes = 4 * int(np.prod(first[0].rows.shape))
        if batch_bytes * -(-len(self.validation) // evaluation.ROWS) <= KEPT_BATCHES:
            self._validation_batches = [first, *made]
        self.times.compile += self._clock() - began

    def _fetch(self) -> None:
        """Fetch the metrics of the oldest step in flight; by then the device has taken it."""
        work, step, metrics = self._in_flight.popleft()
        self._losses.add(self._finite(step, metrics))
        now = self._clock()
        self.times.steps += now - self._synced_at
        self._synced_at = now
        self.times.steps_timed += 1
        self.times.sketches_timed += work.sketches
        self._ahead = int(np.clip(AHEAD_SECONDS * self.times.steps_timed / max(self.times.steps, 1e-9), 1, MAX_AHEAD))

    def _drained(self) -> Iterator[Report]:
        """Wait for every step in flight, and report them."""
        while self._in_flight:
            self._fetch()
        if self._losses:
            yield from self._handed(self._report())
        self._span_from = (self.times.sketches_timed, self.times.steps)

    def _handed(self, report: Report) -> Iterator[Report]:
        """Yield a report, and time what its reader does with it."""
        began = self._clock()
        yield report
        self.times.reports += self._clock() - began

    def _finite(self, step: int, metrics: Array) -> np.ndarray:
        """Return `METRICS` of the step after `step` steps.

        Raises:
            TrainingError: one is NaN or infinite.
        """
        fetched = np.asarray(ops.convert_to_numpy(metrics))
        if not np.isfinite(fetched).all():
            self._saver.flush()
            raise self._not_finite("the loss is", step + 1)
        return fetched

    def _device_failed(self, error: BaseException) -> TrainingError:
        line = (str(error).splitlines() or ["no message"])[0][:200]
        if self._agrees:
            return TrainingError(
                f"a device or another host failed at step {self.step}: {line}; start all hosts again, with --resume "
                f"{self.folder.name} where it has saved a step"
            )
        stands = f"the checkpoint of step {int(self.run.last or 0)} stands: --resume goes on from it"
        return TrainingError(
            f"the device failed at step {self.step} (kernel {self.engine.kernel}): {line}; "
            + (stands if self.run.last else "nothing was saved before")
        )

    def _not_finite(self, what: str, step: int) -> TrainingError:
        whole = "nothing was saved before; begin again"
        if self.run.last:
            whole = f"the checkpoint of step {int(self.run.last)} is whole: go on from it (--from {self.folder})"
        return TrainingError(
            f"{what} not finite at step {step}; {whole} with a lower learning rate (--set learning_rate=...)"
        )

    def _report(self) -> StepReport:
        step = self._in_flight[0][1] if self._in_flight else self.step
        count = len(self._losses)
        mean = self._losses.take()
        self._since_validation.add(np.array([mean[name] for name in METRICS]), count)
        self._reported_at = self._clock()
        return StepReport(
            epoch=max(step - 1, 0) // self.steps_per_epoch,
            step=step,
            total_steps=self.total_steps,
            loss=mean["loss"],
            reconstruction_loss=mean["offset_loss"] + mean["pen_loss"],
            kl_loss=mean["kl_loss"],
            kl_weight=mean["kl_weight"],
            learning_rate=mean["learning_rate"],
            sketches_per_second=self._speed_now(),
            seconds_left=self._seconds_left(step),
        )

    def _speed_now(self) -> float:
        """Return the sketches a second since the device last stood still, or over the last `SPAN_SECONDS` about.

        A span begins with nothing in flight and ends with little, so it is not measured before it is long enough.
        """
        sketches, seconds = (now - then for now, then in zip(
            (self.times.sketches_timed, self.times.steps), self._span_from, strict=True
        ))  # fmt: skip
        if seconds > 0 and (not self._in_flight or seconds > MIN_SPAN_SECONDS):
            self._speed = sketches / seconds
        if seconds > SPAN_SECONDS:
            self._span_from = (self.times.sketches_timed, self.times.steps)
        return self._speed

    def _seconds_left(self, step: int) -> float | None:
        if self.total_steps is None or not self.times.steps_timed:
            return None
        spent = self.times.steps + self.times.validate + self.times.save
        return (self.total_steps - step) * spent / self.times.steps_timed

    def _fit(self, compilation: Compilation[int]) -> None:
        """Turn a budget in minutes into steps, once enough of them were measured or the time is over."""
        elapsed = self._clock() - self.began
        fitted = budget.fitted(self.run.schedule, self.times, elapsed, compilation.total - compilation.number)
        if fitted is None:
            return
        self.total_steps = self.step + fitted
        whole = dataclasses.replace(self.run.schedule, minutes=None, steps=self.total_steps)
        self._saver.run = dataclasses.replace(self.run, schedule=whole)
        if self.run.last == "":
            self.sidecar = dataclasses.replace(self.sidecar, hparams=budget.stretched(self.hparams, self.total_steps))

    def _validate(self, compilation: Compilation[int]) -> ValidationReport:
        """Measure the validation split, and remember whether it is the best."""
        began, best = self._clock(), self.sidecar.best
        measured = None
        if len(self.validation):
            scale = self.sidecar.units_per_model_unit
            made = self._validation_batches or evaluation.batches(self.validation, scale, self.hparams)
            evaluate_batch = compilation.take(VALIDATION)
            measured = evaluation.evaluate(
                evaluate_batch, self._released()[0], made, self.validation.lengths, self.hparams
            )
            value = measured.validation_loss(self.hparams)
            if not np.isfinite(value):
                raise self._not_finite("the validation loss is", self.step)
            best = value if best is None or value < best else best
        is_best = self._chooses and best != self.sidecar.best
        self.sidecar = dataclasses.replace(self.sidecar, best=best if self._chooses else None)
        self._validated_at = self.step
        self._best_step = self.step if is_best or not self._chooses else self._best_step
        training_loss = self._since_validation.take()["loss"]
        self.times.validate += self._clock() - began
        return ValidationReport(self.step / self.steps_per_epoch, self.step, training_loss, measured, is_best)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
