"""`sketchrnn pretrained`: draw with the official models, without training."""

from typing import Annotated

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.store.pretrained import BASE_URL

app = typer.Typer(help="Draw with the official pretrained models, without training.", no_args_is_help=True)


@app.command("list")
def list_(
    contains: Annotated[str, typer.Option(metavar="TEXT", help="Only names that contain TEXT.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
) -> None:
    """List the official models (* means it is here).

    Example: sketchrnn pretrained list --contains cat
    """
    import json

    from sketchrnn_cli.store import pretrained

    wanted = contains.strip().replace(" ", "_").casefold()
    here = pretrained.present(checkpoint_dir)
    shown = [name for name in pretrained.NAMES if wanted in name]
    if as_json:
        console.result(json.dumps([{"name": name, "here": name in here} for name in shown], indent=2))
        return
    for name in shown:
        console.result(f"{'*' if name in here else ' '} {name}")
    if not shown:
        console.message(f"no name contains {contains!r}")


@app.command()
def download(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Model names; see: sketchrnn pretrained list.")],
    vae: Annotated[
        bool, typer.Option("--vae", help="With the encoder, to reconstruct and interpolate (saved as NAME_vae).")
    ] = False,
    large: Annotated[bool, typer.Option("--large", help="1024 units instead of 512 (saved as NAME_large).")] = False,
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="Base URL of a mirror with models/NAME.gen.json.")
    ] = BASE_URL,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    force: opt.Force = False,
) -> None:
    """Download official models (3 to 6 MB each, large ones 12 and more) and import them as checkpoints.

    Example: sketchrnn pretrained download dog "palm tree"
    """
    from sketchrnn_cli.commands import transfers
    from sketchrnn_cli.download import Kind
    from sketchrnn_cli.interop import importing, magenta_js
    from sketchrnn_cli.store import pretrained

    jobs = {}
    for model in dict.fromkeys(pretrained.model(name, vae) for name in names):
        name = pretrained.checkpoint_name(model, vae, large)
        if (checkpoint_dir / name).exists() and not force:
            console.message(f"{checkpoint_dir / name} already exists; --force downloads it again")
            continue
        folder = importing.destination(checkpoint_dir, name, force)
        # Hidden, and kept where the transfer breaks, so that the next one goes on from there.
        jobs[folder] = (name, pretrained.url(model, vae, large, base_url), checkpoint_dir / f".{name}.json")
    files = transfers.fetch(jobs.values(), Kind("Magenta.js model", b"[", magenta_js.read))
    for (folder, (_, url, _)), file in zip(jobs.items(), files, strict=True):
        importing.release_download(file, url, folder, force)
        console.result(str(folder))
