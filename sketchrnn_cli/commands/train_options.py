"""The options of `train`, in groups."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any

import typer

from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands import options as opt
from sketchrnn_cli.hparams import HParams, meaning

RUN, MODEL = "The run", "The model"
HYPERPARAMETERS = (
    "conditional", "enc_rnn_size", "dec_rnn_size", "z_size", "batch_size", "learning_rate", "kl_weight", "max_seq_len",
    "precision", "kernel", "seed",
)  # fmt: skip
"""Those with an option of their own; --set takes any."""


def run_option(help: str, *names: str, **settings: Any) -> Any:
    """Return an option of the run, under its heading in the help."""
    return typer.Option(*names, help=help, rich_help_panel=RUN, **settings)


_SCHEDULE: dict[str, tuple[Any, Any]] = {
    "epochs": (Annotated[int | None, run_option("When to stop. [default: 50, and at least 5000 steps]")], None),
    "steps": (Annotated[int | None, run_option("When to stop, in steps.")], None),
    "minutes": (
        Annotated[float | None, run_option("When to stop, in minutes: the schedules are fitted to it.")],
        None,
    ),
    "keep_every": (Annotated[int | None, run_option("Keep the checkpoint of every N-th epoch.", min=1)], None),
    "save_every": (
        Annotated[
            float | None, run_option("Seconds from one save of the last step to the next. [default: 180]", min=0)
        ],
        None,
    ),
    "validate_every": (
        Annotated[
            int | None,
            run_option(
                "Steps from one validation to the next. [default: 50, more for a large validation split]", min=1
            ),
        ],
        None,
    ),
    "patience": (
        Annotated[int | None, run_option("Stop after so many epochs without a better validation loss.", min=1)],
        None,
    ),
}
_HARDWARE: dict[str, tuple[Any, Any]] = {
    "backend": (Annotated[str, run_option("auto, tensorflow or jax; auto: JAX where it sees a GPU.")], "auto"),
    "device": (Annotated[str, run_option("auto, cpu or gpu.")], "auto"),
    "devices": (
        Annotated[str | None, run_option("How many devices share each batch, on JAX. [default: 1]", metavar="N|all")],
        None,
    ),
    "coordinator": (
        Annotated[str | None, run_option("Where the first of several hosts listens.", metavar="HOST:PORT")],
        None,
    ),
    "num_hosts": (Annotated[int | None, run_option("How many hosts train together.", min=1, metavar="N")], None),
    "host_id": (
        Annotated[int | None, run_option("The number of this host, from 0, which saves.", min=0, metavar="I")],
        None,
    ),
    "deterministic": (
        Annotated[bool | None, run_option("The same bits at every run. [default: on a CPU]", "--deterministic/--fast")],
        None,
    ),
}
_TYPES = {field.name: field.type for field in dataclasses.fields(HParams)}


def _hyperparameter(name: str) -> tuple[Any, Any]:
    """Return the option of a hyperparameter: its help and default come from where it is declared."""
    help = f"{meaning(name)} [default: {getattr(HParams, name)}]"
    kind: Any = _TYPES[name]
    return Annotated[kind | None, typer.Option(help=help, rich_help_panel=MODEL)], None


def with_schedule(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how long to train and what to save, as one mapping `schedule`."""
    return opt.with_options(command, "schedule", _SCHEDULE, _given)


def with_hardware(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of what to compute on, as one `hardware`, a `planning.Hardware`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.api.planning import Hardware

        return Hardware(**given)

    return opt.with_options(command, "hardware", _HARDWARE, build)


def with_hyperparameters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the common hyperparameters, as one mapping `hyperparameters`."""
    options = {name: _hyperparameter(name) for name in HYPERPARAMETERS}
    return opt.with_options(command, "hyperparameters", options, _given)


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option that sets any hyperparameter by name, as one list `settings`."""
    option = Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Any other hyperparameter; may be repeated.", rich_help_panel=MODEL
        ),
    ]

    def build(set_: list[str] | None) -> list[str]:
        return set_ or []

    return opt.with_options(command, "settings", {"set_": (option, None)}, build)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


Resume = Annotated[str | None, run_option("Go on with a run.", metavar="RUN[@epoch-N]", autocompletion=completion.runs)]
From = Annotated[
    str | None,
    run_option("Begin with the weights of a checkpoint.", "--from", metavar="CKPT", autocompletion=completion.models),
]
