"""Distortion: each effect alone does what it says, the same on NumPy and on JAX."""

import numpy as np
import pytest

from sketchrnn_cli.data import augmentation, noise
from sketchrnn_cli.data.augmentation import Padded
from sketchrnn_cli.data.distortion import distort
from sketchrnn_cli.hparams import HParams

PLAIN = HParams(random_scale_factor=0.0, augment_stroke_prob=0.0)
MANY = 4000
"""Sketches that a statistic is taken over."""
CORNERS = np.array([[0, 0], [255, 0], [255, 100], [0, 100], [128, 200], [128, 255]], np.float64)
"""Two strokes of a drawing 255 pixels large, the first four points one; the pen comes down at the origin."""
PENS = np.array([False, False, True, False, True])
"""After each point but the first."""


def distorted(count: int = MANY, units: float = 1.0, xp=np, compiled=lambda run: run, **changes: float) -> np.ndarray:
    """Return `[count, 6, 2]`: the corners as drawn `units` to a pixel, distorted, in pixels; the first point at 0."""
    position = np.broadcast_to(CORNERS[1:] * units, (count, 5, 2)).astype(np.float32)
    pens = np.broadcast_to(PENS, (count, 5))
    key, hparams = noise.epoch_key(3, 1), PLAIN.replace(**changes)
    given = (xp.asarray(position), xp.asarray(pens), xp.asarray(np.arange(count, dtype=np.int32)), xp.asarray(key))
    found = np.asarray(compiled(lambda *given: distort(xp, *given, hparams))(*given), np.float64) / units
    return np.concatenate([np.zeros((count, 1, 2)), found], axis=1)


def linear(found: np.ndarray) -> np.ndarray:
    """Return the matrix `[count, 2, 2]` that explains each drawing, of which no point is off by a hundredth."""
    matrices = np.linalg.lstsq(CORNERS, found.transpose(1, 0, 2).reshape(6, -1), rcond=None)[0]
    np.testing.assert_allclose(CORNERS @ matrices, found.transpose(1, 0, 2).reshape(6, -1), atol=0.01)
    return matrices.reshape(2, len(found), 2).transpose(1, 2, 0)


def test_rotation_keeps_lengths_and_goes_evenly_up_to_its_limit_either_way() -> None:
    turned = linear(distorted(random_rotation=12.0))
    np.testing.assert_allclose(turned @ turned.transpose(0, 2, 1), np.broadcast_to(np.eye(2), turned.shape), atol=1e-4)
    angles = np.degrees(np.arctan2(turned[:, 1, 0], turned[:, 0, 0]))
    assert 11.8 < angles.max() <= 12.001
    assert -12.001 <= angles.min() < -11.8
    assert abs(angles.std() - 12.0 / np.sqrt(3)) < 0.2


def test_shear_leans_both_axes_independently_and_never_turns() -> None:
    sheared = linear(distorted(random_shear=0.15))
    np.testing.assert_allclose(sheared[:, 0, 0], 1.0, atol=1e-4)
    leans = sheared[:, 0, 1], sheared[:, 1, 0]
    assert all(0.14 < np.abs(lean).max() < 0.151 for lean in leans)
    assert abs(np.corrcoef(*leans)[0, 1]) < 0.05


@pytest.mark.parametrize("chance", [0.5, 1.0])
def test_the_mirror_turns_left_into_right_as_often_as_asked(chance: float) -> None:
    mirrored = linear(distorted(mirror_prob=chance))
    np.testing.assert_allclose(mirrored[:, 1, 1], 1.0, atol=1e-5)
    assert set(np.unique(mirrored[:, 0, 0].round(4))) <= {-1.0, 1.0}
    assert abs((mirrored[:, 0, 0] < 0).mean() - chance) < 0.03


def test_stroke_jitter_moves_strokes_as_a_whole_against_each_other() -> None:
    shift = distorted(stroke_jitter=4.0) - CORNERS
    np.testing.assert_allclose(shift[:, :4], 0.0, atol=1e-3)  # Where the pen came down stays.
    np.testing.assert_allclose(shift[:, 4], shift[:, 5], atol=1e-3)
    assert shift[:, 4].std() == pytest.approx(4.0 * np.sqrt(2.0), rel=0.05)


def test_point_jitter_moves_every_point_by_its_own() -> None:
    steps = np.diff(distorted(point_jitter=2.0) - CORNERS, axis=1)
    assert steps.std() == pytest.approx(2.0 * np.sqrt(2.0), rel=0.05)
    together = np.corrcoef(steps[:, 0, 0], steps[:, 2, 0])[0, 1]
    assert abs(together) < 0.05


def test_the_page_bends_smoothly() -> None:
    shift = distorted(page_warp=10.0) - CORNERS
    far, near = shift[:, 2], shift[:, 5] - shift[:, 4]
    assert 10.0 < far.std() < 10.0 * np.sqrt(6.0)  # Two shifts of three waves are apart at most.
    assert near.std() < 0.7 * far.std()  # A fifth of the page apart.


def test_pixels_are_those_of_the_drawing_whatever_its_unit() -> None:
    strong = {"stroke_jitter": 4.0, "page_warp": 10.0, "point_jitter": 2.0, "random_rotation": 9.0}
    np.testing.assert_allclose(distorted(50, **strong), distorted(50, units=0.02, **strong), atol=0.01)


def test_numpy_and_jax_distort_alike() -> None:
    jax = pytest.importorskip("jax")
    strong = {
        "random_rotation": 12.0, "random_shear": 0.15, "mirror_prob": 0.5, "stroke_jitter": 4.0, "page_warp": 10.0,
        "point_jitter": 2.0,
    }  # fmt: skip
    plain = distorted(200, **strong)
    assert np.abs(plain - CORNERS).max() > 50.0
    np.testing.assert_allclose(plain, distorted(200, xp=jax.numpy, compiled=jax.jit, **strong), atol=0.01)


@pytest.mark.parametrize("drops", [0.0, 0.5])
def test_augmentation_distorts_before_it_drops_and_leaves_pens_and_padding(drops: float) -> None:
    xy = np.zeros((300, 9, 2), np.int16)
    xy[:, :5] = np.diff(CORNERS, axis=0)
    pens = np.zeros((300, 9), bool)
    pens[:, :5] = PENS
    given = Padded(xy, pens, np.full(300, 5, np.int32))
    chosen, key = np.arange(300), noise.epoch_key(3, 1)
    hparams = PLAIN.replace(page_warp=10.0, mirror_prob=0.5, stroke_jitter=4.0, augment_stroke_prob=drops)
    found = augmentation.augment(np, given, chosen, key, 9, hparams)
    whole = distorted(300, page_warp=10.0, mirror_prob=0.5, stroke_jitter=4.0)
    np.testing.assert_allclose(found.xy.sum(axis=1), whole[:, 5], atol=0.01)
    assert (found.lengths < 5).any() == bool(drops)
    assert found.pen.sum() == 600
    real = np.arange(9) < found.lengths[:, None]
    assert not found.xy[~real].any()
    if not drops:
        np.testing.assert_allclose(np.cumsum(found.xy, axis=1)[:, :5], whole[:, 1:], atol=0.01)


def test_a_dot_of_a_drawing_stays_finite() -> None:
    found = distort(
        np, np.zeros((1, 3, 2), np.float32), np.ones((1, 3), bool), np.zeros(1, int), noise.epoch_key(0, 0),
        PLAIN.replace(page_warp=10.0, point_jitter=2.0, stroke_jitter=1.0),
    )  # fmt: skip
    assert not found.any()
