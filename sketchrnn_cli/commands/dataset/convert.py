"""`sketchrnn dataset convert`: make a data set of drawings in any format."""

from pathlib import Path
from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import DataError, UsageError

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

    from sketchrnn_cli import atomic
    from sketchrnn_cli.data.conversion import pipeline
    from sketchrnn_cli.data.conversion import sources as files
    from sketchrnn_cli.strokes.prepare import Preparation

    if out.suffix.lower() != ".npz":
        raise UsageError(f"--out {out}: the name of a data set ends in .npz")
    for path in (out, *([report] if report else [])):
        if os.path.lexists(path) and not force:
            raise atomic.taken(path)
    if report == out:
        raise UsageError(f"--report {report}: that is the data set's name; give another one")
    if valid + test >= 1:
        raise UsageError(f"--valid {valid} and --test {test} leave nothing to train on")
    paths, passed_over = files.find(sources, out)
    for note in passed_over:
        console.message(note)
    rules = pipeline.Rules(
        recognized_only, min_points, max_points, drop_longer, max_per_class, duplicates, strict, hand_only
    )
    how = Preparation(epsilon, None if drop_longer else max_points, join, center_lines, hand_only, flip_y)
    collection = pipeline.Collection()
    with console.progress("{task.description}", "{task.completed} drawings", "{task.fields[skipped]} skipped") as bar:
        task = bar.add_task("reading", total=None, skipped=0)
        for done in pipeline.collect(files.read(paths, how, jobs or os.cpu_count() or 1), rules, collection):
            bar.update(task, completed=done, skipped=len(collection.skipped))
    for line in pipeline.remarks(collection):
        console.message(line)
    if collection.skipped or len(collection.report) > pipeline.SHOWN or (report and collection.report):
        # A report under its default name is of the last conversion, whatever there was before.
        replace_report = force or report is None
        report = report or out.with_name(f"{out.stem}.skipped.tsv")
        pipeline.write_report(report, collection.report, replace_report)
        console.message(f"all that was skipped or ignored, drawing by drawing: {report}")
    if not collection.drawings:
        raise DataError(f"no drawing could be taken; {out} was not written")
    splits = pipeline.split(collection.drawings, valid, test, seed, resplit)
    pipeline.write(out, splits, sources, force)
    counts = ", ".join(f"{name} {len(sketches)}" for name, sketches in splits.items())
    console.message(f"{len(collection.drawings)} sketches ({counts})")
    console.result(str(out))
