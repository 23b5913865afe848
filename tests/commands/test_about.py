"""`version`, `hparams` and what ``--help`` looks like."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sketchrnn_cli import __version__, installed
from sketchrnn_cli.cli import app
from sketchrnn_cli.hparams import HParams


def test_every_hyperparameter_is_listed_with_its_default_and_meaning() -> None:
    done = CliRunner().invoke(app, ["hparams", "--json"])
    listed = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert list(listed) == [field.name for field in dataclasses.fields(HParams)]
    for field in dataclasses.fields(HParams):
        assert listed[field.name]["default"] == field.default
        assert field.metadata["meaning"] in listed[field.name]["meaning"]
    assert "(one of adam" in listed["optimizer"]["meaning"]


def test_hyperparameters_are_found_by_name_and_by_meaning() -> None:
    done = CliRunner().invoke(app, ["hparams", "--contains", "momentum"])
    assert done.stdout.splitlines()[0] == "optimizer=adam"
    assert not CliRunner().invoke(app, ["hparams", "--contains", "nothing has it"]).stdout


def test_version_names_every_package_and_the_training_device() -> None:
    facts = installed.facts()
    assert facts["sketchrnn"] == __version__
    assert set(installed.PACKAGES) < set(facts)
    assert facts["training device"].startswith(("CPU (", "NVIDIA"))


def test_version_imports_no_framework() -> None:
    code = "import sys; from sketchrnn_cli import installed; installed.facts(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"keras", "tensorflow", "jax", "numpy"}


@pytest.mark.skipif(sys.platform == "win32", reason="this system runs no shell scripts")
def test_a_gpu_is_named_as_its_driver_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 570.1'\necho 'NVIDIA H100 80GB HBM3, 570.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert installed.facts()["training device"] == "2 GPUs, the first: NVIDIA H100 80GB HBM3, 570.1"


def test_version_says_why_training_would_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert "numpy" in installed.facts()["training backend"]
    monkeypatch.setattr(installed, "PACKAGES", ("no-such-package",))
    assert installed.facts()["no-such-package"] == "not installed"


def test_descriptions_of_options_are_as_wide_as_the_terminal_allows() -> None:
    environment = {"COLUMNS": "80", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "sketchrnn_cli", "train", "--help"], capture_output=True, text=True, env=environment
    )
    assert max(map(len, done.stdout.splitlines())) <= 80
    lines = done.stdout.splitlines()
    assert "The run:" in lines
    assert "The model:" in lines
    assert any(len(line.strip()) > 45 for line in lines[lines.index("The model:") :])


def test_a_group_lists_the_whole_first_sentence_of_each_command() -> None:
    group = get_command(app)
    listed = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if command.help and not getattr(command, "commands", None):
            sentence = re.split(r"\.\s", command.help.split("\n\n")[0])[0]
            assert " ".join(sentence.split()).rstrip(".") in listed, name
