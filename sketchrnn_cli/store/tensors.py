"""Tensors as safetensors files, which are not trusted."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import CheckpointError


def encode(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Serialize `tensors` as safetensors.

    Arrays are made contiguous first: the library's NumPy writer corrupts transposed or sliced ones.
    """
    return safetensors.save({name: np.ascontiguousarray(value) for name, value in tensors.items()})


def read(path: Path, expected: Mapping[str, tuple[int, ...]], sha256: str) -> dict[str, np.ndarray]:
    """Read a safetensors file with exactly the `expected` tensors and this SHA-256.

    Raises:
        CheckpointError: missing, damaged, not as expected, or not finite.
    """
    max_bytes = 8 * sum(int(np.prod(shape, dtype=object)) for shape in expected.values()) + (1 << 20)
    try:
        if path.stat().st_size > max_bytes:
            raise CheckpointError(f"{path}: {path.stat().st_size} bytes, too large for this model")
        blob = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    if reason := foreign.name(blob[: foreign.HEAD]):
        raise CheckpointError(f"{path}: {reason}")
    if hashlib.sha256(blob).hexdigest() != sha256:
        raise CheckpointError(f"{path}: damaged: its SHA-256 is not the one in hparams.json; fetch or train it again")
    try:
        tensors = safetensors.load(blob)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not a safetensors file: {error}") from error
    if missing := sorted(set(expected) - set(tensors)):
        raise CheckpointError(f"{path}: tensor {missing[0]!r} is missing")
    if unknown := sorted(set(tensors) - set(expected)):
        raise CheckpointError(f"{path}: tensor {unknown[0]!r} does not belong to this model")
    for name, shape in expected.items():
        value = tensors[name]
        if value.shape != shape:
            raise CheckpointError(f"{path}: tensor {name!r} has shape {list(value.shape)}, expected {list(shape)}")
        if value.dtype not in (np.float16, np.float32) or not np.isfinite(value).all():
            raise CheckpointError(f"{path}: tensor {name!r} is not finite float16 or float32")
    return tensors


def encode_in_half(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Serialize tensors in half precision."""
    return encode({name: value.astype(np.float16) for name, value in tensors.items()})


def in_single(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return tensors as float32."""
    return {name: value.astype(np.float32) for name, value in tensors.items()}
