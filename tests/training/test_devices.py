"""Several devices compute what one does; virtual ones, on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli import backend
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.training import devices

pytest.importorskip("jax")
SCRIPT = Path(__file__).with_name("spread_runs.py")


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The runs of `spread_runs`: one device; eight, batches made by the host; eight, made on the device."""
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0",
        "PYTHONPATH": str(SCRIPT.parents[2]),
    }
    command = [sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("spread"))]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.parametrize("pipeline", ["host", "device"])
def test_eight_devices_train_as_one(spread: dict, pipeline: str) -> None:
    one, eight = spread["one"], spread[pipeline]
    assert (one["devices"], eight["devices"]) == (1, 8)
    assert len(one["losses"]) == 20
    np.testing.assert_allclose(eight["losses"], one["losses"], rtol=0, atol=1e-5)
    for name, value in one["weights"].items():
        np.testing.assert_allclose(eight["weights"][name], value, rtol=0, atol=1e-4, err_msg=name)


def test_eight_devices_measure_as_one(spread: dict) -> None:
    assert spread["host"]["best"] == pytest.approx(spread["one"]["best"], abs=1e-5)
    assert len(spread["host"]["measured"]) == 35
    np.testing.assert_allclose(spread["host"]["measured"], spread["one"]["measured"], atol=1e-4)


@pytest.mark.parametrize(
    ("rows", "batch_size", "count", "said"),
    [
        (100, 100, 8, "--batch-size 100: 8 devices do not divide it; --batch-size 96 or 104 is the nearest"),
        (5, 5, 8, "--batch-size 8 is the nearest that they do; 5 of them"),
        (18, 100, 8, "18 sketches, less than a batch: 8 devices do not divide it; --batch-size 16 is the nearest"),
        (3, 100, 8, "8 devices do not divide it; 3 of them (--devices 3) do"),
    ],
)
def test_a_batch_that_the_devices_do_not_divide_is_refused(rows: int, batch_size: int, count: int, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        devices.check_batch(rows, batch_size, count)
    assert said in str(refused.value)
    devices.check_batch(rows, batch_size, rows)


@pytest.mark.parametrize("asked", ["0", "-1", "two", "1.5", ""])
def test_what_is_no_number_of_devices_is_refused(asked: str) -> None:
    with pytest.raises(UsageError, match="expected a number from 1 on, or all"):
        backend.check_devices(asked)


def test_tensorflow_takes_one_device_and_says_who_takes_several() -> None:
    backend.check_devices("1", "tensorflow")
    backend.check_devices(None, "tensorflow")
    with pytest.raises(UsageError, match="--backend jax takes several"):
        backend.check_devices("all", "tensorflow")
