"""`sketchrnn dataset inspect`: what to know of a data set before training on it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt

if TYPE_CHECKING:
    from rich.table import Table


def inspect(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="DATASET", help="Names in --data-dir, or paths, also of drawings.", autocompletion=completion.sets
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: one line per data set.")] = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
) -> None:
    """Summarize data sets: counts, lengths, scale, duplicates, untidy rows, provenance.

    Example: sketchrnn dataset inspect doodle_cat
    """
    import json

    from sketchrnn_cli.commands import drawings
    from sketchrnn_cli.data import archive, names
    from sketchrnn_cli.data.inspection import compare, inspect

    seen = []
    for path in drawings.archives([names.find(name, data_dir) for name in datasets]):
        seen.append(inspect(archive.load(path)))
        if as_json:
            console.result(json.dumps(seen[-1]))
        else:
            console.stdout().print(_table(seen[-1]))
    for line in compare(seen):
        console.message(line)


def _table(figures: dict[str, Any]) -> "Table":
    """Return the figures of one data set as a table."""
    from rich.table import Table

    lengths = figures["lengths"]
    counts = lengths["histogram"]["counts"]
    bars = "".join(" ▁▂▃▄▅▆▇█"[-(-8 * count // max(counts))] for count in counts)
    dropped = [f"{limit}: {count}" for limit, count in figures["dropped_by_max_seq_len"].items() if count]
    rows = {
        "file": figures["path"],
        "from": figures["provenance"],
        "sketches": _pairs(figures["sketches"]),
        "stored as": figures["dtype"],
        "points": f"{lengths['min']} to {lengths['max']}, mean {lengths['mean']:.2f}  |{bars}|",
        "percentiles": ", ".join(f"{percent} %: {points}" for percent, points in lengths["percentiles"].items()),
        "max_seq_len (N_max)": str(figures["max_seq_len"]),
        "dropped if N_max were": ", ".join(dropped) or "none from 50 on",
        "scale_factor": f"{figures['scale_factor']:.6f}",
        "canvas_size": f"{figures['canvas_size']:g}",
        "duplicates": _pairs(figures["duplicates"]),
        "untidy": _pairs(figures["untidy"]),
        "SHA-256": figures["sha256"],
    }
    table = Table(title=figures["name"], show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # A digest that is cut short is of no use.
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _pairs(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
