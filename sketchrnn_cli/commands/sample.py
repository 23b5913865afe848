"""`sketchrnn sample`: draw new sketches from a model."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from sketchrnn_cli.sketching import Sketcher


@opt.with_style
@opt.with_output
def sample(
    ckpt: opt.Ckpt = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", min=1, max=10_000, help="Number of sketches per temperature. [default: 1]"),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option(
            "--temperature",
            "-t",
            min=0,
            help="Sampling temperature of the paper, 0 to 1 and more; several give a grid. "
            "[default: the model's recommended sampling]",
        ),
    ] = None,
    tame: opt.Tame = None,
    words: opt.Words = None,
    best_of: Annotated[
        int,
        typer.Option(
            "--best-of",
            min=1,
            max=64,
            help="Draw N candidates and keep the one classified most confidently; for a model of few drawings, the one "
            "least likely under its base and not a copy.",
        ),
    ] = 1,
    from_z: Annotated[
        str | None,
        typer.Option("--z", metavar="FILE", help="Draw each latent vector of a file written by encode."),
    ] = None,
    seed: opt.Seed = 0,
    max_points: opt.MaxPoints = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Drawings per row. [default: roughly square]")] = None,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
) -> None:
    """Draw new sketches, one or a sheet of them, as SVG, PNG, .npy or JSON.

    Example: sketchrnn sample cat --count 16 --temperature 0.5 --out cats.svg
    """
    from sketchrnn_cli.commands import sheets
    from sketchrnn_cli.model.sampling import Sampling, preset

    temperatures = temperature or []
    _check(temperatures, tame, from_z, count, columns, words or [], best_of)
    sketcher = sheets.open_model(ckpt, checkpoint_dir, bool(words))
    labels = sketcher.rows(words or [])
    target = output.target(sketcher)
    z = sketcher.new_latents(count or 1, seed) if from_z is None else _latents(from_z, sketcher)
    count = count or (len(z) if from_z is not None and z is not None else 1)
    captions = [f"temperature {value:g}" for value in temperatures]
    ways: list[float | Sampling] = list(temperatures) or [preset(tame, sketcher.sampling)]
    if best_of > 1:
        rows, captions = sheets.best_of_words(sketcher, count, labels, ways[0], seed, max_points, best_of), words or []
    elif words and len(ways) == 1:
        rows, captions = sheets.of_words(sketcher, z, count, labels, ways[0], seed, max_points), words
    else:
        rows = sheets.in_ways(sketcher, z, count, ways, seed, max_points, labels=labels)
    sheets.tell_copies(sketcher, [sketch for row in rows for sketch in row])
    if len(rows) == 1:
        sheets.save(rows[0], target, style, columns=columns)
    else:
        sheets.save_rows(rows, target, style, captions)


def _check(
    temperatures: list[float],
    tame: bool | None,
    from_z: str | None,
    count: int | None,
    columns: int | None,
    words: list[str],
    best_of: int,
) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: see above.
    """
    if temperatures and tame is not None:
        raise UsageError("--temperature replaces the presets; omit --tame or --wild")
    if from_z is not None and count is not None:
        raise UsageError("--z draws each vector of its file once; omit --count")
    if columns is not None and len(temperatures) > 1:
        raise UsageError("--columns is for one temperature; several get a row each")
    if len(words) > 1 and (columns is not None or len(temperatures) > 1):
        raise UsageError("several words get a row each; give one temperature and no --columns")
    if best_of > 1 and (from_z is not None or len(temperatures) > 1):
        raise UsageError("--best-of is for new sketches drawn in one way; omit --z, and all but one temperature")


def _latents(path: str, sketcher: "Sketcher") -> "np.ndarray":
    """Return the latent vectors of a file.

    Raises:
        UsageError: the model is decoder-only.
        DataError: the file cannot be read.
    """
    from sketchrnn_cli.strokes.files import read_latents

    if not sketcher.hparams.conditional:
        raise UsageError(f"--z {path}: this model is decoder-only and draws from no z")
    return read_latents(path, sketcher.hparams.z_size)
