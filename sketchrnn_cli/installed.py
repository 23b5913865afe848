"""What is installed here: versions, the system, the device that training would use."""

import importlib.metadata
import platform
import subprocess

from sketchrnn_cli import __version__, backend
from sketchrnn_cli.errors import UsageError

PACKAGES = (
    "tensorflow", "keras", "jax", "jaxlib", "numpy", "safetensors", "typer", "rich", "svgwrite", "cairosvg", "imageio",
    "pillow", "svgelements", "httpx",
)  # fmt: skip
GPU_SECONDS = 20
"""Time for `nvidia-smi` to answer."""


def facts() -> dict[str, str]:
    """Return label and value of what a bug report needs; what is not installed is named so."""
    return {
        "sketchrnn": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: _version(name) for name in PACKAGES},
        "training backend": _backend(),
        "training device": _device(),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _backend() -> str:
    """Return the backend that training would choose, or why it would not start."""
    try:
        return "{} ({})".format(*backend.installed_choice())
    except UsageError as error:
        return str(error)


def _device() -> str:
    """Return the GPU that the NVIDIA driver lists first, or CPU; no framework, which takes seconds, is imported."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GPU_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return "CPU (nvidia-smi does not answer)"
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return "CPU (nvidia-smi lists no GPU)"
    return lines[0] if len(lines) == 1 else f"{len(lines)} GPUs, the first: {lines[0]}"
