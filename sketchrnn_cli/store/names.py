"""Resolve CKPT to a checkpoint: a folder, a run in the checkpoint folder, or a bundled model."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import nearest
from sketchrnn_cli.store import checkpoint, pretrained, runs
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.store.lock import LOCK

CHECKPOINT_DIR = Path("checkpoints")
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
"""Reserved file names on Windows, with any suffix."""

BUNDLED_DEFAULT = "doodle_cat"
BUNDLED_WITH_WORDS = "quickdraw"

Read = TypeVar("Read")


def load(name: str | Path | None, checkpoint_dir: Path = CHECKPOINT_DIR) -> Checkpoint:
    """Load the checkpoint that CKPT names (see `find`); None is the newest run, else the bundled default.

    Raises:
        CheckpointError: not found, or damaged.
    """
    return read(name, checkpoint_dir, checkpoint.load)


def read(name: str | Path | None, checkpoint_dir: Path, reader: Callable[[Path], Read]) -> Read:
    """Return what `reader` makes of the folder that CKPT names.

    A run may save, and remove the step it replaces, during the read: then `run.json` has changed, and we retry.

    Raises:
        CheckpointError: not found, or what `reader` raises.
    """
    for _ in range(10):
        folder = find(name, checkpoint_dir)
        try:
            return reader(folder)
        except CheckpointError:
            if find(name, checkpoint_dir) == folder:
                raise
    raise CheckpointError(f"{name}: changed while it was read; try again")


def base_of(tuned: Checkpoint) -> Checkpoint | None:
    """Return the checkpoint that a model's training began with: beside its run, or bundled.

    None where it began with none, and where that is not there, or is another by now.
    """
    sidecar = tuned.sidecar
    if not sidecar.base:
        return None
    run_folder = tuned.folder.parent.parent
    try:
        found = load(sidecar.base, (run_folder if (run_folder / runs.RUN_FILE).is_file() else tuned.folder).parent)
    except CheckpointError:
        return None
    return found if found.sidecar.weights_sha256 == sidecar.base_sha256 else None


def find(name: str | Path | None, checkpoint_dir: Path = CHECKPOINT_DIR) -> Path:
    """Return the folder of the released checkpoint that CKPT names.

    CKPT is a folder or a name, looked up in `checkpoint_dir`, then among the bundled models. A run's name may end in
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
    """Split CKPT into the folder of a run or a released checkpoint, and the selector of a step."""
    text = str(name)
    base, at, selector = text.rpartition("@")
    readings = [(text, "best")] + ([(base, selector)] if at and base else [])
    for reading, which in readings:
        # `./cat` is a path, not a bundled model
        is_name = re.split(r"[/\\]", reading)[0] not in ("", ".", "..")
        for folder in (Path(reading), *((checkpoint_dir / reading, _bundled_folder() / reading) if is_name else ())):
            if (folder / runs.RUN_FILE).is_file() or (folder / checkpoint.SIDECAR).is_file():
                return folder, which
    for folder in (Path(text), checkpoint_dir / text) if text else ():
        if folder.is_dir():
            raise CheckpointError(f"{folder}: holds neither {runs.RUN_FILE} nor {checkpoint.SIDECAR}; not a checkpoint")
    known = available(checkpoint_dir)
    name = readings[-1][0]
    here = next((each for each in known if each.casefold() == name.casefold()), None)
    download = None if here else pretrained.download_of(name)
    advice = f"; type: sketchrnn {download}" if download else nearest(here or name, known)
    raise CheckpointError(f"no checkpoint {text!r}{advice} (here: {', '.join(known) or 'none'})")


def new_folder(checkpoint_dir: Path, name: str) -> Path:
    """Return the folder for a new run or checkpoint.

    Raises:
        UsageError: the name is invalid.
    """
    if not name or name == ".." or Path(name).name != name or set(name) & set('@\\/:*?"<>|') or name[-1] in ". ":
        raise UsageError(f'--name {name}: a plain name is needed, without @ \\ / : * ? " < > | and no dot at its end')
    if name.split(".")[0].rstrip().upper() in RESERVED:
        raise UsageError(f"--name {name}: reserved by Windows; choose another name")
    return checkpoint_dir / name


