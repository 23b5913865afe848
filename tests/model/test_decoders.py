"""Decoders row by row, begun after given rows, and all at once: the same outputs, with room to spare or none."""

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.decoders import decoder

SMALL = HParams(enc_rnn_size=4, dec_rnn_size=12, z_size=3, num_mixture=2, max_seq_len=30)
TRANSFORMER = SMALL.replace(dec_model="transformer", dec_layers=2, dec_heads=3, dec_mlp_size=7)
KINDS = {
    "lstm": SMALL,
    "layer_norm": SMALL.replace(dec_model="layer_norm"),
    "hyper": SMALL.replace(dec_model="hyper"),
    "zero": SMALL.replace(first_state="zero"),
    "transformer": TRANSFORMER,
    "transformer_alone": TRANSFORMER.replace(conditional=False),
}
ROWS = 7


@pytest.mark.parametrize("capacity", [ROWS, ROWS + 5])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_gives_what_the_whole_sequence_gives_there(kind: str, capacity: int) -> None:
    hparams, rng = KINDS[kind], np.random.default_rng(1)
    of = decoder(hparams, plain_model.random_weights(hparams))
    rows = rng.standard_normal((2, ROWS, 5)).astype(np.float32)
    v = rng.standard_normal((2, hparams.condition_size)).astype(np.float32) if hparams.condition_size else None
    expected = of.sequence(rows, v)
    state = of.initial_state(v, 2, capacity)
    for time in range(ROWS):
        state, h = of.step(state, rows[:, time])
        np.testing.assert_allclose(h, expected[:, time], atol=1e-5, err_msg=f"row {time}")
    state, h = of.prefill(rows[:, :4], v, capacity)
    np.testing.assert_allclose(h, expected[:, 3], atol=1e-5)
    for time in range(4, ROWS):
        state, h = of.step(state, rows[:, time])
        np.testing.assert_allclose(h, expected[:, time], atol=1e-5, err_msg=f"row {time}, begun after 4")
