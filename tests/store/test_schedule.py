"""How long a run is: one budget, and a new one in the old one's place."""

import pytest

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.store.schedule import Schedule


def test_a_new_budget_replaces_the_old_one_and_other_changes_leave_it() -> None:
    begun = Schedule(epochs=3, keep_every=2)
    assert begun.changed({"steps": 500, "patience": None}) == Schedule(steps=500, keep_every=2)
    assert begun.changed({"patience": 4, "steps": None}) == Schedule(epochs=3, keep_every=2, patience=4)
    assert begun.changed({}) == begun


def test_whether_a_budget_was_given() -> None:
    assert not Schedule(patience=3).has_budget
    assert all(Schedule(**{budget: 2}).has_budget for budget in ("epochs", "steps", "minutes"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "--steps 0: expected more than 0"),
        ({"save_every": -1.0}, "--save-every -1.0: expected 0 or more"),
        ({"minutes": float("nan")}, "--minutes nan: expected more than 0"),
        ({"patience": 1.5}, "--patience: expected a number, received 1.5"),
        ({"epochs": 1, "steps": 1}, "--epochs and --steps say when to stop; give one"),
    ],
    ids=str,
)
def test_what_is_no_schedule_is_refused_by_its_option(wrong: dict, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Schedule(**wrong)
    assert str(refused.value) == said
    assert Schedule(save_every=0).save_every == 0
