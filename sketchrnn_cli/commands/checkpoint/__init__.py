"""`sketchrnn checkpoint`: look at checkpoints, and carry them between programs."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.commands.checkpoint import export, import_, list, release, remove

app = typer.Typer(help="Inspect, export and import checkpoints.", no_args_is_help=True)


@app.command()
def info(
    ckpt: opt.Ckpt = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the sidecar as JSON.")] = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """Describe a checkpoint: its model, its data, how it was trained.

    Example: sketchrnn checkpoint info cat
    """
    from rich.markdown import Markdown
    from rich.table import Table

    from sketchrnn_cli.model.weights import count
    from sketchrnn_cli.store import card, checkpoint, names

    loaded = names.load(ckpt, checkpoint_dir)
    if as_json:
        console.result((loaded.folder / checkpoint.SIDECAR).read_text(encoding="utf-8").rstrip())
        return
    if (loaded.folder / card.FILE).is_file():
        console.stdout().print(Markdown((loaded.folder / card.FILE).read_text(encoding="utf-8", errors="replace")))
        return
    table = Table(title=names.title(loaded.folder), show_header=False)
    table.add_row("folder", str(loaded.folder))
    for label, value in card.facts(loaded.sidecar, count(loaded.weights)):
        table.add_row(label, value)
    console.stdout().print(table)


app.command("list")(list.list_)
app.command("import")(import_.import_)
app.command()(export.export)
app.command()(release.release)
app.command()(remove.remove)
