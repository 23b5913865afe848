"""Several devices compute what one does; virtual ones, on the CPU."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchrnn_cli import backend
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.training import devices

pytest.importorskip("jax")
HERE = Path(__file__).parent


def on_eight(script: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a script beside this file with 8 virtual devices."""
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0",
        "PYTHONPATH": str(HERE.parents[1]),
    }
    command = [sys.executable, str(HERE / script), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The runs of `spread_runs`: one device; eight, batches made by the host; eight, made on the device."""
    found = on_eight("spread_runs.py", tmp_path_factory.mktemp("spread"))
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def section(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """A section of what `spread_sets` prints."""
    found = on_eight("spread_sets.py", tmp_path_factory.mktemp("sets"))
    sections = dict(json.loads(line) for line in found.stdout.splitlines())

    def of(name: str) -> Any:
        assert name in sections, found.stderr
        return sections[name]

    return of


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


@pytest.mark.parametrize("count", [1, 8])
def test_a_set_is_encoded_as_by_the_drawing_engine(section: Callable[[str], Any], count: int) -> None:
    encoded, expected = (np.array(section(name)["encoded"]) for name in (f"sets on {count}", "drawn"))
    assert encoded.shape == (2, 35, 2)
    np.testing.assert_allclose(encoded, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [1, 8])
def test_a_set_is_classified_as_by_the_drawing_engine(section: Callable[[str], Any], count: int) -> None:
    named, expected = section(f"sets on {count}")["named"], section("drawn")["named"]
    assert {sketch: order for sketch, _, order in named} == dict(enumerate(expected))
    assert len(named) == 35
    assert len(set(map(tuple, expected))) > 1
    assert named == section("sets on 1")["named"]


def test_a_set_is_measured_on_eight_devices_as_on_one(section: Callable[[str], Any]) -> None:
    one, eight = (section(f"sets on {count}")["measured"] for count in (1, 8))
    assert len(one) == 35
    np.testing.assert_allclose(eight, one, rtol=0, atol=1e-5)


def test_so_many_devices_are_used_as_are_asked_for_or_recorded(section: Callable[[str], Any]) -> None:
    assert section("selected") == [
        "CPU (JAX) 0 1",
        "8 x CPU (JAX) 0,1,2,3,4,5,6,7 8",
        "3 x CPU (JAX) 0,1,2 3",
        "2 x CPU (JAX) 0,1 2",
        "4 x CPU (JAX) 0,1,2,3 4",
        "8 x CPU (JAX) 0,1,2,3,4,5,6,7 8",
        "--devices 9: JAX sees 8; --devices all takes what is there",
        "CPU (JAX) 0 1",
    ]


def test_the_loop_over_time_gives_one_devices_outputs_and_gradients(section: Callable[[str], Any]) -> None:
    one, eight = section("recurrence on 1"), section("recurrence on 8")
    assert len(one) == len(eight) == 6
    for expected, found in zip(one, eight, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_batches_are_cut_along_their_sketches_and_all_else_lies_whole_on_each_device(
    section: Callable[[str], Any],
) -> None:
    found, whole = section("places"), [[16, 3]] * 8
    assert found["placed"] == [[2, 3]] * 8
    assert found["second"] == [[6, 7, 8], [9, 10, 11]]
    assert found["turned"] == [[3, 2]] * 8
    assert found["scalar"] == [[]] * 8
    assert found["whole"] == found["evaluated"] == whole
    assert found["examples"] == ["P('sketches',)", "P()", "P()"]
    assert found["compiled"] == [whole, True]
    assert found["share"] == [0, 16]
    assert found["local"] == [[16, 3]]


def test_a_snapshot_outlives_the_state_that_a_step_overwrites(section: Callable[[str], Any]) -> None:
    assert section("places")["snapshot"] == {"same": True, "devices": 1, "overwritten": [True, False]}


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
