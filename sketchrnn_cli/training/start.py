"""Set up a training run: new, from other weights, or resumed."""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras

from sketchrnn_cli.backend import Hosts
from sketchrnn_cli.data import cache
from sketchrnn_cli.data.batches import Corpus, batch_size, corpus, padded_lengths, steps_per_epoch
from sketchrnn_cli.data.dataset import DataSet, canvas_size, longest, outliers, scale_factor
from sketchrnn_cli.errors import CheckpointError, DataError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.sampling import Sampling
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import checkpoint, names, runs
from sketchrnn_cli.store.checkpoint import Checkpoint, DataSource, Sidecar
from sketchrnn_cli.store.lock import locked
from sketchrnn_cli.store.schedule import Engine, Schedule
from sketchrnn_cli.training import budget, devices, optimizer, words
from sketchrnn_cli.training.feeds import fits_device
from sketchrnn_cli.training.trainer import Trainer
from sketchrnn_cli.training.validation import CHOOSING

COMPILING_STEPS = {"cpu": 10.0, "gpu": 150.0}
"""Cost of compiling another padded length, in steps; on a GPU, lengths compile in parallel."""
STEPS_PER_MINUTE = 200.0
"""An estimate for choosing the padded lengths of a budget in minutes, before anything is measured."""


def new_run(
    folder: Path,
    sets: Sequence[DataSet],
    hparams: HParams,
    schedule: Schedule,
    start: Checkpoint | None = None,
    initial_epoch: int = 0,
    pipeline: str | None = None,
    classes: bool = False,
    sampling: Sampling | None = None,
) -> Trainer:
    """Return a trainer for a new run.

    Args:
        folder: the run's folder.
        sets: the data; scaled by one common factor, or by that of `start`.
        hparams: as requested; `max_seq_len` 0 means the longest sketch of the data.
        schedule: how long to train and what to keep.
        start: a checkpoint to start from; its scale, N_max and architecture are kept.
        initial_epoch: epoch at which the schedules start.
        pipeline: where batches are assembled, host or device; None: on the device if possible.
        sampling: recommended sampling; None for the default.
        classes: train on the words of the drawings; implied by a class-conditional `start`.

    Raises:
        UsageError: the budget ends before training starts, or the validation split is too small for patience.
        DataError: there is no usable sketch.
        CheckpointError: `start` has another architecture than `hparams`.
    """
    vocabulary = words.choose(sets, classes, start)
    hparams = hparams.replace(num_classes=len(vocabulary))
    notes: list[str] = []
    if start:
        if not words.same_architecture(hparams, start):
            raise CheckpointError(f"{start.folder}: has another architecture than the hyperparameters asked for")
        scale, canvas = start.sidecar.scale_factor, start.sidecar.canvas_size
    are_in = longest(sets) <= hparams.max_seq_len if start else not hparams.max_seq_len
    if are_in and (few := outliers(sets)):
        notes.append(
            f"{few[1]} of the drawings {'reach' if start else 'set N_max to'} {longest(sets)} points, 99 % have "
            f"{few[0]} at most: --max-seq-len {few[0]} leaves them out, and trains faster"
        )
    if not start:
        hparams = hparams.replace(max_seq_len=hparams.max_seq_len or longest(sets))
        scale, canvas = scale_factor(sets), canvas_size(sets)
    sidecar = Sidecar(
        hparams=hparams,
        scale_factor=scale,
        canvas_size=canvas,
        datasets=_sources(sets),
        words=vocabulary,
        sampling=sampling,
        base=names.title(start.folder) if start else "",
        base_sha256=start.sidecar.weights_sha256 if start else "",
    )
    run = runs.Run("", "", data=tuple(str(dataset.path.resolve()) for dataset in sets), schedule=schedule)
    training, validation = _splits(sidecar, sets)
    step = initial_epoch * steps_per_epoch(training, hparams)
    budget.check(budget.total_steps(schedule, steps_per_epoch(training, hparams)), step + 1, schedule)
    run = dataclasses.replace(run, engine=_engine(training, validation, hparams, schedule, step, pipeline))
    sidecar = dataclasses.replace(sidecar, step=step, epoch=initial_epoch)
    if len(validation) < CHOOSING and schedule.patience:
        raise UsageError(
            f"--patience {schedule.patience}: {len(validation)} validation drawings are too few to stop by; "
            f"{CHOOSING} are needed"
        )
    if absent := [split for split in ("valid", "test") if not any(len(each.splits[split]) for each in sets)]:
        meant = {"valid": "none chooses @best, which is the last step", "test": "evaluate needs another set for it"}
        notes.append("; ".join(f"no {split} drawings: {meant[split]}" for split in absent))
    if 0 < len(validation) < CHOOSING:
        notes.append(f"{len(validation)} validation drawings are too few to choose by: @best is the last step")
    trainer = Trainer(folder, sidecar, training, validation, run, words.carried(start, vocabulary) if start else None)
    trainer.notes = tuple(notes)
    return trainer


