"""What a run begins with: its own data's scale, or that of the checkpoint it goes on from."""

from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import canvas_size, scale_factor
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store.checkpoint import Checkpoint, Sidecar
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import start

TINY = HParams(enc_rnn_size=4, dec_rnn_size=6, z_size=3, num_mixture=2, batch_size=4, buckets=1, max_seq_len=12)


def data(path: Path, size: int) -> archive.DataSet:
    rng = np.random.default_rng(size)
    sketches = [rng.integers(-size, size, (6, 3)).astype(np.int16) for _ in range(9)]
    for sketch in sketches:
        sketch[:, 2] = np.arange(6) == 5
    archive.write(path, {"train": sketches, "valid": [], "test": []}, "made by a test")
    return archive.load(path)


def test_from_a_checkpoint_scale_canvas_and_longest_sketch_are_its_own_and_not_those_of_the_new_data(
    tmp_path: Path,
) -> None:
    start.use_device("cpu", None)
    large = data(tmp_path / "large.npz", 90)
    first = Checkpoint(tmp_path / "first", Sidecar(TINY, 7.5, 40.0), initialize(TINY))
    went_on = start.new_run(tmp_path / "b", [large], TINY, Schedule(steps=1), first).sidecar
    assert (went_on.scale_factor, went_on.canvas_size, went_on.hparams.max_seq_len) == (7.5, 40.0, 12)
    began = start.new_run(tmp_path / "a", [large], TINY.replace(max_seq_len=0), Schedule(steps=1)).sidecar
    assert (began.scale_factor, began.canvas_size) == (scale_factor([large]), canvas_size([large]))
    assert began.scale_factor > 30
    assert began.hparams.max_seq_len == 6
