"""Parse a JSON file of another program in bounded memory, whatever is in it."""

import json
from pathlib import Path
from typing import Any

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import CheckpointError

MAX_FILE_BYTES = 64 << 20
"""Bytes; the paper's largest decoder, 2048 units, has 46 MB as a Magenta.js file."""

MAX_COUNTS = {b"[": 1000, b"{": 1000, b":": 1000, b",": 8_000_000}
"""How often each sign may occur: every list, object, key and number costs far more parsed than written. The commas are
those of a model whose weights are lists of integers, the other signs are few in any model."""


def read(path: Path) -> Any:
    """Parse a file.

    Raises:
        CheckpointError: it cannot be read, is too large, or is no JSON.
    """
    try:
        if not path.is_file():
            raise CheckpointError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; no model of Sketch-RNN")
        text = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    if other := foreign.name(text[: foreign.HEAD]):
        raise CheckpointError(f"{path}: {other}")
    for sign, limit in MAX_COUNTS.items():
        if text.count(sign) > limit:
            raise CheckpointError(f"{path}: more than {limit} times {sign.decode()!r}; no model of Sketch-RNN")
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")
