"""Sketch-RNN (Ha & Eck 2017) as a library and a command-line toolkit.

    import sketchrnn_cli as sketchrnn

    model = sketchrnn.load("cat")
    sketchrnn.draw(model.sample(24, seed=2), "cats.svg")

The names in `__all__` are public; everything else is private, whatever it is called. Nothing is imported before it is
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketchrnn_cli.api.datasets import DataSet
    from sketchrnn_cli.api.inputs import read_sketch
    from sketchrnn_cli.api.model import Model, load
    from sketchrnn_cli.api.pictures import draw
    from sketchrnn_cli.api.training import train
    from sketchrnn_cli.errors import SketchRNNError
    from sketchrnn_cli.hparams import HParams

__version__ = "0.2.0"
__all__ = ["DataSet", "HParams", "Model", "SketchRNNError", "draw", "load", "read_sketch", "train"]

_HOMES = {
    "DataSet": "sketchrnn_cli.api.datasets",
    "HParams": "sketchrnn_cli.hparams",
    "Model": "sketchrnn_cli.api.model",
    "SketchRNNError": "sketchrnn_cli.errors",
    "draw": "sketchrnn_cli.api.pictures",
    "load": "sketchrnn_cli.api.model",
    "read_sketch": "sketchrnn_cli.api.inputs",
    "train": "sketchrnn_cli.api.training",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
