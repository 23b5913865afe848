"""Exit with one line and code 5 when another host of a multi-host run is lost.

The JAX runtime then aborts the process with its own report and a stack trace; its callback cannot be set from Python.
So native output is captured and the abort is caught. If another host was the cause, one line says so; anything else is
printed unchanged.
"""

import contextlib
import ctypes
import os
import signal
import sys
import tempfile

from sketchrnn_cli.errors import TrainingError

REASON = b"distributed service detected fatal errors"
"""Messages of the runtime when a host is lost."""
LINE = "sketchrnn: another host is gone: start all hosts again, with --resume where the run has saved a step\n"
_kept: list[object] = []
"""The handler, which must outlive its registration."""


def report_lost_hosts() -> None:
    """Catch the runtime's abort from now on, if the system has signals."""
    if sys.platform == "win32":
        return
    sys.stderr.flush()
    shown, said = os.dup(2), tempfile.TemporaryFile()  # noqa: SIM115  (open until the process ends)
    os.dup2(said.fileno(), 2)
    sys.stderr = os.fdopen(shown, "w", buffering=1, errors="replace", closefd=False)

    @ctypes.CFUNCTYPE(None, ctypes.c_int)
    def leave(number: int) -> None:
        native = os.pread(said.fileno(), 1 << 16, 0)
        with contextlib.suppress(OSError):
            os.write(shown, LINE.encode() if REASON in native else native)
        os._exit(TrainingError.exit_code)

    _kept.extend([leave, said])
    ctypes.CDLL(None).signal(signal.SIGABRT, leave)
