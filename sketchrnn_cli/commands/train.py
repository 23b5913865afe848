"""`sketchrnn train`: learn to draw from one or several data sets."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import train_options as of
from sketchrnn_cli.commands.train_options import run_option


@of.with_settings
@of.with_hyperparameters
@of.with_hardware
@of.with_schedule
def train(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATASET",
            help="Names in --data-dir, paths, or folders of drawings (.svg, .png, .ndjson ...); several are merged.",
            autocompletion=completion.sets,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        run_option(
            "Train like a bundled model: quickdraw or vae. Without DATASET, download its drawings.",
            metavar="NAME",
        ),
    ] = None,
    name: Annotated[str | None, run_option("Name of the run. [default: the data sets joined by _]")] = None,
    resume: of.Resume = None,
    from_: of.From = None,
    like_mine: Annotated[
        bool | None,
        run_option(
            "With --from and few drawings: stay close to them, or draw new ones. [default: --new]",
            "--like-mine/--new",
        ),
    ] = None,
    initial_epoch: Annotated[int | None, run_option("With --from: epoch at which the schedules start.", min=0)] = None,
    data_dir: Annotated[Path, run_option("Folder of the data sets.")] = Path("datasets"),
    checkpoint_dir: Annotated[Path, run_option("Folder of the runs.")] = Path("checkpoints"),
    hand_only: Annotated[
        bool, run_option("Exclude strokes drawn by the studio's model (.ndjson).", "--hand-only")
    ] = False,
    yes: Annotated[bool, run_option("Download missing categories without asking.", "--yes", "-y")] = False,
    force: Annotated[bool, run_option("Replace a run of that name; resume even if the data changed.")] = False,
    classes: Annotated[
        bool,
        typer.Option(
            "--classes", help="Train a class-conditional model on the drawings' words.", rich_help_panel=of.MODEL
        ),
    ] = False,
    schedule: Any = None,
    hardware: Any = None,
    hyperparameters: Any = None,
    settings: Any = None,
) -> None:
    """Train a model on sketches; checkpoints are saved regularly, and Ctrl-C loses nothing.

    Example: sketchrnn train cat guitar --epochs 10
    """
    from sketchrnn_cli import recipes
    from sketchrnn_cli.api import planning
    from sketchrnn_cli.commands import drawings, recipe_data, training_run
    from sketchrnn_cli.commands.dataset.download import fetch_missing

    began = time.monotonic()
    asked = planning.Request(
        name, resume, from_, like_mine, initial_epoch, classes, force, data_dir, checkpoint_dir, hardware, schedule,
        hyperparameters, settings,
    )  # fmt: skip
    if recipe is not None:
        followed = recipes.load(recipe)
        asked = asked.following(followed)
        datasets = datasets or [str(recipe_data.recipe_data(followed, data_dir, yes))]
    asked.check(has_data=bool(datasets))
    base = asked.base()
    found = fetch_missing(datasets or [], data_dir, yes)
    paths = drawings.archives(found, hand_only, base.hparams.max_seq_len if base else None)
    plan = planning.plan(asked, base, paths)
    with console.stderr().status("Starting the training engine"):
        device = plan.use_device()
    training_run.run(plan, device, began)
