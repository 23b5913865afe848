"""How a model is taught from few drawings: what `train --from MODEL` does with a small set unless told otherwise.

Everything is free to change, for few steps at a high rate, and each drawing comes distorted anew each time. The steps
trade likeness for copies: the more, the more often a sample is recognized, and the more often it is a drawing of the
set again. The validation loss must not choose them: it is lowest where nothing recognizable is drawn yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchrnn_cli.data.dataset import FEW, DataSet, words_of
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.sampling import TAME, Sampling
from sketchrnn_cli.store.checkpoint import Checkpoint

STEPS = {10: 150, 20: 200, 100: 300}
"""By the number of drawings; evenly by its logarithm in between."""
RECURRENT = 2
"""A recurrent decoder takes so many times the steps, which cost a third each."""
DISTORTED: dict[str, Any] = {
    "random_scale_factor": 0.22, "random_rotation": 12.0, "random_shear": 0.15, "stroke_jitter": 4.0,
    "page_warp": 10.0, "point_jitter": 2.0, "augment_stroke_prob": 0.0,
}  # fmt: skip
TAUGHT: dict[str, Any] = {
    "batch_size": 10, "optimizer": "adam", "beta_2": 0.98, "warmup_steps": 20, "decay_rate": 1.0,
    "cosine_decay_steps": 0, "linear_decay_steps": 0, "min_learning_rate": 0.0, "weight_decay": 0.0,
    "ema_decay": 0.98, "clip_by": "norm", "grad_clip": 1.0, "precision": "float32",
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What is done with a small set."""

    hparams: HParams
    steps: int
    sampling: Sampling
    """How the model draws unless told otherwise."""


def recipe_for(first: Checkpoint | None, sets: Sequence[DataSet], like_mine: bool | None = None) -> Recipe | None:
    """Return the recipe where a model is taught few drawings; None for any other run.

    Args:
        first: the checkpoint that training begins with, if any.
        sets: what it is taught.
        like_mine: as for `recipe`; None where nobody asked.

    Raises:
        UsageError: `like_mine` is given for another run.
    """
    if first is None or sum(len(dataset.train) for dataset in sets) > FEW:
        if like_mine is not None:
            raise UsageError(f"--like-mine and --new are for teaching a model (--from) {FEW} drawings at most")
        return None
    fitting = sum(int((dataset.train.lengths <= first.hparams.max_seq_len).sum()) for dataset in sets)
    return recipe(first.hparams, fitting, len(words_of(sets)), bool(like_mine))


def recipe(base: HParams, drawings: int, words: int = 0, like_mine: bool = False) -> Recipe:
    """Return how to go on from a model with few drawings.

    Args:
        base: the model's hyperparameters; its architecture, dropout and N_max stay.
        drawings: of the training split.
        words: that the drawings are of, where the model knows words.
        like_mine: no mirror: closer to the drawings, and more often one of them again.
    """
    is_transformer = base.dec_model == "transformer"
    steps = round(float(np.interp(np.log(max(1, drawings)), np.log([*STEPS]), [*STEPS.values()])))
    changes = {**TAUGHT, **DISTORTED, "mirror_prob": 0.0 if like_mine else 0.5}
    changes["learning_rate"] = 6e-4 if is_transformer else 1e-3
    changes["kl_weight_start"] = base.kl_weight  # What z means is learnt already.
    if words == 1:
        changes["class_dropout"] = 0.5  # "Any" drawing of this model is one of these, too.
    steps *= 1 if is_transformer else RECURRENT
    hparams = base.replace(**changes)
    return Recipe(hparams, steps, TAME)


def summary(drawings: int, hparams: HParams, steps: int | None) -> str:
    """Return what is done with few drawings, for people, in one line."""
    mirrors, length = hparams.mirror_prob > 0, f"{steps} steps " if steps else ""
    return (
        f"{drawings} drawings are few: {length}at rate {hparams.learning_rate:g} in batches of {hparams.batch_size}, "
        f"distorted{' and mirrored' if mirrors else ''} anew each time "
        f"({'--like-mine stays closer to them' if mirrors else '--new mirrors them'}; every option overrides)"
    )
