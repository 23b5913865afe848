"""`sketchrnn dataset convert`: make a data set of drawings in any format."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt

TAKE, SPLIT = "What is taken", "The splits"


def convert(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE", help="Files or folders: .svg, .png, .jpg, .ndjson, .bin, .npy, .json, .npz."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output archive (.npz).")],
    epsilon: Annotated[
        float,
        typer.Option(min=0, help="Tolerance for simplifying drawings that are not simplified yet, in pixels of 255."),
    ] = 2.0,
    min_points: Annotated[int, typer.Option(min=1, help="Exclude shorter sketches.", rich_help_panel=TAKE)] = 1,
    max_points: Annotated[
        int | None,
        typer.Option(min=1, help="Simplify longer sketches to at most N points.", rich_help_panel=TAKE),
    ] = None,
    drop_longer: Annotated[
        bool,
        typer.Option(
            "--drop-longer", help="Exclude longer sketches instead of simplifying them.", rich_help_panel=TAKE
        ),
    ] = False,
    join: opt.Join = None,
    center_lines: opt.CenterLines = False,
    flip_y: opt.FlipY = False,
    max_per_class: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number of sketches per word, file or folder.", rich_help_panel=TAKE),
    ] = None,
    recognized_only: Annotated[
        bool,
        typer.Option(
            "--recognized-only", help="Exclude drawings that the game did not recognize.", rich_help_panel=TAKE
        ),
    ] = False,
    hand_only: Annotated[
        bool,
        typer.Option("--hand-only", help="Exclude strokes drawn by the studio's model.", rich_help_panel=TAKE),
    ] = False,
    duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Keep duplicates.", rich_help_panel=TAKE)
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Stop at the first bad drawing instead of skipping it.", rich_help_panel=TAKE),
    ] = False,
    valid: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Fraction for validation; assigned by the hash of each drawing. [default: 0.05, and 0 of up to 300]",
            rich_help_panel=SPLIT,
        ),
    ] = None,
    test: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Fraction for testing. [default: likewise]", rich_help_panel=SPLIT),
    ] = None,
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Also split the sketches of archives again.", rich_help_panel=SPLIT)
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Each seed gives different splits.", rich_help_panel=SPLIT)] = 0,
    report: Annotated[
        Path | None,
        typer.Option(help="List of what was skipped or ignored. [default: NAME.skipped.tsv beside --out]"),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of processes. [default: one per processor]")
    ] = None,
    force: opt.Force = False,
) -> None:
    """Convert SVGs, scans (.png, .jpg), Quick, Draw! (.ndjson, .bin), strokes (.npy, .json) and data sets.

    Folders are searched at any depth. A drawing that cannot be read is skipped and listed in a report.

    Example: sketchrnn dataset convert my_drawings/ --out datasets/mine.npz
    """
    import os

    from sketchrnn_cli.data.conversion.convert import Conversion
    from sketchrnn_cli.data.conversion.pipeline import Collection, Rules, remarks
    from sketchrnn_cli.strokes.prepare import Preparation

    rules = Rules(recognized_only, min_points, max_points, drop_longer, max_per_class, duplicates, strict, hand_only)
    how = Preparation(epsilon, None if drop_longer else max_points, join, center_lines, hand_only, flip_y)
    conversion = Conversion(sources, out, rules, how, valid, test, seed, resplit, report, force)
    files, passed_over = conversion.find()
    console.messages(passed_over)
    collection = Collection()
    with console.progress("{task.description}", "{task.completed} drawings", "{task.fields[skipped]} skipped") as bar:
        task = bar.add_task("reading", total=None, skipped=0)
        for done in conversion.collect(files, collection, jobs or os.cpu_count() or 1):
            bar.update(task, completed=done, skipped=len(collection.skipped))
    console.messages(remarks(collection))
    if written := conversion.write_report(collection):
        console.message(f"full list of what was skipped or ignored: {written}")
    console.message(conversion.write(collection))
    console.result(str(out))
