"""The aggregate posterior: z of new drawings lies between drawings of one group that are near each other."""

import numpy as np
import pytest

from sketchrnn_cli.model import aggregate
from sketchrnn_cli.model.aggregate import Aggregate


def drawn(latents: Aggregate, count: int = 200) -> np.ndarray:
    return np.stack([latents.draw(np.random.default_rng([0, i])) for i in range(count)])


def test_z_lies_between_a_drawing_and_one_of_its_nearest() -> None:
    line = np.arange(40, dtype=np.float32)[:, None] * np.array([1.0, 0.0], np.float32)
    z = drawn(Aggregate(line, (40,), np.zeros(2, np.float32)))
    assert (z[:, 1] == 0.0).all()
    assert z[:, 0].min() >= 0.3
    assert z[:, 0].max() <= 38.7
    steps = np.abs(z[:, 0, None] - np.arange(40)).min(axis=1)
    assert steps.max() > 0.25, "drawings themselves are not drawn again"
    assert np.unique(np.round(z[:, 0])).size > 20


def test_groups_are_not_mixed_and_all_as_likely() -> None:
    means = np.concatenate([np.zeros((30, 2)), np.full((2, 2), 9.0)]).astype(np.float32)
    z = drawn(Aggregate(means, (30, 2), np.zeros(2, np.float32)))
    second = (z > 4.5).all(axis=1)
    assert set(map(tuple, z.tolist())) == {(0.0, 0.0), (9.0, 9.0)}
    assert 0.35 < second.mean() < 0.65


def test_a_group_of_one_drawing_gives_it() -> None:
    assert drawn(Aggregate(np.ones((1, 2), np.float32), (1,), np.zeros(2, np.float32)), 3).tolist() == [[1.0, 1.0]] * 3


def test_noise_has_the_posteriors_width() -> None:
    z = drawn(Aggregate(np.zeros((2, 2), np.float32), (2,), np.array([1.0, 10.0], np.float32)), 1000)
    np.testing.assert_allclose(z.std(axis=0), aggregate.NOISE * np.array([1.0, 10.0]), rtol=0.1)


def test_a_fit_keeps_each_groups_posteriors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "MOST", 2)
    mu = np.arange(8.0).reshape(4, 2)
    fitted = aggregate.fit(mu, np.full((4, 2), [[3.0, 4.0]]) * [[1.0], [1.0], [0.0], [0.0]], [1, 0, 1, 1])
    assert fitted.counts == (1, 2)
    assert fitted.means.tolist() == [[2.0, 3.0], [0.0, 1.0], [6.0, 7.0]]
    np.testing.assert_allclose(fitted.sigma, np.array([3.0, 4.0]) / np.sqrt(2.0), rtol=1e-6)
