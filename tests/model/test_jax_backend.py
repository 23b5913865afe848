"""The tests of the training engine once more on JAX: Keras' backend is fixed for a process, so in another one."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FILES = ("model/test_kernels.py", "model/test_network.py", "training/test_optimizer.py", "training/test_trainer.py")
SELECTED = (
    "(plain_loop and (17 or 1-2 or losses)) or agree or padding or rounds or every_weight_gets or random_numbers "
    "or bfloat16 or keras_optimizer or second_epoch or kept_epoch or device_that_fails or (handed_out and adam)"
)


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") == "jax", reason="this is the run on JAX")
def test_the_training_engine_holds_on_jax_too() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", SELECTED]
    done = subprocess.run(
        [*command, *(str(TESTS / file) for file in FILES)],
        env=environment,
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
