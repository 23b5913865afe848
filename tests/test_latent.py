"""Ways through the latent space."""

import numpy as np
import pytest
from scipy.spatial import geometric_slerp

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.latent import analogy, between, field, lerp, slerp

RNG = np.random.default_rng(5)
A, B, C, D = RNG.normal(size=(4, 128)).astype(np.float32)
ZERO = np.zeros(128, np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_slerp_follows_scipys_great_arc() -> None:
    expected = geometric_slerp(unit(A.astype(float)), unit(B.astype(float)), np.linspace(0, 1, 9))
    np.testing.assert_allclose(unit(between(A, B, 9)), expected, atol=1e-6)


def test_slerp_changes_the_length_evenly() -> None:
    lengths = np.linalg.norm(between(A, 3 * B, 11), axis=1)
    np.testing.assert_allclose(np.diff(lengths), np.diff(lengths).mean(), rtol=1e-4)


def test_lerp_is_the_straight_line() -> None:
    np.testing.assert_allclose(lerp(A, B, 0.25), 0.75 * A + 0.25 * B, atol=1e-6)
    steps = np.diff(between(A, B, 5, "lerp"), axis=0)
    np.testing.assert_allclose(steps, np.tile((B - A) / 4, (4, 1)), atol=1e-6)


@pytest.mark.parametrize("way", ["slerp", "lerp"])
@pytest.mark.parametrize("end", [B, A, -A, 2 * A, -3 * A, ZERO, A + 1e-6 * B, -A + 1e-6 * B], ids=range(8))
def test_both_ends_are_reached_whatever_their_directions(way: str, end: np.ndarray) -> None:
    for start, goal in ((A, end), (end, A)):
        way_there = between(start, goal, 7, way)
        assert way_there.dtype == np.float32
        assert np.isfinite(way_there).all()
        np.testing.assert_allclose(way_there[[0, -1]], [start, goal], atol=1e-5)


@pytest.mark.parametrize("end", [B, A, -A, -A + 1e-7 * B, -A + 1e-4 * B, 2 * A], ids=range(6))
def test_slerp_goes_at_one_speed_around_the_sphere(end: np.ndarray) -> None:
    directions = unit(between(A, end, 13).astype(float))
    turns = np.linalg.norm(np.diff(directions, axis=0), axis=1)
    np.testing.assert_allclose(turns, turns[0], atol=1e-5)


def test_slerp_between_opposite_vectors_keeps_their_length() -> None:
    np.testing.assert_allclose(np.linalg.norm(between(A, -A, 9), axis=1), np.linalg.norm(A), rtol=1e-5)
    np.testing.assert_array_equal(between(A, -A, 9), between(A, -A, 9))


def test_equal_vectors_stay_where_they_are() -> None:
    np.testing.assert_allclose(between(A, A, 4), np.tile(A, (4, 1)), atol=1e-6)
    np.testing.assert_array_equal(between(ZERO, ZERO, 4), np.tile(ZERO, (4, 1)))


@pytest.mark.parametrize("way", ["slerp", "lerp"])
def test_a_field_has_the_four_at_its_corners_and_their_ways_as_edges(way: str) -> None:
    made = field(np.stack([A, B, C, D]), 4, 6, way)
    assert made.shape == (4, 6, 128)
    np.testing.assert_allclose(made[[0, 0, -1, -1], [0, -1, 0, -1]], [A, B, C, D], atol=1e-5)
    np.testing.assert_allclose(made[0], between(A, B, 6, way), atol=1e-5)
    np.testing.assert_allclose(made[:, -1], between(B, D, 4, way), atol=1e-5)


def test_a_straight_field_is_bilinear() -> None:
    center = field(np.stack([A, B, C, D]), 3, 3, "lerp")[1, 1]
    np.testing.assert_allclose(center, (A + B + C + D) / 4, atol=1e-6)


def test_an_analogy_undoes_itself() -> None:
    np.testing.assert_allclose(analogy(A, A, C), C, atol=1e-6)
    np.testing.assert_allclose(analogy(A, B, B), A, atol=1e-6)
    np.testing.assert_allclose(analogy(A, B, C), A - B + C, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 0, -2])
def test_a_way_has_two_ends(steps: int) -> None:
    with pytest.raises(UsageError, match="2 or more"):
        between(A, B, steps)


def test_no_argument_is_changed() -> None:
    before = A.copy()
    slerp(A, -A, 0.5)
    analogy(A, B, C)
    np.testing.assert_array_equal(A, before)
