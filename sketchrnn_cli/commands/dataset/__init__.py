"""`sketchrnn dataset`: get drawings to train on, and look at them."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.commands.dataset import convert, download, export, inspect, preview
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import nearest

app = typer.Typer(help="Get drawings to train on, and inspect them.", no_args_is_help=True)


@app.command("list")
def list_(
    contains: Annotated[str, typer.Option(metavar="TEXT", help="Only names that contain TEXT.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data_dir: opt.DataDir = opt.DATA_DIR,
) -> None:
    """List the data sets that are here, and the 345 categories of Quick, Draw! (* means it is here).

    Example: sketchrnn dataset list --contains cat
    """
    import json

    from sketchrnn_cli.data import names

    found = names.listed(contains, data_dir)
    if as_json:
        console.result(json.dumps([{"name": name, "here": here} for name, here in found.items()], indent=2))
        return
    for name, here in found.items():
        console.result(f"{'*' if here else ' '} {name}")
    if not found:
        console.message(f"no name contains {contains!r}")


app.command()(download.download)
app.command()(inspect.inspect)
app.command()(preview.preview)
app.command()(convert.convert)
app.command()(export.export)


@app.command()
def doodle(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="What to draw: cat, guitar.")],
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of training sketches per name.")] = 10000,
    seed: opt.Seed = 0,
    data_dir: opt.DataDir = opt.DATA_DIR,
    force: opt.Force = False,
) -> None:
    """Generate built-in data, offline: varied cats and guitars, drawn by a program (doodle_cat.npz).

    Example: sketchrnn dataset doodle cat guitar --count 10000
    """
    import os

    from sketchrnn_cli import atomic
    from sketchrnn_cli.data import archive, doodles

    paths = {name: data_dir / f"doodle_{name}.npz" for name in dict.fromkeys(names)}
    for name, path in paths.items():
        if name not in doodles.NAMES:
            known = f"(there are: {', '.join(doodles.NAMES)})"
            raise UsageError(f"no built-in doodle {name!r} {known}{nearest(name, doodles.NAMES)}")
        if os.path.lexists(path) and not force:
            raise atomic.taken(path)
        archive.check_writable(path)
    for name, path in paths.items():
        with console.stderr().status(f"drawing {count} of {name}"):
            splits = doodles.doodles(name, count, seed)
            archive.write(path, splits, f"sketchrnn doodle {name}, drawn by a program (seed {seed})", replace=force)
        console.result(str(path))
