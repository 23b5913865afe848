"""Training from Python: the run that `sketchrnn train` makes, its reports yielded to the caller."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchrnn_cli import backend
from sketchrnn_cli.api import checks
from sketchrnn_cli.errors import UsageError

if TYPE_CHECKING:
    from sketchrnn_cli.training.reports import Report


def train(
    datasets: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    name: str | None = None,
    *,
    from_: str | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    data_dir: str | os.PathLike[str] = "datasets",
    checkpoint_dir: str | os.PathLike[str] = "checkpoints",
    force: bool = False,
    classes: bool = False,
    like_mine: bool | None = None,
    **hyperparameters: Any,
) -> "Iterator[Report]":
    """Train a model; saving goes on as the reports are taken, and `load(name)` draws with it at any time.

    Args:
        datasets: names in `data_dir`, or paths; several are merged.
        name: the run's name; by default the data sets joined by ``_``.
        from_: a checkpoint whose weights training begins with.
        epochs: when to stop.
        steps: likewise, in steps.
        data_dir: where data sets are looked up.
        checkpoint_dir: where runs are saved.
        force: replace a run of that name.
        classes: learn the words of the drawings.
        like_mine: with `from_` and few drawings, whose recipe is another than that of many: stay close to them (True),
            or draw new ones (False, and by default).
        **hyperparameters: any field of `HParams`.

    Yields:
        A `StepReport` a few times a second, a `ValidationReport` at each validation, a `CompileReport` at each wait.

    Raises:
        SketchRNNError: a name is unknown or taken, a value impossible, or the loss not finite any more.

    Example:
        >>> small = {"enc_rnn_size": 4, "dec_rnn_size": 8, "z_size": 2, "num_mixture": 2}
        >>> for report in sketchrnn.train("doodle_cat", "mine", steps=2, **small):
        ...     pass
        >>> sketchrnn.load("mine")
        <Model mine@best: lstm, 2 steps>
    """
    backend.choose("auto")
    from sketchrnn_cli.api import planning
    from sketchrnn_cli.data import names
    from sketchrnn_cli.hparams import HParams, nearest

    known = [field.name for field in dataclasses.fields(HParams)]
    if unknown := sorted(set(hyperparameters) - set(known)):
        raise UsageError(f"no hyperparameter {unknown[0]!r}{nearest(unknown[0], known)}")
    several = [datasets] if isinstance(datasets, str | os.PathLike) else list(datasets or ())
    if not several:
        raise UsageError("no data set was given; expected names or paths")
    asked = planning.Request(
        name,
        from_=from_,
        like_mine=like_mine,
        classes=classes,
        force=force,
        checkpoint_dir=Path(checkpoint_dir),
        schedule={"epochs": epochs, "steps": steps},
        hyperparameters=hyperparameters,
    )
    paths = [names.find(checks.path(dataset, "data set"), Path(data_dir)) for dataset in several]
    plan = planning.plan(asked, asked.base(), paths)
    plan.use_device()
    yield from plan.trainer().train()
