"""Runs on disk: what is saved is found, and nothing is lost."""

import dataclasses
import json

import numpy as np
import pytest

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, json_files, names, runs, tensors
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.store.schedule import Engine, Schedule

HPARAMS = HParams(enc_rnn_size=4, dec_rnn_size=6, z_size=3, num_mixture=2, max_seq_len=20)
SLOTS = {"optimizer.m.output.bias": np.arange(15, dtype=np.float32)}


def save(folder, run, step, is_best=False, keep_epoch=False):
    sidecar = Sidecar(HPARAMS, 1.0, 255.0, step=step, epoch=step // 10)
    return runs.save_step(folder, run, sidecar, initialize(HPARAMS), SLOTS, is_best, keep_epoch)


@pytest.fixture
def run_folder(tmp_path):
    """A run of four saves: best at 20, epoch 1 kept, last at 40."""
    run = save(tmp_path / "cat", runs.Run("", ""), 10, keep_epoch=True)
    run = save(tmp_path / "cat", run, 20, is_best=True)
    run = save(tmp_path / "cat", run, 30)
    save(tmp_path / "cat", run, 40)
    return tmp_path / "cat"


def test_a_run_keeps_best_last_and_what_it_was_told_to(run_folder):
    assert {path.name for path in (run_folder / "steps").iterdir()} == {"000010", "000020", "000040"}


@pytest.mark.parametrize(("which", "step"), [("", 20), ("@best", 20), ("@last", 40), ("@epoch-1", 10)])
def test_a_name_finds_its_checkpoint(run_folder, which, step):
    assert names.load(f"cat{which}", run_folder.parent).sidecar.step == step
    assert names.load(f"{run_folder}{which}").sidecar.step == step


def test_a_checkpoint_that_was_not_kept_is_refused_with_those_that_were(run_folder):
    with pytest.raises(CheckpointError, match=r"no @epoch-3 \(kept: @best, @last, @epoch-1\)"):
        names.load("cat@epoch-3", run_folder.parent)


def test_an_unknown_name_gets_the_nearest(run_folder):
    with pytest.raises(CheckpointError, match="did you mean 'cat'"):
        names.load("catt", run_folder.parent)


def test_the_newest_run_is_by_its_own_clock_and_released_folders_do_not_count(run_folder):
    newer = save(run_folder.parent / "older_name", runs.Run("", ""), 5)
    checkpoint.release(run_folder.parent / "released", Sidecar(HPARAMS, 1.0, 1.0), initialize(HPARAMS))
    assert newer.time > runs.read_run(run_folder).time
    assert names.newest_run(run_folder.parent) == run_folder.parent / "older_name"
    save(run_folder, runs.read_run(run_folder), 50)
    assert names.newest_run(run_folder.parent) == run_folder


def test_without_a_run_the_bundled_default_is_found(tmp_path):
    assert names.find(None, tmp_path).name == names.BUNDLED_DEFAULT
    assert names.load(None, tmp_path).hparams.conditional


def test_a_step_folder_cut_short_is_replaced(run_folder):
    (run_folder / "steps" / "000050").mkdir()
    (run_folder / "steps" / "000050" / "weights.safetensors").write_bytes(b"half")
    save(run_folder, runs.read_run(run_folder), 50)
    assert names.load("cat@last", run_folder.parent).sidecar.step == 50


def test_a_failed_save_leaves_the_last_whole(run_folder, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs.atomic, "sync", no_space)
    with pytest.raises(CheckpointError, match="No space left"):
        save(run_folder, runs.read_run(run_folder), 50)
    monkeypatch.undo()
    assert names.load("cat@last", run_folder.parent).sidecar.step == 40
    assert not [path for path in (run_folder / "steps").iterdir() if path.name.startswith(".")]


def test_a_rewound_run_forgets_its_later_steps_and_a_later_best_is_the_step_rewound_to(run_folder):
    run = save(run_folder, runs.read_run(run_folder), 50, is_best=True, keep_epoch=True)
    assert (run.best, run.kept) == ("000050", {"1": "000010", "5": "000050"})
    rewound = runs.back_to(run, "000010")
    assert (rewound.last, rewound.best, rewound.kept) == ("000010", "000010", {"1": "000010"})
    assert set(rewound.states) == {"000010"}


def test_a_save_cut_short_after_a_rewind_leaves_the_step_rewound_to(run_folder, monkeypatch):
    """The step folder that is in the way still belongs to `last` on disk: `run.json` must let go of it first."""
    rewound = runs.back_to(runs.read_run(run_folder), "000020")

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs.checkpoint, "write", no_space)
    with pytest.raises(CheckpointError, match="No space left"):
        save(run_folder, rewound, 40)
    monkeypatch.undo()
    assert runs.read_run(run_folder).last == "000020"
    assert names.load("cat@last", run_folder.parent).sidecar.step == 20


