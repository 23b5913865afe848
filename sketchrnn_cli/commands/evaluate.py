"""`sketchrnn evaluate`: measure a model on drawings."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import atomic, console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.wording import counted

if TYPE_CHECKING:
    from sketchrnn_cli.data.dataset import DataSet

ERROR = "_standard_error"
"""How the name of a mean's standard error ends."""


@opt.with_engine
def evaluate(
    ckpt: opt.NamedCkpt,
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="DATASET", help="[default: those of the training run]", autocompletion=completion.sets),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="train, valid, test. [default: valid and test; train where neither has any]"),
    ] = None,
    per_sketch: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the losses of each sketch, the most unusual first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data_dir: Annotated[Path, typer.Option(help="Folder of the data sets.")] = Path("datasets"),
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    force: opt.Force = False,
    engine: Any = None,
) -> None:
    """Measure L_R and L_KL on data sets, as reported in the paper and per point.

    Example: sketchrnn evaluate cat doodle_cat --split test
    """
    if per_sketch is not None and os.path.lexists(per_sketch) and not force:
        raise atomic.taken(per_sketch)
    engine.check()
    sets, splits = _found(ckpt, datasets or [], split or [], data_dir, checkpoint_dir)
    engine.start()
    from sketchrnn_cli.training import measuring

    figures = []
    for figure in measuring.measure(ckpt, sets, splits, checkpoint_dir):
        console.message(f"measured {figure.dataset} {figure.split}: {counted(len(figure.losses.lengths), 'sketch')}")
        figures.append(figure)
    if per_sketch is not None:
        measuring.write_per_sketch(figures, per_sketch, force)
    if as_json:
        import json

        console.result(json.dumps([figure.summary() for figure in figures], indent=2))
        return
    _print_table(ckpt, [figure.summary() for figure in figures])


def _print_table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print the figures, a mean with its standard error in one cell; 80 columns show every digit."""
    from rich.table import Table

    shown = [name for name in rows[0] if not name.endswith(ERROR)]
    table = Table(title=title)
    for name in shown:
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=isinstance(rows[0][name], float))
    for row in rows:
        cells = {name: f"{value:.4f}" if isinstance(value, float) else str(value) for name, value in row.items()}
        for name in shown:
            if name + ERROR in row and row["sketches"] > 1:
                cells[name] += f" ± {cells[name + ERROR]}"
        table.add_row(*[cells[name] for name in shown])
    console.stdout().print(table)


def _found(
    ckpt: str, datasets: list[str], splits: list[str], data_dir: Path, checkpoint_dir: Path
) -> tuple[list["DataSet"], list[str]]:
    """Return the data sets, by default those of the run, and the splits: valid and test, or train if both are empty.

    Called before a framework, slow to import, is loaded.

    Raises:
        SketchRNNError: a name is unknown, or a data set cannot be read.
    """
    from sketchrnn_cli.commands import drawings
    from sketchrnn_cli.data import cache
    from sketchrnn_cli.data import names as set_names
    from sketchrnn_cli.data.dataset import check_splits
    from sketchrnn_cli.store import names

    names.find(ckpt, checkpoint_dir)
    check_splits(splits)
    named = [set_names.find(dataset, data_dir) for dataset in datasets] or names.data_of_run(ckpt, checkpoint_dir)
    sets = [cache.load(path) for path in drawings.archives(named)]
    if not splits:
        splits = [name for name in ("valid", "test") if all(len(each.splits[name]) for each in sets)] or ["train"]
    return sets, splits
