"""Train a model: a trainer holds the weights, yields what happens, and never prints.

A step's randomness derives from (seed, step) and its batch from (seed, epoch), so a run that stops at any step and goes
on from its checkpoint computes what it would have computed without the stop.
"""

import dataclasses
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import (
    Batch,
    Corpus,
    batch_size,
    bucket_lengths,
    prefetch,
    steps_per_epoch,
    training_batches,
)
from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.weights import initialise
from sketchrnn_cli.store import runs
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.training import evaluation, optimizer
from sketchrnn_cli.training.step import METRICS, Step, schedule, step_function

Array = Any
REPORT_SECONDS = 0.25
"""How often the losses are fetched from the device."""
SAVE_SECONDS = 180.0
"""How often training saves at least, by default: in the middle of a long epoch, too."""
VALIDATE_STEPS = 50
"""Steps at least, by default, from one validation to the next: a small set's epochs are shorter than a save."""


@dataclass(frozen=True)
class StepReport:
    """Means over the steps since the last report."""

    epoch: int
    step: int
    """Steps taken so far."""
    loss: float
    reconstruction_loss: float
    kl_loss: float
    kl_weight: float
    learning_rate: float
    sketches_per_second: float


@dataclass(frozen=True)
class EpochReport:
    """The end of an epoch: validation, and what was saved."""

    epoch: int
    """Whole epochs done."""
    step: int
    training_loss: float
    validation: evaluation.Evaluation | None
    """None where there is no validation split."""
    is_best: bool


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
    ) -> None:
        """Prepare to train.

        Args:
            folder: the run's folder.
            sidecar: hyperparameters (``max_seq_len`` set), scale, data; its step is where training begins.
            training: training split.
            validation: validation split; may be empty.
            run: what the run's file says so far; `last` and `best` empty for a new run. Of its settings, `keep_every`
                (epochs) keeps checkpoints for good, `patience` (epochs) stops early, `save_every` is in seconds and
                `validate_every` in steps.
            weights: first weights; drawn from the seed where None.
            slots: the optimizer's tensors; zero where None.
        """
        self.folder, self.sidecar, self.run = folder, sidecar, run
        self.hparams: HParams = sidecar.hparams
        self.training, self.validation = training, validation
        self.rows = batch_size(training, self.hparams)
        self.steps_per_epoch = steps_per_epoch(training, self.hparams)
        self.buckets = self._buckets()
        self.step = sidecar.step
        self.stopping = False
        first = initialise(self.hparams) if weights is None else weights
        if slots is None:
            first, slots = dict(first), optimizer.first_slots(first, self.hparams)
        else:
            first, slots = optimizer.swap_average(first, slots, self.hparams)
        self._state = _on_device((first, slots))
        self.kernel = kernels.prepare(self.hparams)
        self._train = kernels.engine().compile_step(step_function(self.hparams), self.kernel)
        self._evaluate = evaluation.evaluator(self.hparams)
        self._epoch_losses: list[float] = []

    def _buckets(self) -> tuple[int, ...]:
        """Return the padded lengths; an unmasked encoder sees the padding, so it gets all of it."""
        if self.hparams.conditional and not self.hparams.mask_encoder:
            return (self.hparams.max_seq_len,)
        return bucket_lengths(self.training, self.hparams)

    def train(self, total_steps: int) -> Iterator[StepReport | EpochReport]:
        """Train until `total_steps` are taken or `stopping` is set, saving on the way and at the end.

        Raises:
            TrainingError: the loss or the weights are not finite any more, or the device fails; the last good
                checkpoint stays.
            CheckpointError: a checkpoint cannot be saved; likewise.
        """
        try:
            yield from self._steps(total_steps)
        except kernels.engine().DEVICE_ERRORS as error:
            line = (str(error).splitlines() or ["no message"])[0][:200]
            stands = f"the checkpoint of step {int(self.run.last)} stands: --resume goes on from it"
            raise TrainingError(
                f"the device failed at step {self.step} (kernel {self.kernel}): {line}; "
                + (stands if self.run.last else "nothing was saved before")
            ) from error

    def _steps(self, total_steps: int) -> Iterator[StepReport | EpochReport]:
        """Train; see `train`."""
        saved_at, save_every = time.monotonic(), self.run.settings.get("save_every", SAVE_SECONDS)
        while self.step < total_steps and not self.stopping:
            epoch, done = divmod(self.step, self.steps_per_epoch)
            batches = training_batches(
                self.training, self.hparams, self.sidecar.units_per_model_unit, self.buckets, epoch, start=done
            )
            pending: list[Array] = []
            reported_at = time.monotonic()
            for batch in prefetch(batches):
                pending.append(self._take_step(batch))
                ended = self.step >= total_steps or self.stopping
                if ended or len(pending) == 1 or time.monotonic() - reported_at > REPORT_SECONDS:
                    yield self._report(epoch, pending, time.monotonic() - reported_at)
                    pending, reported_at = [], time.monotonic()
                if ended:
                    break
                if time.monotonic() - saved_at > save_every and not self._validates_now(total_steps):
                    self._check_finite(pending)
                    self.save()
                    saved_at = time.monotonic()
            if pending:
                yield self._report(epoch, pending, time.monotonic() - reported_at)
            if self._validates_now(total_steps):
                yield self._end_epoch()
                saved_at = time.monotonic()
                if self._out_of_patience():
                    break
        if self.run.last != f"{self.step:06d}":
            self.save()

    def _validates_now(self, total_steps: int) -> bool:
        """Return whether an epoch has ended that is validated and saved: the last, a kept one, or when it is time."""
        epoch, rest = divmod(self.step, self.steps_per_epoch)
        if rest:
            return False
        stride = max(1, self.run.settings.get("validate_every", VALIDATE_STEPS) // self.steps_per_epoch)
        return epoch % stride == 0 or self._keeps(epoch) or self.step >= total_steps or self.stopping

    def _keeps(self, epoch: int) -> bool:
        """Return whether the checkpoint of an epoch is kept for good."""
        keep_every = self.run.settings.get("keep_every")
        return keep_every is not None and epoch % keep_every == 0

    def _out_of_patience(self) -> bool:
        """Return whether the last best checkpoint is as many epochs ago as the run has patience for."""
        patience = self.run.settings.get("patience")
        return patience is not None and self.step - int(self.run.best) >= patience * self.steps_per_epoch

    def _released(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return weights and slots as a checkpoint holds them: the average of the weights, where there is one."""
        weights, slots = self._state
        return optimizer.swap_average(weights, slots, self.hparams)

    def checkpoint(self) -> Checkpoint:
        """Return the model as it stands."""
        return Checkpoint(self.folder, self.sidecar, _on_host(self._released()[0]))

    def save(self, is_best: bool = False, keep_epoch: bool = False) -> None:
        """Save the run as it stands as its `last` step.

        Raises:
            CheckpointError: it cannot be written; what was saved before stays.
            TrainingError: the weights are not finite any more; likewise.
        """
        weights, slots = (_on_host(part) for part in self._released())
        if not all(np.isfinite(value).all() for value in (*weights.values(), *slots.values())):
            raise self._not_finite("the weights are", self.step)
        self.sidecar = dataclasses.replace(self.sidecar, step=self.step, epoch=self.step // self.steps_per_epoch)
        self.run = runs.save_step(self.folder, self.run, self.sidecar, weights, slots, is_best, keep_epoch)

    def _take_step(self, batch: Batch) -> Array:
        """Train on one batch; return its `METRICS`, still on the device."""
        step = Step(*(ops.convert_to_tensor(values[0]) for values in schedule(self.step, 1, self.hparams)))
        self._state, metrics = self._train(self._state, evaluation.on_device(batch), step)
        self.step += 1
        return metrics

    def _check_finite(self, pending: list[Array]) -> np.ndarray:
        """Fetch metrics `[steps, METRICS]` from the device.

        Raises:
            TrainingError: a loss is NaN or infinite.
        """
        metrics = np.array([ops.convert_to_numpy(x) for x in pending]).reshape(-1, len(METRICS))
        broken = ~np.isfinite(metrics).all(axis=1)
        if broken.any():
            step = self.step - len(pending) + int(np.argmax(broken)) + 1
            raise self._not_finite("the loss is", step)
        return metrics

    def _not_finite(self, what: str, step: int) -> TrainingError:
        whole = "nothing was saved before; begin again"
        if self.run.last:
            whole = f"the checkpoint of step {int(self.run.last)} is whole: go on from it (--from {self.folder})"
        return TrainingError(
            f"{what} not finite at step {step}; {whole} with a lower learning rate (--set learning_rate=...)"
        )

    def _report(self, epoch: int, pending: list[Array], seconds: float) -> StepReport:
        metrics = self._check_finite(pending)
        self._epoch_losses += metrics[:, 0].tolist()
        mean = dict(zip(METRICS, metrics.mean(axis=0).tolist(), strict=True))
        return StepReport(
            epoch=epoch,
            step=self.step,
            loss=mean["loss"],
            reconstruction_loss=mean["offset_loss"] + mean["pen_loss"],
            kl_loss=mean["kl_loss"],
            kl_weight=float(metrics[-1, METRICS.index("kl_weight")]),
            learning_rate=float(metrics[-1, METRICS.index("learning_rate")]),
            sketches_per_second=len(pending) * self.rows / max(seconds, 1e-9),
        )

    def _end_epoch(self) -> EpochReport:
        """Validate, save, and say so."""
        epoch = self.step // self.steps_per_epoch
        measured, best = None, self.sidecar.best
        if len(self.validation):
            measured = evaluation.evaluate(
                self._evaluate, self._released()[0], self.validation, self.sidecar.units_per_model_unit, self.hparams
            )
            value = measured.validation_loss(self.hparams)
            if not np.isfinite(value):
                raise self._not_finite("the validation loss is", self.step)
            best = value if best is None or value < best else best
        is_best = best != self.sidecar.best or measured is None
        self.sidecar = dataclasses.replace(self.sidecar, best=best)
        self.save(is_best, self._keeps(epoch))
        training_loss = float(np.mean(self._epoch_losses)) if self._epoch_losses else float("nan")
        self._epoch_losses = []
        return EpochReport(epoch, self.step, training_loss, measured, is_best)


def _on_device(tree: tuple[dict[str, np.ndarray], ...]) -> tuple[dict[str, Array], ...]:
    return tuple({name: ops.convert_to_tensor(value) for name, value in part.items()} for part in tree)


def _on_host(tensors: dict[str, Array]) -> dict[str, np.ndarray]:
    return {name: ops.convert_to_numpy(value) for name, value in tensors.items()}