@pytest.mark.parametrize(("which", "step"), [("cat", 50), ("cat@last", 50), (None, 50)])
def test_a_reader_whose_step_is_replaced_while_it_reads_gets_the_new_one(run_folder, monkeypatch, which, step):
    read, calls = tensors.read, []

    def overtaken(path, *rest):
        calls.append(path)
        if len(calls) == 1:
            save(run_folder, runs.read_run(run_folder), 50, is_best=True)
            assert not path.exists()
        return read(path, *rest)

    monkeypatch.setattr(tensors, "read", overtaken)
    try:
        found = names.load(which, run_folder.parent).sidecar.step
    except CheckpointError as error:
        pytest.fail(f"not read again: {error}")
    assert (found, len(calls)) == (step, 2)


def test_a_checkpoint_that_is_damaged_and_not_replaced_is_read_once(run_folder, monkeypatch):
    (run_folder / "steps" / "000020" / checkpoint.WEIGHTS).unlink()
    read, calls = tensors.read, []
    monkeypatch.setattr(tensors, "read", lambda *given: calls.append(given) or read(*given))
    with pytest.raises(CheckpointError, match="cannot be read"):
        names.load("cat", run_folder.parent)
    assert len(calls) == 1


def test_a_damaged_training_state_is_found(run_folder):
    run = runs.read_run(run_folder)
    expected = {name: value.shape for name, value in SLOTS.items()}
    np.testing.assert_array_equal(
        runs.load_slots(run_folder, run, run.last, expected)[next(iter(SLOTS))], np.arange(15)
    )
    path = run_folder / "steps" / run.last / runs.STATE
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(CheckpointError, match="damaged"):
        runs.load_slots(run_folder, run, run.last, expected)


ENGINE = {"backend": "jax", "kernel": "scan", "pipeline": "host", "devices": 1, "lengths": [4, 9], "validate_every": 5}


@pytest.mark.parametrize(
    "changes",
    [
        {"last": "../../etc"},
        {"last": 7},
        {"kept": []},
        {"kept": {"one": "000010"}},
        {"time": "now"},
        {"time": None},
        {"more": 1},
        {"data": "a.npz"},
        {"data": [1]},
        {"states": {"000020": 7}},
        {"schedule": {"steps": 0}},
        {"schedule": {"steps": True}},
        {"schedule": {"steps": 1, "epochs": 1}},
        {"schedule": {"save_every": None}},
        {"schedule": {"unknown": 1}},
        {"schedule": 7},
        {"engine": {}},
        {"engine": ENGINE | {"backend": "torch"}},
        {"engine": ENGINE | {"pipeline": "elsewhere"}},
        {"engine": ENGINE | {"kernel": 1}},
        {"engine": ENGINE | {"devices": 0}},
        {"engine": ENGINE | {"lengths": []}},
        {"engine": ENGINE | {"lengths": [9, 4]}},
        {"engine": ENGINE | {"lengths": ["4"]}},
        {"engine": ENGINE | {"validate_every": 2.5}},
    ],
    ids=str,
)
def test_a_run_file_that_does_not_fit_is_refused(run_folder, changes):
    values = json_files.read(run_folder / runs.RUN_FILE) | changes
    (run_folder / runs.RUN_FILE).write_text(json.dumps(values))
    with pytest.raises(CheckpointError):
        names.load("cat", run_folder.parent)


def test_what_a_resume_goes_by_is_read_as_it_was_written(run_folder):
    engine = Engine("jax", "scan", "device", 1, (4, 9), 50)
    run = dataclasses.replace(runs.read_run(run_folder), schedule=Schedule(minutes=2.5, patience=3), engine=engine)
    saved = save(run_folder, run, 50)
    assert runs.read_run(run_folder) == saved
    assert (saved.schedule, saved.engine) == (run.schedule, engine)


def test_a_run_of_the_first_version_is_read(run_folder):
    values = json_files.read(run_folder / runs.RUN_FILE)
    del values["schedule"], values["engine"]
    values["settings"] = {"steps": 500, "keep_every": 2}
    (run_folder / runs.RUN_FILE).write_text(json.dumps(values))
    run = runs.read_run(run_folder)
    assert (run.schedule, run.engine) == (Schedule(steps=500, keep_every=2), None)


def test_the_paths_of_the_data_never_enter_a_released_sidecar(run_folder):
    run = dataclasses.replace(runs.read_run(run_folder), data=("/home/someone/secret.npz",))
    save(run_folder, run, 60)
    released = (run_folder / "steps" / "000060" / checkpoint.SIDECAR).read_text()
    assert "secret" not in released


def test_a_run_says_a_format_that_0_1_0_refuses_and_the_format_of_0_1_0_is_read(run_folder):
    path = run_folder / runs.RUN_FILE
    said = json.loads(path.read_text())
    assert said["format"] == "sketchrnn-run-2"
    path.write_text(json.dumps({**said, "format": "sketchrnn-run-1"}))
    assert runs.read_run(run_folder).last == said["last"]
    path.write_text(json.dumps({**said, "format": "sketchrnn-run-3"}))
    with pytest.raises(CheckpointError, match=r"'sketchrnn-run-3' is not known to this version .* newer"):
        runs.read_run(run_folder)
