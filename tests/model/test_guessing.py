"""Guesses at a beginning: their scores against a plain float64 model, and what is taken of them."""

from pathlib import Path

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import guessing
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=20)
GIVEN = plain_model.random_sketch(np.random.default_rng(2), 6)


def drawer(**changes: object) -> Drawer:
    hparams = SMALL.replace(**changes)
    return Drawer(hparams, plain_model.random_weights(hparams))


@pytest.mark.parametrize("rho_raw", [0.0, 2.5, -2.5])
def test_a_score_is_the_log_density_of_the_rows(rho_raw: float) -> None:
    weights = plain_model.random_weights(SMALL)
    weights["output.bias"][3 + 15 :] = rho_raw
    weights["output.kernel"][:, 3 + 15 :] *= 0.1
    model = Drawer(SMALL, weights)
    for sketch in (GIVEN, plain_model.random_sketch(np.random.default_rng(5), 11)):
        sketch = sketch * np.float32([0.2, 0.2, 1])  # Above the floor.
        offset, pen, _ = plain_model.losses(weights, sketch, len(sketch), np.zeros(4), SMALL)
        mu, _ = model.encode([sketch])
        assert model.log_likelihood(mu, sketch[None])[0] == pytest.approx(-(offset + pen), abs=1e-4 * (offset + pen))


def test_one_wild_offset_costs_no_more_than_the_floor() -> None:
    model = drawer()
    wild = GIVEN.copy()
    wild[-1, :2] = 1e4
    z = np.zeros((1, 4), dtype=np.float32)
    assert model.log_likelihood(z, wild[None])[0] > model.log_likelihood(z, GIVEN[None, :-1])[0] - 27.6 - 20


def test_a_round_holds_the_face_value_and_is_ordered_by_score() -> None:
    model = drawer()
    mu = model.encode([GIVEN])[0][0]
    found = guessing.guess(model, GIVEN, 18, seed=3)
    assert found.z is not None
    for first in range(0, 18, guessing.ENDINGS):
        some = slice(first, first + guessing.ENDINGS)
        at_face_value = (found.scales[some] == 1.0) & (np.abs(found.z[some] - mu) < 1e-6).all(axis=1)
        assert at_face_value.sum() == 1
        assert (np.diff(found.scores[some]) <= 0).all()
        assert len({code.tobytes() for code in found.z[some]}) == guessing.ENDINGS


def test_a_score_is_the_tempered_density_of_the_beginning_as_it_was_given() -> None:
    """A density of offsets times s is one of the offsets themselves times s^2 a row."""
    model, points = drawer(), len(GIVEN)
    found = guessing.guess(model, GIVEN, 18, seed=3)
    assert found.z is not None
    assert len(set(found.scales)) > 2
    for scale, z, score in zip(found.scales, found.z, found.scores, strict=True):
        total = model.log_likelihood(z[None], (GIVEN * np.float32([scale, scale, 1]))[None])[0]
        total += points * np.log(scale**2)
        expected = total / (12 + 0.6 * points) - 2 * np.log(scale) ** 2
        assert score == pytest.approx(expected, abs=1e-4)


def test_every_round_takes_other_guesses() -> None:
    found = guessing.guess(drawer(), GIVEN, 2 * guessing.ENDINGS, seed=3)
    assert found.z is not None
    assert not np.array_equal(found.z[: guessing.ENDINGS], found.z[guessing.ENDINGS :])


def test_more_guesses_change_none_of_the_first() -> None:
    few, many = (guessing.guess(drawer(), GIVEN, count, seed=3) for count in (4, 17))
    assert few.z is not None
    assert many.z is not None
    np.testing.assert_array_equal(few.scales, many.scales[:4])
    np.testing.assert_array_equal(few.z, many.z[:4])
    assert len(many.scales) == len(many.z) == 17


def test_a_model_without_an_encoder_guesses_the_scale_alone() -> None:
    found = guessing.guess(drawer(conditional=False), GIVEN, 6, seed=0)
    assert found.z is None
    assert set(found.scales) <= {np.float32(scale) for scale in guessing.SCALES}


def test_a_beginning_drawn_small_is_read_larger() -> None:
    """A decoder that foretells steps of length 2: a beginning of steps of 1 fits at about twice its size."""
    hparams = SMALL.replace(conditional=False, num_mixture=1)
    weights = {name: np.zeros_like(value) for name, value in plain_model.random_weights(hparams).items()}
    weights["output.bias"][3:] = [0.0, 2.0, 0.0, -2.0, -2.0, 0.0]
    given = np.zeros((12, 3), dtype=np.float32)
    given[:, 0] = 1.0
    found = guessing.guess(Drawer(hparams, weights), given, 60, seed=0)
    assert 1.9 < np.median(found.scales) < 2.5
    natural = guessing.guess(Drawer(hparams, weights), given * np.float32([2, 1, 1]), 60, seed=0)
    assert np.median(natural.scales) == 1.0


def sketcher(**changes: object) -> Sketcher:
    hparams = SMALL.replace(**changes)
    weights = plain_model.random_weights(hparams)
    weights["output.bias"][:3] = [-1.0, -2.0, 3.0]  # It would end at once.
    return Sketcher(Checkpoint(Path("small"), Sidecar(hparams, 10.0, 255.0), weights))


@pytest.mark.parametrize("conditional", [True, False])
def test_who_asks_for_an_ending_gets_one_and_keeps_the_beginning(conditional: bool) -> None:
    given = GIVEN * np.float32([31.7, 29.3, 1])
    endings = sketcher(conditional=conditional).complete(given, 8, 0.5, 0)
    assert len(endings) == 8
    for ending in endings:
        np.testing.assert_array_equal(ending[:6, :2], given[:, :2])
        assert len(ending) > len(given)
    as_is = sketcher(conditional=conditional).complete(given, 8, 0.5, 0, as_is=True)
    assert min(map(len, as_is)) == len(given)


def test_an_ending_goes_on_at_the_size_of_the_beginning() -> None:
    """A decoder that draws steps of length 2 in model units, whatever it is given."""
    hparams = SMALL.replace(conditional=False, num_mixture=1)
    weights = {name: np.zeros_like(value) for name, value in plain_model.random_weights(hparams).items()}
    weights["output.bias"][:3] = [9.0, -9.0, -9.0]
    weights["output.bias"][3:] = [0.0, 2.0, 0.0, -3.0, -3.0, 0.0]
    model = Sketcher(Checkpoint(Path("small"), Sidecar(hparams, 10.0, 255.0), weights))
    given = np.zeros((12, 3), dtype=np.float32)
    given[:, 0] = 10.0  # Half of what the model draws.
    steps = [np.median(ending[12:, 0]) for ending in model.complete(given, 12, 0.1, 0)]
    assert 8 < np.median(steps) < 12
    assert [np.median(ending[12:, 0]) for ending in model.complete(given, 2, 0.1, 0, known_size=True)] == pytest.approx(
        [20, 20], rel=0.1
    )
