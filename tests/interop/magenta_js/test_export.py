"""Exporting to Magenta.js and importing again; what the format cannot hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vae_file import vae

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.interop import importing, magenta_js
from sketchrnn_cli.interop.magenta_js import export
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar

TINY = HParams(enc_rnn_size=6, dec_rnn_size=10, z_size=4, num_mixture=20, max_seq_len=40)
HALF_STEP = 10.0 / 32767 / 2
SKETCH = np.array([[30, 0, 0], [0, 40, 1], [-30, 5, 0], [0, -40, 1]], dtype=np.float32)


def model(tmp_path: Path, size: float = 0.7, scale: float = 43.0, **changes: Any) -> Checkpoint:
    """A released checkpoint with random weights."""
    hparams = TINY.replace(**changes)
    rng = np.random.default_rng(3)
    weights = {name: size * rng.standard_normal(shape) for name, shape in shapes(hparams).items()}
    folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
    checkpoint.release(folder, Sidecar(hparams, scale, 255.0), weights)
    return checkpoint.load(folder)


def there_and_back(loaded: Checkpoint, tmp_path: Path, z: np.ndarray | None = None) -> Checkpoint:
    path = tmp_path / "exported.json"
    if loaded.hparams.conditional and z is None:
        path.write_text(json.dumps(vae(loaded, "thing")))
    else:
        export.write(path, loaded, "thing", z)
    imported = magenta_js.read(path)
    sidecar, assumed = importing.describe(imported)
    assert assumed == []
    folder = tmp_path / "again"
    importing.release(imported, sidecar, folder)
    return checkpoint.load(folder)


@pytest.mark.parametrize(
    "changes",
    [{}, {"conditional": False, "enc_rnn_size": 256, "z_size": 128}, {"squash_z": True}, {"pixel_factor": 3.0}],
    ids=lambda changes: " ".join(changes) or "conditional",
)
def test_every_weight_comes_back_within_half_a_step(changes: dict, tmp_path: Path) -> None:
    loaded = model(tmp_path, **changes)
    again = there_and_back(loaded, tmp_path)
    assert set(again.weights) == set(loaded.weights)
    for name, value in loaded.weights.items():
        assert np.abs(again.weights[name].astype(float) - value).max() <= HALF_STEP + 1e-6, name
    assert again.sidecar.units_per_model_unit == pytest.approx(loaded.sidecar.units_per_model_unit)
    assert again.sidecar.canvas_size == loaded.sidecar.canvas_size
    assert again.hparams.replace(pixel_factor=1.0) == loaded.hparams.replace(pixel_factor=1.0)


def test_official_weights_survive_to_the_last_bit(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "magenta_js" / "dog.gen.json"
    imported = magenta_js.read(source)
    importing.release(imported, importing.describe(imported, canvas_size=500.0)[0], tmp_path / "dog")
    info, *tensors = export.encode(checkpoint.load(tmp_path / "dog"), "dog")
    official, *official_tensors = json.loads(source.read_text())
    assert tensors == official_tensors
    assert official.items() <= info.items()


def test_a_conditional_model_encodes_and_draws_as_before(tmp_path: Path) -> None:
    loaded = model(tmp_path, size=0.2)
    before, after = Sketcher(loaded), Sketcher(there_and_back(loaded, tmp_path))
    np.testing.assert_allclose(after.encode([SKETCH])[0], before.encode([SKETCH])[0], atol=5e-3)
    z = np.ones((1, 4), dtype=np.float32)
    [there], [again] = (sketcher.draw(z, 1, 0.0, 0, max_points=5) for sketcher in (before, after))
    np.testing.assert_allclose(again, there, atol=0.2)


def test_a_model_that_begins_at_zero_is_fixed_at_z_exactly(tmp_path: Path) -> None:
    loaded = model(tmp_path, size=0.2, first_state="zero", mask_encoder=False)
    z = np.array([1.5, -2.0, 0.5, 1.0], dtype=np.float32)
    again = there_and_back(loaded, tmp_path, z)
    assert not again.hparams.conditional
    whole = Sketcher(loaded).draw(z[None], 1, 0.0, 0, max_points=8)
    np.testing.assert_allclose(Sketcher(again).draw(None, 1, 0.0, 0, max_points=8)[0], whole[0], atol=0.2)
    other = Sketcher(loaded).draw(-z[None], 1, 0.0, 0, max_points=8)
    assert np.abs(other[0][:3, :2] - whole[0][:3, :2]).max() > 1.0


def test_a_word_is_folded_exactly(tmp_path: Path) -> None:
    words = ("cat", "dog")
    hparams = TINY.replace(conditional=False, num_classes=2, class_size=3, first_state="zero")
    rng = np.random.default_rng(4)
    weights = {name: (0.2 * rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes(hparams).items()}
    weights["classes.table"] *= 10
    checkpoint.release(tmp_path / "words", Sidecar(hparams, 43.0, 255.0, words=words), weights)
    loaded = checkpoint.load(tmp_path / "words")
    rows = np.random.default_rng(1).standard_normal((1, 6, 3)).astype(np.float32) * np.float32([1, 1, 0])
    labeled = Drawer(loaded.hparams, loaded.weights)
    found = []
    for word, row in ((None, 0), ("cat", 1), ("dog", 2)):
        path = tmp_path / f"{word}.gen.json"
        export.write(path, loaded, "thing", word=word)
        read = magenta_js.read(path)
        alone = Drawer(read.hparams, read.weights).log_likelihood(None, rows)
        found.append(alone[0])
        np.testing.assert_allclose(alone, labeled.log_likelihood(None, rows, np.array([row])), rtol=1e-3)
    assert len({round(value, 2) for value in found}) == 3


def test_a_floor_that_the_player_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="log_sigma_floor"):
        export.encode(model(tmp_path, conditional=False, log_sigma_floor=-3.0), "thing")


def test_a_model_with_an_encoder_is_refused_with_the_command_to_type(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    with pytest.raises(CheckpointError, match=r"checkpoint export thing --format web --out thing\.html"):
        export.write(path, model(tmp_path), "thing")
    assert not path.exists()


def test_a_first_state_that_comes_from_z_cannot_be_held_at_a_fixed_z(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="initial state"):
        export.encode(model(tmp_path), "thing", np.zeros(4))


@pytest.mark.parametrize(
    "changes",
    [
        {"dec_model": "layer_norm"},
        {"dec_model": "hyper"},
        {"gate_activation": "hard_sigmoid"},
        {"num_mixture": 10},
    ],
    ids=str,
)
def test_what_the_format_cannot_hold_is_refused_by_name(changes: dict, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    [name] = changes
    with pytest.raises(CheckpointError, match=f"{name} is {changes[name]}"):
        export.write(path, model(tmp_path, conditional=False, **changes), "thing")
    assert not path.exists()


def test_a_weight_beyond_ten_is_refused(tmp_path: Path) -> None:
    loaded = model(tmp_path, conditional=False)
    loaded.weights["output.bias"][0] = 10.01
    with pytest.raises(CheckpointError, match=r"output\.bias has a weight of magnitude 10\.01"):
        export.encode(loaded, "thing")
    loaded.weights["output.bias"][0] = -10.0
    export.encode(loaded, "thing")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written"):
        export.write(tmp_path / "file" / "out.json", model(tmp_path, conditional=False), "thing")
