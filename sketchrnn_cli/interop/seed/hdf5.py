"""Read the weights of an HDF5 file written by Keras 2, safely.

HDF5 allows links to other files and filters that decompress without bound. Keras uses neither, so only plain tensors
stored in the file itself are read. The HDF5 library also hangs or crashes on some damaged files, so it runs in a
subprocess with limits on time and memory.
"""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sketchrnn_cli.errors import CheckpointError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_FILE_BYTES = 512 << 20
"""The paper's largest decoder, 2048 units, has 250 MB with its optimizer's state."""

MAX_MEMORY_BYTES = 4 << 30
"""Limit on the subprocess, if the system supports it."""

READ_TIMEOUT_SECONDS = 60.0
"""Reading takes about one second."""

MAX_NAMES = 64
"""Layers per model, and tensors per layer; Sketch-RNN has 11 and 6."""


def read_layers(path: Path, seconds: float = READ_TIMEOUT_SECONDS) -> list[list[np.ndarray]]:
    """Return the float32 tensors of every non-empty layer, in model order.

    Args:
        path: a file of weights, or of a complete model (with weights in the group `model_weights`).
        seconds: the timeout.

    Raises:
        CheckpointError: missing, not HDF5 of Keras 2, damaged, or with anything but plain tensors.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(SIGNATURE)) != SIGNATURE:
                raise CheckpointError(f"{path}: not an HDF5 file; expected the .hdf5 that Keras wrote")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; not a Sketch-RNN model")
        command = [sys.executable, "-P", "-c", f"from {__name__} import answer; answer()", str(path)]
        paths = os.pathsep.join(filter(None, sys.path))
        environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}  # Threads reserve memory.
        reading = subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(f"{path}: damaged: reading it takes more than {seconds:g} seconds") from error
    if reading.returncode == CheckpointError.exit_code:
        raise CheckpointError(" ".join(reading.stderr.decode(errors="replace").split()))
    if reading.returncode:
        raise CheckpointError(f"{path}: damaged: the HDF5 library failed (exit code {reading.returncode})")
    with np.load(io.BytesIO(reading.stdout)) as arrays:
        layers: dict[str, list[np.ndarray]] = {}
        for name in arrays.files:
            layers.setdefault(name.split("_")[0], []).append(arrays[name])
    return list(layers.values())


def answer() -> None:
    """Run in the subprocess: read the file named on the command line, write its layers to stdout."""
    try:
        import resource

        resource.setrlimit(
            resource.RLIMIT_CPU, (int(READ_TIMEOUT_SECONDS), int(READ_TIMEOUT_SECONDS))
        )  # In case the parent dies.
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    except (ImportError, ValueError, OSError):  # Unsupported on Windows; macOS does not limit memory.
        pass
    try:
        layers = _layers(Path(sys.argv[1]))
    except CheckpointError as error:
        sys.stderr.write(str(error))
        sys.exit(error.exit_code)
    tensors: dict[str, Any] = {f"{i}_{j}": tensor for i, layer in enumerate(layers) for j, tensor in enumerate(layer)}
    np.savez(sys.stdout.buffer, **tensors)


def _layers(path: Path) -> list[list[np.ndarray]]:
    """Read the layers in this process."""
    try:
        import h5py
    except ImportError as error:
        raise CheckpointError(f"{path}: needs h5py: pip install h5py") from error
    try:
        left = path.stat().st_size
        layers = []
        with h5py.File(path, "r") as root:
            group = _child(h5py, root, "model_weights") if root.id.links.exists(b"model_weights") else root
            for name in _names(h5py, group, "layer_names"):
                layer = _child(h5py, group, name)
                tensors = [_child(h5py, layer, name) for name in _names(h5py, layer, "weight_names")]
                left -= sum(_stored_bytes(h5py, tensor) for tensor in tensors)
                if left < 0:
                    raise CheckpointError(f"{path}: claims more numbers than the file holds")
                layers.append([tensor[()].astype(np.float32) for tensor in tensors])
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (KeyError, RuntimeError, TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
        raise CheckpointError(f"{path}: not the weights of a Keras 2 model, or damaged ({error})") from error
    if not all(np.isfinite(tensor).all() for layer in layers for tensor in layer):
        raise CheckpointError(f"{path}: a weight is not finite")
    return layers


def _child(h5py: ModuleType, group: Any, name: str) -> Any:
    """Return the object at a path below a group, following hard links only."""
    for part in name.split("/"):
        if group.id.links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"{name} is a soft or external link")
        group = group[part]
    return group


def _names(h5py: ModuleType, group: Any, attribute: str) -> list[str]:
    """Return a list of names from a group's attribute."""
    stored = group.attrs.get_id(attribute)
    if stored.shape == (0,):  # Keras stores an empty list as floats.
        return []
    if not h5py.check_string_dtype(stored.dtype) or len(stored.shape) != 1 or stored.shape[0] > MAX_NAMES:
        raise ValueError(f"{attribute} is not a short list of names")
    return [name.decode() if isinstance(name, bytes) else name for name in group.attrs[attribute].tolist()]


def _stored_bytes(h5py: ModuleType, tensor: Any) -> int:
    """Return a tensor's size in bytes, after checking that the file stores all of it."""
    properties = tensor.id.get_create_plist()
    plain = properties.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) and not properties.get_external_count()
    if not plain or tensor.dtype.kind != "f" or tensor.nbytes != tensor.id.get_storage_size():
        raise ValueError(f"{tensor.name} is not a plain tensor of numbers")
    return int(tensor.nbytes)
