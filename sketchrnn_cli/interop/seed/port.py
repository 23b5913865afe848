"""Read models of eyalzk/sketch_rnn_keras (2018): HDF5 weights of Keras 2.2 and a `model_config.json`.

Keras renumbers layer names in every session, so layers are identified by the shapes and order of their tensors. The
imported model keeps three deviations from the paper as hyperparameters: gates are hard sigmoids (sigmoids in the cuDNN
variant), the decoder's initial state is zero (its layer was neither trained nor saved), and the encoder reads the
padding after a sketch.
"""

import re
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import bounded_json
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.interop.seed.hdf5 import read_layers
from sketchrnn_cli.model.weights import INPUT_SIZE, shapes

CONFIG = "model_config.json"

KNOWN_DATA_SETS = {
    ("cat",): (43.17017, 255.0),
    ("cat", "guitar"): (51.59792, 255.0),
    ("aaron_sheep",): (18.519827, 239.0),
    ("omniglot",): (53.437045, 368.0),
}
"""Scale factor and canvas size of public data sets; the port does not save the scale."""

LEAVES = ("kernel", "recurrent_kernel", "bias")


def read(path: Path, config: Path | None = None) -> Imported:
    """Read a model of the Keras port.

    Args:
        path: an `.hdf5` file of weights, or of a complete model.
        config: its `model_config.json`; by default the one beside it, or in `../logs`.

    Raises:
        CheckpointError: missing, damaged, unsafe, or another model.
    """
    weights, fused = _weights(path)
    config = config or _find_config(path)
    settings = _read_config(config)
    hparams = _hparams(settings, weights, fused, config)
    for name, shape in shapes(hparams).items():
        if weights[name].shape != shape:
            raise CheckpointError(
                f"{path}: {name} has shape {list(weights[name].shape)}; the other tensors need {list(shape)}"
            )
    data = _data_sets(settings)
    scale_factor, canvas_size = KNOWN_DATA_SETS.get(tuple(sorted(data)), (0.0, 0.0))
    origin = f"{path.name} of sketch_rnn_keras ({'CuDNNLSTM' if fused else 'LSTM'})"
    return Imported(
        hparams=hparams,
        scale_factor=scale_factor,
        canvas_size=canvas_size,
        weights=weights,
        name="_".join(data),
        note=f"{origin}, trained on {', '.join(data) or 'data without a name'}; the file holds no scale factor",
    )


def _weights(path: Path) -> tuple[dict[str, np.ndarray], bool]:
    """Return the tensors by our names, and whether they are from cuDNN layers."""
    layers = read_layers(path)
    by_size = {size: [layer for layer in layers if len(layer) == size] for size in (6, 3, 2)}
    if [len(some) for some in by_size.values()] != [1, 1, 3] or len(layers) != 5:
        raise CheckpointError(
            f"{path}: expected a bidirectional LSTM, an LSTM and three dense layers, of 6, 3 and 2 tensors; "
            f"found layers of {', '.join(str(len(layer)) for layer in layers) or 'no'} tensors"
        )
    ((encoder,), (decoder,), (mu, sigma, output)) = by_size.values()
    lstms = {"encoder.forward": encoder[:3], "encoder.backward": encoder[3:], "decoder": decoder}
    dense = {"latent.mu": mu, "latent.sigma": sigma, "output": output}
    for name, (kernel, *_, bias) in {**lstms, **dense}.items():
        if kernel.ndim != 2 or bias.ndim != 1 or (name in lstms and kernel.shape[1] % 4):
            raise CheckpointError(f"{path}: {name} has a kernel of {list(kernel.shape)}, a bias of {list(bias.shape)}")
    fused = decoder[2].shape[0] == 2 * decoder[0].shape[1]
    if fused:
        lstms = {name: _unfused(tensors, f"{path}: {name}") for name, tensors in lstms.items()}
    weights = {f"{name}.{leaf}": x for name, some in lstms.items() for leaf, x in zip(LEAVES, some, strict=True)}
    for name, (kernel, bias) in dense.items():
        weights.update({f"{name}.kernel": kernel, f"{name}.bias": bias})
    return weights, fused


def _unfused(tensors: list[np.ndarray], where: str) -> list[np.ndarray]:
    """Convert a CuDNNLSTM's tensors to an LSTM's: cuDNN multiplies from the left, and adds two biases."""
    kernel, recurrent, bias = tensors
    if recurrent.shape != (kernel.shape[1] // 4, kernel.shape[1]) or bias.shape != (2 * kernel.shape[1],):
        raise CheckpointError(f"{where}: the shapes of its tensors are not those of a CuDNNLSTM")
    kernels = [gate.T.reshape(gate.shape, order="F") for gate in np.split(kernel, 4, axis=1)]
    recurrents = [gate.T for gate in np.split(recurrent, 4, axis=1)]
    return [np.concatenate(kernels, axis=1), np.concatenate(recurrents, axis=1), bias.reshape(2, -1).sum(axis=0)]


def _find_config(path: Path) -> Path:
    places = (path.parent / CONFIG, path.parent.parent / "logs" / CONFIG)
    for place in places:
        if place.is_file():
            return place
    raise CheckpointError(f"{path}: no {CONFIG}, neither beside it nor in ../logs; give it with --config")


def _read_config(path: Path) -> dict[str, Any]:
    values = bounded_json.read(path)
    if isinstance(values, list):
        raise CheckpointError(
            f"{path}: a list of names without values, as Magenta has written since March 2020; "
            "write a JSON object with at least max_seq_len"
        )
    if not isinstance(values, dict) or "max_seq_len" not in values:
        raise CheckpointError(f"{path}: expected a JSON object of hyperparameters with max_seq_len among them")
    return values


def _hparams(settings: dict[str, Any], weights: dict[str, np.ndarray], fused: bool, config: Path) -> HParams:
    """Take sizes from the tensors and all other hyperparameters from the configuration."""
    sizes = {
        "enc_rnn_size": weights["encoder.forward.kernel"].shape[1] // 4,
        "dec_rnn_size": weights["decoder.kernel"].shape[1] // 4,
        "z_size": weights["decoder.kernel"].shape[0] - INPUT_SIZE,
        "num_mixture": (weights["output.kernel"].shape[1] - 3) // 6,
    }
    for name, size in sizes.items():
        if settings.get(name, size) != size:
            raise CheckpointError(
                f"{config}: {name} is {settings[name]!r:.40}, but the weights have {size}; is it another model's?"
            )
    defaults = HParams().as_dict()
    given = {name: value for name, value in settings.items() if name in defaults}
    for name, value in given.items():
        if isinstance(defaults[name], bool) and value in (0, 1):  # In older files.
            given[name] = bool(value)
    deviations = {
        "gate_activation": "sigmoid" if fused else "hard_sigmoid",
        "first_state": "zero",
        "mask_encoder": False,
        "conditional": True,
        **({"use_recurrent_dropout": False} if fused else {}),  # cuDNN has none.
    }
    return HParams.from_dict({**given, **sizes, **deviations}, str(config))


def _data_sets(settings: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the training data sets, if they are plain names."""
    value = settings.get("data_set", [])
    files = value if isinstance(value, list) else [value]
    names = [PureWindowsPath(file).stem for file in files if isinstance(file, str)]
    return tuple(name for name in names if re.fullmatch(r"\w[\w .-]*", name))
