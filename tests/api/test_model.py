"""The model of the library on a tiny one: z, its spread, its stream."""

from pathlib import Path

import numpy as np
import plain_model
import pytest

import sketchrnn_cli as sketchrnn
from sketchrnn_cli.errors import SketchRNNError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store.checkpoint import Sidecar, release

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=20)
SKETCHES = [plain_model.random_sketch(np.random.default_rng(seed), 7) * np.float32([30, 30, 1]) for seed in range(4)]


def made(folder: Path, hparams: HParams = SMALL) -> sketchrnn.Model:
    weights = plain_model.random_weights(hparams)
    weights["output.bias"][:3] = [1.0, 0.0, -1.0]
    release(folder, Sidecar(hparams, 30.0, 255.0), weights)
    return sketchrnn.load(folder)


def test_a_sampled_z_is_the_mean_and_its_own_spread_times_noise(tmp_path: Path) -> None:
    model = made(tmp_path / "small")
    mu, sigma = model._sketcher.encode(SKETCHES)
    noise = model._sketcher.random_latents(4, 5)
    np.testing.assert_array_equal(model.encode(SKETCHES), mu)
    np.testing.assert_allclose(model.encode(SKETCHES, sample=True, seed=5), mu + sigma * noise, rtol=1e-6)
    assert np.abs(sigma - 1.0).max() > 0.01


def test_equal_latents_decode_to_equal_drawings(tmp_path: Path) -> None:
    z = made(tmp_path / "small").encode(SKETCHES[:1]).repeat(3, axis=0)
    drawn = made(tmp_path / "again").decode(z, temperature=0.7, seed=2)
    assert len({sketch.tobytes() for sketch in drawn}) == 1


def test_a_field_has_every_row_of_the_walk_between_four_corners(tmp_path: Path) -> None:
    model = made(tmp_path / "small")
    field = model.interpolate(SKETCHES, 3, temperature=0.3)
    assert len(field) == 9
    corners = model.reconstruct(SKETCHES, temperature=0.3)
    for place, corner in zip((0, 2, 6, 8), corners, strict=True):
        np.testing.assert_array_equal(field[place], corner)
    with pytest.raises(SketchRNNError, match="3 drawings: give two for a row, or four for a grid"):
        model.interpolate(SKETCHES[:3], 3)


def test_a_decoder_alone_draws_from_no_z(tmp_path: Path) -> None:
    model = made(tmp_path / "alone", SMALL.replace(conditional=False))
    with pytest.raises(SketchRNNError, match="a decoder-only model draws from no z"):
        model.decode(np.zeros((1, 4), np.float32))


def test_the_best_of_several_is_the_commands_own_choice() -> None:
    model = sketchrnn.load("quickdraw")
    chosen = model.sample(2, word="fish", seed=3, max_points=40, best_of=3)
    expected = model._sketcher.sample(2, 3, None, 40, model._sketcher.rows(["fish", "fish"]), best_of=3)
    plain = model.sample(2, word="fish", seed=3, max_points=40)
    assert [one.tobytes() for one in chosen] == [one.tobytes() for one in expected]
    assert [one.tobytes() for one in chosen] != [one.tobytes() for one in plain]
