"""What is disturbed, and what must hold afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.checkpoint import Sidecar

HPARAMS = HParams(enc_rnn_size=2, dec_rnn_size=2, z_size=1, num_mixture=1, max_seq_len=5)
SQUARE = np.int16([[9, 0, 0], [0, 9, 0], [-9, 0, 1]])


class Scenario(NamedTuple):
    """One piece of work and its promise."""

    prepare: Callable[[Path], None]
    work: Callable[[Path], None]
    holds: Callable[[Path, int], None]


def _weights(step: int) -> dict[str, np.ndarray]:
    return initialize(HPARAMS.replace(seed=step))


def _save(folder: Path, step: int, run: runs.Run) -> runs.Run:
    slots = {"optimizer.updates": np.float32([step])}
    sidecar = Sidecar(HPARAMS.replace(seed=step), 1.0, 255.0, step=step, epoch=step)
    return runs.save_step(folder / "run", run, sidecar, _weights(step), slots, step % 2 == 0, step == 1)


def _saved_thrice(folder: Path) -> None:
    """Leave a run whose kept, best and last steps are three."""
    run = runs.Run("", "")
    for step in (1, 2, 3):
        run = _save(folder, step, run)


def _save_again(folder: Path) -> None:
    _save(folder, 5, runs.read_run(folder / "run"))


def _run_is_whole(folder: Path, code: int) -> None:
    run = runs.read_run(folder / "run")
    assert run.last in (("000005",) if code == 0 else ("000003", "000005")), f"the last step is {run.last}"
    for name in ("run@last", "run@best", "run@epoch-1"):
        loaded = names.load(name, folder)
        expected = _weights(loaded.sidecar.step)
        for tensor, value in loaded.weights.items():
            np.testing.assert_array_equal(value, expected[tensor])
        slots = runs.load_slots(folder / "run", run, loaded.folder.name, {"optimizer.updates": (1,)})
        assert slots["optimizer.updates"][0] == loaded.sidecar.step
    _save(folder, 7, run)  # And it goes on from here.
    assert runs.read_run(folder / "run").last == "000007"


def _archive_of(folder: Path, count: int) -> None:
    archive.write(folder / "set.npz", {"train": [SQUARE] * count, "valid": [SQUARE], "test": []}, f"made of {count}")


def _archive_is_old_or_new(folder: Path, code: int) -> None:
    count = len(archive.load(folder / "set.npz").train)
    assert count in ((5,) if code == 0 else (3, 5)), f"{count} sketches"
    if code >= 0:
        assert [path.name for path in folder.iterdir()] == ["set.npz"], "something half-written stayed"


def _release(folder: Path) -> None:
    checkpoint.release(folder / "released", Sidecar(HPARAMS.replace(seed=7), 1.0, 255.0), _weights(7), np.float16)


def _released_is_whole_or_absent(folder: Path, code: int) -> None:
    if code == 0 or (folder / "released").exists():
        assert checkpoint.load(folder / "released").hparams.seed == 7
    if code >= 0:
        assert [path.name for path in folder.iterdir()] in ([], ["released"]), "something half-written stayed"


SCENARIOS = {
    "save": Scenario(_saved_thrice, _save_again, _run_is_whole),
    "convert": Scenario(
        lambda folder: _archive_of(folder, 3), lambda folder: _archive_of(folder, 5), _archive_is_old_or_new
    ),
    "release": Scenario(lambda folder: None, _release, _released_is_whole_or_absent),
}
