"""Magenta.js models (`*.gen.json`, `*.vae.json`): layout and reader.

A file is ``[info, shapes, weights]``. Each tensor is base64 of little-endian int16 q (in `*.gen.full.json` a list of
integers) and encodes 10 q / 32767. Gates are ordered i, j, f, o, where j is the candidate; the forget gate's bias lacks
the 1 that is added at run time; an initial state holds c, then h. A decoder-only model starts from zeros. Before
version 6, z passes through tanh before the initial state. The players divide `scale_factor` by a pixel factor, by
default 2. (Sources: magenta/magenta-js, `sketch/src`, and its predecessor sketch-rnn-js for the encoder.)
"""

import binascii
import math
import reprlib
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import bounded_json
from sketchrnn_cli.interop.imported import Imported
from sketchrnn_cli.model.cells import FORGET_BIAS
from sketchrnn_cli.model.weights import shapes

MAX_WEIGHT = 10.0
STEPS = 32767
"""Quantization steps from 0 to `MAX_WEIGHT`."""

PIXEL_FACTOR = 2.0
"""The players' default divisor of `scale_factor`."""

FIRST_UNSQUASHED_VERSION = 6
"""The first version whose z does not pass through tanh."""

DECODER_ONLY = ("output.kernel", "output.bias", "decoder.kernel", "decoder.recurrent_kernel", "decoder.bias")
"""Our tensors in the order of a gen file."""

CONDITIONAL = (
    "encoder.forward.kernel", "encoder.forward.recurrent_kernel", "encoder.forward.bias",
    "encoder.backward.kernel", "encoder.backward.recurrent_kernel", "encoder.backward.bias",
    "latent.mu.kernel", "latent.mu.bias", "latent.sigma.kernel", "latent.sigma.bias",
    "decoder.first_state.kernel", "decoder.first_state.bias", *DECODER_ONLY,
)  # fmt: skip
"""Our tensors in the order of a vae file."""

LOSSES = ("r_loss", "kl_loss")
MAX_NUMBER = 1e9
MIN_SCALE = 1e-6


def read(path: Path) -> Imported:
    """Read a model.

    Raises:
        CheckpointError: unreadable, another format, or inconsistent.
    """
    content = bounded_json.read(path)
    info, sizes, weights = _parts(path, content)
    names = _names(path, sizes, weights)
    hparams = _hparams(path, info, dict(zip(names, sizes, strict=True)))
    for name, size in zip(names, sizes, strict=True):
        if (expected := shapes(hparams)[name]) != size:
            raise CheckpointError(f"{path}: {name} has shape {list(size)}; the other tensors need {list(expected)}")
    tensors = {
        name: from_magenta(name, _dequantize(path, name, text, size))
        for name, text, size in zip(names, weights, sizes, strict=True)
    }
    version = _number(path, info, "version", default=FIRST_UNSQUASHED_VERSION)
    kind = "encoder and decoder" if hparams.conditional else "decoder only"
    name = info.get("name", "")
    if not isinstance(name, str):
        raise CheckpointError(f"{path}: name is {reprlib.repr(name)}, expected text")
    return Imported(
        hparams=hparams,
        scale_factor=_number(path, info, "scale_factor", low=MIN_SCALE),
        canvas_size=_number(path, info, "canvas_size", default=0.0, low=MIN_SCALE),
        weights=tensors,
        name=name,
        note=f"Magenta.js model {reprlib.repr(name)}, version {version:g}, {kind}, imported from {path.name}",
        metrics={loss: _number(path, info, loss) for loss in LOSSES if loss in info},
    )


def from_magenta(name: str, value: np.ndarray) -> np.ndarray:
    """Convert a tensor from Magenta.js' conventions to ours."""
    ours = exchange(name, value)
    if _is_gate_bias(name):
        ours += _forget(len(ours))
    return ours


def to_magenta(name: str, value: np.ndarray) -> np.ndarray:
    """Convert a tensor from our conventions to Magenta.js'."""
    value = value.astype(np.float64)
    return exchange(name, value - _forget(len(value)) if _is_gate_bias(name) else value)


def exchange(name: str, value: np.ndarray) -> np.ndarray:
    """Swap the order of a tensor's gates, or of its initial state, between both conventions; its own inverse."""
    if name.startswith("decoder.first_state."):
        return np.concatenate(np.split(value, 2, axis=-1)[::-1], axis=-1)
    if name.startswith(("encoder.", "decoder.")):
        first, second, third, last = np.split(value, 4, axis=-1)
        return np.concatenate([first, third, second, last], axis=-1)
    return value


def _is_gate_bias(name: str) -> bool:
    return name in ("encoder.forward.bias", "encoder.backward.bias", "decoder.bias")


