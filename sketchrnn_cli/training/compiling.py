"""Compile the functions of a run, each in its own thread if the backend allows it; a like run reuses them."""

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import keras

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training.feeds import Feed
from sketchrnn_cli.training.packing import Packing
from sketchrnn_cli.training.validation import Validation

Key = TypeVar("Key")
VALIDATION = 0
"""Stands for the validation among the padded lengths that are compiled."""
KEPT = 16
"""Compiled functions kept in this process for later runs."""
_kept: dict[Hashable, Callable] = {}
"""The one used last comes last."""


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
    several = kernels.several()
    common = (keras.backend.backend(), kernel, several and several.current(), hparams)

    def build(length: int) -> Callable[[], Callable]:
        def compiled() -> Callable:
            examples = (state, *feed.examples(length))
            key = (*common, type(feed), feed.constants, length, _shapes(examples))
            return _reused(key, lambda: engine.compiled(feed.function(length), kernel, examples, True))

        return compiled

    def compiled_validation() -> Callable:
        examples = (state, *validation.examples())
        return _reused(
            (*common, _shapes(examples)), lambda: engine.compiled(validation.function(), kernel, examples, False)
        )

    builds = {length: build(length) for length in lengths}
    if len(validation):
        builds[VALIDATION] = compiled_validation
    return Compilation(builds, engine.COMPILES_ASIDE)


def _shapes(examples: Any) -> Hashable:
    return tuple((tuple(array.shape), str(array.dtype)) for array in keras.tree.flatten(examples))


def _reused(key: Hashable, build: Callable[[], Callable]) -> Callable:
    """Return what was compiled for an equal key, else what `build` compiles."""
    made = _kept.pop(key, None) or build()
    _kept[key] = made
    for oldest in list(_kept)[:-KEPT]:
        _kept.pop(oldest, None)
    return made
