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
    from sketchrnn_cli import few
    from sketchrnn_cli.data import cache, names
    from sketchrnn_cli.hparams import HParams, nearest
    from sketchrnn_cli.store import names as checkpoint_names
    from sketchrnn_cli.store.schedule import Schedule
    from sketchrnn_cli.training import start

    known = [field.name for field in dataclasses.fields(HParams)]
    if unknown := sorted(set(hyperparameters) - set(known)):
        raise UsageError(f"no hyperparameter {unknown[0]!r}{nearest(unknown[0], known)}")
    several = [datasets] if isinstance(datasets, str | os.PathLike) else list(datasets or ())
    if not several:
        raise UsageError("no data set was given; expected names or paths")
    paths = [names.find(checks.path(dataset, "data set"), Path(data_dir)) for dataset in several]
    folder = checkpoint_names.run_folder(Path(checkpoint_dir), name, "_".join(path.stem for path in paths), force)
    first = checkpoint_names.load(from_, Path(checkpoint_dir)) if from_ else None
    sets = [cache.load(path) for path in paths]
    recipe = few.recipe_for(first, sets, like_mine)
    begun, sampling = (first.hparams, first.sidecar.sampling) if first else (HParams(), None)
    if recipe:
        begun, sampling = recipe.hparams, recipe.sampling
        steps = recipe.steps if (epochs, steps) == (None, None) else steps
    schedule = Schedule(epochs=epochs, steps=steps)
    start.use_device("auto", None)
    hparams = begun.replace(**hyperparameters)
    trainer = start.new_run(folder, sets, hparams, schedule, first, classes=classes, sampling=sampling)
    yield from trainer.train()
