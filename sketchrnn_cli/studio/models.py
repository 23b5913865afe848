"""The models available to the page."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint, names


@dataclass(frozen=True)
class ModelFiles:
    """The two files of a checkpoint, consistent with each other."""

    hparams: bytes
    weights: bytes


class Models:
    """Checkpoints by name, read on first use and cached."""

    def __init__(self, ckpts: list[str], checkpoint_dir: Path) -> None:
        """Take the named checkpoints, which must be valid; by default all, the default one first.

        Raises:
            CheckpointError: a named checkpoint cannot be opened.
        """
        self._loaded: dict[str, ModelFiles] = {}
        self._lock = threading.Lock()
        self._checkpoint_dir = checkpoint_dir
        self._ckpts: dict[str, str] = {}
        """What each name was found by: a run that trains removes the step that was found at first."""
        for ckpt in ckpts or (None, *names.available(checkpoint_dir)):
            try:
                title = names.title(names.find(ckpt, checkpoint_dir))
                self._ckpts.setdefault(title, ckpt or title)
            except CheckpointError:
                if ckpts:
                    raise
        for name in self._ckpts if ckpts else ():
            self.files(name)

    def listing(self) -> list[dict[str, Any]]:
        """Return name and words of each; a damaged one has no words, and its error is raised by `files`."""
        return [{"name": name, "words": self._words(name)} for name in self._ckpts]

    def files(self, name: str) -> ModelFiles:
        """Return the files of a model.

        Raises:
            KeyError: no such model.
            CheckpointError: unreadable or damaged.
        """
        ckpt = self._ckpts[name]
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = names.read(ckpt, self._checkpoint_dir, read_files)
            return self._loaded[name]

    def _words(self, name: str) -> list[str] | None:
        try:
            sidecar = names.read(self._ckpts[name], self._checkpoint_dir, checkpoint.load_sidecar)
        except CheckpointError:
            return None
        return list(sidecar.words) or None


def read_files(folder: Path) -> ModelFiles:
    """Read the files of a released checkpoint, verified.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    loaded = checkpoint.load(folder)
    try:
        sidecar, weights = (folder / name for name in (checkpoint.SIDECAR, checkpoint.WEIGHTS))
        found = ModelFiles(sidecar.read_bytes(), weights.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(found.weights).hexdigest() != loaded.sidecar.weights_sha256:
        raise CheckpointError(f"{folder}: changed while it was read; try again")
    return found
