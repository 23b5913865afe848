"""Errors that end a run early, with what was saved and how to continue."""

from pathlib import Path

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.store.runs import Run


def not_finite(what: str, step: int, run: Run, folder: Path) -> TrainingError:
    """Return the error for a number that is NaN or infinite at a step; `what` is a subject and its verb."""
    intact = "nothing was saved before; begin again"
    if run.last:
        intact = f"the checkpoint of step {int(run.last)} is whole: go on from it (--from {folder})"
    return TrainingError(
        f"{what} not finite at step {step}; {intact} with a lower learning rate (--set learning_rate=...)"
    )


def device_failed(error: BaseException, step: int, run: Run, folder: Path, alone: bool) -> TrainingError:
    """Return the error for an exception of a device; `alone` if there are no other hosts."""
    line = (str(error).splitlines() or ["no message"])[0][:200]
    if not alone:
        return TrainingError(
            f"a device or another host failed at step {step}: {line}; start all hosts again, with --resume "
            f"{folder.name} where it has saved a step"
        )
    stands = f"the checkpoint of step {int(run.last or 0)} stands: --resume goes on from it"
    kernel = run.engine.kernel if run.engine else "unknown"
    return TrainingError(
        f"the device failed at step {step} (kernel {kernel}): {line}; "
        + (stands if run.last else "nothing was saved before")
    )
