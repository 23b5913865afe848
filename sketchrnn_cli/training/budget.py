"""The length of a run, the validation interval, and the conversion of a budget in minutes to steps."""

import math

from sketchrnn_cli.data.batches import Corpus, batch_size
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training.reports import Times

EPOCHS = 50
"""Default epochs, as in the seed."""
MIN_STEPS = 5000
"""Minimum steps by default: 50 epochs of a small set are too few."""
VALIDATION_SHARE = 0.03
"""Fraction of a run spent on validation."""
MIN_INTERVAL = 100
"""Steps from one validation to the next, at least: on the fastest GPUs the least of them costs as much as four steps,
most of it on the host."""
FORWARD = 1 / 3
"""Time of a forward pass, as a fraction of a training step."""
MEASURED_STEPS, MEASURED_SECONDS, MEASURED_SHARE = 5, 4.0, 0.1
"""A budget in minutes is converted after so many steps, and so many seconds or this fraction of the budget."""
RESERVE_SECONDS, RESERVE_SHARE = 1.0, 0.05
"""Reserved for validation, saving, and the end of a run."""
FULL_STEPS = 35_000
"""Steps that the default decay rates assume: 50 epochs of 70,000 sketches."""


def total_steps(schedule: Schedule, steps_per_epoch: int) -> int | None:
    """Return the step at which training ends: as requested, or a default; None for minutes not converted yet."""
    if schedule.steps is not None:
        return schedule.steps
    if schedule.epochs is not None:
        return schedule.epochs * steps_per_epoch
    return None if schedule.minutes is not None else max(EPOCHS * steps_per_epoch, MIN_STEPS)


def check(total: int | None, step: int, schedule: Schedule) -> None:
    """Refuse a budget that is exhausted before training starts.

    Raises:
        UsageError: see above.
    """
    if total is not None and total < step:
        asked = f"--epochs {schedule.epochs}" if schedule.steps is None else f"--steps {schedule.steps}"
        raise UsageError(f"{asked}: training begins at step {step}; ask for more")


def validation_interval(training: Corpus, validation: Corpus, hparams: HParams) -> int:
    """Return the steps between validations, so that validation takes `VALIDATION_SHARE` of the time.

    Estimated from data and hyperparameters only: the best step, and when patience ends, must not depend on a clock.
    """
    if not len(validation):
        return MIN_INTERVAL
    step = batch_size(training, hparams) * float(training.lengths.mean())
    cost = len(validation) * hparams.max_seq_len * FORWARD / step
    return max(MIN_INTERVAL, math.ceil(cost / VALIDATION_SHARE))


def fitted(schedule: Schedule, times: Times, elapsed: float, to_compile: int) -> int | None:
    """Return the steps left in a budget of minutes; None until enough has been measured.

    Args:
        schedule: with minutes.
        times: of the run so far.
        elapsed: seconds since its start.
        to_compile: number of functions not compiled yet.
    """
    budget = 60.0 * (schedule.minutes or 0.0)
    left = budget - elapsed - RESERVE_SECONDS
    if left <= 0:
        return 0
    measured = times.steps >= min(MEASURED_SECONDS, MEASURED_SHARE * budget)
    if times.steps_timed < MEASURED_STEPS or not measured:
        return None
    left -= to_compile * times.compile / max(1, times.compiled)
    return max(0, int(left * (1.0 - RESERVE_SHARE) * times.steps_timed / times.steps))


def stretched(hparams: HParams, steps: int) -> HParams:
    """Return hyperparameters whose learning rate and KL weight reach after `steps` their values at `FULL_STEPS`.

    Rates other than the defaults were requested, and are kept.
    """
    names = ("decay_rate", "kl_decay_rate")
    default = {name: getattr(HParams, name) for name in names if getattr(hparams, name) == getattr(HParams, name)}
    return hparams.replace(**{name: rate ** (FULL_STEPS / max(1, steps)) for name, rate in default.items()})
