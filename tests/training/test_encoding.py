"""The training engine encodes as the drawing engine does; run again on JAX by test_jax_backend."""

from pathlib import Path

import numpy as np
import plain_model
import pytest

from sketchrnn_cli.data import batches
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.training import encoding

SMALL = HParams(enc_rnn_size=5, dec_rnn_size=6, z_size=3, num_mixture=2, max_seq_len=14)


@pytest.fixture(autouse=True)
def in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LENGTHS", (4, 9))
    monkeypatch.setattr(encoding, "ROWS", 7)


def model(folder: Path, **changes: object) -> Checkpoint:
    hparams = SMALL.replace(**changes)
    sidecar = Sidecar(hparams, 3.0, 100.0, words=("cat", "dog", "axe")[: hparams.num_classes])
    checkpoint.release(folder / "model", sidecar, plain_model.random_weights(hparams, size=0.6))
    return checkpoint.load(folder / "model")


@pytest.mark.on_jax
@pytest.mark.parametrize("changes", [{}, {"mask_encoder": False}, {"enc_model": "hyper", "precision": "bfloat16"}])
def test_sketches_of_all_lengths_are_encoded_as_by_the_drawing_engine(changes: dict, tmp_path: Path) -> None:
    loaded, rng = model(tmp_path, **changes), np.random.default_rng(0)
    sketches = [plain_model.random_sketch(rng, int(points)) for points in rng.permutation(np.arange(1, 15).repeat(3))]
    told: list[int] = []
    encoded = encoding.encode(loaded, pack(sketches, "made"), told.append)
    assert encoded.dtype == np.float32
    assert told == [7, 14, 21, 28, 35, 42]
    np.testing.assert_allclose(encoded, np.stack(Sketcher(loaded).encode(sketches)), rtol=0, atol=1e-5)


@pytest.mark.on_jax
@pytest.mark.parametrize("changes", [{}, {"conditional": False, "num_classes": 3, "class_size": 2}])
def test_what_a_readout_reads_is_what_the_drawing_engine_gives(changes: dict, tmp_path: Path) -> None:
    loaded, rng = model(tmp_path, **changes), np.random.default_rng(0)
    sketches = [plain_model.random_sketch(rng, int(points)) for points in rng.permutation(np.arange(1, 15))]
    given = [sketch / np.array([3.0, 3.0, 1.0], np.float32) for sketch in sketches]
    drawer = Drawer(loaded.hparams, loaded.weights)
    expected = drawer.pooled(drawer.encode(given)[0] if loaded.hparams.conditional else None, given)
    np.testing.assert_allclose(encoding.pooled(loaded, pack(sketches, "made")), expected, rtol=0, atol=1e-5)
