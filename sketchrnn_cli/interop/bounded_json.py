"""Parse an untrusted JSON file in bounded memory."""

import json
from pathlib import Path
from typing import Any

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import CheckpointError

MAX_FILE_BYTES = 64 << 20
"""The paper's largest decoder, 2048 units, has 46 MB as a Magenta.js file."""

MAX_COUNTS = {b"[": 1000, b"{": 1000, b":": 1000, b",": 8_000_000}
"""Maximum occurrences: lists, objects, keys and numbers take far more memory than text. A model whose weights are lists
of integers has many commas; no model has many of the others."""


def read(path: Path) -> Any:
    """Parse a file.

    Raises:
        CheckpointError: unreadable, too large, or not valid JSON.
    """
    try:
        if not path.is_file():
            raise CheckpointError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; not a Sketch-RNN model")
        text = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    if other := foreign.name(text[: foreign.HEAD]):
        raise CheckpointError(f"{path}: {other}")
    for sign, limit in MAX_COUNTS.items():
        if text.count(sign) > limit:
            raise CheckpointError(f"{path}: more than {limit} times {sign.decode()!r}; not a Sketch-RNN model")
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")
