"""The tensors of a model: names, shapes, first values.

The names are those of the checkpoint's weights file and do not change. Kernels multiply from the right, gates come in
the order i, f, c, o, the forget gate's bias of 1 is inside the bias, and a first state holds h, then c.
"""

from collections.abc import Mapping

import numpy as np

from sketchrnn_cli.hparams import HParams

INPUT_SIZE = 5
"""A stroke-5 row."""

HYPER_UNITS = 256
"""Units of the small LSTM inside a hyper cell (Magenta's default)."""

HYPER_EMBEDDING = 32
"""Size of the embedding through which a hyper cell scales its gates (Magenta's default)."""

FORGET_BIAS = 1.0


def state_size(cell: str, units: int) -> int:
    """Return the length of h, and of c: a hyper cell carries its inner LSTM's state behind its own."""
    return units + HYPER_UNITS if cell == "hyper" else units


def cell_shapes(cell: str, inputs: int, units: int, hyper_inner: str) -> dict[str, tuple[int, ...]]:
    """Return the tensors of one recurrent cell by their names within it."""
    gates = 4 * units
    shapes: dict[str, tuple[int, ...]] = {"kernel": (inputs, gates), "recurrent_kernel": (units, gates)}
    if cell == "lstm":
        return {**shapes, "bias": (gates,)}
    if cell == "layer_norm":
        return {**shapes, "gamma": (gates,), "beta": (gates,), "cell_gamma": (units,), "cell_beta": (units,)}
    inner = cell_shapes(hyper_inner, inputs + units, HYPER_UNITS, hyper_inner)
    hyper = {f"hyper.{name}": shape for name, shape in inner.items()}
    for path in ("input", "recurrent", "bias"):
        hyper[f"hyper.{path}.embedding"] = (HYPER_UNITS, 4 * HYPER_EMBEDDING)
        if path != "bias":
            hyper[f"hyper.{path}.embedding_bias"] = (4 * HYPER_EMBEDDING,)
        hyper[f"hyper.{path}.scale"] = (4, HYPER_EMBEDDING, units)
    return {**cell_shapes("layer_norm", inputs, units, hyper_inner), "bias": (gates,), **hyper}


def shapes(hparams: HParams) -> dict[str, tuple[int, ...]]:
    """Return every tensor of a model: name to shape."""
    encoder, decoder, z = hparams.enc_rnn_size, hparams.dec_rnn_size, hparams.z_size
    table: dict[str, tuple[int, ...]] = {}
    inputs = INPUT_SIZE
    if hparams.conditional:
        inputs += z
        for direction in ("forward", "backward"):
            for name, shape in cell_shapes(hparams.enc_model, INPUT_SIZE, encoder, hparams.hyper_inner).items():
                table[f"encoder.{direction}.{name}"] = shape
        for layer in ("mu", "sigma"):
            table[f"latent.{layer}.kernel"] = (2 * encoder, z)
            table[f"latent.{layer}.bias"] = (z,)
        if hparams.first_state == "trained":
            first = 2 * state_size(hparams.dec_model, decoder)
            table["decoder.first_state.kernel"] = (z, first)
            table["decoder.first_state.bias"] = (first,)
    for name, shape in cell_shapes(hparams.dec_model, inputs, decoder, hparams.hyper_inner).items():
        table[f"decoder.{name}"] = shape
    table["output.kernel"] = (decoder, 6 * hparams.num_mixture + 3)
    table["output.bias"] = (6 * hparams.num_mixture + 3,)
    return table


def initialise(hparams: HParams) -> dict[str, np.ndarray]:
    """Draw the first weights from ``hparams.seed``: float32, initialised as in Magenta's Sketch-RNN."""
    rng = np.random.default_rng([hparams.seed, 0])
    first = {name: _first_value(rng, name, shape) for name, shape in shapes(hparams).items()}
    for name in _forget_biases(hparams, first):
        first[name] += np.repeat([0.0, FORGET_BIAS, 0.0, 0.0], len(first[name]) // 4)
    return {name: value.astype(np.float32) for name, value in first.items()}


def part(weights: Mapping, prefix: str) -> dict:
    """Return the tensors whose names begin with ``prefix.``, by the rest of their names."""
    return {name[len(prefix) + 1 :]: value for name, value in weights.items() if name.startswith(prefix + ".")}


def count(weights: Mapping[str, np.ndarray]) -> int:
    """Return the number of parameters."""
    return sum(int(np.prod(value.shape)) for value in weights.values())


def _forget_biases(hparams: HParams, names: Mapping[str, np.ndarray]) -> list[str]:
    """Return the LSTM biases; normalised cells add theirs after the normalisation."""
    inner = [name for name in names if name.endswith("hyper.bias")]
    encoders = [f"encoder.{direction}.bias" for direction in ("forward", "backward")]
    outer = [
        *(encoders if hparams.enc_model == "lstm" else []),
        *(["decoder.bias"] if hparams.dec_model == "lstm" else []),
    ]
    return inner + [name for name in outer if name in names]


def _first_value(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    layer, leaf = name.rsplit(".", 1)
    if leaf == "recurrent_kernel":
        return np.concatenate([_orthogonal(rng, shape[0]) for _ in range(4)], axis=1)
    if leaf in ("bias", "beta", "cell_beta"):
        return np.zeros(shape)
    if leaf in ("gamma", "cell_gamma", "embedding_bias"):
        return np.ones(shape)
    if layer in ("latent.mu", "latent.sigma", "decoder.first_state"):
        return rng.normal(0.0, 0.001, shape)
    if leaf == "embedding":
        return rng.normal(0.0, 0.01, shape) if layer.endswith("bias") else np.zeros(shape)
    if leaf == "scale":
        return np.zeros(shape) if layer.endswith("bias") else np.full(shape, 0.1 / HYPER_EMBEDDING)
    limit = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape)


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw from the orthogonal matrices uniformly: QR of a Gaussian matrix, signs fixed."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))
