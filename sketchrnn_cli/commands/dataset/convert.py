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
    out: Annotated[Path, typer.Option("--out", "-o", help="The archive to write (.npz).")],
    epsilon: Annotated[
        float,
        typer.Option(min=0, help="Tolerance of the simplification, in pixels of 255; for what is not simplified."),
    ] = 2.0,
    min_points: Annotated[int, typer.Option(min=1, help="Leave out shorter sketches.", rich_help_panel=TAKE)] = 1,
    max_points: Annotated[
        int | None,
        typer.Option(
            min=1, help="Simplify longer sketches until they have so many points at most.", rich_help_panel=TAKE
        ),
    ] = None,
    drop_longer: Annotated[
        bool,
        typer.Option("--drop-longer", help="Leave out what --max-points would simplify.", rich_help_panel=TAKE),
    ] = False,
    join: opt.Join = None,
    center_lines: opt.CenterLines = False,
    flip_y: opt.FlipY = False,
    max_per_class: Annotated[
        int | None, typer.Option(min=1, help="Sketches of each word, file or folder at most.", rich_help_panel=TAKE)
    ] = None,
    recognized_only: Annotated[
        bool, typer.Option("--recognized-only", help="Leave out what the game did not recognize.", rich_help_panel=TAKE)
    ] = False,
    hand_only: Annotated[
        bool,
        typer.Option("--hand-only", help="Leave out the strokes that the studio's model drew.", rich_help_panel=TAKE),
    ] = False,
    duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Keep sketches that are equal to another.", rich_help_panel=TAKE)
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Stop at the first bad drawing, instead of skipping it.", rich_help_panel=TAKE),
    ] = False,
    valid: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share for validation; each drawing goes by its hash.", rich_help_panel=SPLIT),
    ] = 0.05,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share for testing.", rich_help_panel=SPLIT)] = 0.05,
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Split the sketches of archives anew as well.", rich_help_panel=SPLIT)
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other splits.", rich_help_panel=SPLIT)] = 0,
    report: Annotated[
        Path | None,
        typer.Option(help="Where it is listed what was skipped or ignored. [default: NAME.skipped.tsv beside --out]"),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes at most. [default: one a processor]")] = None,
    force: opt.Force = False,
) -> None:
    """Make a data set of SVGs, scans (.png, .jpg), Quick, Draw! (.ndjson, .bin), strokes (.npy, .json) and data sets.

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
        console.message(f"all that was skipped or ignored, drawing by drawing: {written}")
    console.message(conversion.write(collection))
    console.result(str(out))
