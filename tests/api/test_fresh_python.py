"""The library in a Python as anyone starts it draws what the command draws, as fast."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.strokes.files import read_sketches

DRAW = """
import sys
import numpy as np
import sketchrnn_cli as sketchrnn
drawn = sketchrnn.load(sys.argv[1]).sample(24, seed=3)
np.savez(sys.argv[2], *drawn)
"""
KEPT = ("PATH", "HOME", "PYTHONPATH", "SYSTEMROOT", "TMPDIR")


def processor_seconds(command: list[str], folder: Path) -> float:
    """Run a command without any variable that could limit threads; return the processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=120, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("name", ["cat", "doodle_cat"])
def test_24_cats_from_a_fresh_python_have_the_bytes_of_the_commands(name: str, tmp_path: Path) -> None:
    out = ["--count", "24", "--seed", "3", "--out", "command.npy"]
    by_command = processor_seconds([sys.executable, "-m", "sketchrnn_cli", "sample", name, *out], tmp_path)
    by_library = processor_seconds([sys.executable, "-c", DRAW, name, "library.npz"], tmp_path)
    print(f"{name}: processor seconds {by_library:.2f} / {by_command:.2f} = {by_library / by_command:.2f}")
    drawn = read_sketches(tmp_path / "command.npy")
    with np.load(tmp_path / "library.npz") as library:
        assert len(library.files) == len(drawn) == 24
        for number, sketch in enumerate(drawn):
            assert library[f"arr_{number}"].tobytes() == sketch.tobytes()
