"""Import another program's model file as a checkpoint."""

import dataclasses
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from sketchrnn_cli import atomic, foreign
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.interop import magenta_js
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.model.inference import Drawer, Noise
from sketchrnn_cli.store import checkpoint, names
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.strokes.formats import to_polylines

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

QUICKDRAW_SCALE = 45.0
"""Typical scale factor of a Quick, Draw! category (cat 43, cat and guitar 52)."""

MIN_SIDE_UNITS = 1e-6
"""Below this, the canvas size cannot be estimated from a drawing."""


def read(path: Path, config: Path | None = None) -> Imported:
    """Read a Magenta.js or Keras model file, detected by content.

    Args:
        path: the file.
        config: the `model_config.json` of a Keras file.

    Raises:
        CheckpointError: unknown format, or damaged.
        UsageError: a config was given for another format.
    """
    if _begins_with(path, HDF5_SIGNATURE):
        from sketchrnn_cli.interop.seed import port  # h5py is slow to import.

        return port.read(path, config)
    if other := foreign.model(path):
        raise CheckpointError(f"{path}: {other}")
    if config is not None:
        raise UsageError(f"--config is for Keras .hdf5 files; {path} is not one")
    return magenta_js.read(path)


def describe(
    imported: Imported, scale_factor: float | None = None, canvas_size: float | None = None
) -> tuple[Sidecar, list[str]]:
    """Return the sidecar of a model, and the assumptions made, each as a sentence.

    Args:
        imported: the model as read.
        scale_factor: data units per model unit; by default the file's, else `QUICKDRAW_SCALE`.
        canvas_size: larger side of the training drawings in data units; by default the file's, else that of samples.

    Raises:
        CheckpointError: the model draws nothing to measure.
    """
    hparams, assumed = imported.hparams, []
    if scale_factor is not None:
        hparams = hparams.replace(pixel_factor=1.0)
    elif imported.scale_factor:
        scale_factor = imported.scale_factor
    else:
        scale_factor = QUICKDRAW_SCALE * hparams.pixel_factor
        assumed.append(
            f"the file has no scale factor: assumed {QUICKDRAW_SCALE:g} data units per model unit, typical of "
            "Quick, Draw!; --scale-factor overrides it"
        )
    canvas_size = canvas_size or imported.canvas_size
    if not canvas_size:
        canvas_size = typical_side(imported) * scale_factor / hparams.pixel_factor
        if not MIN_SIDE_UNITS <= canvas_size < np.inf:
            raise CheckpointError("the model draws nothing to measure; give --canvas-size")
        assumed.append(
            f"the file has no canvas size: assumed {canvas_size:.0f} data units, the size of this model's samples; "
            "--canvas-size overrides it"
        )
    return Sidecar(hparams, scale_factor, canvas_size, metrics=imported.metrics, note=imported.note), assumed


def typical_side(imported: Imported) -> float:
    """Return the median larger side of samples at temperature 1, in model units; 0 if they are empty."""
    hparams = imported.hparams
    points = min(hparams.max_seq_len, 250)
    streams = [np.random.default_rng([0, i]) for i in range(32)]
    z = np.stack([rng.standard_normal(hparams.z_size) for rng in streams]) if hparams.conditional else None
    noise = [Noise.draw(rng, points) for rng in streams]
    with np.errstate(all="ignore"):  # The caller refuses infinity.
        sketches = Drawer(hparams, imported.weights).draw(z, noise, 1.0, points)
        sides = [np.ptp(np.concatenate(to_polylines(sketch)), axis=0).max() for sketch in sketches if len(sketch)]
    return float(np.median(sides)) if sides else 0.0


def destination(checkpoint_dir: Path, name: str, force: bool) -> Path:
    """Return the folder for a new checkpoint.

    Raises:
        UsageError: the name is invalid, or taken and not to be replaced.
    """
    folder = names.new_folder(checkpoint_dir, name)
    if os.path.lexists(folder):
        if not force:
            raise UsageError(f"{folder} exists; choose another --name, or --force to replace it")
        if not (folder / checkpoint.SIDECAR).is_file():
            raise UsageError(f"{folder} is not an imported checkpoint and is not replaced; choose another --name")
    return folder


def plain_name(imported: Imported, path: Path) -> str:
    """Return a folder name for a model, from its own name or its file's: letters, digits, ``-``, ``_`` and ``.``."""
    for name in (imported.name, path.name.split(".")[0]):
        if plain := re.sub(r"[^\w.-]+", "_", name[:100]).strip("._"):
            return plain
    return "imported"


def release(imported: Imported, sidecar: Sidecar, folder: Path, replace: bool = True) -> None:
    """Write the checkpoint atomically, with `replace` over an existing one.

    Raises:
        ExistsError: without `replace`, the folder exists.
        CheckpointError: the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            checkpoint.release(aside / "new", sidecar, imported.weights)
            replaces = replace and folder.exists()
            if replaces:
                folder.rename(aside / "old")
            try:
                atomic.put_folder(aside / "new", folder)
            except BaseException:
                if replaces:
                    (aside / "old").rename(folder)
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        atomic.sync(folder.parent)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written: {error.strerror or error}") from error


def release_download(file: Path, url: str, folder: Path, replace: bool = True) -> None:
    """Import an official model that was downloaded to `file`, and remove the file.

    Raises:
        CheckpointError: it is damaged, or the folder cannot be written.
        ExistsError: without `replace`, the folder exists.
    """
    try:
        imported = dataclasses.replace(magenta_js.read(file), note=f"official pretrained model, imported from {url}")
        release(imported, describe(imported)[0], folder, replace)
    finally:
        file.unlink(missing_ok=True)


def _begins_with(path: Path, signature: bytes) -> bool:
    """Return whether a file has a signature; False if it is unreadable, which its reader reports."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(signature)) == signature
    except OSError:
        return False