def run_to_resume(name: str, checkpoint_dir: Path) -> runs.Run:
    """Return the run that ``RUN`` or ``RUN@epoch-N`` names.

    Raises:
        CheckpointError: not found, a released checkpoint, or damaged.
    """
    folder, _ = locate(name, checkpoint_dir)
    if not (folder / runs.RUN_FILE).is_file():
        raise CheckpointError(f"{folder}: a released checkpoint has no training to resume; start from it with --from")
    return runs.read_run(folder)


def data_of_run(name: str, checkpoint_dir: Path) -> list[Path]:
    """Return the archives that a run was trained on.

    Raises:
        CheckpointError: no such run, or damaged.
        UsageError: a released checkpoint.
    """
    folder, _ = locate(name, checkpoint_dir)
    if not (folder / runs.RUN_FILE).is_file():
        raise UsageError(f"{name}: a released checkpoint does not know where its data lies; name a data set")
    return [Path(path) for path in runs.read_run(folder).data]


def run_folder(checkpoint_dir: Path, name: str | None, default: str, force: bool) -> Path:
    """Return the folder of a new run.

    A released checkpoint, such as a bundled one, is never replaced: if `default` is one, a number is appended, as in
    ``cat_guitar-2``.

    Args:
        checkpoint_dir: the parent folder of runs.
        name: the requested name, or None.
        default: the name to use with None.
        force: whether to replace an existing run.

    Raises:
        UsageError: the name is taken or invalid.
    """
    folder = new_folder(checkpoint_dir, name or default)
    number = 2
    while name is None and _is_released(folder):
        folder, number = new_folder(checkpoint_dir, f"{default}-{number}"), number + 1
    if _is_released(folder):
        raise UsageError(f"{folder} is a released checkpoint, which training never replaces; choose another --name")
    taken = folder.exists() and (not folder.is_dir() or any(path.name != LOCK for path in folder.iterdir()))
    if taken and not (force and folder.is_dir()):
        resume = f"--resume {folder.name} resumes it, " if (folder / runs.RUN_FILE).is_file() else ""
        raise UsageError(f"{folder} exists: {resume}--name chooses another name, --force restarts it")
    return folder


def _is_released(folder: Path) -> bool:
    return (folder / checkpoint.SIDECAR).is_file() and not (folder / runs.RUN_FILE).is_file()


def select(folder: Path, which: str) -> Path:
    """Return the released folder that `which` (best, last, epoch-N) names within a run or a released checkpoint.

    Raises:
        CheckpointError: the run has no such checkpoint.
    """
    if not (folder / runs.RUN_FILE).is_file():
        if which != "best":
            raise CheckpointError(f"{folder}: a released checkpoint has one model; omit @{which}")
        return folder
    run = runs.read_run(folder)
    steps = {"best": run.best, "last": run.last, **{f"epoch-{epoch}": step for epoch, step in run.kept.items()}}
    if which not in steps:
        raise CheckpointError(f"{folder}: no @{which} (kept: {', '.join('@' + known for known in steps)})")
    return folder / "steps" / steps[which]


def title(folder: Path) -> str:
    """Return the display name of a released folder: ``cat``, or ``NAME@best`` for a step of a run."""
    run_folder = folder.parent.parent
    if folder.parent.name != "steps" or not (run_folder / runs.RUN_FILE).is_file():
        return folder.name
    return f"{run_folder.name}@{'best' if runs.read_run(run_folder).best == folder.name else 'step-' + folder.name}"


def newest_run(checkpoint_dir: Path = CHECKPOINT_DIR) -> Path | None:
    """Return the most recently saved run in `checkpoint_dir`, ignoring released checkpoints."""
    if not checkpoint_dir.is_dir():
        return None
    found = [folder for folder in checkpoint_dir.iterdir() if (folder / runs.RUN_FILE).is_file()]
    return max(found, key=lambda folder: runs.read_run(folder).time, default=None)


def available(checkpoint_dir: Path = CHECKPOINT_DIR) -> list[str]:
    """Return the valid names for CKPT, bundled models last."""
    names: dict[str, None] = {}
    for parent in (checkpoint_dir, _bundled_folder()):
        if parent.is_dir():
            for folder in sorted(parent.iterdir()):
                if (folder / runs.RUN_FILE).is_file() or (folder / checkpoint.SIDECAR).is_file():
                    names[folder.name] = None
    return list(names)


def _bundled_folder() -> Path:
    """Return the folder of bundled models: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "checkpoints"
    return inside if inside.is_dir() else package.parent / "checkpoints"
