"""The Python interface of a trained model: load it, draw with it.

Sketches are stroke-3 float32 arrays `[points, 3]` in data units (dx, dy, pen; pen = 1 lifts the pen after the point;
y grows downwards). Sketch i of a call draws from the random stream (seed, i), so the same seed gives the same
sketches, independent of the rest of the batch.
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
from sketchrnn_cli.latent_search import TRIES, latents
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.wording import counted

ENDING_TEMPERATURE = 0.6
"""Default for completions."""
FAITHFUL_TEMPERATURE = 0.1
"""Default for decoding a given z."""


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

    Example:
        >>> sketchrnn.load("doodle_cat")
        <Model doodle_cat: lstm, 23700 steps>
    """
    name = None if ckpt is None else checks.path(ckpt, "checkpoint")
    return Model(Sketcher(names.load(name, Path(checkpoint_dir))))


class Model:
    """A trained model; `load` makes one.

    Example:
        >>> model = sketchrnn.load("doodle_cat")
        >>> a, b, c = model.sample(3, seed=1)
        >>> z = model.encode([a, b])
        >>> z.shape, len(model.decode(z))
        ((2, 128), 2)
        >>> len(model.reconstruct([a])), len(model.interpolate([a, b], 5)), len(model.complete(a[:10], 4))
        (1, 5, 4)
        >>> answer = model.analogy(a, b, c)
        >>> known = sketchrnn.load("quickdraw")
        >>> known.classify(known.sample(word="cat", seed=2), 1)[0][0][0]
        'cat'
    """

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
        """The contents of `hparams.json`."""
        return self._sketcher.checkpoint.sidecar

    @property
    def words(self) -> tuple[str, ...]:
        """The words it can draw by name; empty if it was trained without words."""
        return self.sidecar.words

    def sample(
        self,
        count: int = 1,
        *,
        word: str | None = None,
        temperature: float | None = None,
        seed: int = 0,
        max_points: int | None = None,
        best_of: int = 1,
    ) -> list[np.ndarray]:
        """Draw new sketches.

        Args:
            count: number of sketches.
            word: what to draw, one of `words`; None for any.
            temperature: sampling temperature τ of the paper; 0 is greedy. None: the model's recommended sampling,
                with separate settings for mixture weights, σ and pen.
            seed: random seed.
            max_points: maximum length of a sketch; by default the model's ``max_seq_len``.
            best_of: candidates drawn for each sketch, of which the one classified as `word` most confidently is kept;
                of a model of few drawings, the one least likely under its base and not a copy.

        Raises:
            SketchRNNError: an invalid temperature, an unknown word, more points than fit in memory, or `best_of`
                without anything to choose by.
        """
        count, seed, max_points = checks.whole(count, "count", 1), checks.whole(seed, "seed", 0), _most(max_points)
        temperature = None if temperature is None else checks.number(temperature, "temperature")
        best_of = checks.whole(best_of, "best_of", 1)
        self._sketcher.check_size(count * best_of, max_points)
        labels = np.full(count, self._label(word), dtype=np.int32)
        return self._sketcher.sample(count, seed, temperature, max_points, labels, best_of)

    def encode(
        self, sketches: Sequence[np.ndarray], *, sample: bool = False, search: int = 0, seed: int = 0
    ) -> np.ndarray:
        """Return the latent vectors z `[sketches, z_size]`: μ, or with `sample` a sample of N(μ, σ).

        With `search`, so many z are tried around μ, and the one is returned whose drawing, by `decode` with this seed,
        is most like the sketch: slower, and nearer.

        Raises:
            SketchRNNError: the model is decoder-only, or a sketch is invalid or longer than ``max_seq_len`` points.
        """
        return self._encoded(sketches, sample, search, FAITHFUL_TEMPERATURE, seed)

    def _encoded(
        self, sketches: Sequence[np.ndarray], sample: bool, search: int, temperature: float, seed: int
    ) -> np.ndarray:
        sketches, tries = checks.sketches(sketches), checks.whole(search, "search", 0)
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        return latents(self._sketcher, sketches, tries, temperature, seed, sample)

    def decode(
        self, z: np.ndarray, *, temperature: float = FAITHFUL_TEMPERATURE, seed: int = 0, max_points: int | None = None
    ) -> list[np.ndarray]:
        """Decode each latent vector `[sketches, z_size]`, all with the same random numbers, so that only z differs.

        Raises:
            SketchRNNError: the model is decoder-only, or z has another shape.
        """
        if not self.hparams.conditional:
            raise CheckpointError(f"{self.name}: a decoder-only model draws from no z")
        z = checks.latents(z, self.hparams.z_size)
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        return self._sketcher.draw(z, len(z), temperature, seed, _most(max_points), streams=[0] * len(z))

    def reconstruct(
        self,
        sketches: Sequence[np.ndarray],
        *,
        temperature: float = FAITHFUL_TEMPERATURE,
        search: int = TRIES,
        seed: int = 0,
    ) -> list[np.ndarray]:
        """Encode sketches and draw them again: from the best of `search` z around μ, see `encode`; 0 for μ itself.

        Raises:
            SketchRNNError: as `encode`.
        """
        return self.decode(
            self._encoded(sketches, False, search, temperature, seed), temperature=temperature, seed=seed
        )

    def interpolate(
        self,
        sketches: Sequence[np.ndarray],
        steps: int = 10,
        *,
        way: Literal["slerp", "lerp"] = "slerp",
        temperature: float = FAITHFUL_TEMPERATURE,
        search: int = TRIES,
        seed: int = 0,
        sample: bool = False,
        max_points: int | None = None,
    ) -> list[np.ndarray]:
        """Interpolate in the latent space from one sketch to another, or over the field between four.

        Args:
            sketches: two ends, or four corners: top left, top right, bottom left, bottom right.
            steps: sketches from end to end, both included; a field has `steps` × `steps`, row by row.
            way: spherical (slerp) or linear (lerp) interpolation.
            temperature: sampling temperature τ.
            search: z tried around the μ of each end; see `encode`.
            seed: random seed.
            sample: sample z from N(μ, σ) instead, without a search.
            max_points: maximum length of a sketch; by default the model's ``max_seq_len``.

        Raises:
            SketchRNNError: neither two nor four sketches, fewer than 2 steps, or as `encode`.
        """
        ends = checks.sketches(sketches)
        if len(ends) not in (2, 4):
            raise UsageError(f"{len(ends)} drawings: give two for a row, or four for a grid")
        steps = checks.whole(steps, "steps", 2)
        if way not in ("slerp", "lerp"):
            raise UsageError(f"way {way!r}: expected slerp or lerp")
        temperature, seed = checks.number(temperature, "temperature"), checks.whole(seed, "seed", 0)
        z = self._encoded(ends, sample, search, temperature, seed)
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
        """Complete a sketch: return `count` sketches that all start with its points.

        Args:
            beginning: the first points of a sketch.
            count: number of completions.
            word: what it shows, one of `words`; None for any.
            temperature: sampling temperature τ.
            seed: random seed.
            as_is: encode the beginning as a complete sketch, at its own size, instead of inferring size and z; the
                model may then end it at once.
            known_size: infer z only, not the size.

        Raises:
            SketchRNNError: the beginning leaves no points to draw.
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
        """Return the `count` most likely words of each sketch, with p(word | drawing).

        Raises:
            SketchRNNError: the model knows no words, or a sketch has more than ``max_seq_len`` points.
        """
        return self._sketcher.classify(checks.sketches(sketches), checks.whole(count, "count", 1))

    def _label(self, word: str | None) -> int:
        return 0 if word is None else int(self._sketcher.rows([word])[0])

    def __repr__(self) -> str:
        return f"<Model {self.name}: {self.hparams.dec_model}, {counted(self.sidecar.step, 'step')}>"


def _most(max_points: int | None) -> int | None:
    return None if max_points is None else checks.whole(max_points, "max_points", 1)
