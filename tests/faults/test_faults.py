"""A kill and a full disk at every file operation: nothing is lost, nothing half-written is taken for whole."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("at_every_operation.py")
FEWEST = {"save": 15, "convert": 4, "release": 6}
"""Operations at least: fewer would mean that the faults were never dealt."""


@pytest.mark.skipif(sys.platform == "win32", reason="faults are dealt in forks, which Windows has not")
@pytest.mark.parametrize("kind", ["kill", "full"])
@pytest.mark.parametrize("scenario", FEWEST)
def test_a_fault_at_any_file_operation_is_survived(scenario: str, kind: str) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), scenario, kind], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) >= FEWEST[scenario]
