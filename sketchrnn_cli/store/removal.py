"""Delete runs and checkpoints."""

import os
import shutil
import tempfile
from pathlib import Path

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint, names, runs


def check(name: str, checkpoint_dir: Path) -> Path:
    """Return the folder of a run or checkpoint in `checkpoint_dir`.

    Raises:
        UsageError: the name is invalid.
        CheckpointError: not found, bundled, or not a checkpoint.
    """
    folder = names.new_folder(checkpoint_dir, name)
    if not folder.is_dir():
        if name in names.available(checkpoint_dir):
            raise CheckpointError(f"{name}: a bundled model, which stays; {checkpoint_dir} has none of that name")
        raise CheckpointError(f"no run or checkpoint {folder}")
    if not any((folder / file).is_file() for file in (runs.RUN_FILE, checkpoint.SIDECAR)):
        raise CheckpointError(f"{folder}: holds neither {runs.RUN_FILE} nor {checkpoint.SIDECAR}; not deleted")
    return folder


def remove(folder: Path) -> None:
    """Delete a folder, renaming it first so that an interruption leaves no partial checkpoint; links are unlinked.

    Raises:
        CheckpointError: it cannot be deleted.
    """
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        os.replace(folder, aside / folder.name)
        shutil.rmtree(aside)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be deleted: {error.strerror or error}") from error