def _forget(gates: int) -> np.ndarray:
    """Return the forget gate's bias `[gates]` in our gate order."""
    return np.repeat([0.0, FORGET_BIAS, 0.0, 0.0], gates // 4)


def _parts(path: Path, content: Any) -> tuple[dict, list[tuple[int, ...]], list]:
    """Return info, shapes and raw weights."""
    if isinstance(content, dict):
        raise CheckpointError(f"{path}: a JSON object, not a model; a Magenta.js model is [info, shapes, weights]")
    if isinstance(content, list) and content and all(isinstance(item, str) for item in content):
        raise CheckpointError(
            f"{path}: a list of names without values, as Magenta's model_config.json is since 2020; not a model"
        )
    kinds = (dict, list, list)
    if not isinstance(content, list) or len(content) != 3 or not all(map(isinstance, content, kinds)):
        raise CheckpointError(f"{path}: not a Magenta.js model: expected [info, shapes, weights]")
    info, sizes, weights = content
    for size in sizes:
        if not isinstance(size, list) or len(size) not in (1, 2) or not all(type(n) is int and n > 0 for n in size):
            raise CheckpointError(f"{path}: {reprlib.repr(size)} is not the shape of a tensor")
    return info, [tuple(size) for size in sizes], weights


def _names(path: Path, sizes: list, weights: list) -> tuple[str, ...]:
    """Return our tensor names in file order."""
    counts = {len(DECODER_ONLY): DECODER_ONLY, len(CONDITIONAL): CONDITIONAL}
    if len(sizes) != len(weights) or len(sizes) not in counts:
        raise CheckpointError(
            f"{path}: {len(sizes)} shapes and {len(weights)} tensors; expected 5 (decoder only) or 17 of each"
        )
    return counts[len(sizes)]  # Not by `mode`, which is always 2 in the files of Magenta's tutorial.


def _hparams(path: Path, info: Mapping[str, Any], sizes: Mapping[str, tuple[int, ...]]) -> HParams:
    """Derive the hyperparameters from shapes and info."""
    conditional = "latent.mu.bias" in sizes
    encoder: dict[str, Any] = {
        "enc_rnn_size": sizes["encoder.forward.recurrent_kernel"][0],
        "z_size": sizes["latent.mu.bias"][0],
        "squash_z": _number(path, info, "version", default=FIRST_UNSQUASHED_VERSION) < FIRST_UNSQUASHED_VERSION,
    } if conditional else {}  # fmt: skip
    try:
        return HParams(
            conditional=conditional,
            dec_rnn_size=sizes["decoder.recurrent_kernel"][0],
            num_mixture=(sizes["output.bias"][0] - 3) // 6,
            max_seq_len=int(_number(path, info, "max_seq_len", low=1.0)),
            pixel_factor=PIXEL_FACTOR,
            **encoder,
        )
    except UsageError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _dequantize(path: Path, name: str, quantized: Any, size: tuple[int, ...]) -> np.ndarray:
    """Return a tensor's values as float64."""
    count = math.prod(size)
    if isinstance(quantized, str):
        try:
            steps = np.frombuffer(b64decode(quantized, validate=True), dtype=np.uint8)
        except (binascii.Error, ValueError) as error:
            raise CheckpointError(f"{path}: {name} is not base64: {error}") from error
        if len(steps) != 2 * count:
            raise CheckpointError(f"{path}: {name} has {len(steps)} bytes; shape {list(size)} needs {2 * count}")
        steps = steps.view("<i2")
    elif isinstance(quantized, list):
        if len(quantized) != count:
            raise CheckpointError(f"{path}: {name} has {len(quantized)} weights; shape {list(size)} needs {count}")
        if not all(type(step) is int and -STEPS - 1 <= step <= STEPS for step in quantized):
            raise CheckpointError(f"{path}: {name} holds values that are not 16-bit integers")
        steps = np.array(quantized)
    else:
        raise CheckpointError(f"{path}: {name} is {reprlib.repr(quantized)}, expected base64 or a list of integers")
    return MAX_WEIGHT * steps.reshape(size).astype(np.float64) / STEPS


def _number(
    path: Path, info: Mapping[str, Any], key: str, default: float | None = None, low: float = -MAX_NUMBER
) -> float:
    """Return a number from the info, or `default`."""
    if key not in info and default is not None:
        return default
    value = info.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_NUMBER:
        raise CheckpointError(f"{path}: {key} is {reprlib.repr(value)}, expected a number")
    if value < low:
        raise CheckpointError(f"{path}: {key} is {value:g}, expected at least {low:g}")
    return float(value)
