"""`sketchrnn dataset`: get drawings to train on, and look at them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import nearest

app = typer.Typer(help="Get drawings to train on, and look at them.", no_args_is_help=True)
DataDir = Annotated[Path, typer.Option(help="Where data sets lie.")]
DATA_DIR = Path("datasets")


@app.command()
def doodle(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="What to draw: cat, guitar.")],
    count: Annotated[int, typer.Option(min=1, help="Training sketches of each.")] = 10000,
    seed: opt.Seed = 0,
    data_dir: DataDir = DATA_DIR,
    force: opt.Force = False,
) -> None:
    """Draw built-in data, offline: varied cats and guitars, made by a program (doodle_cat.npz).

    Example: sketchrnn dataset doodle cat guitar --count 10000
    """
    from sketchrnn_cli.data import archive, doodles

    paths = {name: data_dir / f"doodle_{name}.npz" for name in dict.fromkeys(names)}
    for name, path in paths.items():
        if name not in doodles.NAMES:
            raise UsageError(f"no built-in doodle {name!r} (there are: {', '.join(doodles.NAMES)}){nearest(name, doodles.NAMES)}")
        if path.exists() and not force:
            raise UsageError(f"{path} exists; --force replaces it")
    for name, path in paths.items():
        with console.stderr().status(f"drawing {count} of {name}"):
            splits = doodles.doodles(name, count, seed)
            archive.write(path, splits, f"sketchrnn doodle {name}, drawn by a program (seed {seed})")
        console.result(str(path))


@app.command()
def inspect(
    datasets: Annotated[list[str], typer.Argument(metavar="DATASET...", help="Names in --data-dir, or paths.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Say what is in a data set: counts, lengths, scale, duplicates, untidy rows, where it came from.

    Example: sketchrnn dataset inspect doodle_cat
    """
    import json

    from sketchrnn_cli.data import cache, lookup
    from sketchrnn_cli.data.inspection import inspect

    found = [inspect(cache.load(lookup.find(name, data_dir))) for name in datasets]
    if as_json:
        console.result(json.dumps(found, indent=2))
        return
    for figures in found:
        console.stdout().print(_table(figures))


def _table(figures: dict[str, Any]) -> Any:
    """Return the figures of one data set as a table."""
    from rich.table import Table

    lengths = figures["lengths"]
    histogram = lengths["histogram"]
    highest = max(histogram["counts"])
    bars = "".join(" ▁▂▃▄▅▆▇█"[-(-8 * count // highest)] for count in histogram["counts"])
    table = Table(title=figures["name"], show_header=False)
    table.add_row("file", figures["path"])
    table.add_row("from", figures["provenance"])
    table.add_row("sketches", ", ".join(f"{name} {count}" for name, count in figures["sketches"].items()))
    table.add_row("points", f"{lengths['min']} to {lengths['max']}, mean {lengths['mean']:.2f}  |{bars}|")
    table.add_row("percentiles", ", ".join(f"{p} %: {n}" for p, n in lengths["percentiles"].items()))
    table.add_row("max_seq_len (N_max)", str(figures["max_seq_len"]))
    dropped = [f"{limit}: {count}" for limit, count in figures["dropped_by_max_seq_len"].items() if count]
    table.add_row("dropped if N_max were", ", ".join(dropped) or "none from 50 on")
    table.add_row("scale_factor", f"{figures['scale_factor']:.6f}")
    table.add_row("canvas_size", f"{figures['canvas_size']:g}")
    table.add_row("duplicates", ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in figures["duplicates"].items()))
    table.add_row("untidy", ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in figures["untidy"].items()))
    table.add_row("SHA-256", figures["sha256"])
    return table
