"""Recipes: how the bundled models were trained, as files that `train --recipe NAME` follows.

A recipe names its data, so that it runs on any machine: the first recognized drawings of words of Quick, Draw!.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sketchrnn_cli.data.quickdraw import CATEGORIES
from sketchrnn_cli.data.simplified import Wanted
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams, nearest


@dataclass(frozen=True)
class Recipe:
    """What one file says."""

    name: str
    about: str
    """What comes of it, in a line."""
    measured: str
    """Time and hardware that it took."""
    data: Wanted
    classes: bool
    """Whether the model knows its drawings by their words."""
    steps: int
    hyperparameters: Mapping[str, Any]

    @property
    def hparams(self) -> HParams:
        """Return the defaults with the recipe's changes."""
        return HParams(**self.hyperparameters)

    @property
    def archive(self) -> str:
        """Return the name of the data set that its drawings become."""
        words = "quickdraw345" if len(self.data.words) == len(CATEGORIES) else "_".join(self.data.words)
        return f"{words}-{self.data.drawings}"


def names() -> list[str]:
    """Return the names of all recipes."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises:
        UsageError: there is none of that name.
    """
    known = names()
    if name not in known:
        raise UsageError(f"no recipe {name!r}{nearest(name, known)} (there are: {', '.join(known)})")
    values = tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    data = values["data"]
    words = CATEGORIES if data["words"] == "all" else tuple(data["words"])
    return Recipe(
        name=name,
        about=values["about"],
        measured=values["measured"],
        data=Wanted(words, data["drawings"], data["longest"]),
        classes=values["classes"],
        steps=values["steps"],
        hyperparameters=values["hyperparameters"],
    )
