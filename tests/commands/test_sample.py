"""New sketches: grids of temperatures, and models that draw nothing."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sketchrnn_cli.cli import app
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.strokes.files import read_sketches


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: object) -> None:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


def test_a_row_of_a_grid_is_what_its_temperature_draws_alone() -> None:
    run("sample", "doodle_cat", "-n", 3, "-t", 0.2, "-t", 0.7, "--out", "grid.json")
    grid = read_sketches(Path("grid.json"))
    assert len(grid) == 6
    for row, temperature in enumerate((0.2, 0.7)):
        run("sample", "doodle_cat", "-n", 3, "-t", temperature, "--out", f"{row}.json")
        for one, other in zip(read_sketches(Path(f"{row}.json")), grid[3 * row : 3 * row + 3], strict=True):
            np.testing.assert_allclose(one, other, atol=0.5)


@pytest.mark.parametrize("conditional", [True, False])
def test_a_model_that_ends_at_once_draws_blank_sheets(conditional: bool) -> None:
    hparams = HParams(conditional=conditional, enc_rnn_size=8, dec_rnn_size=8, z_size=4, num_mixture=2, max_seq_len=30)
    weights = dict(initialize(hparams))
    weights["output.bias"][:3] = [-9, -9, 9]
    checkpoint.release(Path("checkpoints/silent"), Sidecar(hparams, 30.0, 255.0), weights)
    for name in ("a.svg", "a.png", "a.npy", "a.json"):
        run("sample", "silent", "-n", 5, "--out", name)
    for name in ("b.gif", "b.svg", "b.webp", "b.png"):
        run("animate", "silent", "-n", 2, "--fps", 5, "--seconds", 1, "--hold", 0.2, "--out", name)
    assert Path("a.json").read_text() == "[[], [], [], [], []]\n"
    assert np.load("a.npy").shape == (0, 4)


def test_help_names_defaults_that_are_not_fixed_numbers() -> None:
    shown = " ".join(CliRunner().invoke(app, ["sample", "--help"]).stdout.split())
    for default in ("in between", "the model's max_seq_len", "1.2 % of the size"):
        assert f"[default: {default}]" in shown


def test_the_seed_is_that_of_the_latents_and_of_the_noise() -> None:
    np.save("z.npy", np.ones((1, 128)))
    drawn = {}
    for seed in (1, 2, 1):
        run("sample", "doodle_cat", "-t", 0, "--seed", seed, "--out", f"latent{seed}.npy", "--force")
        run("sample", "doodle_cat", "-t", 1, "--z", "z.npy", "--seed", seed, "--out", f"noise{seed}.npy", "--force")
        files = (Path(f"latent{seed}.npy").read_bytes(), Path(f"noise{seed}.npy").read_bytes())
        assert drawn.setdefault(seed, files) == files
    assert drawn[1][0] != drawn[2][0]
    assert drawn[1][1] != drawn[2][1]


def test_tame_and_wild_draw_otherwise_and_exclude_a_temperature(tmp_path: Path) -> None:
    drawn = {}
    for knob in ((), ("--tame",), ("--wild",), ("-t", "0.4")):
        out = tmp_path / f"{'_'.join(knob) or 'usual'}.json"
        assert CliRunner().invoke(app, ["sample", "doodle_cat", "-n", "3", *knob, "--out", str(out)]).exit_code == 0
        drawn[knob] = out.read_text()
    assert len(set(drawn.values())) == 4
    refused = CliRunner().invoke(app, ["sample", "doodle_cat", "--tame", "-t", "0.4"])
    assert isinstance(refused.exception, UsageError)
    assert "--temperature" in str(refused.exception)
