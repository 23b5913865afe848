"""Training from Python: the run that `sketchrnn train` makes, its reports yielded to the caller."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchrnn_cli.errors import TrainingError

if TYPE_CHECKING:
    from sketchrnn_cli.training.trainer import EpochReport, StepReport


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
    **hyperparameters: Any,
) -> "Iterator[StepReport | EpochReport]":
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
        **hyperparameters: any field of `HParams`.

    Yields:
        A `StepReport` a few times a second, an `EpochReport` at each validation.

    Raises:
        SketchRNNError: a name is unknown or taken, a value impossible, or the loss not finite any more.
    """
    _refuse_another_backend()
    from sketchrnn_cli.data import cache, names
    from sketchrnn_cli.hparams import HParams
    from sketchrnn_cli.store import names as checkpoint_names
    from sketchrnn_cli.training import start

    several = [datasets] if isinstance(datasets, (str, os.PathLike)) else datasets
    paths = [names.find(os.fspath(dataset), Path(data_dir)) for dataset in several]
    folder = start.free_folder(Path(checkpoint_dir), name or "_".join(path.stem for path in paths), force)
    first = checkpoint_names.load(from_, Path(checkpoint_dir)) if from_ else None
    hparams = (first.hparams if first else HParams()).replace(**hyperparameters)
    budget = {key: value for key, value in (("epochs", epochs), ("steps", steps)) if value is not None}
    start.use_device("auto", None)
    trainer = start.new_run(folder, [cache.load(path) for path in paths], hparams, budget, first)
    yield from trainer.train(start.total_steps(trainer, epochs, steps))


def _refuse_another_backend() -> None:
    """Refuse where Keras already runs on a backend that training cannot use: it cannot be changed any more.

    Raises:
        TrainingError: see above.
    """
    keras = sys.modules.get("keras")
    if keras is not None and keras.backend.backend() not in ("tensorflow", "jax"):
        raise TrainingError(
            f"Keras already runs on {keras.backend.backend()} here, and training needs tensorflow or jax: "
            "set KERAS_BACKEND before anything imports keras"
        )
