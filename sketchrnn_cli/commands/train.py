"""`sketchrnn train`: learn to draw from one or several data sets."""

import os
import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import backend as backends
from sketchrnn_cli import console
from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands.dataset.download import fetch
from sketchrnn_cli.errors import SketchRNNError, UsageError
from sketchrnn_cli.hparams import HParams, meaning

if TYPE_CHECKING:
    from sketchrnn_cli.training.trainer import Trainer

RUN, MODEL = "The run", "The model"


def _option(name: str, panel: str = MODEL) -> Any:
    """Return the option of a hyperparameter: its help and default come from where it is declared."""
    return typer.Option(help=f"{meaning(name)} [default: {getattr(HParams, name)}]", rich_help_panel=panel)


def train(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATASET",
            help="Names in --data-dir, paths, folders of drawings (.svg, .png, .ndjson ...); several are merged.",
            autocompletion=completion.sets,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Train as a bundled model was: quickdraw or vae. Without DATASET it fetches the drawings, too.",
            rich_help_panel=RUN,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The run's name. By default the data sets joined by _.", rich_help_panel=RUN)
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN[@epoch-N]", help="Go on with a run.", rich_help_panel=RUN, autocompletion=completion.runs
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="CKPT",
            help="Begin with the weights of a checkpoint.",
            rich_help_panel=RUN,
            autocompletion=completion.models,
        ),
    ] = None,
    like_mine: Annotated[
        bool | None,
        typer.Option(
            "--like-mine/--new",
            help="With --from and few drawings: stay close to them, or draw new ones. [default: --new]",
            rich_help_panel=RUN,
        ),
    ] = None,
    initial_epoch: Annotated[
        int | None, typer.Option(min=0, help="With --from: epoch the schedules begin at.", rich_help_panel=RUN)
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="When to stop. [default: 50, and at least 5000 steps]", rich_help_panel=RUN)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="When to stop, in steps.", rich_help_panel=RUN)] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="When to stop, in minutes: the schedules are fitted to it.", rich_help_panel=RUN),
    ] = None,
    keep_every: Annotated[
        int | None, typer.Option(min=1, help="Keep the checkpoint of every N-th epoch.", rich_help_panel=RUN)
    ] = None,
    save_every: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds from one save of the last step to the next. [default: 180]", rich_help_panel=RUN
        ),
    ] = None,
    validate_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Steps from one validation to the next. [default: 50, more for a large validation split]",
            rich_help_panel=RUN,
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(min=1, help="Stop after so many epochs without a better validation loss.", rich_help_panel=RUN),
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="Where data sets are looked up.", rich_help_panel=RUN)] = Path(
        "datasets"
    ),
    checkpoint_dir: Annotated[Path, typer.Option(help="Where runs are saved.", rich_help_panel=RUN)] = Path(
        "checkpoints"
    ),
    backend: Annotated[
        str, typer.Option(help="auto, tensorflow or jax; auto: JAX where it sees a GPU.", rich_help_panel=RUN)
    ] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu or gpu.", rich_help_panel=RUN)] = "auto",
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="N|all", help="How many devices share each batch, on JAX. [default: 1]", rich_help_panel=RUN
        ),
    ] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where the first of several hosts listens.", rich_help_panel=RUN),
    ] = None,
    num_hosts: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many hosts train together.", rich_help_panel=RUN)
    ] = None,
    host_id: Annotated[
        int | None,
        typer.Option(min=0, metavar="I", help="The number of this host, from 0, which saves.", rich_help_panel=RUN),
    ] = None,
    deterministic: Annotated[
        bool | None,
        typer.Option(
            "--deterministic/--fast", help="The same bits at every run. [default: on a CPU]", rich_help_panel=RUN
        ),
    ] = None,
    hand_only: Annotated[
        bool,
        typer.Option(
            "--hand-only", help="Leave out the strokes that the studio's model drew (.ndjson).", rich_help_panel=RUN
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Download missing categories unasked.", rich_help_panel=RUN)
    ] = False,
    force: Annotated[
        bool, typer.Option(help="Replace a run of that name; resume although the data changed.", rich_help_panel=RUN)
    ] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Learn what the drawings are of, by their words.", rich_help_panel=MODEL)
    ] = False,
    conditional: Annotated[bool | None, _option("conditional")] = None,
    enc_rnn_size: Annotated[int | None, _option("enc_rnn_size")] = None,
    dec_rnn_size: Annotated[int | None, _option("dec_rnn_size")] = None,
    z_size: Annotated[int | None, _option("z_size")] = None,
    batch_size: Annotated[int | None, _option("batch_size")] = None,
    learning_rate: Annotated[float | None, _option("learning_rate")] = None,
    kl_weight: Annotated[float | None, _option("kl_weight")] = None,
    max_seq_len: Annotated[int | None, _option("max_seq_len")] = None,
    precision: Annotated[str | None, _option("precision")] = None,
    kernel: Annotated[str | None, _option("kernel")] = None,
    seed: Annotated[int | None, _option("seed")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Any other hyperparameter; may be repeated.", rich_help_panel=MODEL
        ),
    ] = None,
) -> None:
    """Train a model on sketches; it saves as it goes, and Ctrl-C loses nothing.

    Example: sketchrnn train cat guitar --epochs 10
    """
    from sketchrnn_cli import few, recipes
    from sketchrnn_cli.commands import drawings
    from sketchrnn_cli.commands.recipe_data import recipe_data
    from sketchrnn_cli.data import cache
    from sketchrnn_cli.data import names as set_names
    from sketchrnn_cli.store import names
    from sketchrnn_cli.store.schedule import Schedule

    began = time.monotonic()
    defaults = HParams()
    if recipe is not None:
        if resume or from_:
            raise UsageError("--recipe begins a run of its own; leave --resume and --from out")
        followed = recipes.load(recipe)
        defaults, classes = followed.hparams, classes or followed.classes
        if (epochs, steps, minutes) == (None, None, None):
            steps = followed.steps
        datasets = datasets or [str(recipe_data(followed, data_dir, yes))]
    if not datasets and not resume:
        raise UsageError("name what to train on (sketchrnn train cat), or a run to go on with (--resume NAME)")
    if initial_epoch is not None and not from_:
        raise UsageError("--initial-epoch begins the schedules late for the weights of --from; give both")
    options = {
        "conditional": conditional, "enc_rnn_size": enc_rnn_size, "dec_rnn_size": dec_rnn_size, "z_size": z_size,
        "batch_size": batch_size, "learning_rate": learning_rate, "kl_weight": kl_weight,
        "max_seq_len": max_seq_len, "precision": precision, "kernel": kernel, "seed": seed,
    }  # fmt: skip
    given: dict[str, Any] = {option: value for option, value in options.items() if value is not None}
    if resume and (given or set_ or from_ or name or classes or like_mine is not None):
        raise UsageError(
            "--resume takes everything from the run; only --epochs, --steps, --minutes, --keep-every, --save-every, "
            "--validate-every, --patience, --backend, --devices and where its data lies may change"
        )
    changes = {
        "epochs": epochs, "steps": steps, "minutes": minutes, "keep_every": keep_every, "save_every": save_every,
        "validate_every": validate_every, "patience": patience,
    }  # fmt: skip
    backends.check_devices(devices)
    # Names and values are checked before a framework is imported, which takes seconds.
    schedule = Schedule().changed(changes)
    defaults.replace(**given).with_settings(set_ or [])
    missing = set_names.missing_categories(datasets or [], data_dir)
    if missing:
        if not (yes or _agreed(missing)):
            raise set_names.absent(missing, data_dir)
        fetch(missing, data_dir)
    first = names.load(from_, checkpoint_dir) if from_ else None
    found = [set_names.find(dataset, data_dir) for dataset in datasets or []]
    paths = drawings.archives(found, hand_only, first.hparams.max_seq_len if first else None)
    recorded_devices = 1
    if resume:
        recorded = names.run_to_resume(resume, checkpoint_dir)
        engine_name = recorded.engine.backend if recorded.engine else None
        recorded_devices = recorded.engine.devices if recorded.engine else 1
        chosen = backends.choose(backend, engine_name, device=device)
    else:
        folder = names.run_folder(checkpoint_dir, name, "_".join(path.stem for path in paths), force)
        sets = [cache.load(path) for path in paths]
        taught = few.recipe_for(first, sets, like_mine)
        if taught and not schedule.has_budget:
            schedule = schedule.changed({"steps": taught.steps})
        begun = taught.hparams if taught else first.hparams if first else defaults
        hparams = begun.replace(**given).with_settings(set_ or [])
        hparams.check_trainable()
        chosen = backends.choose(backend, kernel=hparams.kernel, device=device)
    backends.check_devices(devices, chosen[0])
    hosts = backends.hosts(coordinator, num_hosts, host_id, chosen[0], os.environ)
    with console.stderr().status("Starting the training engine"):
        from sketchrnn_cli.training import start

        used = start.use_device(device, deterministic, devices, recorded_devices, hosts)
    if resume:
        trainer = start.resumed_run(resume, checkpoint_dir, changes, force, data_dir, paths)
    else:
        sampling = taught.sampling if taught else first.sidecar.sampling if first else None
        trainer = start.new_run(
            folder, sets, hparams, schedule, first, initial_epoch or 0, classes=classes, sampling=sampling
        )
        if taught:
            console.message(few.summary(len(trainer.training), hparams, schedule.steps))
    trainer.began = began
    if not trainer.leads:
        console.be_quiet()
    console.message(f"backend: {chosen[0]} ({chosen[1]})")
    try:
        _run(trainer, used)
    except SketchRNNError as error:
        if hosts is None:
            raise
        console.error(str(error))
        os._exit(error.exit_code)  # An orderly end would wait for the other hosts.


def _agreed(missing: list[str]) -> bool:
    """Ask whether to download what is missing; never where nobody can answer."""
    question = f"not here: {', '.join(missing)}. Download from Quick, Draw! (about 15 MB each)?"
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _run(trainer: "Trainer", device: str) -> None:
    """Drive the trainer to its end, showing how it goes; the first Ctrl-C or SIGTERM saves and stops."""
    from sketchrnn_cli.commands.train_display import Display

    display = Display(trainer, device) if trainer.leads else None
    caught: list[int] = []

    def stop(number: int, frame: object) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)
        trainer.stopping = True
        console.message("stopping after this step; saving (once more to leave at once)")

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with display or nullcontext():
            for report in trainer.train():
                if display:
                    display.show(report)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if display:
        display.finish()
    if caught:
        console.message(f"stopped at step {trainer.step}; go on with: sketchrnn train --resume {trainer.folder.name}")
        raise typer.Exit(130)
