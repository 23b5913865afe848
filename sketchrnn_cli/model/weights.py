"""The tensors of a model: names, shapes, initialization.

The names are part of the checkpoint format and do not change. Kernels multiply from the right, gates are ordered
i, f, c, o, biases include the forget gate's 1, and an initial state holds h, then c. The label table has a row for
"any", then one per word; for the tensors of a transformer decoder see `transformer`.
"""

from collections.abc import Mapping

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import cells, transformer

INPUT_SIZE = 5
"""A stroke-5 row."""


def shapes(hparams: HParams) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a model, by name."""
    encoder, decoder, z = hparams.enc_rnn_size, hparams.dec_rnn_size, hparams.z_size
    v = hparams.condition_size
    table: dict[str, tuple[int, ...]] = {}
    if hparams.conditional:
        for direction in ("forward", "backward"):
            for name, shape in cells.of(hparams.enc_model, hparams).shapes(INPUT_SIZE, encoder).items():
                table[f"encoder.{direction}.{name}"] = shape
        for layer in ("mu", "sigma"):
            table[f"latent.{layer}.kernel"] = (2 * encoder, z)
            table[f"latent.{layer}.bias"] = (z,)
    if hparams.dec_model == "transformer":
        of_decoder = transformer.shapes(INPUT_SIZE, hparams)
    else:
        cell = cells.of(hparams.dec_model, hparams)
        if v and hparams.first_state == "trained":
            first = 2 * cell.state_size(decoder)
            table["decoder.first_state.kernel"] = (v, first)
            table["decoder.first_state.bias"] = (first,)
        of_decoder = cell.shapes(INPUT_SIZE + v, decoder)
    table |= {f"decoder.{name}": shape for name, shape in of_decoder.items()}
    table["output.kernel"] = (decoder, 6 * hparams.num_mixture + 3)
    table["output.bias"] = (6 * hparams.num_mixture + 3,)
    if hparams.num_classes:
        table["classes.table"] = (hparams.num_classes + 1, hparams.class_size)
    return table


def initialize(hparams: HParams) -> dict[str, np.ndarray]:
    """Return float32 weights drawn from ``hparams.seed``, initialized as in Magenta's Sketch-RNN."""
    rng = np.random.default_rng([hparams.seed, 0])
    first = {name: _initial_value(rng, name, shape) for name, shape in shapes(hparams).items()}
    for name in _forget_biases(hparams):
        first[name] += np.repeat([0.0, cells.FORGET_BIAS, 0.0, 0.0], len(first[name]) // 4)
    return {name: value.astype(np.float32) for name, value in first.items()}


def part(weights: Mapping, prefix: str) -> dict:
    """Return the tensors with ``prefix.``, by the rest of their names."""
    return {name[len(prefix) + 1 :]: value for name, value in weights.items() if name.startswith(prefix + ".")}


def count(weights: Mapping[str, np.ndarray]) -> int:
    """Return the number of parameters."""
    return sum(int(np.prod(value.shape)) for value in weights.values())


def _forget_biases(hparams: HParams) -> list[str]:
    """Return the biases that include the forget gate's; normalized cells add it after the normalization."""
    cell_of = {f"encoder.{direction}": hparams.enc_model for direction in ("forward", "backward")}
    cell_of = (cell_of if hparams.conditional else {}) | {"decoder": hparams.dec_model}
    return [
        f"{prefix}.{name}"
        for prefix, cell in cell_of.items()
        if cell != "transformer"
        for name in cells.of(cell, hparams).forget_biases
    ]


def _initial_value(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    layer, leaf = name.rsplit(".", 1)
    if leaf == "recurrent_kernel":
        return np.concatenate([_orthogonal(rng, shape[0]) for _ in range(4)], axis=1)
    if leaf in ("bias", "beta", "cell_beta"):
        return np.zeros(shape)
    if leaf in ("gamma", "cell_gamma", "embedding_bias"):
        return np.ones(shape)
    if leaf == "table":
        return rng.normal(0.0, 1.0, shape)  # Like z, next to it.
    if layer in ("latent.mu", "latent.sigma", "decoder.first_state"):
        return rng.normal(0.0, 0.001, shape)
    if leaf == "embedding":
        return rng.normal(0.0, 0.01, shape) if layer.endswith("bias") else np.zeros(shape)
    if leaf == "scale":
        return np.zeros(shape) if layer.endswith("bias") else np.full(shape, 0.1 / cells.HYPER_EMBEDDING)
    limit = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape)


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw a uniformly random orthogonal matrix: QR of a Gaussian matrix, with signs fixed."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))
