"""The released checkpoint: what is written is read, and what is broken is refused."""

import dataclasses
import json

import numpy as np
import pytest

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.readout import Readout
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Checkpoint, DataSource, Sidecar

HPARAMS = HParams(enc_rnn_size=4, dec_rnn_size=6, z_size=3, num_mixture=2, max_seq_len=20)


@pytest.fixture
def folder(tmp_path):
    """A released checkpoint of a tiny model."""
    sidecar = Sidecar(HPARAMS, 12.5, 255.0, (DataSource("cats", "00ff", "drawn in a test"),), step=7, epoch=1)
    checkpoint.release(tmp_path / "model", sidecar, initialize(HPARAMS))
    return tmp_path / "model"


def edit(folder, **changes):
    path = folder / checkpoint.SIDECAR
    values = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in values.items() if value != "gone"}))


def rewrite_weights(folder, tensors):
    """Replace the weights and make the sidecar's SHA-256 agree, as a program that means harm would."""
    sidecar = checkpoint.load_sidecar(folder)
    checkpoint.write(folder, sidecar, tensors)


def test_what_is_released_is_loaded(folder):
    loaded = checkpoint.load(folder)
    assert isinstance(loaded, Checkpoint)
    assert loaded.hparams == HPARAMS
    assert loaded.sidecar.datasets[0].provenance == "drawn in a test"
    for name, value in initialize(HPARAMS).items():
        np.testing.assert_array_equal(loaded.weights[name], value)


def test_a_damaged_or_missing_readout_is_named(tmp_path):
    hparams = HPARAMS.replace(num_classes=2, class_size=2)
    fitted = Readout(np.full((12, 2), 0.5, np.float32), np.array([-1.0, 2.0], np.float32))
    sidecar = Sidecar(hparams, 12.5, 255.0, words=("cat", "dog"))
    checkpoint.release(tmp_path / "model", sidecar, initialize(hparams), readout=fitted)
    read, path = checkpoint.load(tmp_path / "model").readout, tmp_path / "model" / checkpoint.READOUT
    np.testing.assert_array_equal(read.kernel, fitted.kernel)
    np.testing.assert_array_equal(read.bias, fitted.bias)
    blob = path.read_bytes()
    path.write_bytes(blob[:-1] + bytes([blob[-1] ^ 1]))
    with pytest.raises(CheckpointError, match=r"readout\.safetensors: damaged"):
        checkpoint.load(tmp_path / "model")
    path.unlink()
    with pytest.raises(CheckpointError, match=r"readout\.safetensors: cannot be read"):
        checkpoint.load(tmp_path / "model")


def test_half_precision_is_loaded_as_float32_within_its_rounding(tmp_path):
    checkpoint.release(tmp_path / "half", Sidecar(HPARAMS, 1.0, 1.0), initialize(HPARAMS), np.float16)
    loaded = checkpoint.load(tmp_path / "half")
    for name, value in initialize(HPARAMS).items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_allclose(loaded.weights[name], value, rtol=1e-3, atol=1e-6)


def test_transposed_and_sliced_arrays_are_read_back_right(tmp_path):
    rng = np.random.default_rng(0)
    weights = {}
    for name, value in initialize(HPARAMS).items():
        wide = rng.normal(size=(2 * value.shape[0], *value.shape[1:])).astype(np.float32)
        weights[name] = wide[::2] if value.ndim == 1 else np.asfortranarray(wide[::2]).T.copy().T
    assert not weights["decoder.kernel"].flags.c_contiguous
    checkpoint.release(tmp_path / "odd", Sidecar(HPARAMS, 1.0, 1.0), weights)
    for name, value in checkpoint.load(tmp_path / "odd").weights.items():
        np.testing.assert_array_equal(value, weights[name])


@pytest.mark.parametrize("place", [0, 9, 400, -1])
def test_one_flipped_byte_of_the_weights_is_found(folder, place):
    path = folder / checkpoint.WEIGHTS
    blob = bytearray(path.read_bytes())
    blob[place] ^= 1
    path.write_bytes(blob)
    with pytest.raises(CheckpointError, match="SHA-256"):
        checkpoint.load(folder)


def test_truncated_weights_are_refused(folder):
    path = folder / checkpoint.WEIGHTS
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(folder)


def test_a_missing_tensor_is_named(folder):
    weights = initialize(HPARAMS)
    del weights["output.bias"]
    rewrite_weights(folder, weights)
    with pytest.raises(CheckpointError, match=r"'output.bias' is missing"):
        checkpoint.load(folder)


def test_a_tensor_of_another_shape_is_named(folder):
    rewrite_weights(folder, initialize(HPARAMS) | {"output.bias": np.zeros(3)})
    with pytest.raises(CheckpointError, match=r"'output.bias' has shape \[3\], expected \[15\]"):
        checkpoint.load(folder)


def test_a_tensor_too_many_is_named(folder):
    rewrite_weights(folder, initialize(HPARAMS) | {"stowaway": np.zeros(3)})
    with pytest.raises(CheckpointError, match="'stowaway' does not belong"):
        checkpoint.load(folder)


def test_weights_that_are_not_finite_are_refused(folder):
    rewrite_weights(folder, initialize(HPARAMS) | {"output.bias": np.full(15, np.nan)})
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoint.load(folder)


def test_weights_larger_than_the_model_are_refused_unread(folder):
    with (folder / checkpoint.WEIGHTS).open("r+b") as file:
        file.truncate(2 << 30)
    with pytest.raises(CheckpointError, match="too large for this model"):
        checkpoint.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "sketchrnn-checkpoint-99"}, "not known to this version"),
        ({"format": "gone"}, "format None"),
        ({"scale_factor": "gone"}, "'scale_factor' is missing"),
        ({"scale_factor": 0}, "positive"),
        ({"scale_factor": float("nan")}, "positive"),
        ({"step": "many"}, "does not fit"),
        ({"datasets": [{"name": "x"}]}, "does not fit"),
        ({"hyperparameters": {"z_size": -1}}, "at least 1"),
        ({"hyperparameters": {"zz": 1}}, "unknown hyperparameter"),
        ({"hyperparameters": {}}, "max_seq_len"),
        ({"hyperparameters": {"dec_rnn_size": 10**12, "max_seq_len": 5}}, "dec_rnn_size: expected at most"),
    ],
)
def test_an_impossible_sidecar_is_refused(folder, changes, message):
    edit(folder, **changes)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\x01", "<html>", "[" * 100_000])
def test_a_sidecar_that_is_no_json_object_is_refused(folder, text):
    (folder / checkpoint.SIDECAR).write_text(text)
    with pytest.raises(CheckpointError, match="JSON"):
        checkpoint.load(folder)


def test_a_missing_file_is_named(folder):
    (folder / checkpoint.WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: cannot be read"):
        checkpoint.load(folder)


def test_a_released_folder_is_not_overwritten(folder):
    before = (folder / checkpoint.WEIGHTS).read_bytes()
    with pytest.raises(CheckpointError, match="already exists"):
        checkpoint.release(folder, Sidecar(HPARAMS, 1.0, 1.0), initialize(HPARAMS))
    assert (folder / checkpoint.WEIGHTS).read_bytes() == before


def test_a_hyperparameter_that_an_older_file_lacks_takes_its_default(folder):
    values = json.loads((folder / checkpoint.SIDECAR).read_text())["hyperparameters"]
    del values["buckets"]
    edit(folder, hyperparameters=values)
    assert checkpoint.load(folder).hparams == dataclasses.replace(HPARAMS, buckets=HParams.buckets)
