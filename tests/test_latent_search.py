"""The search for a z: nearer than μ, by itself, and of nothing where nothing is tried."""

import numpy as np
import pytest

import sketchrnn_cli as sketchrnn
from sketchrnn_cli.drawing.chamfer import chamfer, cloud
from sketchrnn_cli.latent_search import nearest_latents
from sketchrnn_cli.model.inference import CHUNK
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names


@pytest.fixture(scope="module")
def sketcher() -> Sketcher:
    return Sketcher(names.load("cat"))


@pytest.fixture(scope="module")
def cats() -> list[np.ndarray]:
    return sketchrnn.load("cat").sample(3, seed=5)


def distances(sketcher: Sketcher, sketches: list[np.ndarray], tries: int) -> np.ndarray:
    z = nearest_latents(sketcher, sketches, tries, 0.1, seed=4)
    drawn = sketcher.draw(z, len(z), 0.1, seed=4, streams=[0] * len(z))
    return np.array([chamfer(cloud(a), cloud(b)) for a, b in zip(sketches, drawn, strict=True)])


def test_the_more_are_tried_the_nearer_is_what_is_drawn(sketcher: Sketcher, cats: list[np.ndarray]) -> None:
    from_mean, one, one_round, three = (distances(sketcher, cats, tries) for tries in (0, 1, CHUNK, 3 * CHUNK))
    assert (one <= from_mean).all()
    assert (three <= one_round).all()
    assert (one_round <= from_mean).all()
    assert three.mean() < 0.9 * from_mean.mean()


def test_nothing_tried_is_the_mean(sketcher: Sketcher, cats: list[np.ndarray]) -> None:
    np.testing.assert_array_equal(nearest_latents(sketcher, cats, 0, 0.1, 0), sketcher.encode(cats)[0])


def test_a_search_does_not_depend_on_what_is_searched_beside_it(sketcher: Sketcher, cats: list[np.ndarray]) -> None:
    alone, beside = (nearest_latents(sketcher, some, 5, 0.1, 0) for some in (cats[1:2], cats))
    np.testing.assert_array_equal(alone[0], beside[1])


def test_the_distance_is_that_of_the_lines_not_of_their_order_or_size() -> None:
    corner = np.array([[10, 0, 0], [0, 10, 1]], np.float32)
    backwards = np.array([[0, -30, 0], [-30, 0, 1]], np.float32)
    assert chamfer(cloud(corner), cloud(backwards)) == pytest.approx(0, abs=1e-6)
    flat = np.array([[10, 0, 1]], np.float32)
    assert chamfer(cloud(flat), cloud(corner)) == pytest.approx((0.5 / 2 + 0) / 2, abs=0.01)
