"""The training engine against a plain loop in float64; run again on JAX by test_jax_backend."""

from collections.abc import Callable

import keras
import numpy as np
import plain_model
import pytest
from keras import ops

import sketchrnn_cli.training  # noqa: F401  (loads Keras quietly)
from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import equations, kernels, network
from sketchrnn_cli.model.inference import Drawer

SMALL = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=3, max_seq_len=14, batch_size=4)
TRANSFORMER = {"dec_model": "transformer", "dec_layers": 2, "dec_heads": 2, "dec_mlp_size": 10}
LENGTHS = (5, 1, 9, 2)


def sketches() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [plain_model.random_sketch(rng, length) for length in LENGTHS]


def padded(length: int, rows: int = len(LENGTHS)) -> Batch:
    labels = np.array([2, 0, 1, 2], np.int32)
    batch = plain_model.batch_of(sketches(), length, rows, labels)
    return Batch(*(ops.convert_to_tensor(array) for array in batch))


def noise(batch: Batch, hparams: HParams = SMALL) -> object:
    return kernels.engine().normal((batch.rows.shape[0], hparams.z_size), 5, step(), network.LATENT)


def tensors(weights: dict[str, np.ndarray]) -> dict:
    return {name: ops.convert_to_tensor(value) for name, value in weights.items()}


def step(number: int = 3) -> object:
    return ops.convert_to_tensor(np.int32(number))


@pytest.mark.on_jax
@pytest.mark.parametrize("conditional", [True, False])
def test_losses_are_those_of_a_plain_loop_over_time(conditional: bool) -> None:
    hparams = SMALL.replace(conditional=conditional)
    weights = plain_model.random_weights(hparams)
    batch = padded(11)
    drawn = ops.convert_to_numpy(noise(batch))
    expected = np.array(
        [plain_model.losses(weights, sketch, 12, n, hparams) for sketch, n in zip(sketches(), drawn, strict=True)]
    )
    sums = network.sketch_losses(tensors(weights), batch, hparams, None, noise(batch), step())
    np.testing.assert_allclose(
        np.stack([ops.convert_to_numpy(x) for x in sums], axis=1), expected, rtol=1e-5, atol=1e-5
    )
    found = network.batch_losses(sums, batch.lengths, hparams.max_seq_len)
    mean = expected.mean(axis=0) / [hparams.max_seq_len, hparams.max_seq_len, 1.0]
    np.testing.assert_allclose([float(x) for x in found], mean, rtol=1e-5, atol=1e-5)


@pytest.mark.on_jax
def test_rows_that_only_make_whole_rounds_of_the_loop_count_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tensors(plain_model.random_weights(SMALL))
    found = []
    for more in (0, 3):
        monkeypatch.setattr(kernels.engine(), "whole_rounds", lambda time, more=more: time + more)
        sums = network.sketch_losses(weights, padded(9), SMALL, None, noise(padded(9)), step())
        found.append(np.stack([ops.convert_to_numpy(term) for term in sums]))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-5)


def test_rows_that_only_fill_a_batch_count_nothing() -> None:
    hparams = SMALL.replace(conditional=False)
    weights = tensors(plain_model.random_weights(hparams))
    exact, filled = padded(9), padded(9, rows=7)
    means = [
        network.batch_losses(
            network.sketch_losses(weights, batch, hparams, None, None, step()), batch.lengths, hparams.max_seq_len
        )
        for batch in (exact, filled)
    ]
    np.testing.assert_allclose([float(x) for x in means[0]], [float(x) for x in means[1]], rtol=1e-6)


@pytest.mark.on_jax
@pytest.mark.parametrize("cell", ["lstm", "layer_norm", "hyper"])
def test_more_padding_never_changes_what_the_encoder_says(cell: str) -> None:
    hparams = SMALL.replace(enc_model=cell)
    weights = tensors(plain_model.random_weights(hparams))
    short, long = (network.encode(weights, *padded(length)[:2], hparams, None, step()) for length in (9, 14))
    for a, b in zip(short, long, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), atol=1e-6)


@pytest.mark.on_jax
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"gate_activation": "hard_sigmoid"},
        {"enc_model": "layer_norm", "dec_model": "layer_norm"},
        {"enc_model": "hyper", "dec_model": "hyper"},
        {"enc_model": "hyper", "dec_model": "hyper", "hyper_inner": "lstm"},
        {"conditional": False},
        {"mask_encoder": False, "first_state": "zero"},
        {"squash_z": True},
        {"num_classes": 2, "class_size": 3},
        {"num_classes": 2, "class_size": 3, "conditional": False, "dec_model": "hyper"},
        TRANSFORMER,
        TRANSFORMER | {"num_classes": 2, "class_size": 3, "conditional": False},
        TRANSFORMER | {"conditional": False},
    ],
    ids=[
        *("lstm", "hard_sigmoid", "layer_norm", "hyper", "hyper_of_0.1", "decoder_only", "as_the_seed", "squash_z"),
        *("words", "words_alone", "transformer", "transformer_of_words", "transformer_alone"),
    ],
)
def test_the_drawing_engine_and_the_training_engine_agree(changes: dict) -> None:
    hparams = SMALL.replace(**changes)
    weights = plain_model.random_weights(hparams, size=0.2)
    drawer = Drawer(hparams, weights)
    rows, lengths = padded(hparams.max_seq_len)[:2]
    z = None
    if hparams.conditional:
        mu, sigma_hat = network.encode(tensors(weights), rows, lengths, hparams, None, step())
        drawn_mu, sigma = drawer.encode(sketches())
        np.testing.assert_allclose(drawn_mu, ops.convert_to_numpy(mu), atol=1e-5)
        np.testing.assert_allclose(sigma, np.exp(0.5 * ops.convert_to_numpy(sigma_hat)), atol=1e-5)
        z = ops.convert_to_numpy(mu)
    labels = np.array([2, 0, 1, 2], np.int32)
    v = equations.condition(ops, tensors(weights), None if z is None else ops.convert_to_tensor(z), labels)
    trained = network.decode(tensors(weights), rows, v, hparams, None, step())
    expected = ops.convert_to_numpy(trained)
    start = np.tile(np.array([0, 0, 1, 0, 0], np.float32), (len(LENGTHS), 1, 1))
    given = np.concatenate([start, ops.convert_to_numpy(rows)[:, :-1]], axis=1)
    v = drawer.condition(z, labels, len(LENGTHS))
    np.testing.assert_allclose(drawer.decoder.sequence(given, v), expected.swapaxes(0, 1), atol=1e-5)
    for before in (0, 1, 5):  # Rows given at once, then one by one.
        state = drawer.decoder.initial_state(v, len(LENGTHS), given.shape[1])
        if before:
            state, h = drawer.decoder.prefill(given[:, :before], v, given.shape[1])
            np.testing.assert_allclose(h, expected[before - 1], atol=1e-5)
        for time in range(before, given.shape[1]):
            state, h = drawer.decoder.step(state, given[:, time])
            np.testing.assert_allclose(h, expected[time], atol=1e-5)


