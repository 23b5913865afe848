"""The schedule and the engine of a run: the parts of `run.json` that a resume restores."""

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
    """The duration of training and what to save, as requested; None if not given."""

    epochs: int | None = None
    steps: int | None = None
    minutes: float | None = None
    """Converted to steps after the first ones are timed."""
    keep_every: int | None = None
    """Epochs between checkpoints that are kept permanently."""
    save_every: float = 180.0
    """Seconds between saves of `last`."""
    validate_every: int | None = None
    """Steps between validations; None: by data set size."""
    patience: int | None = None
    """Epochs without improvement of the validation loss before training stops."""

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
        """Return the schedule with changes; a new budget replaces the old one."""
        given = {name: value for name, value in changes.items() if value is not None}
        budget: dict[str, Any] = dict.fromkeys(BUDGETS) if given.keys() & set(BUDGETS) else {}
        return dataclasses.replace(self, **{**budget, **given})


@dataclass(frozen=True)
class Engine:
    """The compute configuration of a run, fixed at its start, since results depend on it bit for bit."""

    backend: str
    """tensorflow or jax."""
    kernel: str
    """From `kernels.prepare`."""
    pipeline: str
    """Where batches are assembled: host or device."""
    devices: int
    lengths: tuple[int, ...]
    """Padded lengths, in points, ascending."""
    validate_every: int
    """Steps."""
