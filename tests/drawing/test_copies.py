"""Copies: found in place, size and mirror; other drawings are none."""

import numpy as np

from sketchrnn_cli.drawing.copies import blurred, copies, nearest


def scribbles(count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.concatenate([rng.normal(size=(12, 2)), np.zeros((12, 1))], axis=1) for _ in range(count)]


def test_the_nearest_drawing_of_a_copy_is_itself_and_of_another_is_farther() -> None:
    blurs = blurred(scribbles(20, 2))
    assert nearest(blurs[:5], blurs).min() > 1 - 1e-5
    assert nearest(blurs[:5], blurs[5:]).max() < 0.95


def test_a_copy_is_one_at_any_size_a_little_shaken_or_turned_left_to_right() -> None:
    known = scribbles(20, 2)
    rng = np.random.default_rng(3)
    large, mirrored = known[3] * [7.0, 7.0, 1.0], known[8] * [-1.0, 1.0, 1.0]
    shaken = known[5] + np.concatenate([rng.normal(0, 0.03, (12, 2)), np.zeros((12, 1))], axis=1)
    assert copies([large, mirrored, shaken, *scribbles(5, 9)], known).tolist() == [True] * 3 + [False] * 5
    assert not copies([known[8] * [1.0, -1.0, 1.0], np.zeros((0, 3))], known).any()
