"""What the drawing commands share: open the model, name the file, save the sketches as what its suffix says."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchrnn_cli import console
from sketchrnn_cli.drawing import output
from sketchrnn_cli.drawing.layout import Style, grid, in_blocks
from sketchrnn_cli.model.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.files import ARRAYS, write_sketches

if TYPE_CHECKING:
    import numpy as np


def open_model(ckpt: str | None, checkpoint_dir: Path) -> Sketcher:
    """Load a checkpoint, and say which where the user named none."""
    checkpoint = names.load(ckpt, checkpoint_dir)
    if ckpt is None:
        console.message(f"model: {names.title(checkpoint.folder)} (step {checkpoint.sidecar.step})")
    return Sketcher(checkpoint)


def destination(out: str | None, sketcher: Sketcher, force: bool) -> Path:
    """Return the file to write: as asked for, or a free numbered name after the model."""
    if out is None:
        return free_name(sketcher, ".svg")
    return output.check(out, (*output.STILLS, *ARRAYS), force)


def free_name(sketcher: Sketcher, suffix: str) -> Path:
    """Return a free numbered name after the model."""
    return output.free_name(names.title(sketcher.checkpoint.folder).partition("@")[0], suffix)


def read_inputs(
    inputs: Sequence[str],
    sketcher: Sketcher,
    data_dir: Path,
    seed: int,
    epsilon: float,
    fraction: float | None = None,
    share: float = 1.0,
) -> "list[np.ndarray]":
    """Read the drawings that a user named, fitted to the model; say what is worth saying of them.

    `fraction` is the share of a whole drawing's size at which they enter (see `inputs.read_input`), `share` that of
    the model's N_max which their points may take.
    """
    import numpy as np

    from sketchrnn_cli.data.inputs import read_input
    from sketchrnn_cli.strokes.prepare import Preparation

    canvas_size, rng = sketcher.checkpoint.sidecar.canvas_size, np.random.default_rng(seed)
    max_points = int(share * sketcher.hparams.max_seq_len)
    sketches = []
    for text in inputs:
        found = read_input(text, data_dir, canvas_size, max_points, rng, Preparation(epsilon), fraction)
        for note in found.notes:
            console.message(note)
        sketches.append(found.sketch)
    return sketches


def encode(sketcher: Sketcher, sketches: "Sequence[np.ndarray]", seed: int, sample_z: bool) -> "np.ndarray":
    """Return z `[batch, z_size]` of sketches: μ, or a draw from N(μ, σ) with stream (seed, i) for sketch i."""
    mu, sigma = sketcher.encode(sketches)
    return mu + sigma * sketcher.random_latents(len(mu), seed) if sample_z else mu


def at_temperatures(
    sketcher: Sketcher,
    z: "np.ndarray | None",
    count: int,
    temperatures: Sequence[float],
    seed: int,
    max_points: int | None = None,
    common_stream: bool = False,
) -> "list[list[np.ndarray]]":
    """Draw a row of `count` sketches at each temperature, all in one batch; a column has one z and one stream."""
    import numpy as np

    rows = len(temperatures)
    streams = [0 if common_stream else i for i in range(count)] * rows
    z = None if z is None else np.tile(z, (rows, 1))
    drawn = sketcher.draw(z, rows * count, np.repeat(temperatures, count), seed, max_points, streams)
    return [drawn[start : start + count] for start in range(0, len(drawn), count)]


def save(sketches: "Sequence[Any]", path: Path, style: Style, **layout: Any) -> None:
    """Write sketches as a sheet (SVG, PNG) or as stroke-3 arrays (.npy, .json); say what is worth saying."""
    if path.suffix.lower() in ARRAYS:
        with output.writing(path) as partial:
            write_sketches(sketches, partial)
        return
    notice = output.save_picture(grid(sketches, style=style, **layout), path)
    if notice:
        console.message(notice)


def save_rows(
    rows: "Sequence[Sequence[Any]]",
    path: Path,
    style: Style,
    labels: Sequence[str] = (),
    above: "Sequence[Any]" = (),
) -> None:
    """Do what `save` does with rows of one length; those `above` head a sheet and are left out of arrays."""
    if path.suffix.lower() in ARRAYS:
        save([sketch for row in rows for sketch in row], path, style)
        return
    cells, columns, row_labels = in_blocks([above, *rows] if above else rows, labels)
    save(cells, path, style, columns=columns, row_labels=row_labels)
