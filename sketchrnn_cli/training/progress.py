"""What the device has been given and what it has done: metrics in flight, seconds by kind, the speed shown."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.blocks import BLOCK
from sketchrnn_cli.training.reports import Losses, StepReport, Times

Array = Any
AHEAD_SECONDS, MAX_AHEAD = 0.1, 16
"""How far the device is kept supplied: enough never to starve it, little enough to stop soon when told to."""
FETCH_SECONDS, MAX_FETCHED = 0.02, 8
"""Of how many steps the metrics are fetched together."""
MIN_SPAN_SECONDS, SPAN_SECONDS = 2.0, 10.0
"""Over how long the speed is measured."""


@dataclass(frozen=True)
class Group:
    """Steps whose metrics are fetched together."""

    first: int
    """Steps taken before them."""
    count: int
    sketches: int
    history: Array
    """As the last of them leaves it; see `blocks`."""


class Progress:
    """Keeps count of the steps given to the device, fetches their metrics, and measures."""

    def __init__(self, clock: Callable[[], float], unfinite: Callable[[int], TrainingError]) -> None:
        """Begin.

        Args:
            clock: seconds.
            unfinite: makes the error for a loss that is not finite at a step.
        """
        self.times = Times()
        self.losses, self.since_validation = Losses(), Losses()
        self._clock, self._unfinite = clock, unfinite
        self._in_flight: deque[Group] = deque()
        self._open: list[int] = []
        """Sketches of each of the last steps, which are in no group yet."""
        self._grouped, self._ahead = 1, 1
        self._speed, self._span_from = 0.0, (0, 0.0)
        self.begin()

    def begin(self) -> None:
        """Let the time of steps and reports begin now."""
        self._synced_at = self._reported_at = self._clock()

    def dispatched(self, step: int, sketches: int, history: Array) -> None:
        """Count a step, the one after `step` others, that the device was given; wait where it is given too much."""
        self._open.append(sketches)
        if len(self._open) >= self._grouped:
            self._close(step + 1, history)
        while len(self._in_flight) > self._ahead:
            self._fetch()

    def compiled(self, step: int, history: Array, began: float) -> None:
        """Count a step whose function was compiled since `began`, with nothing else in flight, as compilation."""
        self._gather(Group(step, 1, 0, history))
        self.sync()
        self.times.compile += self._synced_at - began
        self.times.compiled += 1

    def drain(self, step: int, history: Array) -> None:
        """Wait for all of the `step` steps taken so far."""
        if self._open:
            self._close(step, history)
        while self._in_flight:
            self._fetch()

    def sync(self) -> None:
        """Let the time of steps begin now."""
        self._synced_at = self._clock()

    def begin_span(self) -> None:
        """Measure the speed from here on, with nothing in flight."""
        self._span_from = (self.times.sketches_timed, self.times.steps)

    def is_due(self, seconds: float) -> bool:
        """Return whether there is something to report, and the last report was so long ago."""
        return bool(self.losses) and self._clock() - self._reported_at > seconds

    def report(self, step: int, total_steps: int | None, steps_per_epoch: int) -> StepReport:
        """Return what was done since the last report; `step` steps were given."""
        step -= len(self._open) + sum(group.count for group in self._in_flight)
        mean = self.losses.take()
        self._reported_at = self._clock()
        return StepReport(
            epoch=max(step - 1, 0) // steps_per_epoch,
            step=step,
            total_steps=total_steps,
            loss=mean["loss"],
            reconstruction_loss=mean["offset_loss"] + mean["pen_loss"],
            kl_loss=mean["kl_loss"],
            kl_weight=mean["kl_weight"],
            learning_rate=mean["learning_rate"],
            sketches_per_second=self._speed_now(),
            seconds_left=self._seconds_left(step, total_steps),
        )

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the seconds inside to a field of `times`."""
        began = self._clock()
        try:
            yield
        finally:
            setattr(self.times, what, getattr(self.times, what) + self._clock() - began)

    def _close(self, step: int, history: Array) -> None:
        """Begin to fetch the metrics of the last steps, `step` being taken by now."""
        kernels.engine().begin_fetch(history)
        count = len(self._open)
        self._in_flight.append(Group(step - count, count, sum(self._open), history))
        self._open = []

    def _fetch(self) -> None:
        """Fetch the oldest metrics in flight; by then the device has taken their steps."""
        group, times = self._in_flight.popleft(), self.times
        self._gather(group)
        now = self._clock()
        times.steps += now - self._synced_at
        self._synced_at = now
        times.steps_timed += group.count
        times.sketches_timed += group.sketches
        each = max(times.steps / times.steps_timed, 1e-9)
        self._grouped = int(np.clip(FETCH_SECONDS / each, 1, MAX_FETCHED))
        self._ahead = int(np.clip(AHEAD_SECONDS / each, 1, MAX_AHEAD)) // self._grouped or 1

    def _gather(self, group: Group) -> None:
        """Add the metrics of a group to the losses.

        Raises:
            TrainingError: one is NaN or infinite.
        """
        history = np.asarray(ops.convert_to_numpy(group.history))
        metrics = history[(group.first + np.arange(group.count)) % BLOCK]
        if not (finite := np.isfinite(metrics).all(axis=1)).all():
            raise self._unfinite(group.first + 1 + int(np.argmin(finite)))
        self.losses.add(metrics)
        self.since_validation.add(metrics)

    def _speed_now(self) -> float:
        """Return the sketches a second since the last validation, or over the last `SPAN_SECONDS` about.

        A span begins with nothing in flight and ends with little, so it is not measured before it is long enough.
        """
        sketches, seconds = (now - then for now, then in zip(
            (self.times.sketches_timed, self.times.steps), self._span_from, strict=True
        ))  # fmt: skip
        if seconds > 0 and (not (self._in_flight or self._open) or seconds > MIN_SPAN_SECONDS):
            self._speed = sketches / seconds
        if seconds > SPAN_SECONDS:
            self.begin_span()
        return self._speed

    def _seconds_left(self, step: int, total_steps: int | None) -> float | None:
        if total_steps is None or not self.times.steps_timed:
            return None
        spent = self.times.steps + self.times.validate + self.times.save
        return (total_steps - step) * spent / self.times.steps_timed
