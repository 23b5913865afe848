"""`sketchrnn reconstruct`: show a model drawings, and see what it makes of them."""

from typing import Annotated, Any

import typer

from sketchrnn_cli.commands import options as opt


@opt.with_style
@opt.with_reading
@opt.with_output
def reconstruct(
    words: Annotated[list[str], opt.words_of("INPUT...", "drawings. " + opt.INPUT_HELP)],
    temperature: Annotated[
        list[float] | None,
        typer.Option(
            "--temperature", "-t", min=0, help="Sampling temperature; several give a row each. [default: 0.1]"
        ),
    ] = None,
    sample_z: Annotated[bool, typer.Option("--sample-z", help="Sample z from N(μ, σ) instead of using μ.")] = False,
    search: opt.Search = None,
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    output: Any = None,
    style: Any = None,
    reading: Any = None,
) -> None:
    """Encode drawings and draw them again: the inputs on top, a row per temperature below.

    Arrays (.npy, .json) contain the reconstructions only.

    Example: sketchrnn reconstruct cat a.svg b.svg --out again.svg
    """
    from sketchrnn_cli.commands import meant, sheets

    temperatures = temperature or [0.1]
    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    target = output.target(sketcher)
    shown = sheets.read_inputs(inputs, sketcher, reading, seed)
    z = sheets.encode(sketcher, shown, seed, temperatures[0], search, sample_z)
    rows = sheets.in_ways(sketcher, z, len(z), temperatures, seed, common_stream=True)
    labels = ["input", *(f"temperature {value:g}" for value in temperatures)]
    sheets.save_rows(rows, target, style, labels, above=shown)
