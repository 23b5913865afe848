"""The small JSON files of a checkpoint and a run."""

import json
from pathlib import Path
from typing import Any

from sketchrnn_cli import foreign
from sketchrnn_cli.errors import CheckpointError

MAX_FILE_BYTES = 4 << 20
"""Larger files are refused unread."""


def read(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        CheckpointError: missing, unreadable, too large, or not a JSON object.
    """
    if reason := foreign.obstacle(path):
        raise CheckpointError(f"{path}: {reason}")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_FILE_BYTES >> 20} MiB; not a file of ours")
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path}: expected a JSON object, found {type(values).__name__}")
    return values
