"""A checkpoint that draws in data units: scale, streams, beginnings."""

import dataclasses
from pathlib import Path

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import choosing
from sketchrnn_cli.model.aggregate import Aggregate
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.sampling import DEFAULT, Sampling
from sketchrnn_cli.sketching import CANDIDATE_STRIDE, Sketcher
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=20)


def sketcher(hparams: HParams = SMALL, scale: float = 37.3) -> Sketcher:
    weights = plain_model.random_weights(hparams)
    weights["output.bias"][:3] = [1.0, 0.0, -1.0]
    return Sketcher(Checkpoint(Path("small"), Sidecar(hparams, scale, 255.0), weights))


def test_drawings_and_encodings_are_in_data_units() -> None:
    z = sketcher().random_latents(3, 0)
    once, twice = (sketcher(scale=scale).draw(z, 3, 0.5, 1) for scale in (10.0, 20.0))
    for one, two in zip(once, twice, strict=True):
        np.testing.assert_allclose(two, one * [2, 2, 1], rtol=1e-6)
    np.testing.assert_allclose(sketcher(scale=10.0).encode(once)[0], sketcher(scale=20.0).encode(twice)[0], atol=1e-6)


def test_several_temperatures_are_one_batch_that_changes_no_drawing() -> None:
    model = sketcher()
    z = model.random_latents(3, 0)
    temperatures = np.repeat([0.0, 0.4, 1.0], 3)
    together = model.draw(np.tile(z, (3, 1)), 9, temperatures, 5, streams=[0, 1, 2] * 3)
    apart = [drawn for value in (0.0, 0.4, 1.0) for drawn in model.draw(z, 3, value, 5)]
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_on_one_stream_equal_latents_draw_the_same() -> None:
    model = sketcher()
    z = np.repeat(model.random_latents(1, 0), 3, axis=0)
    common = model.draw(z, 3, 0.8, 0, streams=[0] * 3)
    assert all(np.array_equal(drawn, common[0]) for drawn in common)
    own = model.draw(z, 3, 0.8, 0)
    assert len({drawn.tobytes() for drawn in own}) == 3


@pytest.mark.parametrize("fitted", [False, True], ids=["paper", "aggregate"])
def test_z_and_every_attempt_of_every_drawing_have_streams_of_their_own(
    monkeypatch: pytest.MonkeyPatch, fitted: bool
) -> None:
    model, begun, make = sketcher(), [], np.random.default_rng
    if fitted:
        latents = Aggregate(np.eye(4, dtype=np.float32), (3, 1), np.ones(4, np.float32))
        model = Sketcher(dataclasses.replace(model.checkpoint, latents=latents))

    def recorded(key: object) -> np.random.Generator:
        begun.append(make(key).bit_generator.random_raw())
        return make(key)

    monkeypatch.setattr(np.random, "default_rng", recorded)
    model.sample(9, 7, Sampling(), max_points=3)
    assert len(begun) > 2 * 9, "none was drawn again"
    assert len(set(begun)) == len(begun)


def test_a_beginning_stays_to_the_last_bit() -> None:
    model = sketcher()
    given = plain_model.random_sketch(np.random.default_rng(2), 19) * np.float32([31.7, 29.3, 1])
    for drawn in model.draw(model.random_latents(5, 0), 5, 0.7, 0, given=given):
        np.testing.assert_array_equal(drawn[:19, :2], given[:, :2])


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf"), 1e39, np.array([0.5, -1.0])])
def test_an_impossible_temperature_is_refused(temperature: float) -> None:
    model = sketcher()
    with pytest.raises(UsageError, match="expected 0 to 100"):
        model.draw(model.random_latents(2, 0), 2, temperature, 0)


def test_the_hottest_drawing_is_still_finite() -> None:
    model = sketcher()
    assert all(np.isfinite(drawn).all() for drawn in model.draw(model.random_latents(4, 0), 4, 100.0, 0))


