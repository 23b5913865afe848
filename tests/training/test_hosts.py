"""Two processes on loopback train as one does; when one is killed the other ends in order, and the run goes on."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import spread_runs

from sketchrnn_cli import backend
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.store import checkpoint, runs

pytest.importorskip("jax")
ENVIRONMENT = os.environ | {
    "XLA_FLAGS": "--xla_backend_optimization_level=0",
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
}
TRAIN = "train --backend jax --device cpu --validate-every 1 --save-every 0"
TINY = "--enc-rnn-size 4 --dec-rnn-size 8 --z-size 2 --set num_mixture=2 --set buckets=1 --batch-size 16"
PATIENCE_SECONDS = 250


def begin(folder: Path, line: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "sketchrnn_cli", *f"{TRAIN} {line}".split()]
    return subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def begin_two(folder: Path, line: str) -> list[subprocess.Popen]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"--coordinator 127.0.0.1:{free.getsockname()[1]} --num-hosts 2"
    return [begin(folder, f"{line} {where} --host-id {number}") for number in (0, 1)]


def ended(process: subprocess.Popen) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, said


def losses(run: Path) -> list[float]:
    with (run / "log.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of 20 steps by one process, `one`, and by two, `two`."""
    folder = tmp_path_factory.mktemp("hosts")
    spread_runs.write_data(folder / "shapes.npz")
    one = begin(folder, f"shapes.npz {TINY} --steps 20 --name one")
    two = begin_two(folder, f"shapes.npz {TINY} --steps 20 --name two")
    for process in (one, *two):
        code, said = ended(process)
        assert code == 0, said
    return folder / "checkpoints"


def test_two_hosts_train_as_one(trained: Path) -> None:
    one, two = trained / "one", trained / "two"
    assert len(losses(one)) == 20
    np.testing.assert_allclose(losses(two), losses(one), rtol=0, atol=1.1e-5)  # The log has six digits.
    saved = runs.read_run(two)
    assert saved.engine is not None
    assert (saved.last, saved.engine.devices) == (runs.step_name(20), 2)
    expected = checkpoint.load(one / "steps" / saved.last).weights
    for name, value in checkpoint.load(two / "steps" / saved.last).weights.items():
        np.testing.assert_allclose(value, expected[name], rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_when_one_host_is_killed_the_other_says_so_and_the_run_resumes(trained: Path) -> None:
    hosts = begin_two(trained.parent, "--resume two --steps 100000")
    patience = time.monotonic() + PATIENCE_SECONDS
    while runs.read_run(trained / "two").last == runs.step_name(20):
        assert time.monotonic() < patience, "no step was saved"
        assert hosts[0].poll() is None, hosts[0].communicate()[1]
        time.sleep(0.2)
    hosts[1].send_signal(signal.SIGKILL)
    code, said = ended(hosts[0])
    ended(hosts[1])
    assert code == 5, said
    errors = [line for line in said.splitlines() if line.startswith("sketchrnn: ")]
    assert len(errors) == 1
    assert "another host" in errors[0]
    assert "--resume" in errors[0]
    assert "Traceback" not in said
    last = int(runs.read_run(trained / "two").last)
    code, said = ended(begin(trained.parent, f"--resume two --steps {last + 2}"))
    assert code == 0, said
    assert "devices is 1 here, 2 so far: the run goes on, but not bit for bit" in said
    assert int(runs.read_run(trained / "two").last) == last + 2


MEET = """
import sys, time
from sketchrnn_cli.backend import Hosts
from sketchrnn_cli.training import devices
devices.join(Hosts(sys.argv[1], 2, int(sys.argv[2])))
print("met", flush=True)
time.sleep(100)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_a_host_that_computes_nothing_hears_of_the_first_ones_end_too() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    first, second = (
        subprocess.Popen(
            [sys.executable, "-c", MEET, where, number], env=ENVIRONMENT | {"KERAS_BACKEND": "jax"}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number in "01"
    )  # fmt: skip
    for process in (first, second):
        assert process.stdout is not None
        assert process.stdout.readline() == "met\n"
    first.kill()
    code, said = ended(second)
    first.communicate()
    assert code == 5
    assert said == (
        "sketchrnn: another host is gone: start all hosts again, with --resume where the run has saved a step\n"
    )


ABORT = """
import os
from sketchrnn_cli.training.survivors import report_lost_hosts
report_lost_hosts()
os.write(2, b"a flaw of the runtime\\n")
os.abort()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_an_abort_for_another_reason_is_shown_as_the_runtime_says_it() -> None:
    found = subprocess.run([sys.executable, "-c", ABORT], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (5, "a flaw of the runtime\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, 2, 0), "belong together"),
        (("a:1", None, 0), "belong together"),
        (("a:1", 2, None), "belong together"),
        (("a", 2, 0), "expected HOST:PORT"),
        (("a:0", 2, 0), "expected HOST:PORT"),
        (("a:x", 2, 0), "expected HOST:PORT"),
        (("a:1", 2, 2), "--host-id 2: expected 0 to 1"),
    ],
)
def test_hosts_that_cannot_meet_are_refused(given: tuple, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        backend.hosts(*given, "jax", {})


def test_tensorflow_takes_one_host_and_says_who_takes_several() -> None:
    with pytest.raises(UsageError, match="--backend jax takes several"):
        backend.hosts("a:1", 2, 0, "tensorflow", {})


def test_hosts_are_those_of_the_options_else_those_of_a_slurm_step_of_several_tasks() -> None:
    slurm = {"SLURM_PROCID": "1", "SLURM_STEP_NODELIST": "node[1-2]", "SLURM_STEP_NUM_TASKS": "2"}
    assert backend.hosts("[::1]:99", 2, 1, "jax", slurm) == backend.Hosts("[::1]:99", 2, 1)
    assert backend.hosts("a:99", 1, 0, "jax", {}) is None
    assert backend.hosts(None, None, None, "jax", slurm) == backend.Hosts("")
    assert backend.hosts(None, None, None, "jax", slurm | {"SLURM_STEP_NUM_TASKS": "1"}) is None
    assert backend.hosts(None, None, None, "tensorflow", slurm) is None
    assert backend.hosts(None, None, None, "jax", {}) is None
