"""Training goes on from an imported model at the scale that the model draws at."""

from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, names
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import start


def trained(folder: Path, data: Path, scale_factor: float, pixel_factor: float) -> dict[str, np.ndarray]:
    """Weights after two steps from a released model of this scale."""
    hparams = HParams(
        conditional=False, dec_rnn_size=6, num_mixture=2, batch_size=4, buckets=1, max_seq_len=250,
        pixel_factor=pixel_factor,
    )  # fmt: skip
    checkpoint.release(folder / "model", Sidecar(hparams, scale_factor, 255.0), initialize(hparams))
    start.use_device("cpu", None)
    first = checkpoint.load(folder / "model")
    trainer = start.new_run(folder / "run", [archive.load(data)], hparams, Schedule(), first)
    list(trainer.train(2))
    return names.load(folder / "run").weights


def test_a_pixel_factor_divides_the_scale_in_training_too(tmp_path: Path) -> None:
    data = tmp_path / "cats.npz"
    archive.write(data, doodles.doodles("cat", 8, 0), "made by a test")
    divided, plain = trained(tmp_path / "a", data, 60.0, 2.0), trained(tmp_path / "b", data, 30.0, 1.0)
    for name, value in plain.items():
        np.testing.assert_array_equal(divided[name], value)
    whole = trained(tmp_path / "c", data, 60.0, 1.0)
    assert any(not np.array_equal(whole[name], value) for name, value in plain.items())
