"""What is installed here: versions, the system, the device that training would use."""

import importlib.metadata
import platform
import subprocess
import sys

from sketchrnn_cli import __version__

PACKAGES = (
    "tensorflow", "keras", "jax", "jaxlib", "numpy", "safetensors", "typer", "rich", "svgwrite", "cairosvg", "imageio",
    "pillow", "svgelements", "httpx",
)  # fmt: skip
ENGINE = """
from sketchrnn_cli import training
from sketchrnn_cli.model import kernels
print(kernels.engine().use("auto", None))
"""
ENGINE_SECONDS = 120
"""Time for the training engine to start in a process of its own: half a minute at first, on a slow disk."""


def facts() -> dict[str, str]:
    """Return label and value of what a bug report needs; what is not installed is named so."""
    return {
        "sketchrnn": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: _version(name) for name in PACKAGES},
        "training device": _device(),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _device() -> str:
    """Return the device that training would use, or why it would not start."""
    command = [sys.executable, "-c", ENGINE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ENGINE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"the training engine did not start within {ENGINE_SECONDS} s"
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return lines[-1] if lines else f"the training engine ended with exit code {done.returncode}"
