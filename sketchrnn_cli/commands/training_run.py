"""Run the trainer to its end, showing its progress; signals stop it after a save."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import typer

from sketchrnn_cli import console
from sketchrnn_cli.errors import SketchRNNError

if TYPE_CHECKING:
    from sketchrnn_cli.api.planning import Plan
    from sketchrnn_cli.training.trainer import Trainer


def run(plan: "Plan", device: str, began: float) -> None:
    """Train as planned; `began` is when the command did, on the monotonic clock.

    Raises:
        SketchRNNError: training failed.
        typer.Exit: it was stopped by a signal, after a save.
    """
    trainer = plan.trainer()
    trainer.began = began
    if not trainer.leads:
        console.be_quiet()
    console.messages(plan.notices(len(trainer.training)))
    try:
        _drive(trainer, device)
    except SketchRNNError as error:
        if plan.hosts is None:
            raise
        console.error(str(error))
        os._exit(error.exit_code)  # A regular exit would wait for the other hosts.


def _drive(trainer: "Trainer", device: str) -> None:
    from sketchrnn_cli.commands.train_display import Display

    display = Display(trainer, device) if trainer.leads else None
    with _stopped_by_signals(trainer) as caught, display or nullcontext():
        for report in trainer.train():
            if display:
                display.show(report)
    if display:
        display.finish()
    if caught:
        console.message(f"stopped at step {trainer.step}; resume with: sketchrnn train --resume {trainer.folder.name}")
        raise typer.Exit(130)


@contextmanager
def _stopped_by_signals(trainer: "Trainer") -> Iterator[list[int]]:
    """Have the first Ctrl-C or SIGTERM save and stop, the second stop at once; yield the list of those received."""
    caught: list[int] = []

    def stop(number: int, frame: object) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)
        trainer.stopping = True
        console.message("stopping after this step and saving (again to quit at once)")

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
