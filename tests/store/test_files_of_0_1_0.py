"""What version 0.1.0 wrote is read, continued and measured as it was; run on JAX, too."""

import json
import shutil
from pathlib import Path

import magenta_case
import numpy as np
import pytest
from keras import ops

from sketchrnn_cli.data import archive, batches
from sketchrnn_cli.interop.importing import read
from sketchrnn_cli.model.inference import Drawer, Noise
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.training import evaluation, optimizer, packing, start

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "v0_1_0"
SAID = json.loads((FIXTURE / "said.json").read_text())
RUNS = ("tiny", "alone", "for_js")
CELLS = sorted(path.stem for path in (FIXTURE / "sidecars").glob("*.json"))
L_R_WITH_NUMPYS_NOISE = {"hyper": 3.6551697, "layer_norm": 3.4898298, "lstm": 3.4854769, "run tiny": 3.4630511}
"""Of the conditional models, since the noise of evaluation comes from NumPy."""


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the fixture's runs and data."""
    shutil.copytree(FIXTURE / "checkpoints", tmp_path / "checkpoints")
    shutil.copy(FIXTURE / "shapes.npz", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "checkpoints"


def sidecar_and_weights(name: str, folder: Path) -> tuple[checkpoint.Sidecar, dict[str, np.ndarray]]:
    if name.startswith("run "):
        loaded = names.load(name.removeprefix("run "), FIXTURE / "checkpoints")
        return loaded.sidecar, loaded.weights
    shutil.copy(FIXTURE / "sidecars" / f"{name}.json", folder / checkpoint.SIDECAR)
    sidecar = checkpoint.load_sidecar(folder)
    return sidecar, magenta_case.weights(sidecar.hparams)


def measured(sidecar: checkpoint.Sidecar, weights: dict[str, np.ndarray]) -> evaluation.Evaluation:
    kept = batches.corpus([archive.load(FIXTURE / "shapes.npz").splits["test"]], sidecar.hparams.max_seq_len)
    on_device = {name: ops.convert_to_tensor(value) for name, value in weights.items()}
    evaluate_batch = evaluation.evaluator(sidecar.hparams)
    made = evaluation.batches(kept, sidecar.units_per_model_unit, sidecar.hparams)
    return evaluation.evaluate(evaluate_batch, on_device, made, kept.lengths, sidecar.hparams)


def test_the_archive_is_read() -> None:
    loaded = archive.load(FIXTURE / "shapes.npz")
    assert {name: len(split) for name, split in loaded.splits.items()} == {"train": 22, "valid": 5, "test": 3}
    assert loaded.provenance == "made by make.py"
    assert loaded.train.points.shape == (127, 3)
    assert loaded.train[0].tolist()[:2] == [[0, 15, 0], [-28, -22, 0]]


@pytest.mark.on_jax
@pytest.mark.parametrize("name", [*CELLS, *(f"run {name}" for name in RUNS)])
def test_a_model_measures_and_draws_what_it_did(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sidecar, weights = sidecar_and_weights(name, tmp_path)
    said = SAID[name]
    monkeypatch.setattr(evaluation, "latent_noise", lambda sketch, z_size: np.array(said["noise"][sketch], np.float32))
    found = measured(sidecar, weights)
    np.testing.assert_allclose(found.reconstruction, said["reconstruction"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.kl, said["kl"], rtol=0, atol=1e-5)
    drawer = Drawer(sidecar.hparams, weights)
    split = archive.load(FIXTURE / "shapes.npz").splits["test"]
    unit = sidecar.units_per_model_unit
    sketches = [split[place] * np.array([1 / unit, 1 / unit, 1], np.float32) for place in range(len(split))]
    mu = drawer.encode(sketches)[0] if sidecar.hparams.conditional else None
    if mu is not None:
        np.testing.assert_allclose(mu, said["mu"], rtol=0, atol=1e-5)
    noise = [Noise.draw(np.random.default_rng(0), 12)] * len(sketches)
    for sketch, expected in zip(drawer.draw(mu, noise, 0.0, 12), said["drawn"], strict=True):
        np.testing.assert_allclose(sketch, np.reshape(expected, (-1, 3)), rtol=0, atol=1e-4)


@pytest.mark.on_jax
@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on_with_its_weights_its_optimizer_and_its_step(name: str, checkpoints: Path) -> None:
    trainer = start.resumed_run(name, checkpoints, {})
    assert trainer.step == 8
    step = checkpoints / name / "steps" / "000008"
    before = checkpoint.load(step)
    _, state = trainer._packing.unpack(np, packing.map_arrays(ops.convert_to_numpy, trainer._state))
    expected = optimizer.slot_shapes({key: x.shape for key, x in before.weights.items()}, before.hparams)
    slots = runs.load_slots(checkpoints / name, runs.read_run(checkpoints / name), "000008", expected)
    assert state.keys() == slots.keys()
    assert state[optimizer.UPDATES].tolist() == [8.0]
    for key, value in slots.items():
        np.testing.assert_array_equal(state[key], value)
    for key, value in trainer.checkpoint().weights.items():
        np.testing.assert_array_equal(value, before.weights[key])
    list(trainer.train(14))
    run = runs.read_run(checkpoints / name)
    assert (int(run.last), runs.read_run(FIXTURE / "checkpoints" / name).last) == (14, "000008")
    after = checkpoint.load(checkpoints / name / "steps" / run.last)
    moved = max(np.abs(value - before.weights[key]).max() for key, value in after.weights.items())
    assert 0.0 < moved < 0.1


def test_an_exported_model_comes_back_as_it_went(tmp_path: Path) -> None:
    trained = names.load("for_js", FIXTURE / "checkpoints")
    imported = read(FIXTURE / "for_js.gen.json")
    for name, value in imported.weights.items():
        np.testing.assert_allclose(value, trained.weights[name], rtol=0, atol=2e-4)


@pytest.mark.on_jax
@pytest.mark.parametrize("name", L_R_WITH_NUMPYS_NOISE)
def test_l_r_with_the_noise_of_numpy_stays(name: str, tmp_path: Path) -> None:
    found = measured(*sidecar_and_weights(name, tmp_path))
    np.testing.assert_allclose(found.reconstruction.mean(), L_R_WITH_NUMPYS_NOISE[name], rtol=0, atol=1e-5)
