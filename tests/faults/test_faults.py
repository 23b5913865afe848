"""A kill and a full disk at every file operation: nothing is lost, nothing half-written is taken for whole."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("at_every_operation.py")
FEWEST = {
    "save": 15, "convert": 7, "release": 10, "import": 14, "remove": 2, "download": 6, "resumed download": 5,
    "first drawings": 11, "studio": 4, "folder of drawings": 26, "cache": 14, "picture": 10, "frames": 11,
}  # fmt: skip
"""Operations at least: fewer would mean that the faults were never dealt."""
BYTES = 10
"""Limits on the bytes of a file at least; removing writes nothing."""


@pytest.mark.skipif(sys.platform == "win32", reason="faults are dealt in forks, which Windows has not")
@pytest.mark.parametrize("scenario", FEWEST)
def test_a_fault_at_any_file_operation_is_survived(scenario: str) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), scenario], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    survived = dict(line.split() for line in done.stdout.splitlines())
    assert set(survived) == {cause + where for cause in ("kill", "full") for where in ("", "-write", "-file")}
    for kind, count in survived.items():
        writes = 0 if scenario == "remove" else {"write": BYTES, "file": 2}.get(kind.partition("-")[2])
        assert int(count) >= (FEWEST[scenario] if writes is None else writes), kind