def resumed_run(
    name: str,
    checkpoint_dir: Path,
    changes: Mapping[str, Any],
    force: bool = False,
    data_dir: Path | None = None,
    data: Sequence[Path] = (),
) -> Trainer:
    """Return a trainer that resumes a run from its checkpoint.

    Args:
        name: RUN, or RUN@epoch-N; by default its last step.
        checkpoint_dir: folder of the runs.
        changes: fields of the run's `Schedule` to replace.
        force: resume even if the data changed.
        data_dir: folder of data sets that were moved.
        data: the data sets, if not where the run says, in its order.

    Raises:
        UsageError: the budget ends before the current step of the run.
        CheckpointError: no such run, or damaged, or another process trains it.
        DataError: its data is missing, or has changed and `force` is not given.
    """
    folder, _ = names.locate(name, checkpoint_dir)
    # Another training would remove the step that we read; one that comes later is noticed by the trainer.
    with locked(folder) if devices.leads() else nullcontext():
        return _resumed(name, checkpoint_dir, changes, force, data_dir, data)


def _resumed(
    name: str,
    checkpoint_dir: Path,
    changes: Mapping[str, Any],
    force: bool,
    data_dir: Path | None,
    data: Sequence[Path],
) -> Trainer:
    folder, which = names.locate(name, checkpoint_dir)
    run = names.run_to_resume(name, checkpoint_dir)
    step_folder = names.select(folder, which if "@" in name else "last")
    start = checkpoint.load(step_folder)
    paths = data or [_moved(Path(path), data_dir) for path in run.data]
    if len(paths) != len(start.sidecar.datasets):
        raise DataError(f"{folder}: was trained on {len(start.sidecar.datasets)} data sets, not on {len(paths)}")
    sets = [cache.load(path) for path in paths]
    for dataset, source in zip(sets, start.sidecar.datasets, strict=True):
        if dataset.sha256 != source.sha256 and not force:
            raise DataError(
                f"{dataset.path}: changed since the run began (its SHA-256 differs); --force goes on with it"
            )
    expected = optimizer.slot_shapes(shapes(start.hparams), start.hparams)
    slots = runs.load_slots(folder, run, step_folder.name, expected)
    sidecar = dataclasses.replace(start.sidecar, datasets=_sources(sets))
    training, validation = _splits(sidecar, sets)
    schedule = run.schedule.changed(changes)
    budget.check(budget.total_steps(schedule, steps_per_epoch(training, sidecar.hparams)), sidecar.step, schedule)
    now = _engine(
        training, validation, sidecar.hparams, schedule, sidecar.step, run.engine.pipeline if run.engine else None
    )
    engine, notes = _kept_engine(run.engine, now, schedule, int(training.lengths.max()))
    where = tuple(str(dataset.path.resolve()) for dataset in sets)
    run = dataclasses.replace(runs.back_to(run, step_folder.name), schedule=schedule, engine=engine, data=where)
    trainer = Trainer(folder, sidecar, training, validation, run, start.weights, slots)
    trainer.notes = notes
    return trainer


