"""`sketchrnn evaluate` of what a person keeps: a folder of drawings."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli import cli
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, runs
from sketchrnn_cli.store.checkpoint import Sidecar

TINY = HParams(enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, max_seq_len=20, batch_size=8)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKETCHRNN_CACHE", str(tmp_path / "cache"))
    checkpoint.release(Path("checkpoints/tiny"), Sidecar(TINY, 50.0, 255.0), initialize(TINY))
    Path("own").mkdir()
    for number in range(3):
        path = f"<path d='M0 0L90 {number + 9}L20 70' stroke='black' fill='none'/>"
        Path(f"own/{number}.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{path}</svg>")


def test_a_folder_of_few_drawings_is_measured_on_all_of_them() -> None:
    done = CliRunner().invoke(cli.app, ["evaluate", "tiny", "own/", "--json"], catch_exceptions=False)
    (figures,) = json.loads(done.stdout)
    assert (figures["dataset"], figures["split"], figures["sketches"]) == ("own", "train", 3)


def test_a_split_that_is_asked_for_and_empty_is_named() -> None:
    arguments = ["evaluate", "tiny", "own/", "--split", "test"]
    assert isinstance(error := CliRunner().invoke(cli.app, arguments).exception, DataError)
    assert "test has no sketch" in str(error)


def test_eighty_columns_show_every_digit_and_each_mean_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    Path("own").rename("drawings_by_many_people")
    arguments = ["evaluate", "tiny", "drawings_by_many_people/"]
    (figures,) = json.loads(CliRunner().invoke(cli.app, [*arguments, "--json"], catch_exceptions=False).stdout)
    shown = CliRunner().invoke(cli.app, arguments, catch_exceptions=False).stdout
    for name in ("L_R", "L_KL"):
        assert f"{figures[name]:.4f} ± {figures[f'{name}_standard_error']:.4f}" in shown
    assert f"{figures['L_R_per_point']:.4f}" in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        ("run", 3, "gone.npz: cannot be read"),
        ("run --split test", 3, "gone.npz: cannot be read"),
        ("tiny", 2, "name a data set"),
        ("tiny nowhere.npz", 3, "nowhere.npz"),
    ],
)
def test_missing_data_is_named_before_a_framework_is_loaded(arguments: str, code: int, named: str) -> None:
    state = {"format": runs.FORMAT, "last": "000001", "best": "000001", "data": ["gone.npz"]}
    checkpoint.release(Path("checkpoints/run/steps/000001"), Sidecar(TINY, 50.0, 255.0), initialize(TINY))
    Path("checkpoints/run/run.json").write_text(json.dumps(state))
    command = [sys.executable, "-m", "sketchrnn_cli", "evaluate", *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == code
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1
