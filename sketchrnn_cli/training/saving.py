"""Save a run in a thread while training continues."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import ops

from sketchrnn_cli.errors import CheckpointError, TrainingError
from sketchrnn_cli.store import runs
from sketchrnn_cli.store.checkpoint import Sidecar
from sketchrnn_cli.training import packing
from sketchrnn_cli.training.packing import Packing, State

REST = 10.0
"""Seconds of rest per second of writing: saving takes at most a tenth of one core."""


@dataclass(frozen=True)
class Save:
    """A copy of the state to save, which no step overwrites."""

    state: State
    """On the device."""
    sidecar: Sidecar
    is_best: bool = False
    keep_epoch: bool = False


class Saver:
    """Writes states in order; a newer one replaces one that still waits.

    A waiting best checkpoint is only replaced by a better one, and one to keep permanently never. The first error is
    raised in the training thread, by `check`, `flush` or `close`; nothing is written after it.
    """

    def __init__(self, folder: Path, run: runs.Run, packed: Packing, unfinite: Callable[[int], TrainingError]) -> None:
        """Prepare to save.

        Args:
            folder: the run's.
            run: what is saved so far.
            packed: how states are.
            unfinite: makes the error for weights that are not finite at a step.
        """
        self.run = run
        self.seconds = 0.0
        """Time spent writing, in the thread."""
        self._folder, self._packing, self._unfinite = folder, packed, unfinite
        self.check_folder: Callable[[], None] = lambda: None
        """Called before each save; raises where the folder is not the run's any more."""
        self._waiting: list[Save] = []
        self._busy, self._hurry, self._closed = False, False, False
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, save: Save) -> None:
        """Queue a state for saving."""
        self.check()
        with self._changed:
            self._waiting = [
                other for other in self._waiting if other.keep_epoch or (other.is_best and not save.is_best)
            ]
            self._waiting.append(save)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def check(self) -> None:
        """Raise the error of the thread, if any."""
        if self._error is not None:
            raise self._error

    def flush(self) -> None:
        """Wait until everything is written."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            while self._error is None and (self._waiting or self._busy):
                self._changed.wait()
            self._hurry = False
        self.check()

    def close(self) -> None:
        """Stop the thread and discard what waits; call `flush` first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                save, self._busy = self._waiting.pop(0), True
            began = time.monotonic()
            try:
                self._write(save)
            except BaseException as error:  # noqa: BLE001  Raised again by the thread that trains, whatever it is.
                self._error = error
            took = time.monotonic() - began
            self.seconds += took
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                if self._error is not None:
                    return
                rest = min(REST * took, self.run.schedule.save_every)
                self._changed.wait_for(lambda: self._hurry or self._closed, rest)

    def _write(self, save: Save) -> None:
        self.check_folder()
        state = packing.map_arrays(ops.convert_to_numpy, save.state)
        if not all(np.isfinite(array).all() for part in state for array in part):
            raise self._unfinite(save.sidecar.step)
        weights, slots = self._packing.released(np, state)
        try:
            self.run = runs.save_step(
                self._folder, self.run, save.sidecar, weights, slots, save.is_best, save.keep_epoch
            )
        except CheckpointError:
            self.check_folder()  # Says so, where it was removed meanwhile.
            raise
