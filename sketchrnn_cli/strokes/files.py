"""Read and write sketches and latent vectors as `.npy` and `.json`.

Sketches are stroke-3. Three other layouts are recognized: stroke-5, rows of (dx, dy, down, up), and ml5's objects
``{"dx": 1, "dy": 2, "pen": "down"}``.
"""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.formats import QUICK_DRAW, as_stroke3, from_stroke5

ARRAYS = (".npy", ".json")
ML5_PENS = {"down": 0, "up": 1, "end": 2}

MAX_FILE_BYTES = 256 << 20
"""Larger files are refused unread."""


def write_sketches(sketches: Sequence[np.ndarray], path: Path) -> None:
    """Write stroke-3 sketches: one as `[points, 3]`; several as JSON lists, or concatenated `[total, 3 + 1]` in `.npy`.

    The fourth column of a concatenated array is the sketch index, so that no pickle is needed.
    """
    if path.suffix.lower() == ".json":
        lists = [[[round(float(x), 4) for x in row] for row in sketch] for sketch in sketches]
        path.write_text(json.dumps(lists[0] if len(lists) == 1 else lists) + "\n", encoding="utf-8")
        return
    if len(sketches) == 1:
        array = sketches[0]
    else:
        indices = np.repeat(np.arange(len(sketches)), [len(sketch) for sketch in sketches])
        array = np.concatenate([np.concatenate(sketches), indices[:, None]], axis=1)
    with path.open("wb") as file:
        np.save(file, array.astype(np.float32), allow_pickle=False)


def read_sketches(path: Path) -> list[np.ndarray]:
    """Read the sketches of a file, in any layout that this module knows.

    Raises:
        DataError: missing, damaged, or in another layout.
    """
    values = _read(path)
    if isinstance(values, dict):
        raise DataError(f"{path}: {_explain_object(values)}")
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 4 and not _is_stroke4(values):
        with np.errstate(all="ignore"):
            steps = np.diff(values[:, 3], prepend=-1)
        if not np.isin(steps, (0, 1)).all():
            raise DataError(f"{path}: the fourth column is not a sketch index 0, 1, 2, ...; is a sketch empty?")
        return [as_stroke3(part[:, :3], str(path)) for part in np.split(values, np.flatnonzero(steps)[1:])]
    if isinstance(values, list) and _are_several(values):
        return [_sketch(part, f"{path}: sketch {number}") for number, part in enumerate(values)]
    return [_sketch(values, str(path))]


def _sketch(values: object, where: str) -> np.ndarray:
    """Convert rows in any known layout to stroke-3."""
    if isinstance(values, list) and values and all(isinstance(row, dict) for row in values):
        values = _from_ml5(values, where)
    if isinstance(values, list | np.ndarray) and len(values) > 0:
        try:
            with np.errstate(all="ignore"):  # What is not finite is refused.
                rows = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            return as_stroke3(values, where)  # Raises, and says why.
        if _is_stroke5(rows):
            rows = from_stroke5(rows)
        elif _is_stroke4(rows):
            rows = rows[:, [0, 1, 3]]
        elif rows.ndim == 2 and len(rows) in (2, 3) and rows.shape[1] > 3:
            raise DataError(f"{where}: {len(rows)} rows of {rows.shape[1]} numbers; {QUICK_DRAW}")
        elif rows.ndim == 2 and rows.shape[1] in LAYOUTS:
            raise DataError(f"{where}: rows of {rows.shape[1]} numbers; {LAYOUTS[rows.shape[1]]}")
        return as_stroke3(rows, where)
    return as_stroke3(values, where)


LAYOUTS = {
    2: "these look like (x, y) points without a pen; a sketch has (dx, dy, pen)",
    4: "the last two are not (pen down, pen up), one of them 1 in each row",
    5: "the last three are not stroke-5's (down, up, end), one of them 1 in each row",
}
"""Error messages by row width."""


def _is_stroke5(rows: np.ndarray) -> bool:
    return rows.ndim == 2 and rows.shape[1] == 5 and _one_of_each(rows[:, 2:])


def _is_stroke4(rows: np.ndarray) -> bool:
    return rows.ndim == 2 and rows.shape[1] == 4 and bool(rows[:, 2].any()) and _one_of_each(rows[:, 2:])


