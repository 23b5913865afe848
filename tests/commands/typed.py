"""Command lines run in this process, which has imported what they need and reuses what they compile."""

import io
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from sketchrnn_cli import backend, cli


class Done(NamedTuple):
    """What a command left."""

    code: int
    stdout: str
    stderr: str


def typed(folder: Path, *lines: str) -> list[Done]:
    """Run command lines, without `sketchrnn`, one after another in a folder."""
    done = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv(backend.VARIABLE, "")  # A command sets it: restored at the end.
        for line in lines:
            streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
            patch.setattr(sys, "argv", ["sketchrnn", *shlex.split(line)])
            patch.setattr(sys, "stdin", io.StringIO())
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            with pytest.raises(SystemExit) as left:
                cli.main()
            assert isinstance(left.value.code, int)
            done.append(Done(left.value.code, *(stream.buffer.getvalue().decode() for stream in streams)))
    return done
