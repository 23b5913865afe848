"""How long a run is, by hand."""

import pytest

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import budget


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        (Schedule(steps=30), 30),
        (Schedule(epochs=3), 21),
        (Schedule(minutes=2.0), None),
        (Schedule(), 5000),
    ],
)
def test_a_budget_in_steps_for_an_epoch_of_seven(schedule: Schedule, steps: int | None) -> None:
    assert budget.total_steps(schedule, 7) == steps
    assert budget.total_steps(Schedule(), 200) == 50 * 200


@pytest.mark.parametrize(("total", "begins", "refused"), [(10, 10, False), (10, 11, True), (None, 99, False)])
def test_a_budget_may_end_where_training_begins_and_no_sooner(total: int | None, begins: int, refused: bool) -> None:
    if not refused:
        budget.check(total, begins, Schedule())
        return
    with pytest.raises(UsageError, match="--steps 10: training begins at step 11"):
        budget.check(total, begins, Schedule(steps=10))


def test_decay_ends_where_the_steps_do_unless_a_rate_was_asked_for() -> None:
    stretched = budget.stretched(HParams(kl_decay_rate=0.9), 700)
    assert stretched.decay_rate**700 == pytest.approx(HParams.decay_rate**budget.FULL_STEPS)
    assert stretched.kl_decay_rate == 0.9
