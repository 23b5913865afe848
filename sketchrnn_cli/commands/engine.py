"""The training engine, for commands that run a model over data sets."""

import os
from typing import NamedTuple

from sketchrnn_cli import backend as backends
from sketchrnn_cli import console


class Engine(NamedTuple):
    """The framework and devices asked for; nothing is loaded yet."""

    backend: str
    device: str
    devices: str | None

    def check(self) -> None:
        """Choose the framework, before anything slow is done.

        Raises:
            UsageError: no such backend, device or number of devices, or the framework is not installed.
        """
        backends.check_devices(self.devices, backends.choose(self.backend, device=self.device)[0])

    def is_worthwhile(self) -> bool:
        """Return whether to start it where the drawing engine does as well: if asked for, or if JAX sees a GPU."""
        if self.backend != "auto" or self.devices is not None:
            return True
        return self.device != "cpu" and (self.device != "auto" or backends.jax_sees_gpu(os.environ))

    def start(self) -> None:
        """Load the framework chosen by `check`, and print which devices it uses.

        Raises:
            TrainingError: no such device, or too few.
        """
        with console.stderr().status("Starting the training engine"):
            from sketchrnn_cli.training.start import use_device

        console.message(f"on {use_device(self.device, None, self.devices)}")
