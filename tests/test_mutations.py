"""Planting wrongs tells a noticed one from all else, and the fast ones are noticed."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).with_name("mutations")
LATENT = ("latent.py", "a wrong of a test", "np.linspace(0.0, 1.0, steps)")


def planted(*options: str) -> str:
    command = [sys.executable, str(FOLDER), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


def test_every_wrong_can_be_planted() -> None:
    assert "can be planted" in planted("--check")


def test_the_fast_wrongs_are_noticed() -> None:
    assert "(100.0 %)" in planted("--fast")


@pytest.fixture(scope="module")
def mutations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutations_main", FOLDER / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Its dataclasses look there.
    spec.loader.exec_module(module)
    return module


def test_there_are_many_wrongs_and_few_may_survive(mutations: ModuleType) -> None:
    wrongs = mutations.every_wrong()
    assert len(wrongs) >= 120
    assert sum(bool(wrong.survives) for wrong in wrongs) <= 0.03 * len(wrongs)
    packages = {wrong.file.partition("/")[0] for wrong in wrongs}
    rooms = "api commands data drawing interop model store strokes studio training"
    assert packages >= {*rooms.split()}


def test_only_a_failed_assertion_is_noticed(mutations: ModuleType, tmp_path: Path) -> None:
    copy = mutations.Copy(tmp_path)
    file, name, right = LATENT

    def became(wrong: str, test: str) -> str:
        return copy.plant(mutations.Wrong(file, name, right, wrong, test))

    ends = "test_latent.py::test_a_straight_field_is_bilinear"
    assert became("np.linspace(0.1, 1.0, steps)", ends) == mutations.NOTICED
    assert became("np.linspace(0.0, 1.0, num=steps)", ends) == mutations.UNNOTICED
    assert became("np.linspace(0.0, 1.0, steps, 1, 2, 3, 4, 5)", ends).startswith("NO ASSERTION: call: TypeError")
    assert became("np.linspace(0.0, 1.0, steps)) + (", ends).startswith("NO ASSERTION: collection: ")
    assert became("np.linspace(0.0, 1.0, num=steps)", "test_latent.py::test_no_such").startswith("NO TEST RAN")
    assert copy.run([ends], "tensorflow", 0.1).startswith("TOO SLOW")
    assert (tmp_path / "sketchrnn_cli" / file).read_text() == (FOLDER.parents[1] / "sketchrnn_cli" / file).read_text()
