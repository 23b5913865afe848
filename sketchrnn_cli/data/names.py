"""Resolve DATASET, as typed by a user, to a file."""

import os
from collections.abc import Sequence
from pathlib import Path

from sketchrnn_cli.data import archive, prepared, quickdraw
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import nearest


def find(name: str, data_dir: Path) -> Path:
    """Resolve a name in `data_dir`, or the path of an archive or of drawings (see `prepared`).

    A data set or category takes precedence over a folder of the same name; ``name/`` is the folder.

    Raises:
        DataError: not found; the message includes the command that creates it.
    """
    path = _existing(name, data_dir)
    if path:
        return path
    if _is_path(name):
        raise DataError(f"{name}: {'not a file' if os.path.lexists(name) else 'no such file or folder'}")
    if quickdraw.is_category(name):
        raise absent([name], data_dir)
    here = names(data_dir)
    known = f"in {data_dir}: {', '.join(here)}" if here else f"{data_dir} has none"
    raise DataError(
        f"no data set {name!r}{nearest(name, [*here, *quickdraw.CATEGORIES])} ({known}); "
        "give a name from there, a category of Quick, Draw!, a folder of drawings or the path of a file"
    )


def absent(categories: Sequence[str], data_dir: Path) -> DataError:
    """Return the error for Quick, Draw! categories that are not on disk, with the command that downloads them."""
    typed = " ".join(f'"{name}"' if " " in name else name for name in map(quickdraw.category, categories))
    drawn = " ".join(name for name in categories if name in ("cat", "guitar"))
    built_in = f" (or use built-in drawings: sketchrnn dataset doodle {drawn})" if drawn else ""
    what = "no data set" if len(categories) == 1 else "no data sets"
    listed = ", ".join(map(repr, categories))
    return DataError(f"{what} {listed} in {data_dir}; type: sketchrnn dataset download {typed}{built_in}")


def missing_categories(wanted: Sequence[str], data_dir: Path) -> list[str]:
    """Return the Quick, Draw! categories among `wanted` that are not on disk."""
    missing = [name for name in wanted if quickdraw.is_category(name) and not _existing(name, data_dir)]
    return list(dict.fromkeys(quickdraw.category(name) for name in missing))


def names(data_dir: Path) -> list[str]:
    """Return the names of the data sets in a folder."""
    if not os.path.isdir(data_dir):
        return []
    paths = sorted(path for path in data_dir.glob("[!.]*.npz") if path.is_file())
    return [archive.name_of(path) for path in paths]


def listed(contains: str, data_dir: Path) -> dict[str, bool]:
    """Return the names of data sets and categories that contain a text, and whether each is here: own ones first."""
    wanted = contains.replace("_", " ").casefold()
    own = [name for name in names(data_dir) if not quickdraw.is_category(name)]
    missing = missing_categories(quickdraw.CATEGORIES, data_dir)
    here = dict.fromkeys(own, True) | {name: name not in missing for name in quickdraw.CATEGORIES}
    return {name: is_here for name, is_here in here.items() if wanted in name.replace("_", " ").casefold()}


def _existing(name: str, data_dir: Path) -> Path | None:
    stems = [name, quickdraw.category(name)] if quickdraw.is_category(name) else [name]
    candidates = [Path(name)] if _is_path(name) else []
    candidates += [data_dir / f"{stem}.npz" for stem in stems]
    candidates += [data_dir / f"sketchrnn_{stem}.npz" for stem in stems]
    candidates += [data_dir / f"{stem}.full.npz" for stem in stems]
    found = next((path for path in candidates if os.path.isfile(path)), None)  # Path.is_file raises on a long name.
    is_drawings = not found and (_is_path(name) or not quickdraw.is_category(name)) and os.path.exists(name)
    return Path(name) if is_drawings and prepared.is_source(Path(name)) else found


def _is_path(name: str) -> bool:
    return name.endswith((".npz", "/", os.sep)) or len(Path(name).parts) > 1
