"""Which framework trains: chosen before Keras, which asks only once, is imported."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sketchrnn_cli.errors import UsageError

BACKENDS = ("tensorflow", "jax")
CHOICES = ("auto", *BACKENDS)
DEVICES = ("auto", "cpu", "gpu")
INSTALL = {"tensorflow": "pip install tensorflow (no wheels for Intel Macs)", "jax": "pip install 'sketchrnn[jax]'"}
ALL = "all"
"""Stands for every device that there is."""
VARIABLE = "KERAS_BACKEND"
PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")
GPU_FILES = ("/dev/nvidiactl", "/dev/dxg")
"""Where Linux, and Linux on Windows (WSL2), show an NVIDIA GPU."""


def choose(asked: str, recorded: str | None = None, kernel: str = "auto", device: str = "auto") -> tuple[str, str]:
    """Choose the backend, and have Keras take it; return which, and why.

    An explicit one beats what a run records, that beats KERAS_BACKEND, and that beats `auto`: JAX where it is installed
    and sees a GPU, else TensorFlow.

    Args:
        asked: auto, tensorflow or jax.
        recorded: what the run to resume was trained with.
        kernel: the kernel asked for; cudnn is TensorFlow's.
        device: auto, cpu or gpu.

    Raises:
        UsageError: no such backend or device, not installed, or Keras already runs on another.
    """
    name, why = installed_choice(asked, recorded, kernel, device)
    keras = sys.modules.get("keras")
    if keras is not None and (running := keras.backend.backend()) != name:
        if running not in BACKENDS or asked in BACKENDS:
            raise UsageError(
                f"Keras already runs on {running} here, and training needs {name}: "
                f"set {VARIABLE} before anything imports keras"
            )
        return running, "Keras already runs on it"
    os.environ[VARIABLE] = name
    return name, why


def installed_choice(
    asked: str = "auto", recorded: str | None = None, kernel: str = "auto", device: str = "auto"
) -> tuple[str, str]:
    """Return what `choose` would choose, and why; nothing is imported.

    Raises:
        UsageError: no such backend or device, or not installed.
    """
    if device not in DEVICES:
        raise UsageError(f"--device {device}: expected {', '.join(DEVICES)}")
    name, why = _choice(asked, recorded, kernel, device, os.environ)
    if importlib.util.find_spec(name) is None:
        raise UsageError(f"backend {name} ({why}): not installed; {INSTALL[name]}, or choose another")
    if sys.modules.get("keras") is None and importlib.util.find_spec("keras") is None:
        raise UsageError("training needs Keras, which is not installed; pip install keras")
    return name, why


class Hosts(NamedTuple):
    """The processes that train one model together, one a host or one a GPU."""

    coordinator: str
    """HOST:PORT where the first of them listens; empty: as SLURM says, and so the rest."""
    number: int = 1
    own: int = 0
    """The number of this one, from 0."""


def hosts(
    coordinator: str | None, count: int | None, own: int | None, backend: str, environment: Mapping[str, str]
) -> Hosts | None:
    """Return who trains together, by the options or by SLURM's variables; None for this process alone.

    Raises:
        UsageError: options are missing or do not fit one another, or the backend cannot.
    """
    given = [option for option in (coordinator, count, own) if option is not None]
    if not given:
        slurm = backend == "jax" and "SLURM_PROCID" in environment and "SLURM_STEP_NODELIST" in environment
        return Hosts("") if slurm and int(environment.get("SLURM_STEP_NUM_TASKS", "1")) > 1 else None
    if coordinator is None or count is None or own is None:
        raise UsageError("--coordinator HOST:PORT, --num-hosts N and --host-id I belong together; give all three")
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UsageError(f"--coordinator {coordinator}: expected HOST:PORT, of the host with --host-id 0")
    if not 0 <= own < count:
        raise UsageError(f"--host-id {own}: expected 0 to {count - 1}, for --num-hosts {count}")
    if backend != "jax":
        raise UsageError(f"--num-hosts {count}: {backend} trains on one host here; --backend jax takes several")
    return Hosts(coordinator, count, own) if count > 1 else None


def check_devices(asked: str | None, backend: str = "jax") -> None:
    """Refuse a number of devices that is none, or that a backend cannot take.

    Raises:
        UsageError: it is neither a number from 1 on nor `ALL`; or several, and the backend takes one.
    """
    if asked is None:
        return
    if asked != ALL and not (asked.isdecimal() and int(asked)):
        raise UsageError(f"--devices {asked}: expected a number from 1 on, or {ALL}")
    if backend != "jax" and asked != "1":
        raise UsageError(f"--devices {asked}: {backend} trains on one device here; --backend jax takes several")


def _choice(
    asked: str, recorded: str | None, kernel: str, device: str, environment: Mapping[str, str]
) -> tuple[str, str]:
    if asked not in CHOICES:
        raise UsageError(f"--backend {asked}: expected {', '.join(CHOICES)}")
    if asked != "auto":
        return asked, "--backend"
    if recorded is not None:
        return recorded, "as the run began"
    if said := environment.get(VARIABLE, ""):
        if said not in BACKENDS:
            raise UsageError(f"{VARIABLE}={said}: training runs on {' or '.join(BACKENDS)}")
        return said, VARIABLE
    if kernel == "cudnn":
        return "tensorflow", "--kernel cudnn"
    if device != "cpu" and jax_sees_gpu(environment):
        return "jax", "it is installed and sees a GPU"
    return "tensorflow", "JAX sees no GPU" if device != "cpu" else "--device cpu"


def jax_sees_gpu(environment: Mapping[str, str]) -> bool:
    """Return whether JAX, its CUDA plugin and a GPU are there; JAX, which takes a second, is not imported for it."""
    hidden = environment.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    platforms = environment.get("JAX_PLATFORMS", "")
    allowed = not platforms or "cuda" in platforms or "gpu" in platforms
    installed = importlib.util.find_spec("jax") and any(importlib.util.find_spec(plugin) for plugin in PLUGINS)
    return bool(installed) and allowed and not hidden and any(Path(file).exists() for file in GPU_FILES)
