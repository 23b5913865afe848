"""Set up a training run: new, from other weights, or resumed; data, sidecar and trainer fitted to one another."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import cache
from sketchrnn_cli.data.batches import corpus
from sketchrnn_cli.data.dataset import DataSet, canvas_size, longest, scale_factor
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.checkpoint import Checkpoint, DataSource, Sidecar
from sketchrnn_cli.training import optimizer, words
from sketchrnn_cli.training.trainer import Trainer

EPOCHS = 50
"""Epochs by default, as in the seed."""

LEAST_STEPS = 5000
"""Steps by default at least: 50 epochs of a small set would end before anything is learnt."""


def new_run(
    folder: Path,
    sets: Sequence[DataSet],
    hparams: HParams,
    settings: dict,
    start: Checkpoint | None = None,
    initial_epoch: int = 0,
    classes: bool = False,
) -> Trainer:
    """Return a trainer for a new run.

    Args:
        folder: the run's folder.
        sets: the data; scaled by one common factor, or by that of `start`.
        hparams: as asked for; 0 for `max_seq_len` means the longest sketch of the data.
        settings: how long to train and what to keep, for `run.json`.
        start: a checkpoint to begin from; its scale, N_max and architecture stay.
        initial_epoch: epoch that the schedules begin at.
        classes: learn the words of the drawings; a `start` that knows words goes on with them unasked.

    Raises:
        DataError: no sketch can be used.
        CheckpointError: `start` has another architecture than `hparams`.
    """
    vocabulary = words.choose(sets, classes, start)
    hparams = hparams.replace(num_classes=len(vocabulary))
    if start:
        if not words.same_architecture(hparams, start):
            raise CheckpointError(f"{start.folder}: has another architecture than the hyperparameters asked for")
        scale, canvas = start.sidecar.scale_factor, start.sidecar.canvas_size
    else:
        hparams = hparams.replace(max_seq_len=hparams.max_seq_len or longest(sets))
        scale, canvas = scale_factor(sets), canvas_size(sets)
    sidecar = Sidecar(
        hparams=hparams, scale_factor=scale, canvas_size=canvas, datasets=_sources(sets), words=vocabulary
    )
    run = runs.Run("", "", data=tuple(str(dataset.path.resolve()) for dataset in sets), settings=settings)
    trainer = _trainer(folder, sidecar, sets, run, words.carried(start, vocabulary) if start else None, None)
    trainer.step = initial_epoch * trainer.steps_per_epoch
    return trainer


def resumed_run(name: str, checkpoint_dir: Path, changes: dict, force: bool = False) -> Trainer:
    """Return a trainer that goes on where a run's checkpoint stands.

    Args:
        name: RUN, or RUN@epoch-N; by default its last step.
        checkpoint_dir: where runs lie.
        changes: settings of the run to replace.
        force: go on although the data changed.

    Raises:
        CheckpointError: no such run, or damaged.
        DataError: its data is gone, or has changed and `force` is not given.
    """
    folder, which = names.locate(name, checkpoint_dir)
    if not (folder / runs.RUN_FILE).is_file():
        raise CheckpointError(f"{folder}: a released checkpoint has no training to resume; start from it with --from")
    run = runs.read_run(folder)
    step_folder = names.select(folder, which if "@" in name else "last")
    start = checkpoint.load(step_folder)
    sets = [cache.load(Path(path)) for path in run.data]
    for dataset, source in zip(sets, start.sidecar.datasets, strict=True):
        if dataset.sha256 != source.sha256 and not force:
            raise DataError(
                f"{dataset.path}: changed since the run began (its SHA-256 differs); --force goes on with it"
            )
    expected = optimizer.slot_shapes(shapes(start.hparams), start.hparams)
    slots = runs.load_slots(folder, run, step_folder.name, expected)
    run = dataclasses.replace(runs.back_to(run, step_folder.name), settings={**run.settings, **changes})
    sidecar = dataclasses.replace(start.sidecar, datasets=_sources(sets))
    return _trainer(folder, sidecar, sets, run, start.weights, slots)


def _sources(sets: Sequence[DataSet]) -> tuple[DataSource, ...]:
    return tuple(DataSource(dataset.name, dataset.sha256, dataset.provenance) for dataset in sets)


def _trainer(
    folder: Path,
    sidecar: Sidecar,
    sets: Sequence[DataSet],
    run: runs.Run,
    weights: dict[str, np.ndarray] | None,
    slots: dict[str, np.ndarray] | None,
) -> Trainer:
    longest = sidecar.hparams.max_seq_len
    training, validation = (
        corpus([dataset.splits[split] for dataset in sets], longest, words.labels(sets, split, sidecar.words))
        for split in ("train", "valid")
    )
    return Trainer(folder, sidecar, training, validation, run, weights, slots)


def total_steps(trainer: Trainer, epochs: int | None, steps: int | None) -> int:
    """Return the step at which training ends: as asked for, or a sensible number.

    Raises:
        UsageError: both epochs and steps are given, or less than one.
    """
    if epochs is not None and steps is not None:
        raise UsageError("--epochs and --steps both say when to stop; give one")
    if (steps if steps is not None else epochs or 1) < 1 or (epochs is not None and epochs < 1):
        raise UsageError("--epochs and --steps must be at least 1")
    if steps is not None:
        return steps
    if epochs is not None:
        return epochs * trainer.steps_per_epoch
    return max(EPOCHS * trainer.steps_per_epoch, LEAST_STEPS)


def free_folder(checkpoint_dir: Path, name: str, force: bool) -> Path:
    """Return the folder of a new run, its name free.

    Raises:
        UsageError: the name is taken and `force` is not given, or is no plain name.
    """
    folder = names.new_folder(checkpoint_dir, name)
    if folder.exists() and any(folder.iterdir()) and not force:
        raise UsageError(f"{folder} exists: --resume {name} goes on with it, --name gives another, --force begins anew")
    return folder


def use_device(device: str, deterministic: bool | None) -> str:
    """Choose the device (auto, cpu, gpu) and return what is used, for people.

    Args:
        device: auto takes a GPU where there is one.
        deterministic: the same bits at every run; None means on a CPU alone, where it costs nothing.

    Raises:
        TrainingError: a GPU is asked for and there is none.
    """
    return kernels.engine().use(device, deterministic)
