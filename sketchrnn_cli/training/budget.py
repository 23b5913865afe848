"""How long a run is, how often it is validated, and how a budget in minutes becomes steps."""

import math

from sketchrnn_cli.data.batches import Corpus, batch_size
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training.reports import Times

EPOCHS = 50
"""Epochs by default, as in the seed."""
MIN_STEPS = 5000
"""Steps by default at least: 50 epochs of a small set would end before anything is learnt."""
VALIDATION_SHARE = 0.03
"""Of a run, for validation."""
MIN_INTERVAL = 100
"""Steps from one validation to the next, at least: on the fastest GPUs the least of them costs as much as four steps,
most of it on the host."""
FORWARD = 1 / 3
"""Of a training step's time, for the forward pass alone."""
MEASURED_STEPS, MEASURED_SECONDS, MEASURED_SHARE = 5, 4.0, 0.1
"""A budget in minutes is fitted after so many steps, and so many seconds of them or this share of the budget."""
RESERVE_SECONDS, RESERVE_SHARE = 1.0, 0.05
"""For the end of a run, and for validation and saving on the way."""
FULL_STEPS = 35_000
"""Steps that the default decay rates are meant for: 50 epochs of 70,000 sketches."""


def total_steps(schedule: Schedule, steps_per_epoch: int) -> int | None:
    """Return the step at which training ends: as asked for, or a sensible number; None for minutes yet to be fitted."""
    if schedule.steps is not None:
        return schedule.steps
    if schedule.epochs is not None:
        return schedule.epochs * steps_per_epoch
    return None if schedule.minutes is not None else max(EPOCHS * steps_per_epoch, MIN_STEPS)


def check(total: int | None, step: int, schedule: Schedule) -> None:
    """Refuse a budget that is spent before training begins.

    Raises:
        UsageError: see above.
    """
    if total is not None and total < step:
        asked = f"--epochs {schedule.epochs}" if schedule.steps is None else f"--steps {schedule.steps}"
        raise UsageError(f"{asked}: training begins at step {step}; ask for more")


def validation_interval(training: Corpus, validation: Corpus, hparams: HParams) -> int:
    """Return the steps from one validation to the next, so that validation takes `VALIDATION_SHARE` of them.

    It is estimated from data and hyperparameters alone: what is best, and when patience ends, must not depend on a
    clock.
    """
    if not len(validation):
        return MIN_INTERVAL
    step = batch_size(training, hparams) * float(training.lengths.mean())
    cost = len(validation) * hparams.max_seq_len * FORWARD / step
    return max(MIN_INTERVAL, math.ceil(cost / VALIDATION_SHARE))


def fitted(schedule: Schedule, times: Times, elapsed: float, to_compile: int) -> int | None:
    """Return the steps that are left in a budget of minutes; None while too little was measured.

    Args:
        schedule: with minutes.
        times: of the run so far.
        elapsed: seconds since its beginning.
        to_compile: functions still to be compiled.
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
    """Return hyperparameters whose learning rate and KL weight end after `steps` where they would after `FULL_STEPS`.

    Rates that are not the defaults were asked for, and stay.
    """
    names = ("decay_rate", "kl_decay_rate")
    default = {name: getattr(HParams, name) for name in names if getattr(hparams, name) == getattr(HParams, name)}
    return hparams.replace(**{name: rate ** (FULL_STEPS / max(1, steps)) for name, rate in default.items()})
