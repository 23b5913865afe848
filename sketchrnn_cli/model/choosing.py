"""Choose the best of several drawings by the model itself: by how surely it shows what it was to show.

Likelihood a point does not do: it likes loops. By Bayes' rule log p(word | drawing) is
log p(drawing | word) − log p(drawing) + log p(word), and a model that was trained with some words hidden knows
p(drawing) as what it says of "any". So two passes are enough, however many words there are.
"""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.model.inference import Drawer


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
    lengths = np.array([len(sketch) for sketch in sketches])
    found = np.full(len(sketches), -np.inf)
    for length in np.unique(lengths[(lengths > 0) & (lengths < max_points)]):
        some = np.flatnonzero(lengths == length)
        given = np.stack([sketches[int(i)] for i in some])
        seen = None if z is None else np.tile(z[some], (2, 1))
        both = np.concatenate([labels[some], np.zeros(len(some), labels.dtype)])
        said = drawer.log_likelihood(seen, np.tile(given, (2, 1, 1)), both, ends=True)
        found[some] = said[: len(some)] - said[len(some) :]
    return found
