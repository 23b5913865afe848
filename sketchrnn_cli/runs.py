"""Training runs on disk, and how a name becomes a checkpoint.

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

from sketchrnn_cli import atomic, checkpoint
from sketchrnn_cli.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import nearest

FORMAT = "sketchrnn-run-1"
RUN_FILE = "run.json"
STATE = "training_state.safetensors"
CHECKPOINT_DIR = Path("checkpoints")
BUNDLED_DEFAULT = "cat"


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


def load(name: str | Path | None, checkpoint_dir: Path = CHECKPOINT_DIR) -> Checkpoint:
    """Load the checkpoint that CKPT names (see `find`); None is the newest run, else the bundled default.

    A run may save, and remove what it replaced, while we read: then its `run.json` has changed, and we read again.

    Raises:
        CheckpointError: not found, or damaged.
    """
    for _ in range(10):
        folder = find(name, checkpoint_dir)
        try:
            return checkpoint.load(folder)
        except CheckpointError:
            if find(name, checkpoint_dir) == folder:
                raise
    raise CheckpointError(f"{name}: changes faster than it can be read; try again")


def find(name: str | Path | None, checkpoint_dir: Path = CHECKPOINT_DIR) -> Path:
    """Return the folder of the released checkpoint that CKPT names.

    CKPT is a folder, or a name: first in `checkpoint_dir`, then among the bundled ones. A run's name may end in
    ``@best`` (the default), ``@last`` or ``@epoch-12``.

    Raises:
        CheckpointError: not found.
    """
    if name is None:
        newest = newest_run(checkpoint_dir)
        return select(newest, "best") if newest else _bundled_folder() / BUNDLED_DEFAULT
    folder, which = locate(name, checkpoint_dir)
    return select(folder, which)


def locate(name: str | Path, checkpoint_dir: Path = CHECKPOINT_DIR) -> tuple[Path, str]:
    """Split CKPT into the folder of a run or a released checkpoint, and which of its checkpoints is meant."""
    text = str(name)
    base, at, which = text.rpartition("@")
    readings = [(text, "best")] + ([(base, which)] if at and base else [])
    for reading, meant in readings:
        for folder in (Path(reading), checkpoint_dir / reading, _bundled_folder() / reading):
            if (folder / RUN_FILE).is_file() or (folder / checkpoint.SIDECAR).is_file():
                return folder, meant
    for folder in (Path(text), checkpoint_dir / text):
        if folder.is_dir():
            raise CheckpointError(f"{folder}: holds neither {RUN_FILE} nor {checkpoint.SIDECAR}; not a checkpoint")
    known = available(checkpoint_dir)
    raise CheckpointError(
        f"no checkpoint {text!r}{nearest(readings[-1][0], known)} (here: {', '.join(known) or 'none'})"
    )


def new_folder(checkpoint_dir: Path, name: str) -> Path:
    """Return the folder of a run or checkpoint to be.

    Raises:
        UsageError: the name is no plain one.
    """
    if not name or name == ".." or Path(name).name != name or "@" in name:
        raise UsageError(f"--name {name}: a plain name is needed, without slashes or @")
    return checkpoint_dir / name


def select(folder: Path, which: str) -> Path:
    """Return the released folder that `which` (best, last, epoch-N) names within a run or a released checkpoint.

    Raises:
        CheckpointError: the run kept no such checkpoint.
    """
    if not (folder / RUN_FILE).is_file():
        if which != "best":
            raise CheckpointError(f"{folder}: a released checkpoint holds one model, not @{which}; leave @{which} out")
        return folder
    run = read_run(folder)
    steps = {"best": run.best, "last": run.last, **{f"epoch-{epoch}": step for epoch, step in run.kept.items()}}
    if which not in steps:
        raise CheckpointError(f"{folder}: no @{which} (kept: {', '.join('@' + known for known in steps)})")
    return folder / "steps" / steps[which]


def title(folder: Path) -> str:
    """Return the name of a released folder for people: ``cat``, or ``NAME@best`` for a step of a run."""
    run_folder = folder.parent.parent
    if folder.parent.name != "steps" or not (run_folder / RUN_FILE).is_file():
        return folder.name
    return f"{run_folder.name}@{'best' if read_run(run_folder).best == folder.name else 'step-' + folder.name}"


def newest_run(checkpoint_dir: Path = CHECKPOINT_DIR) -> Path | None:
    """Return the run in `checkpoint_dir` that saved last; released checkpoints do not count."""
    if not checkpoint_dir.is_dir():
        return None
    runs = [folder for folder in checkpoint_dir.iterdir() if (folder / RUN_FILE).is_file()]
    return max(runs, key=lambda folder: read_run(folder).time, default=None)


def available(checkpoint_dir: Path = CHECKPOINT_DIR) -> list[str]:
    """Return the names that CKPT can take, bundled ones last."""
    names: dict[str, None] = {}
    for parent in (checkpoint_dir, _bundled_folder()):
        if parent.is_dir():
            for folder in sorted(parent.iterdir()):
                if (folder / RUN_FILE).is_file() or (folder / checkpoint.SIDECAR).is_file():
                    names[folder.name] = None
    return list(names)


def _bundled_folder() -> Path:
    """Return where the bundled checkpoints lie: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "checkpoints"
    return inside if inside.is_dir() else package.parent / "checkpoints"
