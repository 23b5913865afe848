"""Choose the best of several drawings by the model itself: by how surely it shows what it was to show.

Likelihood a point does not do: it likes loops. By Bayes' rule log p(word | drawing) is
log p(drawing | word) − log p(drawing) + log p(word), and a model that was trained with some words hidden knows
p(drawing) as what it says of "any". So two passes are enough, however many words there are. A model of few drawings
has forgotten what others look like; the model that it was tuned from knows.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.model.inference import Drawer


def score(
    drawer: Drawer,
    base: Drawer | None,
    sketches: Sequence[np.ndarray],
    z: np.ndarray | None,
    labels: np.ndarray,
    max_points: int,
) -> np.ndarray:
    """Return how good drawings are, `[sketches]`: `gain` over the base of a tuned model, else `surety`."""
    if base is None:
        return surety(drawer, sketches, z, labels, max_points)
    return gain(drawer, base, sketches, labels, max_points)


def surety(
    drawer: Drawer, sketches: Sequence[np.ndarray], z: np.ndarray | None, labels: np.ndarray, max_points: int
) -> np.ndarray:
    """Return log p(word | drawing) `[sketches]`, up to what depends on the word alone; −∞ for what has not ended.

    Args:
        drawer: the model.
        sketches: in model units.
        z: their latent vectors `[sketches, z]`; None for a decoder-only model.
        labels: rows of the label table `[sketches]`.
        max_points: where drawing was stopped.
    """
    ended = _ended(sketches, max_points)
    some = [sketches[int(i)] for i in ended]
    seen, shown = None if z is None else z[ended], labels[ended]
    found = np.full(len(sketches), -np.inf)
    if some:
        hidden = drawer.log_likelihoods(seen, some, np.zeros_like(shown))
        found[ended] = drawer.log_likelihoods(seen, some, shown) - hidden
    return found


def gain(
    tuned: Drawer, base: Drawer, sketches: Sequence[np.ndarray], labels: np.ndarray, max_points: int
) -> np.ndarray:
    """Return how much likelier a row is to a tuned model than to its base, nats `[sketches]`; −∞ if it has not ended.

    The mean over the rows of log p(row | tuned, word) − log p(row | base, "any"): their sum would prefer long drawings.

    Args:
        tuned: the model that drew them, without z.
        base: the one that it began as.
        sketches: in model units, which are both models'.
        labels: rows of the tuned model's label table `[sketches]`.
        max_points: where drawing was stopped.
    """
    ended = _ended(sketches, max_points)
    some = [sketches[int(i)] for i in ended]
    found = np.full(len(sketches), -np.inf)
    if some:
        shown = labels[ended]
        ratio = tuned.log_likelihoods(None, some, shown) - base.log_likelihoods(None, some, np.zeros_like(shown))
        found[ended] = ratio / [len(sketch) + 1 for sketch in some]
    return found


def _ended(sketches: Sequence[np.ndarray], max_points: int) -> np.ndarray:
    """Return the indices of sketches that ended by themselves."""
    lengths = np.array([len(sketch) for sketch in sketches])
    return np.flatnonzero((lengths > 0) & (lengths < max_points))
