"""A clock that is set back, or far ahead: what is computed does not depend on it, and no command fails for it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_trainer import TINY, Clock, begin, same, state, with_clock, write_data

from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import names, runs
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.store.schedule import Schedule


def test_a_run_whose_clock_goes_back_at_each_look_computes_and_saves_the_same(tmp_path: Path) -> None:
    data = write_data(tmp_path / "shapes.npz")
    schedule = Schedule(validate_every=5, save_every=0.0)
    for name, tick in {"forth": 1.0, "back": -3600.0}.items():
        list(with_clock(begin(tmp_path / name, data, schedule), Clock(tick)).train(8))
    (forth, forth_slots), (back, back_slots) = state(tmp_path / "forth"), state(tmp_path / "back")
    assert same(forth, back)
    assert forth_slots == back_slots


def saved(folder: Path, step: int, run: runs.Run) -> runs.Run:
    hparams = TINY.replace(max_seq_len=9)
    slots = {"optimizer.updates": np.float32([step])}
    return runs.save_step(
        folder, run, Sidecar(hparams, 1.0, 9.0, step=step), initialize(hparams), slots, step == 1, False
    )


def test_a_run_goes_on_when_the_clock_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, run = tmp_path / "run", runs.Run("", "")
    for step, now in enumerate((4e9, 1e9, 0.0), 1):
        monkeypatch.setattr(runs.time, "time", lambda now=now: now)
        run = saved(folder, step, run)
    assert runs.read_run(folder).last == "000003"
    assert names.newest_run(tmp_path) == folder
    assert names.load("run@last", tmp_path).sidecar.step == 3


@pytest.mark.parametrize("time", [1e300, -5.0, 253402300800])
def test_a_time_that_no_calendar_has_is_refused_and_does_not_stop_the_list(tmp_path: Path, time: float) -> None:
    saved(tmp_path / "good", 1, runs.Run("", ""))
    saved(tmp_path / "bad", 1, runs.Run("", ""))
    path = tmp_path / "bad" / runs.RUN_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"time": time}))
    with pytest.raises(CheckpointError, match="time is no"):
        runs.read_run(tmp_path / "bad")
    command = [sys.executable, "-m", "sketchrnn_cli", "runs", "--checkpoint-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "good" in done.stdout
