"""What a run is asked to do, and what it computes with: the parts of `run.json` that a resume goes by."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sketchrnn_cli.errors import UsageError

BUDGETS = ("epochs", "steps", "minutes")
PIPELINES = ("host", "device")


@dataclass(frozen=True)
class Schedule:
    """How long to train and what to keep, as asked for; None where nothing was."""

    epochs: int | None = None
    steps: int | None = None
    minutes: float | None = None
    """Fitted, and recorded as steps, after the first ones."""
    keep_every: int | None = None
    """Epochs from one checkpoint that is kept for good to the next."""
    save_every: float = 180.0
    """Seconds from one save of `last` to the next."""
    validate_every: int | None = None
    """Steps from one validation to the next; None: from the size of the data."""
    patience: int | None = None
    """Epochs without a better validation loss after which training ends."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, option = getattr(self, field.name), "--" + field.name.replace("_", "-")
            if value is None and field.name != "save_every":
                continue
            kinds = (int, float) if field.name in ("minutes", "save_every") else (int,)
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise UsageError(f"{option}: expected a number, received {value!r}")
            if not math.isfinite(value) or value < 0 or (value == 0 and field.name != "save_every"):
                least = "0 or more" if field.name == "save_every" else "more than 0"
                raise UsageError(f"{option} {value}: expected {least}")
        given = [name for name in BUDGETS if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join('--' + name for name in given)} say when to stop; give one")

    @property
    def has_budget(self) -> bool:
        """Return whether it was said when to stop."""
        return any(getattr(self, name) is not None for name in BUDGETS)

    def changed(self, changes: Mapping[str, Any]) -> "Schedule":
        """Return it with other values; a budget replaces the budget before."""
        given = {name: value for name, value in changes.items() if value is not None}
        budget: dict[str, Any] = dict.fromkeys(BUDGETS) if given.keys() & set(BUDGETS) else {}
        return dataclasses.replace(self, **{**budget, **given})


@dataclass(frozen=True)
class Engine:
    """What a run computes with, chosen once at its beginning: its bits depend on it."""

    backend: str
    """tensorflow or jax."""
    kernel: str
    """As `kernels.prepare` says."""
    pipeline: str
    """Where batches are made: host or device."""
    devices: int
    lengths: tuple[int, ...]
    """Padded lengths, in points, ascending."""
    validate_every: int
    """Steps."""
