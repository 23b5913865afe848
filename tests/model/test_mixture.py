"""The mixture density against SciPy's."""

import numpy as np
import pytest
from scipy import special, stats

from sketchrnn_cli.model.mixture import Mixture, log_density, pen_log_likelihood, split


def mixture_of(pi: object, mu: object, log_sigma: object, rho_raw: object, dtype: type = np.float64) -> Mixture:
    mu, log_sigma = np.asarray(mu, dtype), np.asarray(log_sigma, dtype)
    return Mixture(
        np.zeros(3, dtype), np.asarray(pi, dtype), mu[0], mu[1], log_sigma[0], log_sigma[1], np.asarray(rho_raw, dtype)
    )


def test_the_density_is_scipys_for_a_mixture_of_five() -> None:
    rng = np.random.default_rng(1)
    pi, raw = rng.normal(size=(2, 5)) * 2
    mu, log_sigma = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    offsets = rng.normal(size=(40, 2)) * 3
    expected = np.zeros(40)
    for j, weight in enumerate(special.softmax(pi)):
        sx, sy = np.exp(log_sigma[:, j])
        covariance = np.tanh(raw[j]) * sx * sy
        gaussian = stats.multivariate_normal(mu[:, j], [[sx**2, covariance], [covariance, sy**2]])
        expected += weight * gaussian.pdf(offsets)
    found = log_density(np, mixture_of(pi, mu, log_sigma, raw), offsets)
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-9)


@pytest.mark.parametrize("raw", [-15.0, -6.0, 0.0, 6.0, 15.0])
@pytest.mark.parametrize("log_sigma", [-12.0, 0.0, 6.0])
def test_the_density_is_exact_where_correlation_nears_one_and_sigma_nears_zero(raw: float, log_sigma: float) -> None:
    sigma, rho = np.exp(log_sigma), np.tanh(raw)
    deviations = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, -0.5], [-2.0, 1.0]])
    expected = stats.norm.logpdf(sigma * deviations[:, 1], 0.0, sigma) + stats.norm.logpdf(
        sigma * deviations[:, 0], rho * sigma * deviations[:, 1], sigma / np.cosh(raw)
    )
    mixture = mixture_of([0.0], [[0.0], [0.0]], [[log_sigma], [log_sigma]], [raw])
    np.testing.assert_allclose(log_density(np, mixture, sigma * deviations), expected, rtol=1e-9)


@pytest.mark.parametrize("raw", [-400.0, -90.0, 90.0, 400.0])
def test_single_precision_survives_a_correlation_beyond_its_range(raw: float) -> None:
    with np.errstate(over="ignore"):
        mixture = mixture_of([0.0, 0.0], np.zeros((2, 2)), np.zeros((2, 2)), [raw, 0.0], np.float32)
        found = log_density(np, mixture, np.array([[0.0, 0.0], [1.0, 1.0], [1.0, -2.0]], np.float32))
    assert np.isfinite(found).all()


def test_the_density_integrates_to_one() -> None:
    mixture = mixture_of([0.3, -1.0], [[0.5, -1.0], [0.0, 1.0]], [[-0.5, 0.2], [0.1, -0.7]], [0.8, -1.2])
    axis = np.linspace(-9, 9, 361)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    total = np.exp(log_density(np, mixture, grid)).sum() * (axis[1] - axis[0]) ** 2
    assert total == pytest.approx(1.0, abs=1e-6)


def test_pen_states_are_the_softmax_of_their_logits_however_large() -> None:
    logits = np.array([1000.0, 998.0, -1000.0])
    mixture = mixture_of([0.0], [[0.0], [0.0]], [[0.0], [0.0]], [0.0])._replace(pen_logits=logits)
    found = pen_log_likelihood(np, mixture, np.eye(3))
    np.testing.assert_allclose(found, special.log_softmax(logits))


def test_the_decoders_output_is_pen_pi_mu_x_mu_y_sigma_x_sigma_y_rho() -> None:
    parts = split(np, np.arange(15.0), 2)
    assert [part.tolist() for part in parts] == [[0, 1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12], [13, 14]]
