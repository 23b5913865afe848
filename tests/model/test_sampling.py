"""Drawing a row: the paper's temperature as ever, and each setting of `Sampling` doing what its name says."""

import numpy as np
import pytest

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.model.mixture import Mixture
from sketchrnn_cli.model.sampling import DEFAULT, TAME, WILD, Sampling, sample_row, settings

COUNT = 60_000


def distribution(count: int, pen: tuple[float, float, float] = (0.0, 1.0, -30.0)) -> Mixture:
    rows = [np.tile(np.array(row, np.float32), (count, 1)) for row in (
        pen, [0.0, 1.0, -2.0], [5.0, -1.0, 9.0], [5.0, 2.0, 9.0], [0.0, -0.5, 0.0], [0.0, 0.4, 0.0], [0.0, 0.9, 0.0],
    )]  # fmt: skip
    return Mixture(*rows)


def drawn(sampling: Sampling, mixture: Mixture, seed: int = 0) -> np.ndarray:
    count, rng = len(mixture.pen_logits), np.random.default_rng(seed)
    return sample_row(mixture, settings(sampling, count), rng.random((count, 2)), rng.standard_normal((count, 2)))


@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_drawn_rows_follow_the_distribution_at_their_temperature(temperature: float) -> None:
    rows = drawn(Sampling.at(temperature), distribution(COUNT))
    ratio = np.exp(1.0 / temperature)
    assert np.mean(rows[:, 3]) == pytest.approx(ratio / (1 + ratio), abs=0.01)
    second = rows[rows[:, 0] < 2.5][:, :2]
    if temperature < 1:
        assert len(second) / COUNT == pytest.approx(ratio / (1 + ratio), abs=0.02)
        np.testing.assert_allclose(second.mean(axis=0), [-1.0, 2.0], atol=0.02)
        np.testing.assert_allclose(second.std(axis=0), np.exp([-0.5, 0.4]) * np.sqrt(temperature), rtol=0.03)
        assert np.corrcoef(second.T)[0, 1] == pytest.approx(np.tanh(0.9), abs=0.02)


def test_an_end_row_moves_nowhere() -> None:
    assert drawn(Sampling.at(1.0), distribution(4, (0.0, 0.0, 50.0))).tolist() == [[0, 0, 0, 0, 1]] * 4


def test_only_the_largest_weights_that_add_up_to_top_p_take_part_in_their_own_proportion() -> None:
    weights = np.exp([0.0, 1.0, -2.0]) / np.exp([0.0, 1.0, -2.0]).sum()  # .26, .71, .03
    for top_p, expected in [(0.3, [0, 1, 0]), (0.75, [0.27, 0.73, 0]), (1.0, weights)]:
        rows = drawn(Sampling(top_p, spread=0.0), distribution(COUNT))
        shares = [np.mean(rows[:, 0] == mu) for mu in (5.0, -1.0, 9.0)]
        np.testing.assert_allclose(shares, expected, atol=0.01)


def test_the_spread_scales_sigma_and_keeps_the_correlation() -> None:
    rows = drawn(Sampling(top_p=0.3, spread=0.3), distribution(COUNT))[:, :2]
    np.testing.assert_allclose(rows.mean(axis=0), [-1.0, 2.0], atol=0.02)
    np.testing.assert_allclose(rows.std(axis=0), 0.3 * np.exp([-0.5, 0.4]), rtol=0.02)
    assert np.corrcoef(rows.T)[0, 1] == pytest.approx(np.tanh(0.9), abs=0.02)


@pytest.mark.parametrize("pen_temperature", [1.0, 0.5, 0.0])
def test_the_pen_is_sharpened_and_the_end_never(pen_temperature: float) -> None:
    logits = np.array([1.0, 2.0, 0.5])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    rows = drawn(Sampling(pen_temperature=pen_temperature), distribution(COUNT, tuple(logits)))
    ended = rows[:, 4].mean()
    assert ended == pytest.approx(probabilities[2], abs=0.01)
    lift = 1.0 if pen_temperature == 0 else 1 / (1 + np.exp(-1.0 / pen_temperature))
    assert rows[:, 3].mean() / (1 - ended) == pytest.approx(lift, abs=0.01)
    sharpened = drawn(Sampling.at(0.25), distribution(COUNT, tuple(logits)))
    assert sharpened[:, 4].mean() < 0.01  # What the paper's temperature does, and why drawings never end.


def test_each_row_of_a_batch_is_drawn_as_its_own_settings_say() -> None:
    mixture, ways = distribution(4), [Sampling.at(0.3), DEFAULT, WILD, Sampling.at(1.0)]
    rng = np.random.default_rng(1)
    uniform, normal = rng.random((4, 2)), rng.standard_normal((4, 2))
    together = sample_row(mixture, settings(ways, 4), uniform, normal)
    for i, way in enumerate(ways):
        one = Mixture(*(part[i : i + 1] for part in mixture))
        alone = sample_row(one, settings(way, 1), uniform[i : i + 1], normal[i : i + 1])
        np.testing.assert_array_equal(alone[0], together[i])


def test_the_presets_lie_in_order_and_only_they_draw_again() -> None:
    for tamer, wilder in [(TAME, DEFAULT), (DEFAULT, WILD)]:
        assert tamer.top_p < wilder.top_p
        assert tamer.spread <= wilder.spread
        assert tamer.pen_temperature < wilder.pen_temperature
    assert DEFAULT.redraws
    assert not Sampling.at(0.4).redraws


@pytest.mark.parametrize(
    "wrong", [{"temperature": -0.1}, {"temperature": 101}, {"top_p": 0.0}, {"top_p": 1.1}, {"spread": -1.0},
              {"pen_temperature": float("nan")}]
)  # fmt: skip
def test_an_impossible_setting_is_refused_by_its_name(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Sampling(**wrong)
