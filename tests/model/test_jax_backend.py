"""The tests marked `on_jax` once more on JAX: Keras' backend is fixed for a process, so in others."""

import importlib.util
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
AT_LEAST = {
    "model/magenta/test_against_magenta.py": 5,
    "model/test_kernels.py": 9,
    "model/test_network.py": 16,
    "store/test_files_of_0_1_0.py": 16,
    "training/test_compiling.py": 1,
    "training/test_encoding.py": 5,
    "training/test_optimizer.py": 2,
    "training/test_reading.py": 2,
    "training/test_step.py": 7,
    "training/test_trainer.py": 6,
}
"""Tests of each file that run on JAX."""
QUICK_TO_COMPILE = "--xla_backend_optimization_level=0"
"""The tests compile longer than they compute."""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.parametrize("file", AT_LEAST)
def test_the_training_engine_holds_on_jax_too(file: str, tmp_path: Path) -> None:
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": QUICK_TO_COMPILE}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, "-m", "on_jax", f"--junitxml={tmp_path / 'ran.xml'}", str(TESTS / file)],
        env=environment,
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
    suite = ElementTree.parse(tmp_path / "ran.xml").getroot()[0]
    assert int(suite.get("tests", 0)) >= AT_LEAST[file]
    assert suite.get("skipped") == "0"


def test_every_file_with_a_test_marked_for_jax_is_run_there() -> None:
    marked = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("test_*.py")
        if path != Path(__file__).resolve() and "mark.on_jax" in path.read_text(encoding="utf-8")
    }
    assert marked == set(AT_LEAST)
