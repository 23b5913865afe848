"""Training runs on disk.

A run is `checkpoints/NAME/`: `run.json` and immutable `steps/000700/` folders, each a released checkpoint plus
`training_state.safetensors`. `run.json` alone gives the steps their roles. It is replaced atomically once the step
folder is complete on disk, so that a crash, or a reader, always finds a complete checkpoint.
"""

import dataclasses
import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.backend import BACKENDS
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.store import checkpoint, json_files, tensors
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.store.schedule import PIPELINES, Engine, Schedule

FORMAT = "sketchrnn-run-2"
FORMATS = ("sketchrnn-run-1", FORMAT)
"""What is read. Version 0.1.0 knows the first alone, and says so of the second."""

RUN_FILE = "run.json"
LAST_TIME = 250_000_000_000
"""Seconds since 1970: the year 9892, before the last that Python's calendar has."""
STATE = "training_state.safetensors"


@dataclass(frozen=True)
class Run:
    """The contents of `run.json`; steps are folder names such as ``000700``."""

    last: str
    best: str
    kept: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Step kept for an epoch; keys are strings, as in JSON."""
    time: float = 0.0
    """Unix time of the last save, in seconds."""
    data: tuple[str, ...] = ()
    """Paths of the data sets, as given, in the order of the sidecar's `datasets`."""
    schedule: Schedule = dataclasses.field(default_factory=Schedule)
    """Restored by a resume."""
    engine: Engine | None = None
    """None in runs of version 0.1.0."""
    states: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of each step's training state."""

    @property
    def steps(self) -> set[str]:
        """All steps that are in use."""
        return {self.last, self.best, *self.kept.values()}


def read_run(folder: Path) -> Run:
    """Read a run's `run.json`.

    Raises:
        CheckpointError: missing, damaged or of an unknown format.
    """
    path = folder / RUN_FILE
    values = json_files.read(path)
    if (found := values.pop("format", None)) not in FORMATS:
        raise CheckpointError(
            f"{path}: format {found!r} is not known to this version (expected {' or '.join(FORMATS)}); "
            "written by a newer one?"
        )
    try:
        schedule = Schedule(**values.pop("schedule", None) or values.pop("settings", {}))  # `settings` was 0.1.0's.
        engine = values.pop("engine", None)
        run = Run(**values, schedule=schedule, engine=None if engine is None else Engine(**engine))
        return _validated(run)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, UsageError) as error:
        raise CheckpointError(f"{path}: a value is missing or does not fit: {error}") from error


def _validated(run: Run) -> Run:
    """Validate a run read from JSON, and convert its lists to tuples.

    Raises:
        ValueError: an invalid value.
    """

    def need(holds: bool, what: str) -> None:
        if not holds:
            raise ValueError(what)

    def is_text(value: object) -> bool:
        return isinstance(value, str)

    def is_count(value: object, least: int = 0) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**53

    need(isinstance(run.kept, dict) and isinstance(run.states, dict), "kept and states must be objects")
    need(all(epoch.isdecimal() for epoch in run.kept), "an epoch in kept is no number")
    for step in (run.last, run.best, *run.kept.values(), *run.states):
        need(is_text(step) and step.isascii() and step.isdecimal(), f"a step is not named by its number: {step!r}")
    need(all(is_text(sha) for sha in run.states.values()), "states must hold SHA-256 sums")
    need(isinstance(run.time, (int, float)) and 0 <= run.time < LAST_TIME, f"time is no number: {run.time!r}")
    need(isinstance(run.data, list) and all(map(is_text, run.data)), "data must be a list of paths")
    if (engine := run.engine) is not None:
        need(engine.backend in BACKENDS, f"backend {engine.backend!r} is none of {', '.join(BACKENDS)}")
        need(engine.pipeline in PIPELINES, f"pipeline {engine.pipeline!r} is none of {', '.join(PIPELINES)}")
        need(is_text(engine.kernel), "kernel must be text")
        need(is_count(engine.devices, 1) and is_count(engine.validate_every, 1), "devices and validate_every: from 1")
        lengths = engine.lengths
        need(isinstance(lengths, list) and len(lengths) > 0, "lengths must be a list of numbers")
        need(all(is_count(length, 1) for length in lengths) and lengths == sorted(set(lengths)), "lengths must ascend")
        run = dataclasses.replace(run, engine=dataclasses.replace(engine, lengths=tuple(lengths)))
    return dataclasses.replace(run, data=tuple(run.data))


def step_name(step: int) -> str:
    """Return the name of a step's folder."""
    return f"{step:06d}"


def save_step(
    folder: Path,
    run: Run,
    sidecar: Sidecar,
    weights: Mapping[str, np.ndarray],
    slots: Mapping[str, np.ndarray],
    is_best: bool,
    keep_epoch: bool,
) -> Run:
    """Save a step of a run: first its folder, then `run.json`, then remove unused steps.

    Args:
        folder: the run's folder, created if missing.
        run: the previous state of the run; `last` and `best` may be empty before the first save.
        sidecar: the sidecar of the step.
        weights: the model's tensors.
        slots: the optimizer's tensors.
        is_best: whether this step becomes `best`.
        keep_epoch: whether to keep this step as ``NAME@epoch-N``.

    Returns:
        The new state of the run.

    Raises:
        CheckpointError: it cannot be written; the previous checkpoint stays intact.
    """
    step = step_name(sidecar.step)
    steps = folder / "steps"
    states = dict(run.states)
    try:
        steps.mkdir(parents=True, exist_ok=True)
        if step not in run.steps:
            if (steps / step).exists():  # From an interrupted save, or from before rewinding to a kept epoch.
                if run.last:
                    _write_run(folder, run)
                shutil.rmtree(steps / step)
            with atomic.new_folder(steps / step) as partial:
                checkpoint.write(partial, sidecar, weights)
                blob = tensors.encode(slots)
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
    """Rewind a run to `step`: later steps are replaced as training reaches them again."""
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
    return tensors.read(folder / "steps" / step / STATE, expected, run.states.get(step, ""))
