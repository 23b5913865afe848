"""Sketch i of a seed is one drawing, to the byte, whatever is drawn beside it and however many are."""

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.inference import Drawer, Noise

POINTS = 24
LSTM = HParams(enc_rnn_size=40, dec_rnn_size=72, z_size=16, num_mixture=20, max_seq_len=POINTS)
MODELS = {
    "lstm": LSTM,
    "layer_norm": LSTM.replace(enc_model="layer_norm", dec_model="layer_norm"),
    "hyper": LSTM.replace(dec_model="hyper"),
    "words": LSTM.replace(num_classes=3, class_size=5),
    "transformer": LSTM.replace(dec_model="transformer", dec_layers=2, dec_heads=4, dec_mlp_size=50, num_classes=3),
}


def draw(drawer: Drawer, numbers: list[int], given: np.ndarray | None = None) -> list[bytes]:
    """Return the bytes of sketches by number, each with its own noise, z and word."""
    noise = [Noise.draw(np.random.default_rng([5, i]), POINTS) for i in numbers]
    z = np.stack([np.random.default_rng([6, i]).standard_normal(16) for i in numbers]).astype(np.float32)
    labels = np.array([i % 4 for i in numbers], np.int32) if drawer.hparams.num_classes else None
    drawn = drawer.draw(z, noise, 0.6, POINTS, given, labels=labels)
    assert len({len(sketch) for sketch in drawn}) > 1 or len(numbers) < 40
    return [sketch.tobytes() for sketch in drawn]


@pytest.mark.parametrize("name", MODELS)
def test_a_sketch_does_not_depend_on_how_many_are_drawn_nor_on_its_neighbors(name: str) -> None:
    weights = plain_model.random_weights(MODELS[name], size=0.25)
    weights["output.bias"][2] -= 1.0  # Long enough to differ.
    drawer = Drawer(MODELS[name], weights)
    many = draw(drawer, list(range(40)))
    for count in (1, 13):
        assert draw(drawer, list(range(count))) == many[:count]
    chosen = [39, 3, 17, 3, 0, 21, 22, 30, 8, 1]
    assert draw(drawer, chosen) == [many[i] for i in chosen]
    beginning = plain_model.random_sketch(np.random.default_rng(1), 5)
    begun = draw(drawer, list(range(12)), beginning)
    assert draw(drawer, [11, 4], beginning) == [begun[11], begun[4]]


def test_a_thousand_sketches_begin_with_those_of_any_smaller_number() -> None:
    weights = plain_model.random_weights(LSTM, size=0.25)
    weights["output.bias"][2] -= 1.0
    drawer = Drawer(LSTM, weights)
    many = draw(drawer, list(range(1000)))
    assert len(set(many)) > 700  # Some end at once.
    for count in (1, 13, 40):
        assert draw(drawer, list(range(count))) == many[:count]


@pytest.mark.parametrize("name", ["lstm", "layer_norm"])
def test_mu_of_a_drawing_is_the_same_alone_and_in_a_batch(name: str) -> None:
    rng = np.random.default_rng(2)
    drawer = Drawer(MODELS[name], plain_model.random_weights(MODELS[name]))
    sketches = [plain_model.random_sketch(rng, int(points)) for points in rng.integers(1, POINTS + 1, 21)]
    mu, sigma = drawer.encode(sketches)
    for i, sketch in enumerate(sketches):
        alone = drawer.encode([sketch])
        assert (alone[0].tobytes(), alone[1].tobytes()) == (mu[i].tobytes(), sigma[i].tobytes())
