"""What Magenta's model and ours are both given: weights, drawings and noise, all from seeds."""

import zlib

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes

ROWS = 13
"""Rows that a drawing is padded to, one more than N_max."""
LENGTHS = (5, 12, 1, 8)
TINY = HParams(
    enc_rnn_size=6,
    dec_rnn_size=8,
    z_size=4,
    num_mixture=3,
    max_seq_len=ROWS - 1,
    batch_size=len(LENGTHS),
    use_recurrent_dropout=False,
)
CASES = {
    "lstm": TINY,
    "layer_norm": TINY.replace(enc_model="layer_norm", dec_model="layer_norm"),
    "hyper": TINY.replace(enc_model="hyper", dec_model="hyper"),
    "lstm_alone": TINY.replace(conditional=False),
    "hyper_alone": TINY.replace(conditional=False, dec_model="hyper"),
}


def weights(hparams: HParams) -> dict[str, np.ndarray]:
    """Weights in our layout, each from a seed of its own, so that one more tensor changes none of the others."""
    made = {}
    for name, shape in shapes(hparams).items():
        drawn = np.random.default_rng([5, zlib.crc32(name.encode())]).standard_normal(shape)
        fan_in = shape[-2] if len(shape) > 1 else 10
        offset = 1.0 if name.endswith(("gamma", "embedding_bias")) else 0.0
        made[name] = (offset + drawn / np.sqrt(fan_in)).astype(np.float32)
    return made


def drawings() -> list[np.ndarray]:
    """Stroke-3 drawings in model units."""
    rng = np.random.default_rng(7)
    made = []
    for length in LENGTHS:
        rows = rng.standard_normal((length, 3)).astype(np.float32)
        rows[:, 2] = rng.random(length) < 0.3
        rows[-1, 2] = 1.0
        made.append(rows)
    return made


def noise(z_size: int) -> np.ndarray:
    """The noise of the latent vectors, `[drawings, z]`."""
    return np.random.default_rng(11).standard_normal((len(LENGTHS), z_size)).astype(np.float32)
