"""The models that the page can choose from."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint, names


@dataclass(frozen=True)
class ModelFiles:
    """The two files of a checkpoint as bytes, belonging together."""

    hparams: bytes
    weights: bytes


class Models:
    """Checkpoints by the name that the page knows them by; each is read when first asked for, and then kept."""

    def __init__(self, ckpts: list[str], checkpoint_dir: Path) -> None:
        """Take the checkpoints named, which must be whole; none are all there are, the default one first.

        Raises:
            CheckpointError: one that was named cannot be opened.
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
            except CheckpointError:  # Nobody named it, and another may do.
                continue

    def listing(self) -> list[dict[str, Any]]:
        """Return name and words of each; those that cannot be opened have none, and say why when asked for."""
        return [{"name": name, "words": self._words(name)} for name in self._folders]

    def files(self, name: str) -> ModelFiles:
        """Return the files of a model.

        Raises:
            KeyError: no such model.
            CheckpointError: it cannot be read, or is damaged.
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
    """Read a released checkpoint as bytes, verified.

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
