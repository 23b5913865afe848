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
        self._folders = {names.title(folder): folder for folder in (names.find(ckpt, checkpoint_dir) for ckpt in ckpts)}
        if ckpts:
            for name in self._folders:
                self.files(name)
            return
        for known in (None, *names.available(checkpoint_dir)):
            try:
                folder = names.find(known, checkpoint_dir)
                self._folders.setdefault(names.title(folder), folder)
            except CheckpointError:  # Not asked for by name.
                continue

    def listing(self) -> list[dict[str, Any]]:
        """Return name and words of each; a damaged one has no words, and its error is raised by `files`."""
        return [{"name": name, "words": self._words(name)} for name in self._folders]

    def files(self, name: str) -> ModelFiles:
        """Return the files of a model.

        Raises:
            KeyError: no such model.
            CheckpointError: unreadable or damaged.
        """
        folder = self._folders[name]
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = read_files(folder)
            return self._loaded[name]

    def _words(self, name: str) -> list[str] | None:
        try:
            return list(checkpoint.load_sidecar(self._folders[name]).words) or None
        except CheckpointError:
            return None


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
