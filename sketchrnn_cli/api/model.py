"""A trained model as Python sees it: load it, draw with it.

Sketches are stroke-3 float32 arrays `[points, 3]` in data units (dx, dy, pen; pen = 1 lifts the pen after the point;
y grows downwards). Sketch i of a call draws from the random stream (seed, i), so the same seed draws the same
sketches, whatever is drawn beside them.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from sketchrnn_cli import latent
from sketchrnn_cli.api import checks
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.store.checkpoint import Sidecar

ENDING_TEMPERATURE = 0.6
"""Default of what goes on from a beginning."""
FAITHFUL_TEMPERATURE = 0.1
"""Default of what shows a given z."""


def load(
    ckpt: str | os.PathLike[str] | None = None, *, checkpoint_dir: str | os.PathLike[str] = "checkpoints"
) -> "Model":
    """Load a model.

    Args:
        ckpt: a checkpoint's folder or name: first in `checkpoint_dir`, then among the bundled models. A run's name may
            end in ``@best`` (the default), ``@last`` or ``@epoch-12``. None takes the newest run, else the bundled
            default.
        checkpoint_dir: where names are looked up.

    Raises:
        SketchRNNError: there is no such checkpoint, or it is damaged.
    """
    name = None if ckpt is None else checks.path(ckpt, "checkpoint")
    return Model(Sketcher(names.load(name, Path(checkpoint_dir))))


class Model:
    """A trained model; `load` makes one."""

    def __init__(self, sketcher: Sketcher) -> None:
        """Wrap a drawing engine; use `load`."""
        self._sketcher = sketcher

    @property
    def name(self) -> str:
        """The checkpoint's name, such as ``cat`` or ``mine@best``."""
        return names.title(self._sketcher.checkpoint.folder)

    @property
    def hparams(self) -> HParams:
        """The hyperparameters it was built with."""
        return self._sketcher.hparams

    @property
    def sidecar(self) -> Sidecar:
        """Everything that `hparams.json` says of it."""
        return self._sketcher.checkpoint.sidecar

    @property
    def words(self) -> tuple[str, ...]:
        """What it can be asked for by name; empty where it was trained without words."""
        return self.sidecar.words

    def sample(
        self,
        count: int = 1,
        *,
        word: str | None = None,
        temperature: float | None = None,
        seed: int = 0,
        max_points: int | None = None,
    ) -> list[np.ndarray]:
        """Draw new sketches.

        Args:
            count: how many.
            word: what to draw, one of `words`; None for any.
            temperature: randomness τ of everything at once, as in the paper; 0 takes the most probable. None: as the
                model draws best, which cuts, narrows and sharpens the parts apart.
            seed: of the random draws.
            max_points: where a sketch is cut; by default the model's ``max_seq_len``.

        Raises:
            SketchRNNError: an impossible temperature, an unknown word, or more points than memory holds.
        """
        count, seed, max_points = checks.whole(count, "count", 1), checks.whole(seed, "seed", 0), _most(max_points)
        temperature = None if temperature is None else checks.number(temperature, "temperature")
        self._sketcher.check_size(count, max_points)
        labels = np.full(count, self._label(word), dtype=np.int32)
        return self._sketcher.sample(count, seed, temperature, max_points, labels)

    def encode(self, sketches: Sequence[np.ndarray], *, sample: bool = False, seed: int = 0) -> np.ndarray:
        """Return the latent vectors z `[sketches, z_size]`: μ, or with `sample` a draw from N(μ, σ).

        Raises:
            SketchRNNError: the model is decoder-only, or a sketch is none, or has more than ``max_seq_len`` points.
        """
        mu, sigma = self._sketcher.encode(checks.sketches(sketches))
        if not sample:
            return mu
        noise = self._sketcher.random_latents(len(mu), checks.whole(seed, "seed", 0))
        return mu + sigma * noise

    def decode(
        self, z: np.ndarray, *, temperature: float = FAITHFUL_TEMPERATURE, seed: int = 0, max_points: int | None = None
    ) -> list[np.ndarray]:
        """Draw a sketch of each latent vector `[sketches, z_size]`, all from one random stream: only z differs.

        Raises:
            SketchRNNError: the model is decoder-only, or z has another shape.
        """
        if not self.hparams.conditional:
            raise CheckpointError(f"{self.name}: a decoder-only model draws from no z")
        z = checks.latents(z, self.hparams.z_size)
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        return self._sketcher.draw(z, len(z), temperature, seed, _most(max_points), streams=[0] * len(z))

    def reconstruct(
        self, sketches: Sequence[np.ndarray], *, temperature: float = FAITHFUL_TEMPERATURE, seed: int = 0
    ) -> list[np.ndarray]:
        """Encode sketches and draw them again.

        Raises:
            SketchRNNError: as `encode`.
        """
        return self.decode(self.encode(sketches), temperature=temperature, seed=seed)

    def interpolate(
        self,
        sketches: Sequence[np.ndarray],
        steps: int = 10,
        *,
        way: Literal["slerp", "lerp"] = "slerp",
        temperature: float = FAITHFUL_TEMPERATURE,
        seed: int = 0,
        sample: bool = False,
        max_points: int | None = None,
    ) -> list[np.ndarray]:
        """Walk through the latent space from one sketch to another, or over the field between four.

        Args:
            sketches: two ends, or four corners: top left, top right, bottom left, bottom right.
            steps: sketches from end to end, both included; a field has `steps` × `steps`, row by row.
            way: along the great arc (slerp), or straight (lerp).
            temperature: randomness τ.
            seed: of the random draws.
            sample: take z from N(μ, σ) instead of μ.
            max_points: where a sketch is cut; by default the model's ``max_seq_len``.

        Raises:
            SketchRNNError: neither two nor four sketches, fewer than 2 steps, or as `encode`.
        """
        ends = checks.sketches(sketches)
        if len(ends) not in (2, 4):
            raise UsageError(f"{len(ends)} drawings: give two for a row, or four for a grid")
        steps = checks.whole(steps, "steps", 2)
        if way not in ("slerp", "lerp"):
            raise UsageError(f"way {way!r}: expected slerp or lerp")
        z = self.encode(ends, sample=sample, seed=seed)
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        return self._sketcher.interpolate(z, steps, way, temperature, seed, _most(max_points))

    def complete(
        self,
        beginning: np.ndarray,
        count: int = 4,
        *,
        word: str | None = None,
        temperature: float = ENDING_TEMPERATURE,
        seed: int = 0,
        as_is: bool = False,
        known_size: bool = False,
    ) -> list[np.ndarray]:
        """Draw on from a beginning: `count` sketches that all start with its points.

        Args:
            beginning: the first points of a sketch.
            count: how many.
            word: what it is of, one of `words`; None for any.
            temperature: randomness τ.
            seed: of the guesses and of the random draws.
            as_is: read the beginning at its own size and with its own z, instead of guessing what it is the beginning
                of; then the model may end it at once.
            known_size: guess z, but not the size.

        Raises:
            SketchRNNError: the beginning leaves no point to draw.
        """
        beginning, count = checks.sketch(beginning, "beginning"), checks.whole(count, "count", 1)
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        self._sketcher.check_size(count)
        return self._sketcher.complete(beginning, count, temperature, seed, as_is, known_size, self._label(word))

    def analogy(
        self,
        a: np.ndarray,
        b: np.ndarray,
        c: np.ndarray,
        *,
        temperature: float = FAITHFUL_TEMPERATURE,
        seed: int = 0,
    ) -> np.ndarray:
        """Draw A − B + C: what is to C as A is to B.

        Raises:
            SketchRNNError: as `encode`.
        """
        return self.decode(latent.analogy(*self.encode([a, b, c])), temperature=temperature, seed=seed)[0]

    def classify(self, sketches: Sequence[np.ndarray], count: int = 5) -> list[list[tuple[str, float]]]:
        """Return of each sketch the `count` words under which it is most likely, with p(word | drawing).

        Raises:
            SketchRNNError: the model knows no words, or a sketch has more than ``max_seq_len`` points.
        """
        return self._sketcher.classify(checks.sketches(sketches), checks.whole(count, "count", 1))

    def _label(self, word: str | None) -> int:
        return 0 if word is None else int(self._sketcher.rows([word])[0])

    def __repr__(self) -> str:
        return f"<Model {self.name}: {self.hparams.dec_model}, {self.sidecar.step} steps>"


def _most(max_points: int | None) -> int | None:
    return None if max_points is None else checks.whole(max_points, "max_points", 1)
