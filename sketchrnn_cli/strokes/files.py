"""Sketches and latent vectors in files of their own: `.npy` and `.json`."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.formats import as_stroke3

ARRAYS = (".npy", ".json")
LARGEST = 256 << 20
"""Bytes of a file of strokes or latents; more is refused unread."""


def write_sketches(sketches: Sequence[np.ndarray], path: Path) -> None:
    """Write stroke-3 sketches: one as `[points, 3]`; several as JSON lists, or in `.npy` joined `[total, 3 + 1]`.

    A joined array has the sketch's number as its fourth column, so that no pickle is needed.
    """
    if path.suffix.lower() == ".json":
        lists = [[[round(float(x), 4) for x in row] for row in sketch] for sketch in sketches]
        path.write_text(json.dumps(lists[0] if len(lists) == 1 else lists) + "\n", encoding="utf-8")
        return
    if len(sketches) == 1:
        array = sketches[0]
    else:
        numbers = np.repeat(np.arange(len(sketches)), [len(sketch) for sketch in sketches])
        array = np.concatenate([np.concatenate(sketches), numbers[:, None]], axis=1)
    with path.open("wb") as file:
        np.save(file, array.astype(np.float32), allow_pickle=False)


def read_sketches(path: Path) -> list[np.ndarray]:
    """Read what `write_sketches` writes.

    Raises:
        DataError: missing, damaged, or no stroke-3.
    """
    values = _read(path)
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] == 4:
        steps = np.diff(values[:, 3], prepend=-1)
        if not np.isin(steps, (0, 1)).all():
            raise DataError(f"{path}: the fourth column does not number sketches 0, 1, 2, ...; is one without points?")
        return [as_stroke3(part[:, :3], str(path)) for part in np.split(values, np.flatnonzero(steps)[1:])]
    if isinstance(values, list) and _holds_several(values):
        return [as_stroke3(part, f"{path}: sketch {number}") for number, part in enumerate(values)]
    return [as_stroke3(values, str(path))]


def _holds_several(values: list[object]) -> bool:
    """Return whether these are sketches, lists of rows, some of them maybe empty; and not the rows of one."""
    return any(isinstance(part, list) and part and isinstance(part[0], list) for part in values)


def write_latents(mu: np.ndarray, sigma: np.ndarray | None, path: Path) -> None:
    """Write μ `[n, z_size]`, and σ where given: `.npy` `[n, z_size]` or `[2, n, z_size]`; JSON by name."""
    if path.suffix.lower() == ".json":
        named = {"mu": mu.tolist(), **({} if sigma is None else {"sigma": sigma.tolist()})}
        path.write_text(json.dumps(named) + "\n", encoding="utf-8")
        return
    with path.open("wb") as file:
        np.save(file, (mu if sigma is None else np.stack([mu, sigma])).astype(np.float32), allow_pickle=False)


def read_latents(name: str, z_size: int) -> np.ndarray:
    """Read latent vectors: `.npy` or JSON `[n, z_size]` or `[z_size]`, or the JSON that encode writes.

    Raises:
        DataError: missing or damaged.
        UsageError: vectors of another length than `z_size`.
    """
    values = _read(Path(name))
    if isinstance(values, dict):
        values = values.get("mu")
    try:
        z: np.ndarray = np.atleast_2d(np.asarray(values, dtype=np.float32))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name}: expected numbers [n, {z_size}]") from error
    if z.ndim == 3 and z.shape[0] == 2:  # μ and σ, as encode writes: draw μ.
        z = z[0]
    if len(z) == 0:
        raise DataError(f"{name}: holds no latent vector")
    if z.ndim != 2 or z.shape[1] != z_size:
        raise UsageError(f"{name}: latent vectors of shape {list(z.shape)}; this model needs [n, {z_size}]")
    if not np.isfinite(z).all():
        raise DataError(f"{name}: a latent vector holds NaN or infinity")
    return z


def _read(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"{path}: larger than {LARGEST >> 20} MiB; refused")
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
            if array.dtype.kind not in "biuf":
                raise DataError(f"{path}: holds {array.dtype} where numbers are needed")
            return array
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, OverflowError, EOFError, RecursionError, MemoryError) as error:
        raise DataError(f"{path}: not a sound {path.suffix or 'file'} of numbers ({error})") from error