def _sources(sets: Sequence[DataSet]) -> tuple[DataSource, ...]:
    return tuple(DataSource(dataset.name, dataset.sha256, dataset.provenance) for dataset in sets)


def _splits(sidecar: Sidecar, sets: Sequence[DataSet]) -> tuple[Corpus, Corpus]:
    """Return the training and the validation split."""
    longest = sidecar.hparams.max_seq_len
    training, validation = (
        corpus([dataset.splits[split] for dataset in sets], longest, words.labels(sets, split, sidecar.words))
        for split in ("train", "valid")
    )
    return training, validation


def _moved(path: Path, data_dir: Path | None) -> Path:
    """Return the current path of a run's data set: unchanged, or its name in `data_dir` if the project moved."""
    if path.is_file() or data_dir is None:
        return path
    found = data_dir / path.name
    if not found.is_file():
        raise DataError(f"{path}: not there any more, nor as {found}; --data-dir says where it lies")
    return found


def _engine(
    training: Corpus, validation: Corpus, hparams: HParams, schedule: Schedule, step: int, pipeline: str | None
) -> Engine:
    """Choose the compute configuration of a run."""
    several = kernels.several()
    if schedule.minutes is not None and several is not None and several.hosts() > 1:
        raise UsageError("--minutes: each host would measure other steps; give several of them --steps or --epochs")
    total = budget.total_steps(schedule, steps_per_epoch(training, hparams))
    steps = schedule.minutes * STEPS_PER_MINUTE if total is None and schedule.minutes else (total or 0) - step
    gpu = kernels.engine().has_gpu()
    device_count = 1 if several is None else several.size()
    devices.check_batch(batch_size(training, hparams), hparams.batch_size, device_count)
    return Engine(
        backend=keras.backend.backend(),
        kernel=kernels.prepare(hparams),
        pipeline=pipeline or ("device" if fits_device(training) else "host"),
        devices=device_count,
        lengths=padded_lengths(training, hparams, steps, COMPILING_STEPS["gpu" if gpu else "cpu"]),
        validate_every=schedule.validate_every or budget.validation_interval(training, validation, hparams),
    )


def _kept_engine(
    recorded: Engine | None, now: Engine, schedule: Schedule, longest: int
) -> tuple[Engine, tuple[str, ...]]:
    """Return the compute configuration of a resumed run, and messages about differences."""
    if recorded is None:
        return now, ("this run was begun by version 0.1.0, whose batches were others: it goes on, but not bit for bit",)
    notes = [
        f"{name} is {getattr(now, name)} here, {getattr(recorded, name)} so far: the run goes on, but not bit for bit"
        for name in ("backend", "kernel", "devices")
        if getattr(now, name) != getattr(recorded, name)
    ]
    pipeline = recorded.pipeline if now.backend == "jax" else "host"
    kept = dataclasses.replace(
        recorded,
        backend=now.backend,
        kernel=now.kernel,
        devices=now.devices,
        pipeline=pipeline,
        validate_every=schedule.validate_every or recorded.validate_every,
        lengths=recorded.lengths if recorded.lengths[-1] >= longest else now.lengths,  # Changed data may be longer.
    )
    return kept, tuple(notes)


def use_device(
    device: str,
    deterministic: bool | None,
    asked_devices: str | None = None,
    recorded_devices: int = 1,
    hosts: Hosts | None = None,
) -> str:
    """Select the device (auto, cpu, gpu) and return its description.

    Args:
        device: auto uses a GPU if there is one.
        deterministic: bit-for-bit reproducible; None: on a CPU only, where it costs nothing.
        asked_devices: see `devices.use`.
        recorded_devices: those of the run to resume.
        hosts: all hosts; None for this process alone.

    Raises:
        TrainingError: there is no GPU, too few devices, or a host is missing.
    """
    devices.join(hosts)
    used = str(kernels.engine().use(device, deterministic))
    count = devices.use(asked_devices, recorded_devices)
    return used if count == 1 else f"{count} x {used}"
