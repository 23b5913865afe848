"""Compile the functions of a run, each in its own thread if the backend allows it."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.feeds import Feed
from sketchrnn_cli.training.packing import Packing
from sketchrnn_cli.training.validation import Validation

Key = TypeVar("Key")
VALIDATION = 0
"""Stands for the validation among the padded lengths that are compiled."""


class Compilation(Generic[Key]):
    """Functions being compiled, in the order in which they are needed."""

    def __init__(self, builds: Mapping[Key, Callable[[], Callable]], aside: bool) -> None:
        """Start compiling.

        Args:
            builds: what compiles each function, in the order in which they are needed.
            aside: compile in threads; otherwise on request.
        """
        self.total = len(builds)
        self._pool = ThreadPoolExecutor(max(1, min(len(builds), (os.cpu_count() or 1) // 2 if aside else 1)))
        self._builds = dict(builds)
        self._made: dict[Key, Future] = {}
        self._taken: set[Key] = set()
        if aside:
            for key in builds:
                self._begin(key)

    def is_new(self, key: Key) -> bool:
        """Return whether a function has not been used yet: its first call may have to wait for compilation."""
        return key not in self._taken

    def take(self, key: Key) -> Callable:
        """Return a function, waiting until it is compiled."""
        self._taken.add(key)
        if key not in self._made:
            self._begin(key)
        return self._made[key].result()

    @property
    def number(self) -> int:
        """Number of functions used."""
        return len(self._taken)

    def close(self) -> None:
        """Cancel what has not started; the rest finishes by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: Key) -> None:
        self._made[key] = self._pool.submit(self._builds[key])


def begin(feed: Feed, lengths: Sequence[int], validation: Validation, hparams: HParams) -> Compilation[int]:
    """Start compiling a run's step for every padded length, in this order, and its validation.

    A thread must not touch the state, which a step may overwrite meanwhile: it only gets the shapes.
    """
    engine, kernel, state = kernels.engine(), kernels.prepare(hparams), Packing(hparams).examples()

    def build(length: int) -> Callable[[], Callable]:
        return lambda: engine.compiled(feed.function(length), kernel, (state, *feed.examples(length)), True)

    builds = {length: build(length) for length in lengths}
    if len(validation):
        measure, examples = validation.function(), validation.examples()
        builds[VALIDATION] = lambda: engine.compiled(measure, kernel, (state, *examples), False)
    return Compilation(builds, engine.COMPILES_ASIDE)