def test_a_latent_of_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match=r"z of shape \[1, 5\]; this model needs \[1, 4\]"):
        sketcher().draw(np.zeros((1, 5), np.float32), 1, 0.5, 0)


def test_a_beginning_without_room_to_go_on_is_refused() -> None:
    model = sketcher()
    with pytest.raises(UsageError, match="leaves nothing to draw"):
        model.draw(model.random_latents(1, 0), 1, 0.5, 0, given=np.ones((20, 3), np.float32))


def test_a_drawing_longer_than_the_model_reads_is_not_encoded() -> None:
    assert sketcher().encode([np.ones((20, 3), np.float32)])[0].shape == (1, 4)
    with pytest.raises(UsageError, match="a drawing of 21 points; this model reads at most 20"):
        sketcher().encode([np.ones((21, 3), np.float32)])


def test_the_best_of_several_is_the_one_that_shows_its_word_most_surely() -> None:
    model, labels = sketcher(SMALL.replace(num_classes=2, class_size=3)), np.array([1, 2], np.int32)
    best = model.sample(2, 0, labels=labels, best_of=3)
    streams = [0, CANDIDATE_STRIDE, 2 * CANDIDATE_STRIDE, 1, 1 + CANDIDATE_STRIDE, 1 + 2 * CANDIDATE_STRIDE]
    z, of = model.new_latents(2, 0).repeat(3, axis=0), labels.repeat(3)
    candidates = model.draw(z, 6, model.sampling, 0, None, streams, labels=of)
    in_units = [sketch / np.float32([37.3, 37.3, 1]) for sketch in candidates]
    sure = choosing.surety(Drawer(model.hparams, model.checkpoint.weights), in_units, z, of, 20).reshape(2, 3)
    assert len(np.unique(sure)) > 3
    for row, kept in enumerate(best):
        np.testing.assert_array_equal(kept, candidates[3 * row + sure[row].argmax()])


def test_a_decoder_alone_draws_but_does_not_encode() -> None:
    model = sketcher(HParams(conditional=False, dec_rnn_size=8, num_mixture=3, max_seq_len=20))
    assert model.random_latents(2, 0) is None
    assert len(model.draw(None, 2, 0.5, 0)) == 2
    with pytest.raises(CheckpointError, match="decoder-only model cannot encode"):
        model.encode([np.ones((3, 3), np.float32)])


def test_what_has_not_ended_is_drawn_again_from_other_numbers_and_at_a_temperature_stays() -> None:
    model = sketcher()
    z = model.random_latents(40, 0)
    once = model.draw(z, 40, Sampling(top_p=1.0, spread=1.0, pen_temperature=1.0), 0, max_points=12)
    paper = model.draw(z, 40, 1.0, 0, max_points=12)
    open_at_first = [len(sketch) == 12 for sketch in paper]
    assert 5 < sum(open_at_first) < 35
    for kept, first, was_open in zip(once, paper, open_at_first, strict=True):
        if not was_open:  # At 1 all settings mean the same, up to rounding.
            np.testing.assert_allclose(kept, first, atol=1e-3)
    still_open = sum(len(sketch) == 12 for sketch in once)
    assert still_open < 0.6 * sum(open_at_first)
    alone = model.draw(z[:1], 1, Sampling(top_p=1.0, spread=1.0, pen_temperature=1.0), 0, max_points=12)
    assert alone[0].tobytes() == once[0].tobytes()


def test_a_model_draws_as_its_sidecar_says_else_as_any_model() -> None:
    model = sketcher()
    z = model.random_latents(3, 0)
    assert [s.tobytes() for s in model.sample(3, 0)] == [s.tobytes() for s in model.draw(z, 3, DEFAULT, 0)]
    told = dataclasses.replace(model.checkpoint.sidecar, sampling=Sampling.at(0.25))
    other = Sketcher(dataclasses.replace(model.checkpoint, sidecar=told))
    assert [s.tobytes() for s in other.sample(3, 0)] == [s.tobytes() for s in model.draw(z, 3, 0.25, 0)]
