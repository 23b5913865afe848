"""Which of several drawings is the best: scores against those of each drawing alone."""

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import choosing
from sketchrnn_cli.model.inference import Drawer

SMALL = HParams(
    conditional=False, dec_model="transformer", dec_rnn_size=16, dec_layers=1, dec_heads=2, dec_mlp_size=8,
    num_mixture=2, num_classes=3, class_size=4, max_seq_len=20,
)  # fmt: skip
POINTS = 12
"""Where drawing was stopped: the last of these sketches has not ended."""


def drawer(seed: int) -> Drawer:
    return Drawer(SMALL, plain_model.random_weights(SMALL, seed=seed, size=0.6))


def sketches() -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    shrunk = np.float32([0.2, 0.2, 1])
    return [plain_model.random_sketch(rng, points) * shrunk for points in (7, 3, 11, 3, POINTS)]


def alone(drawer: Drawer, sketch: np.ndarray, label: int) -> float:
    return float(drawer.log_likelihood(None, sketch[None], np.array([label]), ends=True)[0])


def test_sketches_of_any_lengths_are_scored_as_each_alone_by_the_equations() -> None:
    hparams = HParams(conditional=False, dec_rnn_size=8, num_mixture=3, max_seq_len=20)
    weights = plain_model.random_weights(hparams)
    found = Drawer(hparams, weights).log_likelihoods(None, sketches(), np.zeros(5, np.int32))
    for score, sketch in zip(found, sketches(), strict=True):
        offset, pen, _ = plain_model.losses(weights, sketch, len(sketch) + 1, np.zeros(0), hparams)
        assert score == pytest.approx(-(offset + pen), rel=1e-4)


def test_surety_sets_the_word_against_any() -> None:
    model, labels = drawer(1), np.array([1, 2, 3, 2, 1])
    found = choosing.surety(model, sketches(), None, labels, POINTS)
    for number, label in enumerate(labels[:-1]):
        sketch = sketches()[number]
        assert found[number] == pytest.approx(alone(model, sketch, label) - alone(model, sketch, 0), abs=1e-4)
    assert found[-1] == -np.inf


def test_gain_sets_the_tuned_model_against_what_any_is_to_its_base_by_the_row() -> None:
    tuned, base, labels = drawer(1), drawer(2), np.array([1, 0, 3, 2, 1])
    found = choosing.gain(tuned, base, sketches(), labels, POINTS)
    for number, label in enumerate(labels[:-1]):
        sketch = sketches()[number]
        ratio = (alone(tuned, sketch, label) - alone(base, sketch, 0)) / (len(sketch) + 1)
        assert found[number] == pytest.approx(ratio, abs=1e-4)
    assert found[-1] == -np.inf


def test_nothing_that_has_ended_is_no_error() -> None:
    unended = [sketches()[-1]]
    assert choosing.gain(drawer(1), drawer(2), unended, np.array([1]), POINTS).tolist() == [-np.inf]
    assert choosing.surety(drawer(1), unended, None, np.array([1]), POINTS).tolist() == [-np.inf]
