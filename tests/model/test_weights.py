"""Tensors of a model: how many numbers, and what they are at first."""

import numpy as np
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import count, initialize, part, shapes


@pytest.mark.parametrize(
    ("hparams", "parameters"),
    [
        (HParams(), 2_186_107),
        (HParams(conditional=False), 1_123_963),
        (HParams(conditional=False, dec_rnn_size=1024), 4_344_955),
        (HParams(first_state="zero"), 2_054_011),
    ],
    ids=["default", "decoder_only", "decoder_only_1024", "seed"],
)
def test_the_number_of_parameters_is_that_of_the_published_models(hparams: HParams, parameters: int) -> None:
    assert sum(int(np.prod(shape)) for shape in shapes(hparams).values()) == parameters


@pytest.mark.parametrize("cell", ["lstm", "layer_norm", "hyper"])
def test_first_weights_have_the_shapes_promised_and_come_from_the_seed(cell: str) -> None:
    hparams = HParams(enc_model=cell, dec_model=cell, enc_rnn_size=8, dec_rnn_size=12, z_size=4)
    first, again = initialize(hparams), initialize(hparams)
    assert {name: value.shape for name, value in first.items()} == shapes(hparams)
    assert count(first) == sum(value.size for value in first.values())
    assert all(value.dtype == np.float32 for value in first.values())
    assert all(np.array_equal(value, again[name]) for name, value in first.items())
    assert not np.array_equal(initialize(hparams.replace(seed=1))["output.kernel"], first["output.kernel"])


def test_recurrent_kernels_begin_orthogonal_gate_by_gate() -> None:
    kernel = initialize(HParams())["decoder.recurrent_kernel"].astype(np.float64)
    for gate in np.split(kernel, 4, axis=1):
        np.testing.assert_allclose(gate.T @ gate, np.eye(len(gate)), atol=1e-5)


def test_the_forget_gate_begins_with_bias_one_and_the_others_with_none() -> None:
    first = initialize(HParams(enc_rnn_size=3, dec_rnn_size=2))
    assert first["decoder.bias"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert first["encoder.forward.bias"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert first["encoder.backward.bias"].tolist() == first["encoder.forward.bias"].tolist()


@pytest.mark.parametrize("name", ["latent.mu.kernel", "latent.sigma.kernel", "decoder.first_state.kernel"])
def test_latent_layers_begin_near_zero(name: str) -> None:
    assert initialize(HParams())[name].std() == pytest.approx(0.001, rel=0.05)


def test_a_part_holds_the_tensors_below_a_name_and_no_namesake() -> None:
    assert part({"decoder.bias": 1, "decoder.first_state.bias": 2, "decoders.bias": 3}, "decoder") == {
        "bias": 1,
        "first_state.bias": 2,
    }


@pytest.mark.parametrize("name", ["decoder.kernel", "output.kernel", "encoder.forward.kernel"])
def test_kernels_begin_uniform_within_the_bound_of_glorot(name: str) -> None:
    kernel = initialize(HParams())[name]
    bound = np.sqrt(6.0 / sum(kernel.shape))
    assert np.abs(kernel).max() == pytest.approx(bound, rel=0.01)
    assert kernel.std() == pytest.approx(bound / np.sqrt(3.0), rel=0.03)
