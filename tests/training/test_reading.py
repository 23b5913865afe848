"""A readout learns the words of drawings; run again on JAX by test_jax_backend."""

from pathlib import Path

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.api import releasing
from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import CheckpointError, DataError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.training import reading

WORDS = ("flat", "tall", "deep")
SMALL = HParams(
    conditional=False, dec_rnn_size=12, num_mixture=2, num_classes=3, class_size=4, max_seq_len=20, mask_encoder=True
)  # fmt: skip


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "EPOCHS", 10)
    monkeypatch.setattr(reading, "LEAST", 20)


def data_set(path: Path, words: tuple[str, ...] = WORDS) -> Path:
    """Sixty drawings of lines along x or y, twenty and a half for each word."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    sketches = [np.zeros((int(length), 3), np.int16) for length in rng.integers(3, 9, 60)]
    for sketch, label in zip(sketches, labels, strict=True):
        sketch[:, label] = rng.integers(5, 30, len(sketch))
    splits = {"train": sketches, "valid": [], "test": sketches[:6]}
    archive.write(path, splits, "made", list(words[:2]), {"train": labels, "valid": labels[:0], "test": labels[:6]})
    return path


@pytest.mark.on_jax
@pytest.mark.parametrize("changes", [{}, {"conditional": True, "enc_rnn_size": 5, "z_size": 3}])
def test_a_released_model_names_drawings_by_a_readout_fitted_to_others(changes: dict, tmp_path: Path) -> None:
    hparams = SMALL.replace(**changes)
    weights = plain_model.random_weights(hparams, size=0.6)
    checkpoint.release(tmp_path / "plain", Sidecar(hparams, 10.0, 100.0, words=WORDS), weights)
    drawings = archive.load(data_set(tmp_path / "lines.npz"))
    before = checkpoint.load(tmp_path / "plain")
    releasing.release_model(before, tmp_path / "read", {}, fitted_to=drawings)
    after = checkpoint.load(tmp_path / "read")
    assert (after.latents is not None) == hparams.conditional
    expected = [WORDS[label] for label in np.arange(6) % 2]
    named = [[found[0][0] for found in Sketcher(model).classify(next(drawings.splits["test"].blocks(6)), 3)]
             for model in (before, after)]  # fmt: skip
    assert named[1] == expected != named[0]
    again = checkpoint.load(releasing.release_model(after, tmp_path / "again", {}))
    np.testing.assert_array_equal(again.readout.kernel, after.readout.kernel)


def test_what_has_neither_encoder_nor_words_has_nothing_to_fit(tmp_path: Path) -> None:
    hparams = SMALL.replace(num_classes=0)
    plain = checkpoint.Checkpoint(tmp_path, Sidecar(hparams, 10.0, 100.0), plain_model.random_weights(hparams))
    drawings = archive.load(data_set(tmp_path / "lines.npz"))
    with pytest.raises(CheckpointError, match="cannot encode"):
        releasing.release_model(plain, tmp_path / "fitted", {}, fitted_to=drawings)
    assert not (tmp_path / "fitted").exists()


def test_what_is_read_is_no_larger_for_its_units() -> None:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 3, 600)
    pooled = (np.eye(3)[words] + rng.normal(size=(600, 3)) * 0.1) * [1.0, 1e3, 1e-2] + [0.0, 500.0, 7.0]
    fitted = reading.regression(pooled.astype(np.float32), words, 3)
    likeliest = fitted.candidates(pooled).words[:, 0]
    assert (likeliest == words).mean() > 0.99


def test_drawings_of_other_words_are_refused(tmp_path: Path) -> None:
    loaded = checkpoint.Checkpoint(tmp_path, Sidecar(SMALL, 1.0, 1.0, words=WORDS), {})
    drawings = archive.load(data_set(tmp_path / "others.npz", ("dog", "axe")))
    with pytest.raises(DataError, match="no drawing of a word that the model knows"):
        reading.fit(loaded, drawings)