@pytest.mark.parametrize(  # test_step trains with the others on JAX.
    "cell", [*(pytest.param(cell, marks=pytest.mark.on_jax) for cell in ("lstm", "transformer")), "layer_norm", "hyper"]
)
def test_every_weight_gets_a_gradient(cell: str) -> None:
    words = {"num_classes": 2, "class_size": 3, "class_dropout": 0.5}
    hparams = SMALL.replace(
        **(TRANSFORMER if cell == "transformer" else {"enc_model": cell, "dec_model": cell}), **words
    )

    def loss(weights: dict) -> tuple:
        sums = network.sketch_losses(weights, padded(9), hparams, 0, noise(padded(9), hparams), step())
        losses = network.batch_losses(sums, padded(9)[1], hparams.max_seq_len)
        return losses.reconstruction + losses.kl, ()

    weights = plain_model.random_weights(hparams)
    engine = kernels.engine()

    def found(weights: dict) -> tuple:
        return engine.value_and_gradients(loss, weights)

    # On JAX each operation is compiled, sooner all as one; TensorFlow takes longer to trace than to compute.
    if keras.backend.backend() == "jax":
        found = engine.compile_evaluation(found, "scan")
    _, _, gradients = found(tensors(weights))
    assert set(gradients) == set(weights)
    without = [name for name, value in gradients.items() if not np.abs(ops.convert_to_numpy(value)).max() > 1e-9]
    assert without == []


def test_a_tenth_of_the_words_is_hidden_in_training_and_none_in_evaluation() -> None:
    hparams = SMALL.replace(num_classes=3)
    labels = ops.convert_to_tensor(np.tile(np.array([0, 1, 2, 3], np.int32), 5000))
    shown, again, later = (
        ops.convert_to_numpy(network.shown_labels(labels, hparams, 7, step(number))) for number in (3, 3, 4)
    )
    np.testing.assert_array_equal(shown, again)
    assert not np.array_equal(shown, later)
    known = shown[ops.convert_to_numpy(labels) > 0]
    assert np.mean(known == 0) == pytest.approx(0.1, abs=0.01)
    kept = shown > 0
    np.testing.assert_array_equal(shown[kept], ops.convert_to_numpy(labels)[kept])
    np.testing.assert_array_equal(network.shown_labels(labels, hparams, None, step()), labels)


def test_recurrent_dropout_keeps_the_share_asked_for_and_the_mean() -> None:
    mask = ops.convert_to_numpy(network.keep_mask((50, 2, 10, 20), 0.8, 1, step(), network.DECODER))
    assert set(np.unique(mask)) == {0.0, np.float32(1 / 0.8)}
    assert np.mean(mask > 0) == pytest.approx(0.8, abs=0.02)
    assert not np.array_equal(mask[0], mask[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"recurrent_dropout_prob": 0.5},
        {"recurrent_dropout_prob": 0.5, "dec_model": "layer_norm"},
        {"recurrent_dropout_prob": 0.5, "dec_model": "hyper"},
        {"use_recurrent_dropout": False, "use_input_dropout": True, "input_dropout_prob": 0.5},
        {"use_recurrent_dropout": False, "use_output_dropout": True, "output_dropout_prob": 0.5},
        {**TRANSFORMER, "transformer_dropout": 0.5},
    ],
    ids=["lstm", "layer_norm", "hyper", "input", "output", "transformer"],
)
def test_dropout_derives_from_seed_and_step_and_is_off_in_evaluation(changes: dict) -> None:
    hparams = SMALL.replace(conditional=False, **changes)
    weights = tensors(plain_model.random_weights(hparams))

    def offset(dropout: int | None) -> Callable:
        def of(weights: dict, step: object) -> object:
            return network.sketch_losses(weights, padded(9), hparams, dropout, noise(padded(9), hparams), step).offset

        return of

    def offsets(run: Callable, number: int) -> list[float]:
        return ops.convert_to_numpy(run(weights, step(number))).tolist()

    compiled = kernels.engine().compile_evaluation(offset(4), "scan")
    first = offsets(compiled, 1)
    assert first == offsets(compiled, 1)
    assert first != offsets(compiled, 2)
    np.testing.assert_allclose(first, offsets(offset(4), 1), rtol=1e-4)
    assert not np.allclose(first, offsets(offset(5), 1), rtol=1e-3)
    assert offsets(offset(None), 1) == offsets(offset(None), 2)
