"""Training runs on disk.

A run is `checkpoints/NAME/`: `run.json` and immutable `steps/000700/` folders, each a released checkpoint plus
`training_state.safetensors`. `run.json` alone says which step is what, and is replaced in one atomic rename after the
step folder is whole on disk; so a crash, or a reader, at any moment finds a whole checkpoint.
"""

import dataclasses
import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

FORMAT = "sketchrnn-run-1"
RUN_FILE = "run.json"
STATE = "training_state.safetensors"


@dataclass(frozen=True)
class Run:
    """What `run.json` says; steps are folder names such as ``000700``."""

    last: str
    best: str
    kept: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Whole epochs, as text, to the step kept for each."""
    time: float = 0.0
    """Seconds since 1970 of the last save."""
    data: tuple[str, ...] = ()
    """Paths of the data sets, as given, in the order of the sidecar's `datasets`."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """How long and how to train, so that resuming needs nothing typed again."""
    states: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of each step's training state."""

    @property
    def steps(self) -> set[str]:
        """Every step that the run needs."""
        return {self.last, self.best, *self.kept.values()}


def read_run(folder: Path) -> Run:
    """Read a run's `run.json`.

    Raises:
        CheckpointError: missing, damaged or of an unknown format.
    """
    path = folder / RUN_FILE
    values = checkpoint.read_json(path)
    if (found := values.pop("format", None)) != FORMAT:
        raise CheckpointError(f"{path}: format {found!r} is not known to this version (expected {FORMAT!r})")
    try:
        run = Run(**{**values, "data": tuple(values["data"]), "time": float(values["time"])})
        names = [run.last, run.best, *run.kept.values()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: a value is missing or does not fit: {error}") from error
    if not all(isinstance(name, str) and name.isdigit() for name in names):
        raise CheckpointError(f"{path}: a step is not named by its number")
    return run


def save_step(
    folder: Path,
    run: Run,
    sidecar: Sidecar,
    weights: Mapping[str, np.ndarray],
    slots: Mapping[str, np.ndarray],
    is_best: bool,
    keep_epoch: bool,
) -> Run:
    """Save a step of a run: its folder first, then `run.json`, then remove what nothing names any more.

    Args:
        folder: the run's folder; created when missing.
        run: what the run was before; its `last` and `best` may be empty before the first save.
        sidecar: what to say of the weights.
        weights: the model's tensors.
        slots: the optimizer's tensors.
        is_best: whether this step becomes `best`.
        keep_epoch: whether to keep this step for ``NAME@epoch-N``.

    Returns:
        What the run is now.

    Raises:
        CheckpointError: it cannot be written; the last whole checkpoint stays.
    """
    step = f"{sidecar.step:06d}"
    steps = folder / "steps"
    states = dict(run.states)
    try:
        steps.mkdir(parents=True, exist_ok=True)
        if step not in run.steps:
            if (steps / step).exists():  # Left over from a save cut short, or from before going back to a kept epoch.
                if run.last:
                    _write_run(folder, run)
                shutil.rmtree(steps / step)
            with atomic.new_folder(steps / step) as partial:
                checkpoint.write(partial, sidecar, weights)
                blob = checkpoint.encode_tensors(slots)
                (partial / STATE).write_bytes(blob)
            states[step] = hashlib.sha256(blob).hexdigest()
        run = dataclasses.replace(
            run,
            last=step,
            best=step if is_best or not run.best else run.best,
            kept={**run.kept, str(sidecar.epoch): step} if keep_epoch else run.kept,
            time=time.time(),
        )
        run = dataclasses.replace(run, states={name: sha for name, sha in states.items() if name in run.steps})
        _write_run(folder, run)
    except OSError as error:
        raise CheckpointError(f"{folder}: step {sidecar.step} cannot be saved: {error}") from error
    for old in steps.iterdir():
        if old.name not in run.steps:
            shutil.rmtree(old, ignore_errors=True)
    return run


def back_to(run: Run, step: str) -> Run:
    """Return the run as it goes on from `step`: what was saved later is replaced as it is reached again."""
    later = {name for name in run.steps if int(name) > int(step)}
    return dataclasses.replace(
        run,
        last=step,
        best=step if run.best in later else run.best,
        kept={epoch: name for epoch, name in run.kept.items() if name not in later},
        states={name: sha for name, sha in run.states.items() if name not in later},
    )


def _write_run(folder: Path, run: Run) -> None:
    with atomic.replacing_file(folder / RUN_FILE) as partial:
        partial.write_text(json.dumps({"format": FORMAT, **dataclasses.asdict(run)}, indent=2) + "\n", encoding="utf-8")


def load_slots(folder: Path, run: Run, step: str, expected: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Read the optimizer's tensors of a step.

    Raises:
        CheckpointError: missing or damaged.
    """
    return checkpoint.read_tensors(folder / "steps" / step / STATE, expected, run.states.get(step, ""))