def _one_of_each(pens: np.ndarray) -> bool:
    """Return whether the rows are one-hot."""
    return bool(np.isin(pens, (0, 1)).all() and (pens.sum(axis=1) == 1).all())


def _from_ml5(rows: list[dict[str, object]], where: str) -> list[list[object]]:
    """Convert ml5's objects to stroke-5 rows.

    Raises:
        DataError: an object has another form.
    """
    stroke5 = []
    for number, row in enumerate(rows):
        pen = ML5_PENS.get(row["pen"]) if isinstance(row.get("pen"), str) else None  # type: ignore[call-overload]
        if pen is None or not {"dx", "dy"} <= row.keys():
            raise DataError(f'{where}: object {number} is not {{"dx": 1, "dy": 2, "pen": "down", "up" or "end"}}')
        stroke5.append([row["dx"], row["dy"], *(int(pen == column) for column in range(3))])
    return stroke5


def _explain_object(values: dict[str, object]) -> str:
    """Return the error message for a JSON object where sketches are expected."""
    if "drawing" in values or "image" in values:
        return "a drawing in Quick, Draw!'s format; rename it to .ndjson and type: sketchrnn dataset convert"
    if "mu" in values:
        return "latent vectors, as encode writes them; sample --z draws them"
    return "a JSON object; expected rows of (dx, dy, pen)"


def _are_several(values: list[object]) -> bool:
    """Return whether these are several sketches, some perhaps empty, rather than the rows of one."""
    return any(isinstance(part, list) and part and isinstance(part[0], list | dict) for part in values)


def write_latents(mu: np.ndarray, sigma: np.ndarray | None, path: Path) -> None:
    """Write μ `[n, z_size]`, and σ if given: `.npy` `[n, z_size]` or `[2, n, z_size]`, JSON with the keys mu, sigma."""
    if path.suffix.lower() == ".json":
        named = {"mu": mu.tolist(), **({} if sigma is None else {"sigma": sigma.tolist()})}
        path.write_text(json.dumps(named) + "\n", encoding="utf-8")
        return
    with path.open("wb") as file:
        np.save(file, (mu if sigma is None else np.stack([mu, sigma])).astype(np.float32), allow_pickle=False)


def read_latents(name: str, z_size: int) -> np.ndarray:
    """Read latent vectors `[n, z_size]` or `[z_size]` from `.npy` or JSON, or the output of `encode`.

    Raises:
        DataError: missing or damaged.
        UsageError: vectors of another length than `z_size`.
    """
    if Path(name).suffix.lower() == ".npz":
        raise DataError(
            f"{name}: an archive of drawings; encode turns drawings into latent vectors: "
            f"sketchrnn encode {name}:train:0 --out z.npy"
        )
    values = _read(Path(name))
    if isinstance(values, dict):
        values = values.get("mu")
    try:
        with np.errstate(all="ignore"):  # What is not finite is refused.
            z: np.ndarray = np.atleast_2d(np.asarray(values, dtype=np.float32))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name}: expected numbers [n, {z_size}]") from error
    if z.ndim == 3 and z.shape[0] == 2:  # μ and σ.
        z = z[0]
    if len(z) == 0:
        raise DataError(f"{name}: holds no latent vector")
    if z.ndim != 2 or z.shape[1] != z_size:
        raise UsageError(f"{name}: latent vectors of shape {list(z.shape)}; this model needs [n, {z_size}]")
    if not np.isfinite(z).all():
        raise DataError(f"{name}: a latent vector holds NaN or infinity")
    return z


def _read(path: Path) -> object:
    if reason := foreign.obstacle(path):
        raise DataError(f"{path}: {reason}")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; refused")
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy's, of headers written by Python 2.
                _check_shape(file)
                array = np.lib.format.read_array(file, allow_pickle=False)
            if array.dtype.kind not in "biuf":
                raise DataError(f"{path}: expected numbers, received {array.dtype}")
            return array
        return json.loads(path.read_bytes())  # UTF-8, or UTF-16 from PowerShell, with or without a BOM.
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, OverflowError, EOFError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise DataError(f"{path}: not a valid {path.suffix or 'file'} of numbers ({error})") from error


def _check_shape(file: IO[bytes]) -> None:
    """Refuse a negative shape, which NumPy 1.26 accepts, and rewind the file."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    if min(read(file)[0], default=0) < 0:
        raise ValueError("a negative shape")
    file.seek(0)
