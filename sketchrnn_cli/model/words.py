"""The words that a model knows drawings by, and their rows in its label table; row 0 is "any"."""

from collections.abc import Sequence

import numpy as np

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import nearest

ANY = "any"


def known(words: Sequence[str], model: str) -> Sequence[str]:
    """Return the words of a model that is asked for them.

    Raises:
        UsageError: it knows none.
    """
    if not words:
        raise UsageError(f"{model} was trained without words; use a model that knows some, such as quickdraw")
    return words


def rows(asked: Sequence[str], words: Sequence[str], model: str) -> np.ndarray:
    """Return the rows of words as people type them, int32 `[words]`: capitals, ``-`` and ``_`` do not matter.

    Raises:
        UsageError: the model knows no such word, or none at all.
    """
    if asked:
        known(words, model)
    row = {ANY: 0} | {_plain(word): number for number, word in enumerate(words, 1)}
    for word in asked:
        if _plain(word) not in row:
            raise UsageError(f"--class {word or repr(word)}: {model} does not know it{nearest(_plain(word), row)}")
    return np.array([row[_plain(word)] for word in asked], dtype=np.int32)


def posterior(log_likelihood: np.ndarray) -> np.ndarray:
    """Return p(word | drawing) `[..., words]` of log p(drawing | word), all words as likely beforehand."""
    raised = np.exp(log_likelihood - log_likelihood.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def likeliest(share: np.ndarray, words: Sequence[str], count: int) -> list[tuple[str, float]]:
    """Return the `count` words of the largest shares `[words]`, the largest first, each with its share."""
    order = np.argsort(-share, kind="stable")[:count]
    return [(words[index], float(share[index])) for index in order]


def between(start: int, end: int, steps: int, rows: int) -> np.ndarray:
    """Return shares of a label table's rows `[steps, rows]`, from one row linearly to another."""
    share, table = np.linspace(0.0, 1.0, steps)[:, None], np.eye(rows)
    return (1.0 - share) * table[start] + share * table[end]


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())
