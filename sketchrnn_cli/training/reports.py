"""The reports of a trainer, and its time measurements."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.training import evaluation
from sketchrnn_cli.training.step import METRICS


@dataclass(frozen=True)
class CompileReport:
    """Training waits for compilation."""

    number: int
    """From 1."""
    total: int
    what: str
    step: int
    """Steps taken so far."""


@dataclass(frozen=True)
class StepReport:
    """Means over the steps since the last report."""

    epoch: int
    step: int
    """Steps completed by the device."""
    total_steps: int | None
    """None until a budget in minutes has been converted."""
    loss: float
    reconstruction_loss: float
    kl_loss: float
    kl_weight: float
    learning_rate: float
    sketches_per_second: float
    """In wall time between two synchronizations with the device, without compilation."""
    seconds_left: float | None
    """At the speed so far, including validation and saving; None before the first measurement."""


@dataclass(frozen=True)
class ValidationReport:
    """A validation, and whether it is the best so far."""

    epoch: float
    """Completed epochs."""
    step: int
    training_loss: float
    """Mean since the last validation."""
    validation: evaluation.Evaluation | None
    """None without a validation split."""
    is_best: bool
    """Always False if the split is too small to choose by."""


Report = CompileReport | StepReport | ValidationReport


@dataclass
class Times:
    """Wall time of a run by activity, in seconds."""

    compile: float = 0.0
    """Waiting for compilation, first calls included."""
    steps: float = 0.0
    """Steps, including waits for input and for the consumer of reports."""
    input_wait: float = 0.0
    reports: float = 0.0
    """Consumer of reports: screen and logs."""
    validate: float = 0.0
    save: float = 0.0
    """Copying for a save, and waiting for one; writing happens in a thread."""
    steps_timed: int = 0
    """Steps in `steps`, without those that compiled."""
    sketches_timed: int = 0
    compiled: int = 0
    """Functions compiled."""

    def __str__(self) -> str:
        seconds = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)[:6]}
        return ", ".join(f"{name.replace('_', ' ')} {value:.2f} s" for name, value in seconds.items())


class Losses:
    """Metrics of steps, gathered until they are reported."""

    def __init__(self) -> None:
        self._sum, self._last, self._steps = np.zeros(len(METRICS)), np.zeros(len(METRICS)), 0

    def add(self, metrics: np.ndarray) -> None:
        """Add the metrics of some steps, `[steps, METRICS]`."""
        self._sum, self._last = self._sum + metrics.sum(axis=0, dtype=np.float64), metrics[-1]
        self._steps += len(metrics)

    def __len__(self) -> int:
        return self._steps

    def take(self) -> dict[str, float]:
        """Return the means since the last call and the latest values of the schedules, and reset."""
        last = dict(zip(METRICS, self._last.tolist(), strict=True))
        mean = dict(zip(METRICS, (self._sum / self._steps).tolist(), strict=True))
        self._sum, self._steps = np.zeros(len(METRICS)), 0
        return {**mean, "kl_weight": last["kl_weight"], "learning_rate": last["learning_rate"]}
