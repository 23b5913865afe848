"""Shared by the drawing commands: open the model, read inputs, save sketches in the format of the suffix."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchrnn_cli import console
from sketchrnn_cli.commands.targets import Target
from sketchrnn_cli.drawing import output
from sketchrnn_cli.drawing.layout import grid, in_blocks, sequence
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.model.sampling import Sampling
from sketchrnn_cli.model.words import known
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.files import ARRAYS, write_sketches

if TYPE_CHECKING:
    import numpy as np

    from sketchrnn_cli.data.dataset import Sketches
    from sketchrnn_cli.drawing.layout import Picture
    from sketchrnn_cli.strokes.prepare import Preparation


def open_model(ckpt: str | None, checkpoint_dir: Path, with_words: bool = False) -> Sketcher:
    """Load a checkpoint; print which one if the user named none.

    Where it is to know words, a default that knows none gives way to the bundled model that does.

    Raises:
        UsageError: `with_words`, and the model named knows none.
    """
    checkpoint, why = names.load(ckpt, checkpoint_dir), ""
    if ckpt is None:
        if with_words and not checkpoint.sidecar.words:
            why = f"; {names.title(checkpoint.folder)} knows no words"
            checkpoint = names.load(names.BUNDLED_WITH_WORDS, checkpoint_dir)
        console.message(f"model: {names.title(checkpoint.folder)} (step {checkpoint.sidecar.step}){why}")
    elif with_words:
        known(checkpoint.sidecar.words, names.title(checkpoint.folder))
    return Sketcher(checkpoint)


@dataclass(frozen=True)
class Reading:
    """How to read the drawings named by a user."""

    data_dir: Path
    """Folder of the data sets."""
    how: "Preparation"


def read_inputs(
    inputs: Sequence[str],
    sketcher: Sketcher,
    reading: Reading,
    seed: int,
    fraction: float | None = None,
    share: float = 1.0,
) -> "list[np.ndarray]":
    """Read the drawings named by a user, fitted to the model, and print notes about them.

    `fraction` is their size relative to a whole drawing (see `inputs.read_input`), `share` the fraction of the model's
    N_max available for their points.
    """
    import numpy as np

    from sketchrnn_cli.data.inputs import read_input

    canvas_size, rng = sketcher.checkpoint.sidecar.canvas_size, np.random.default_rng(seed)
    max_points = int(share * sketcher.hparams.max_seq_len)
    sketches = []
    for text in inputs:
        found = read_input(text, reading.data_dir, canvas_size, max_points, rng, reading.how, fraction)
        console.messages(found.notes)
        sketches.append(found.sketch)
    return sketches


def read_set(text: str, split: str, sketcher: Sketcher, reading: Reading) -> "Sketches":
    """Read a split of a data set named by a user, fitted to the model, and print notes about it."""
    from sketchrnn_cli.commands import drawings
    from sketchrnn_cli.data import cache, inputs
    from sketchrnn_cli.data import names as set_names

    (path,) = drawings.archives([set_names.find(text, reading.data_dir)])
    canvas_size, max_points = sketcher.checkpoint.sidecar.canvas_size, sketcher.hparams.max_seq_len
    found = cache.load(path).splits[split]
    sketches, notes = inputs.read_set(f"{text}:{split}", found, canvas_size, max_points, reading.how)
    console.messages(notes)
    return sketches


def tell_copies(sketcher: Sketcher, drawn: "Sequence[np.ndarray]") -> None:
    """For a model of few drawings, print how many of the sketches it drew are copies of training drawings."""
    from sketchrnn_cli import copies

    if (near := copies.near_training(sketcher.checkpoint.folder, drawn)) is not None:
        console.message(f"{near.sum()} of {len(drawn)} near a drawing that the model was trained on")


def encode(
    sketcher: Sketcher,
    sketches: "Sequence[np.ndarray]",
    seed: int,
    temperature: float = 0.1,
    search: int | None = 0,
    sample_z: bool = False,
) -> "np.ndarray":
    """Return z `[batch, z_size]` of sketches: μ, the best of a search from there, or a sample of N(μ, σ).

    `search` is how many are tried, to be decoded at `temperature`; None for as many as by default, or none with
    `sample_z`, where sketch i samples from stream (seed, i).

    Raises:
        UsageError: a search with `sample_z`, or as `Sketcher.encode`.
    """
    from sketchrnn_cli.latent_search import TRIES, latents

    if search and sample_z:
        raise UsageError("--search looks for the z that draws most nearly, --sample-z takes any; give one of them")
    return latents(sketcher, sketches, TRIES if search is None else search, temperature, seed, sample_z)


def in_ways(
    sketcher: Sketcher,
    z: "np.ndarray | None",
    count: int,
    ways: Sequence[float | Sampling],
    seed: int,
    max_points: int | None = None,
    common_stream: bool = False,
    labels: "np.ndarray | None" = None,
) -> "list[list[np.ndarray]]":
    """Draw a row of `count` sketches per sampling, all in one batch; a column shares z and random stream."""
    import numpy as np

    rows = len(ways)
    streams = [0 if common_stream else i for i in range(count)] * rows
    z = None if z is None else np.tile(z, (rows, 1))
    of = None if labels is None or not len(labels) else np.full(rows * count, labels[0])
    each = [way if isinstance(way, Sampling) else Sampling.at(way) for way in ways for _ in range(count)]
    drawn = sketcher.draw(z, rows * count, each, seed, max_points, streams, labels=of)
    return [drawn[start : start + count] for start in range(0, len(drawn), count)]


def of_words(
    sketcher: Sketcher,
    z: "np.ndarray | None",
    count: int,
    labels: "np.ndarray",
    way: Any,
    seed: int,
    max_points: int | None = None,
) -> "list[list[np.ndarray]]":
    """Draw a row of `count` sketches per label, or of "any"; a column shares z and random stream."""
    import numpy as np

    labels = labels if len(labels) else np.zeros(1, dtype=np.int32)
    rows = len(labels)
    z = None if z is None else np.tile(z, (rows, 1))
    streams = list(range(count)) * rows
    drawn = sketcher.draw(z, rows * count, way, seed, max_points, streams, labels=np.repeat(labels, count))
    return [drawn[start : start + count] for start in range(0, len(drawn), count)]


def best_of_words(
    sketcher: Sketcher, count: int, labels: "np.ndarray", way: Any, seed: int, max_points: int | None, best_of: int
) -> "list[list[np.ndarray]]":
    """Draw a row of `count` sketches per label, each the best of several."""
    import numpy as np

    each = labels if len(labels) else np.zeros(1, dtype=np.int32)
    return [sketcher.sample(count, seed, way, max_points, np.full(count, label), best_of) for label in each]


def save(sketches: "Sequence[Any]", target: Target, style: Style, morph: bool = False, **layout: Any) -> None:
    """Write sketches in the format of the target's suffix.

    Stroke-3 arrays (.npy, .json), a sheet (.svg, .png), an animation of the sheet being drawn (.gif, .webp, .apng,
    .mp4), or with `morph` of each sketch turning into the next; one file per sketch if the name has a placeholder.
    """
    if target.is_pattern:
        for number, sketch in enumerate(sketches, 1):
            save([sketch], target.numbered(number), style)
    elif target.suffix in ARRAYS:
        target.write(lambda path, replace: _write_arrays(sketches, path, replace))
    elif target.suffix in output.MOVING:
        pictures = sequence(sketches, style) if morph else [grid(sketches, style=style, **layout)]
        save_animation(pictures, Timing(), target)
    else:
        save_picture(grid(sketches, style=style, **layout), target)


def save_picture(picture: "Picture", target: Target) -> None:
    """Write a picture as SVG or PNG, and print notes."""

    def write(path: Path, replace: bool) -> None:
        if notice := output.save_picture(picture, path, replace):
            console.message(notice)

    target.write(write)


def save_animation(pictures: "Sequence[Picture]", timing: Timing, target: Target) -> None:
    """Write an animation, and print what its format cannot represent."""

    def write(path: Path, replace: bool) -> None:
        if notice := output.save_animation(pictures, timing, path, replace):
            console.message(notice)

    target.write(write)


def _write_arrays(sketches: "Sequence[Any]", path: Path, replace: bool) -> None:
    with output.writing(path, replace) as partial:
        write_sketches(sketches, partial)


def save_rows(
    rows: "Sequence[Sequence[Any]]",
    target: Target,
    style: Style,
    labels: Sequence[str] = (),
    above: "Sequence[Any]" = (),
) -> None:
    """Do what `save` does for rows of one length; the row `above` appears on sheets only."""
    if target.suffix in ARRAYS or target.is_pattern:
        save([sketch for row in rows for sketch in row], target, style)
        return
    cells, columns, row_labels = in_blocks([above, *rows] if above else rows, labels)
    save(cells, target, style, columns=columns, row_labels=row_labels)
