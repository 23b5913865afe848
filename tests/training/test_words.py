"""Training with words: which there are, resuming with an average of the weights, and what other words begin with."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops

from sketchrnn_cli.data import archive
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import packing, start, words
from sketchrnn_cli.training.trainer import Trainer

TINY = HParams(
    conditional=False, dec_model="transformer", dec_rnn_size=8, dec_layers=1, dec_heads=2, dec_mlp_size=6, class_size=3,
    num_mixture=2, batch_size=4, buckets=2, seed=3, ema_decay=0.9, clip_by="norm", log_sigma_floor=-5.0,
)  # fmt: skip


def write_data(path: Path, vocabulary: tuple[str, ...]) -> Path:
    rng = np.random.default_rng(len(vocabulary))
    sketches = [rng.integers(-30, 30, (int(length), 3)).astype(np.int16) for length in rng.integers(2, 9, 18)]
    for sketch in sketches:
        sketch[:, 2] = np.arange(len(sketch)) == len(sketch) - 1
    splits = {"train": sketches[:12], "valid": sketches[12:], "test": []}
    labels = {split: np.arange(len(some)) % max(1, len(vocabulary)) for split, some in splits.items()}
    archive.write(path, splits, "made by a test", vocabulary, labels if vocabulary else None)
    return path


def begin(folder: Path, data: list[Path], first: checkpoint.Checkpoint | None = None, **changes: object) -> Trainer:
    start.use_device("cpu", None)
    hparams = (first.hparams if first else TINY).replace(**changes)
    sets = [archive.load(path) for path in data]
    return start.new_run(folder, sets, hparams, Schedule(validate_every=3), first, classes=first is None)


def saved(folder: Path) -> tuple[dict[str, np.ndarray], bytes]:
    step = folder / "steps" / runs.read_run(folder).last
    return checkpoint.load(step).weights, (step / runs.STATE).read_bytes()


def test_a_run_of_words_resumes_to_what_it_would_have_been(tmp_path: Path) -> None:
    data = [write_data(tmp_path / "a.npz", ("cat", "dog")), write_data(tmp_path / "bird.npz", ())]
    list(begin(tmp_path / "whole", data).train(8))
    list(begin(tmp_path / "halves", data).train(4))
    list(start.resumed_run("halves", tmp_path, {}).train(8))
    (weights, state), (expected, expected_state) = saved(tmp_path / "halves"), saved(tmp_path / "whole")
    assert state == expected_state
    assert all(np.array_equal(value, expected[name]) for name, value in weights.items())
    sidecar = names.load("whole", tmp_path).sidecar
    assert (sidecar.words, sidecar.hparams.num_classes) == (("cat", "dog", "bird"), 3)


def test_what_is_released_is_the_average_and_not_the_weights(tmp_path: Path) -> None:
    trainer = begin(tmp_path / "run", [write_data(tmp_path / "a.npz", ("cat", "dog"))])
    list(trainer.train(4))
    raw, _ = trainer._packing.unpack(np, packing.map_arrays(ops.convert_to_numpy, trainer._state))
    released = names.load("run@last", tmp_path).weights
    assert not np.allclose(released["output.kernel"], raw["output.kernel"], atol=1e-6)


def test_weights_of_other_words_go_by_name_and_a_new_word_begins_as_any(tmp_path: Path) -> None:
    list(begin(tmp_path / "first", [write_data(tmp_path / "a.npz", ("cat", "dog"))]).train(2))
    first = names.load("first", tmp_path)
    trainer = begin(tmp_path / "second", [write_data(tmp_path / "b.npz", ("owl", "dog", "ant"))], first)
    table = trainer.checkpoint().weights[words.TABLE]
    any_row, cat, dog = first.weights[words.TABLE]
    np.testing.assert_array_equal(table, [any_row, any_row, dog, any_row])
    assert not np.array_equal(cat, dog)
    assert trainer.sidecar.words == ("owl", "dog", "ant")


def test_words_need_a_model_that_knows_some(tmp_path: Path) -> None:
    data = write_data(tmp_path / "a.npz", ("cat", "dog"))
    list(start.new_run(tmp_path / "plain", [archive.load(data)], TINY, Schedule()).train(1))
    plain = names.load("plain", tmp_path)
    assert plain.sidecar.words == ()
    with pytest.raises(CheckpointError, match="trained without words"):
        start.new_run(tmp_path / "b", [archive.load(data)], plain.hparams, Schedule(), plain, classes=True)


def test_a_sidecar_whose_words_do_not_fit_is_refused(tmp_path: Path) -> None:
    list(begin(tmp_path / "run", [write_data(tmp_path / "a.npz", ("cat", "dog"))]).train(1))
    file = tmp_path / "run" / "steps" / "000001" / checkpoint.SIDECAR
    file.write_text(file.read_text().replace('"dog"', '"cat"'))
    with pytest.raises(CheckpointError, match="expected 2 different words"):
        checkpoint.load(file.parent)
