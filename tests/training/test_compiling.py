"""What is compiled in a process serves every like run in it, and no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sketchrnn_cli.data import archive, doodles
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.store.schedule import Schedule
from sketchrnn_cli.training import compiling, start

TINY = HParams(enc_rnn_size=4, dec_rnn_size=8, z_size=2, num_mixture=2, batch_size=8, buckets=1)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Callable]:
    """Every function that is compiled."""
    made: list[Callable] = []
    compile_one = kernels.engine().compiled

    def counted(function: Callable, *others: Any) -> Callable:
        made.append(function)
        return compile_one(function, *others)

    monkeypatch.setattr(kernels.engine(), "compiled", counted)
    monkeypatch.setattr(compiling, "_kept", {})
    return made


def train(path: Path, name: str, drawings: int = 40, **changes: object) -> None:
    archive.write(path / f"{drawings}.npz", doodles.doodles("cat", drawings, 0), "made for a test")
    start.use_device("cpu", None)
    sets = [archive.load(path / f"{drawings}.npz")]
    list(start.new_run(path / name, sets, TINY.replace(**changes), Schedule(steps=1), pipeline="host").train())


@pytest.mark.on_jax
def test_a_like_run_compiles_nothing_and_another_all(tmp_path: Path, compiled: list[Callable]) -> None:
    train(tmp_path, "first")
    assert len(compiled) == 2
    train(tmp_path, "like")
    assert len(compiled) == 2
    train(tmp_path, "other", seed=1)
    assert len(compiled) == 4


def test_the_functions_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_kept", {})
    monkeypatch.setattr(compiling, "KEPT", 2)
    built: list[int] = []

    def take(key: int) -> None:
        def build() -> Callable:
            built.append(key)
            return print

        compiling._reused(key, build)

    for key in (1, 2, 1, 3, 1, 2):
        take(key)
    assert built == [1, 2, 3, 2]
