"""Run a piece of work again and again, with a fault at its first, second, ... last file operation.

Python tells an audit hook before it opens, renames, links, creates or removes anything; the hook counts what happens
inside one folder and, at the n-th time, kills the process or raises the error of a full disk. So does every `fsync`.
A full disk can still be read, and things on it removed.

Writes pass the hook by, so the system deals their faults: no file may grow beyond n bytes, n from 0 on, and the write
that would make it grow kills the process (SIGXFSZ) or fails. As a large file that comes first would keep faults from a
small one, `-file` kinds begin at the n-th file opened for writing, which gets nothing, or a few bytes.

    python tests/faults/at_every_operation.py SCENARIO [kill|full|kill-write|full-write|kill-file|full-file ...]

Each attempt starts from the same folder in a process of its own (a fork of this one, which holds no threads). After it,
the scenario says what must hold, whatever happened.
"""

import errno
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

OPERATIONS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
)
FREEING = frozenset({"os.remove", "os.rmdir"})
"""What a full disk allows, as it allows reading."""
KINDS = ("kill", "full", "kill-write", "full-write", "kill-file", "full-file")
LIMIT = 500
"""Operations at most: a scenario with more is not small enough to be told apart from one that never ends."""
GROWTH = 4
"""From one limit on the bytes of a file to the next: a byte more, and a quarter."""
FEW_BYTES = 60
"""What a file gets that gets something."""


class Fault:
    """Counts operations below a folder, and fails at one of them, or where a file grows beyond so many bytes."""

    def __init__(self, folder: Path, at: int, kind: str) -> None:
        self.folder, self.at, self.kind, self.count = str(folder), at, kind, 0
        self.is_met = False
        self._sync = os.fsync

    def install(self) -> None:
        """Watch from now on, for the rest of the process."""
        if self.kind.startswith("kill-"):
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        elif self.kind.startswith("full-"):
            signal.signal(signal.SIGXFSZ, self._too_large)
        if self.kind.endswith("-write"):
            _limit(self.at - 1)
            return
        sys.addaudithook(self._audit)
        if not self.kind.endswith("-file"):
            os.fsync = self._fsync

    def _too_large(self, number: int, frame: object) -> None:
        self.is_met = True

    def _audit(self, event: str, arguments: tuple) -> None:
        if event not in OPERATIONS or not any(str(argument).startswith(self.folder) for argument in arguments[:2]):
            return
        writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        is_one = {"kill": True, "full": writes or (event != "open" and event not in FREEING)}
        if is_one.get(self.kind, writes):
            self._happens()

    def _fsync(self, handle: int) -> None:
        self._happens()
        self._sync(handle)

    def _happens(self) -> None:
        self.count += 1
        if self.kind.endswith("-file"):
            if self.count == (self.at + 1) // 2:
                self.is_met = True
                _limit(0 if self.at % 2 else FEW_BYTES)
            return
        if self.count != self.at:
            return
        self.is_met = True
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _limit(size: int) -> None:
    """Let no file grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run(
    prepare: Callable[[Path], None], work: Callable[[Path], None], holds: Callable[[Path, int], None], kind: str
) -> int:
    """Try every fault; return how many there were.

    Args:
        prepare: fills a folder.
        work: what is disturbed; where it raises anything but a `SketchRNNError`, the attempt fails.
        holds: given the folder and the attempt's exit code (0 done undisturbed, 1 refused in one line, 2 done
            in spite of the fault, -9 killed), raises
            AssertionError where something is lost.
        kind: one of KINDS.
    """
    with tempfile.TemporaryDirectory() as parent:
        start = Path(parent) / "start"
        start.mkdir()
        prepare(start)
        at, dealt = 1, 0
        while dealt < LIMIT:
            folder = Path(parent) / "here"
            shutil.copytree(start, folder)
            code = _attempt(folder, work, Fault(folder, at, kind))
            try:
                holds(folder, code)
            except AssertionError as error:
                raise SystemExit(f"{kind} at operation {at}: {error}") from error
            shutil.rmtree(folder)
            if code == 0:
                return dealt
            dealt, at = dealt + 1, at + 1 + (at // GROWTH if kind.endswith("-write") else 0)
    raise SystemExit(f"more than {LIMIT} operations")


def _attempt(folder: Path, work: Callable[[Path], None], fault: Fault) -> int:
    """Run the work in a child; 0 means that no fault was met."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            from sketchrnn_cli.errors import SketchRNNError

            fault.install()
            try:
                work(folder)
                code = 2 if fault.is_met else 0
            except SketchRNNError:
                code = 1
        except BaseException as error:  # noqa: BLE001  The parent reports it.
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == 70:
        raise SystemExit(f"{fault.kind} at operation {fault.at}: a traceback instead of one line")
    return code


def main() -> None:
    """Run one scenario and print how many faults of each kind it survived."""
    import scenarios

    os.fsync = lambda handle: None  # A process is killed, never the system: what it wrote is there, and waiting long.
    name, *kinds = sys.argv[1:]
    scenario = scenarios.SCENARIOS[name]
    for kind in kinds or KINDS:
        print(kind, run(scenario.prepare, scenario.work, scenario.holds, kind), flush=True)


if __name__ == "__main__":
    main()
