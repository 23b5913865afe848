"""The real player, @magenta/sketch under Node, reads what we write and says the same numbers.

Runs where `node` is on the path and the environment variable MAGENTA_SKETCH names a folder with the package, made by

    npm install --prefix FOLDER @magenta/sketch
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import importing, magenta_js
from sketchrnn_cli.interop.magenta_js import export
from sketchrnn_cli.model import equations
from sketchrnn_cli.model.cells import CELLS
from sketchrnn_cli.model.mixture import Mixture
from sketchrnn_cli.model.weights import part, shapes
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

SCRIPT = Path(__file__).with_name("player.cjs")
SCALE = 17.5


@pytest.fixture(scope="session")
def player() -> list[str]:
    """The beginning of the command line that runs the real player."""
    node, folder = shutil.which("node"), os.environ.get("MAGENTA_SKETCH", "")
    if not node:
        pytest.skip("node is not installed")
    if not folder or not (Path(folder) / "node_modules/@magenta/sketch").is_dir():
        pytest.skip("MAGENTA_SKETCH names no folder with node_modules/@magenta/sketch")
    return [node, str(SCRIPT), folder]


def play(player: list[str], model: Path, **request: Any) -> Any:
    wanted = {"strokes": [], "temperature": 1.0, "softmaxTemperature": 1.0, "drawings": 0} | request
    path = model.with_name("request.json")
    path.write_text(json.dumps(wanted))
    done = subprocess.run([*player, str(model), str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A decoder of ours as a file, its weights such that drawings begin, lift and end."""
    hparams = HParams(conditional=False, dec_rnn_size=32, max_seq_len=60)
    rng = np.random.default_rng(5)
    weights = {name: 0.4 * rng.standard_normal(shape) for name, shape in shapes(hparams).items()}
    weights["output.bias"][:3] = (1.5, 0.5, -1.0)
    checkpoint.release(tmp_path / "random", Sidecar(hparams, SCALE, 255.0), weights)
    path = tmp_path / "random.gen.json"
    export.write(path, checkpoint.load(tmp_path / "random"), "random")
    return path


def outputs(path: Path, strokes: np.ndarray) -> Mixture:
    """Each row's distribution by our equations in float64, after the start and after every stroke (data units)."""
    model = magenta_js.read(path)
    decoder, state = part(model.weights, "decoder"), (np.zeros((1, model.hparams.dec_rnn_size)),) * 2
    found = []
    for row in [equations.START, *(strokes / np.array([SCALE, SCALE, 1, 1, 1]))]:
        state = CELLS["lstm"].step(np, decoder, CELLS["lstm"].project(np, decoder, row[None]), state)
        found.append(state[0][0])
    return equations.output_layer(np, model.weights, np.array(found), model.hparams)


def softmax(logits: np.ndarray) -> np.ndarray:
    spread = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return spread / spread.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("temperature", "softmax_temperature"), [(1.0, 1.0), (0.4, 0.7)])
def test_the_player_says_the_same_distributions(
    temperature: float, softmax_temperature: float, player: list[str], exported: Path
) -> None:
    rng = np.random.default_rng(1)
    strokes = np.concatenate([rng.normal(0, 20, (12, 2)), np.eye(3)[rng.integers(0, 2, 12)]], axis=1)
    # Left out, the player takes 0.5 + 0.5 τ for what is discrete.
    asked = {} if softmax_temperature == 1.0 else {"softmaxTemperature": None}
    said = play(player, exported, strokes=strokes.tolist(), temperature=temperature, **asked)
    assert said["scaleFactor"] == pytest.approx(SCALE)
    ours = outputs(exported, strokes)
    for name, expected in {
        "pen": softmax(ours.pen_logits / softmax_temperature),
        "pi": softmax(ours.pi_logits / softmax_temperature),
        "muX": ours.mu_x,
        "muY": ours.mu_y,
        "sigmaX": np.sqrt(temperature) * np.exp(ours.log_sigma_x),
        "sigmaY": np.sqrt(temperature) * np.exp(ours.log_sigma_y),
        "corr": np.tanh(ours.rho_raw),
    }.items():
        # Its sigmaY carries what follows behind it.
        np.testing.assert_allclose(
            [pdf[name][: expected.shape[1]] for pdf in said["pdfs"]], expected, rtol=2e-5, atol=2e-6
        )


def test_the_player_draws_in_our_data_units(player: list[str], exported: Path, tmp_path: Path) -> None:
    said = play(player, exported, drawings=100)
    imported = magenta_js.read(exported)
    importing.release(imported, importing.describe(imported)[0], tmp_path / "again")
    ours = Sketcher(checkpoint.load(tmp_path / "again")).draw(None, 100, 1.0, seed=0)
    theirs = [np.array(drawing).reshape(-1, 5) for drawing in said["drawings"]]
    assert np.mean([len(drawing) for drawing in theirs]) == pytest.approx(np.mean([len(s) for s in ours]), rel=0.3)
    spread = [np.concatenate([sketch[:, :2] for sketch in drawn]).std() for drawn in (theirs, ours)]
    assert spread[0] == pytest.approx(spread[1], rel=0.15)


def test_the_player_gives_an_official_model_its_golden_values(
    player: list[str], shared_data: Path, tmp_path: Path
) -> None:
    imported = magenta_js.read(shared_data / "magenta_js" / "dog.gen.json")
    importing.release(imported, importing.describe(imported, canvas_size=500.0)[0], tmp_path / "dog")
    path = tmp_path / "dog.gen.json"
    export.write(path, checkpoint.load(tmp_path / "dog"), "dog")
    said = play(player, path, drawings=2, temperature=0.4)
    assert said["info"]["name"] == "dog"
    [pdf] = said["pdfs"]
    assert int(np.argmax(pdf["pi"])) == 2
    assert pdf["muX"][2] == pytest.approx(0.179970, abs=1e-5)
    assert all(drawing for drawing in said["drawings"])
