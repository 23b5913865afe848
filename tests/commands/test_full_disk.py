"""A full disk under every command that draws: one line, exit code 6, and nothing half-written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import doodles
from sketchrnn_cli.strokes.files import write_sketches

COMMANDS = [
    "sample doodle_cat -n 9 --out a.svg",
    "sample doodle_cat -n 9 --out a.png",
    "sample doodle_cat -n 9 --out a.npy",
    "sample doodle_cat -n 9 --out a.json",
    "reconstruct doodle_cat 0.npy -t 0 -t 0.1 -t 0.2 --out a.svg",
    "interpolate doodle_cat 0.npy 1.npy --out a.svg",
    "complete doodle_cat 0.npy --keep 20 --out a.svg",
    "analogy doodle_cat 0.npy 1.npy 0.npy --out a.png",
    "encode doodle_cat 0.npy 1.npy --sigma --out a.json",
    "encode doodle_cat 0.npy 1.npy 0.npy 1.npy --sigma --out a.npy",
    "animate doodle_cat --seconds 0.5 --out a.gif",
    "animate doodle_cat --seconds 0.5 --out frames/",
    "animate doodle_cat --out a.svg",
]

CHILD = """
import resource, signal, sys
from sketchrnn_cli import cli

# A file beyond its limit fails as one on a full disk does.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
for line in sys.argv[1:]:
    sys.argv = ["sketchrnn", *line.split()]
    try:
        cli.main()
    except SystemExit as left:
        print(left.code, flush=True)
"""


def test_a_full_disk_ends_every_command_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system cannot limit the size of a file")
    for number in range(2):
        write_sketches([doodles.doodle("cat", np.random.default_rng(number))], tmp_path / f"{number}.npy")
    command = [sys.executable, "-W", "error", "-c", CHILD, *COMMANDS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6"] * len(COMMANDS), done.stderr
    for said, line in zip(done.stderr.splitlines(), COMMANDS, strict=True):
        assert said.startswith(f"sketchrnn: {line.split()[-1].rstrip('/')}")
        assert "cannot be written" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npy", "1.npy"]
