"""Wrong arguments of the library: each is one error of ours that says what was received, never NumPy's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sketchrnn_cli as sketchrnn

SQUARE = np.float32([[60, 0, 0], [0, 60, 0], [-60, 0, 0], [0, -60, 1]])
NAN = float("nan")


@pytest.fixture(scope="module")
def model() -> sketchrnn.Model:
    return sketchrnn.load("cat")


NO_SKETCHES: dict[str, object] = {
    "an empty list": [],
    "None": None,
    "a path": "a.svg",
    "paths": ["a.svg"],
    "two columns": [SQUARE[:, :2]],
    "stroke-5": [np.zeros((4, 5))],
    "one dimension": [np.zeros(3)],
    "no points": [np.zeros((0, 3))],
    "NaN": [np.full((4, 3), NAN)],
    "infinity": [np.full((4, 3), np.inf)],
    "pens of 7": [np.full((4, 3), 7.0)],
    "complex numbers": [SQUARE.astype(complex)],
    "ragged rows": [[[1, 2, 0], [3]]],
}


@pytest.mark.parametrize("what", NO_SKETCHES)
def test_what_is_no_sketch_is_refused_by_name(model: sketchrnn.Model, what: str) -> None:
    value = NO_SKETCHES[what]
    for call in (model.encode, model.reconstruct, model.interpolate):
        with pytest.raises(sketchrnn.SketchRNNError, match="sketch"):
            call(value)  # type: ignore[arg-type]
    with pytest.raises(sketchrnn.SketchRNNError, match="beginning"):
        model.complete(value[0] if isinstance(value, list) and value else value, 1)  # type: ignore[arg-type]


def test_lists_and_integers_are_sketches_too_and_one_array_is_one_sketch(model: sketchrnn.Model) -> None:
    expected = model.encode([SQUARE])
    for same in (SQUARE, [SQUARE.tolist()], [SQUARE.astype(np.int16)], [SQUARE.astype(np.float64)]):
        np.testing.assert_array_equal(model.encode(same), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda model: model.sample(2.5), "count 2.5: expected a whole number"),
        (lambda model: model.sample("2"), "count '2'"),
        (lambda model: model.sample(10**12), "draw fewer"),
        (lambda model: model.sample(seed=-1), "seed -1: expected at least 0"),
        (lambda model: model.sample(seed=None), "seed None"),
        (lambda model: model.sample(max_points=0), "max_points 0"),
        (lambda model: model.sample(max_points=-3), "max_points -3"),
        (lambda model: model.sample(best_of=0), "best_of 0: expected at least 1"),
        (lambda model: model.sample(best_of=1.5), "best_of 1.5: expected a whole number"),
        (lambda model: model.sample(best_of=10**12), "draw fewer"),
        (lambda model: model.sample(best_of=2), "in Python word="),
        (lambda model: model.sample(temperature="hot"), "temperature 'hot'"),
        (lambda model: model.sample(temperature=NAN), "temperature nan"),
        (lambda model: model.complete(SQUARE, 0), "count 0"),
        (lambda model: model.complete(SQUARE, -1), "count -1"),
        (lambda model: model.interpolate([SQUARE, SQUARE], 2.5), "steps 2.5"),
        (lambda model: model.interpolate([SQUARE, SQUARE], way="walk"), "expected slerp or lerp"),
        (lambda model: model.analogy(SQUARE, SQUARE, None), "sketch 3"),
        (lambda model: model.decode("z"), "expected an array of numbers"),
        (lambda model: model.decode(np.full((1, 128), NAN)), "z holds NaN"),
        (lambda model: model.decode(np.zeros((0, 128))), "z of shape"),
        (lambda model: sketchrnn.load(3), "3"),
        (lambda model: sketchrnn.load(""), "no checkpoint"),
        (lambda model: sketchrnn.read_sketch("a.svg", "cat"), "'cat'"),
        (lambda model: next(sketchrnn.train(None)), "data set"),
        (lambda model: next(sketchrnn.train([])), "data set"),
        (lambda model: next(sketchrnn.train("cat", learning_rat=0.1)), "did you mean 'learning_rate'"),
    ],
)
def test_a_wrong_argument_is_one_error_that_says_what_was_received(
    model: sketchrnn.Model, call: Callable[[sketchrnn.Model], object], said: str
) -> None:
    with pytest.raises(sketchrnn.SketchRNNError) as caught:
        call(model)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [[], None, "a.svg", [np.zeros((4, 2))], np.zeros(3)])
def test_what_cannot_be_drawn_is_refused_before_anything_is_written(tmp_path: Path, value: object) -> None:
    with pytest.raises(sketchrnn.SketchRNNError, match="sketch"):
        sketchrnn.draw(value, tmp_path / "a.svg")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "style", [{"size": "100mm"}, {"color": None}, {"background": None}, {"columns": 0}, {"stroke_width": "thick"}]
)
def test_a_style_that_cannot_be_is_one_error(style: dict) -> None:
    with pytest.raises(sketchrnn.SketchRNNError):
        sketchrnn.draw([SQUARE], **style)
