"""What checkpoints are here, without reading their weights."""

from dataclasses import dataclass
from pathlib import Path

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint, names, runs


@dataclass(frozen=True)
class Entry:
    """A run or a released checkpoint, as CKPT names it."""

    name: str
    kind: str
    """run, checkpoint, bundled, or damaged."""
    step: int | None
    """Of the weights that its name stands for; None where damaged."""
    bytes: int
    """Of all its files."""
    data: tuple[str, ...]
    """Names of the data sets that it was trained on."""
    folder: str
    fault: str = ""
    """Why it cannot be loaded, where it is damaged."""


def listed(checkpoint_dir: Path) -> list[Entry]:
    """Return what is here in the order of `names.available`: bundled ones last."""
    return [_entry(name, checkpoint_dir) for name in names.available(checkpoint_dir)]


def _entry(name: str, checkpoint_dir: Path) -> Entry:
    own = checkpoint_dir / name
    folder = own if own.is_dir() else names.locate(name, checkpoint_dir)[0]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    kind = "run" if (folder / runs.RUN_FILE).is_file() else "checkpoint" if folder == own else "bundled"
    try:
        sidecar = checkpoint.load_sidecar(names.select(folder, "best"))
    except CheckpointError as error:
        return Entry(name, "damaged", None, size, (), str(folder), str(error))
    return Entry(name, kind, sidecar.step, size, tuple(source.name for source in sidecar.datasets), str(folder))
