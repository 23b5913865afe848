"""What is shown of a run's progress: every step's metrics once, and the speed that the clock measures."""

import numpy as np
import pytest
from keras import ops

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.training.blocks import BLOCK
from sketchrnn_cli.training.progress import Progress
from sketchrnn_cli.training.step import METRICS


class Device:
    """A clock that moves with the steps, and their metrics: every one of them is the step's number."""

    def __init__(self) -> None:
        self.now, self.step, self.wrong = 0.0, 0, -1
        self._rows = np.zeros((BLOCK, len(METRICS)), np.float32)

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float) -> object:
        """Take a step of so many seconds; return the history after it."""
        self._rows[self.step % BLOCK] = np.nan if self.step == self.wrong else self.step
        self.now += seconds
        self.step += 1
        return self.history()

    def history(self) -> object:
        """Return the metrics of the last steps."""
        return ops.convert_to_tensor(self._rows.copy())


def unfinite(step: int) -> TrainingError:
    return TrainingError(f"step {step}")


@pytest.mark.parametrize("seconds", [0.5, 0.004, 0.0001], ids=["fetched_alone", "in_fives", "in_eights"])
def test_the_metrics_of_every_step_count_once(seconds: float) -> None:
    device = Device()
    progress = Progress(device, unfinite)
    progress.compiled(0, device.take(9.0), 0.0)
    for step in range(1, 500):
        progress.dispatched(step, 100, device.take(seconds))
    progress.drain(500, device.history())
    assert len(progress.losses) == len(progress.since_validation) == 500
    assert progress.losses.take()["loss"] == pytest.approx(np.mean(range(500)))
    assert (progress.times.steps_timed, progress.times.sketches_timed) == (499, 49_900)
    assert progress.times.steps == pytest.approx(499 * seconds)
    assert progress.times.compile == 9.0


def test_a_report_counts_the_steps_that_the_device_has_taken() -> None:
    device = Device()
    progress = Progress(device, unfinite)
    for step in range(40):
        progress.dispatched(step, 100, device.take(0.001))
    report = progress.report(40, 100, 10)
    assert 40 - 24 <= report.step < 40
    assert report.loss == pytest.approx(np.mean(range(report.step)))


def test_the_step_whose_loss_is_not_finite_is_named_though_its_group_is_fetched_together() -> None:
    device = Device()
    device.wrong = 69
    progress = Progress(device, unfinite)

    def train() -> None:
        for step in range(200):
            progress.dispatched(step, 100, device.take(0.0001))

    with pytest.raises(TrainingError, match=r"^step 70$"):
        train()


def test_the_speed_shown_is_within_5_percent_of_the_clocks_though_lengths_are_compiled_in_between() -> None:
    """3000 short steps, the first ones slow beside the compilations; validation and its line stop the steps' clock."""
    device = Device()
    progress = Progress(device, unfinite)
    shown, stepped = [], 0.0
    for step in range(3000):
        if step in (0, 60, 150):
            progress.drain(step, device.history())
            began = device.now
            progress.compiled(step, device.take(4.0), began)
            continue
        seconds = 0.01 if step < 150 else 0.001
        stepped += seconds
        progress.dispatched(step, 100, device.take(seconds))
        if step % 100 == 99:
            progress.drain(step + 1, device.history())
            shown.append(progress.report(step + 1, 3000, 697).sketches_per_second)
            progress.begin_span()
            device.now += 0.05
            progress.sync()
    clock = 2997 * 100 / stepped
    assert 1 / np.mean(1 / np.array(shown)) == pytest.approx(clock, rel=0.05)
    assert progress.times.sketches_timed / progress.times.steps == pytest.approx(clock, rel=0.001)
