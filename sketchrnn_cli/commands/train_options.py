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
"""Hyperparameters with their own option; --set takes any."""


def run_option(help: str, *names: str, **settings: Any) -> Any:
    """Return an option in the help panel of the run."""
    return typer.Option(*names, help=help, rich_help_panel=RUN, **settings)


_SCHEDULE: dict[str, tuple[Any, Any]] = {
    "epochs": (Annotated[int | None, run_option("Epochs to train. [default: 50, and at least 5000 steps]")], None),
    "steps": (Annotated[int | None, run_option("Steps to train.")], None),
    "minutes": (
        Annotated[float | None, run_option("Minutes to train; the schedules are scaled to fit.")],
        None,
    ),
    "keep_every": (Annotated[int | None, run_option("Keep the checkpoint of every N-th epoch.", min=1)], None),
    "save_every": (
        Annotated[float | None, run_option("Seconds between saves of the last step. [default: 180]", min=0)],
        None,
    ),
    "validate_every": (
        Annotated[
            int | None,
            run_option("Steps between validations. [default: 50, more for a large validation split]", min=1),
        ],
        None,
    ),
    "patience": (
        Annotated[int | None, run_option("Stop after N epochs without improvement of the validation loss.", min=1)],
        None,
    ),
}
_HARDWARE: dict[str, tuple[Any, Any]] = {
    "backend": (Annotated[str, run_option("auto, tensorflow or jax; auto: JAX if it sees a GPU.")], "auto"),
    "device": (Annotated[str, run_option("auto, cpu or gpu.")], "auto"),
    "devices": (
        Annotated[
            str | None, run_option("Number of devices that share each batch (JAX). [default: 1]", metavar="N|all")
        ],
        None,
    ),
    "coordinator": (
        Annotated[str | None, run_option("Address of the first of several hosts.", metavar="HOST:PORT")],
        None,
    ),
    "num_hosts": (Annotated[int | None, run_option("Number of hosts that train together.", min=1, metavar="N")], None),
    "host_id": (
        Annotated[int | None, run_option("Index of this host; host 0 saves.", min=0, metavar="I")],
        None,
    ),
    "deterministic": (
        Annotated[bool | None, run_option("Bit-for-bit reproducible. [default: on a CPU]", "--deterministic/--fast")],
        None,
    ),
}
_TYPES = {field.name: field.type for field in dataclasses.fields(HParams)}


def _hyperparameter(name: str) -> tuple[Any, Any]:
    """Return the option of a hyperparameter, with help and default from its declaration."""
    help = f"{meaning(name)} [default: {getattr(HParams, name)}]"
    kind: Any = _TYPES[name]
    return Annotated[kind | None, typer.Option(help=help, rich_help_panel=MODEL)], None


def with_schedule(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for duration and saving to a command, as one mapping `schedule`."""
    return opt.with_options(command, "schedule", _SCHEDULE, _given)


def with_hardware(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for devices and hosts to a command, as one `hardware`, a `planning.Hardware`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.api.planning import Hardware

        return Hardware(**given)

    return opt.with_options(command, "hardware", _HARDWARE, build)


def with_hyperparameters(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of the common hyperparameters to a command, as one mapping `hyperparameters`."""
    options = {name: _hyperparameter(name) for name in HYPERPARAMETERS}
    return opt.with_options(command, "hyperparameters", options, _given)


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that sets any hyperparameter by name to a command, as one list `settings`."""
    option = Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Any other hyperparameter; repeatable.", rich_help_panel=MODEL
        ),
    ]

    def build(set_: list[str] | None) -> list[str]:
        return set_ or []

    return opt.with_options(command, "settings", {"set_": (option, None)}, build)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


Resume = Annotated[str | None, run_option("Resume a run.", metavar="RUN[@epoch-N]", autocompletion=completion.runs)]
From = Annotated[
    str | None,
    run_option("Start from the weights of a checkpoint.", "--from", metavar="CKPT", autocompletion=completion.models),
]
