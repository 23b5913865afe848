"""The readout of words: what it reads of a drawing, and how it is weighed with the likelihood."""

import numpy as np
import pytest

from sketchrnn_cli.model import readout
from sketchrnn_cli.model.readout import Readout


def test_mean_and_maximum_are_over_the_rows_of_a_sketch_and_the_one_before_its_first() -> None:
    h = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32) - 5.0
    pooled = readout.pool(np, h, np.array([2, 5]))
    for number, rows in enumerate((h[0, :3], h[1])):
        np.testing.assert_allclose(pooled[number], [*rows.mean(axis=0), *rows.max(axis=0)], rtol=1e-6)


def test_the_likeliest_words_are_weighed_by_prior_and_tempered_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readout, "SHORTLIST", 2)
    fitted = Readout(np.zeros((4, 3), np.float32), np.log([[0.1, 0.6, 0.3]]).astype(np.float32)[0])
    found = fitted.candidates(np.ones((2, 4), np.float32))
    assert found.words.tolist() == [[1, 2], [1, 2]]
    np.testing.assert_allclose(np.exp(found.log_prior), [[0.6, 0.3], [0.6, 0.3]], rtol=1e-6)
    likelihood = np.array([[-3.0, -1.0], [0.0, -9.0]])
    np.testing.assert_allclose(found.scores(likelihood), np.log([[0.6, 0.3]]) + likelihood * 0.5, rtol=1e-6)
    assert fitted.candidates(np.ones((1, 4), np.float32), 3).words.tolist() == [[1, 2, 0]]


def test_without_a_readout_the_likelihood_alone_counts() -> None:
    found = readout.every_word(2, 3)
    assert found.words.tolist() == [[0, 1, 2], [0, 1, 2]]
    likelihood = np.array([[-3.0, -1.0, -2.0]] * 2)
    np.testing.assert_array_equal(found.scores(likelihood), likelihood)
