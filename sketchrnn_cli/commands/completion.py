"""Shell completion: names of models, runs and data sets. It never fails."""

from pathlib import Path

import typer

CHECKPOINT_DIR, DATA_DIR = Path("checkpoints"), Path("datasets")
"""Defaults of `--checkpoint-dir` and `--data-dir`."""


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return valid names for CKPT."""
    from sketchrnn_cli.store import names

    return _beginning(names.available(_folder(ctx, "checkpoint_dir", CHECKPOINT_DIR)), incomplete)


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of training runs."""
    from sketchrnn_cli.store import names
    from sketchrnn_cli.store.runs import RUN_FILE

    folder = _folder(ctx, "checkpoint_dir", CHECKPOINT_DIR)
    here = [name for name in names.available(folder) if (folder / name / RUN_FILE).is_file()]
    return _beginning(here, incomplete)


def sets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of data sets."""
    from sketchrnn_cli.data import names

    return _beginning(names.names(_folder(ctx, "data_dir", DATA_DIR)), incomplete)


def checkpoints(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the folders of the checkpoint folder: what may be deleted or released."""
    from sketchrnn_cli.store import names

    folder = _folder(ctx, "checkpoint_dir", CHECKPOINT_DIR)
    return _beginning([name for name in names.available(folder) if (folder / name).is_dir()], incomplete)


def models_and_drawings(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return models, pictures, stroke files and folders, and the sketches that a data set's name begins."""
    splits = ("train", "valid", "test")
    sketches = [f"{name}:{split}:random" for name in sets(ctx, "") for split in splits]
    return [*models(ctx, incomplete), *_beginning(sketches, incomplete), *_paths(incomplete)]


def _paths(incomplete: str) -> list[str]:
    """Return files that a drawing can be, and folders."""
    suffixes = (".svg", ".svgz", ".png", ".jpg", ".jpeg", ".npy", ".json")
    before, slash, name = incomplete.rpartition("/")
    try:
        there = sorted(Path(before + slash).iterdir())
    except (OSError, ValueError):
        return []
    fitting = [path for path in there if path.name.startswith(name) and not path.name.startswith(".")]
    files = [f"{before}{slash}{path.name}" for path in fitting if path.suffix.lower() in suffixes]
    return files + [f"{before}{slash}{path.name}/" for path in fitting if path.is_dir()]


def _folder(ctx: typer.Context, option: str, default: Path) -> Path:
    given = ctx.params.get(option)
    return Path(given) if given else default


def _beginning(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
