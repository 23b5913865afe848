"""Drawing: the same bytes from the same seed, each sketch on its own."""

import threading

import numpy as np
import plain_model

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.inference import CHUNK, Drawer, Noise, _by_chunks

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=20)
LATENT = np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)


def drawer() -> Drawer:
    return Drawer(SMALL, plain_model.random_weights(SMALL))


def noises(count: int) -> list[Noise]:
    return [Noise.draw(np.random.default_rng([5, i]), 20) for i in range(count)]


def test_the_same_seed_draws_the_same_bytes() -> None:
    once, again = (drawer().draw(LATENT, noises(6), 0.7, 20) for _ in range(2))
    assert [sketch.tobytes() for sketch in once] == [sketch.tobytes() for sketch in again]


def test_a_sketch_does_not_depend_on_its_neighbors() -> None:
    together = drawer().draw(LATENT, noises(6), 0.7, 20)
    assert len({len(sketch) for sketch in together}) > 1
    for i in (0, 3, 5):
        alone = drawer().draw(LATENT[i : i + 1], [noises(6)[i]], 0.7, 20)[0]
        assert len(alone) == len(together[i])
        np.testing.assert_allclose(alone, together[i], atol=1e-5)


def test_temperature_zero_takes_the_most_probable_whatever_the_noise() -> None:
    first = drawer().draw(LATENT, noises(6), 0.0, 20)
    other = drawer().draw(LATENT, noises(6)[::-1], 0.0, 20)
    assert [sketch.tobytes() for sketch in first] == [sketch.tobytes() for sketch in other]


def test_a_given_beginning_stays_as_it_is_and_every_sketch_ends_lifted() -> None:
    beginning = plain_model.random_sketch(np.random.default_rng(1), 5)
    for sketch in drawer().draw(LATENT, noises(6), 0.5, 20, given=beginning):
        assert len(sketch) >= 5
        np.testing.assert_array_equal(sketch[:5], beginning)
        assert sketch[-1, 2] == 1.0


def test_where_a_sketch_ends_its_end_is_foretold_too() -> None:
    weights = plain_model.random_weights(SMALL)
    model, sketch = (
        Drawer(SMALL, weights),
        plain_model.random_sketch(np.random.default_rng(4), 9) * np.float32([0.2, 0.2, 1]),
    )
    mu = model.encode([sketch])[0]
    for ends in (False, True):
        offset, pen, _ = plain_model.losses(weights, sketch, 9 + ends, np.zeros(4), SMALL)
        found = model.log_likelihood(mu, sketch[None], ends=ends)[0]
        np.testing.assert_allclose(found, -(offset + pen), rtol=1e-4)


def test_a_sketch_is_cut_at_the_points_asked_for() -> None:
    weights = plain_model.random_weights(SMALL)
    weights["output.bias"][:3] = [9.0, 0.0, -9.0]
    assert [len(sketch) for sketch in Drawer(SMALL, weights).draw(LATENT, noises(6), 0.3, 7)] == [7] * 6


def test_what_fits_one_chunk_starts_no_thread() -> None:
    assert _by_chunks(lambda some: (some, threading.get_ident()), CHUNK) == [(slice(0, CHUNK), threading.get_ident())]
    assert threading.get_ident() not in _by_chunks(lambda _: threading.get_ident(), CHUNK + 1)
    assert _by_chunks(lambda some: some, 0) == []
