"""Plan a training run: everything that can be checked and settled before a framework, slow to import, is loaded."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchrnn_cli import backend as backends
from sketchrnn_cli import few
from sketchrnn_cli.data import cache
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.recipes import Recipe
from sketchrnn_cli.store import names
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.store.schedule import Engine, Schedule

if TYPE_CHECKING:
    from sketchrnn_cli.training.trainer import Trainer


@dataclass(frozen=True)
class Hardware:
    """What to compute on, as requested; None if not given."""

    backend: str = "auto"
    device: str = "auto"
    devices: str | None = None
    coordinator: str | None = None
    num_hosts: int | None = None
    host_id: int | None = None
    deterministic: bool | None = None


@dataclass(frozen=True)
class Request:
    """A training run, as requested; None if not given."""

    name: str | None = None
    resume: str | None = None
    """RUN, or RUN@epoch-N."""
    from_: str | None = None
    """A checkpoint to start from."""
    like_mine: bool | None = None
    """With few drawings: stay close to them."""
    initial_epoch: int | None = None
    classes: bool = False
    """Train on the words of the drawings."""
    force: bool = False
    data_dir: Path = Path("datasets")
    checkpoint_dir: Path = Path("checkpoints")
    hardware: Hardware = Hardware()
    schedule: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Schedule`."""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)
    """Further hyperparameters, as ``name=value``."""
    defaults: HParams = field(default_factory=HParams)

    def following(self, recipe: Recipe) -> "Request":
        """Return the request with a recipe's hyperparameters, and its steps unless it says when to stop.

        Raises:
            UsageError: the request continues from another model, or its schedule is invalid.
        """
        if self.resume or self.from_:
            raise UsageError("--recipe starts a new run; omit --resume and --from")
        has_budget = Schedule().changed(self.schedule).has_budget
        return dataclasses.replace(
            self,
            defaults=recipe.hparams,
            classes=self.classes or recipe.classes,
            schedule=self.schedule if has_budget else {**self.schedule, "steps": recipe.steps},
        )

    def check(self, has_data: bool) -> None:
        """Refuse options that contradict each other, and invalid values.

        Raises:
            UsageError: see above.
        """
        if not has_data and not self.resume:
            raise UsageError("no data set given; name one (sketchrnn train cat), or resume a run (--resume NAME)")
        if self.initial_epoch is not None and not self.from_:
            raise UsageError("--initial-epoch needs --from")
        own = (self.hyperparameters, self.settings, self.from_, self.name, self.classes)
        if self.resume and (any(own) or self.like_mine is not None):
            raise UsageError(
                "--resume restores the settings of the run; only --epochs, --steps, --minutes, --keep-every, "
                "--save-every, --validate-every, --patience, --backend, --devices and where its data is may change"
            )
        backends.check_devices(self.hardware.devices)
        Schedule().changed(self.schedule)
        self.hparams(self.defaults)

    def base(self) -> Checkpoint | None:
        """Return the checkpoint to start from, if any.

        Raises:
            CheckpointError: there is no such checkpoint, or it is damaged.
        """
        return names.load(self.from_, self.checkpoint_dir) if self.from_ else None

    def hparams(self, base: HParams) -> HParams:
        """Return `base` with the requested changes.

        Raises:
            UsageError: an unknown name or an invalid value.
        """
        return base.replace(**self.hyperparameters).with_settings(self.settings)


@dataclass(frozen=True)
class NewRun:
    """What a new run trains, and how."""

    folder: Path
    sets: Sequence[DataSet]
    hparams: HParams
    schedule: Schedule
    base: Checkpoint | None
    taught: few.Recipe | None
    """The recipe for few drawings, if it applies."""


@dataclass(frozen=True)
class ResumedRun:
    """The run to resume."""

    name: str
    """RUN, or RUN@epoch-N."""
    paths: Sequence[Path]
    """Its archives, if not where the run says."""
    engine: Engine | None
    """What it computed with; None for a run of version 0.1.0."""


@dataclass(frozen=True)
class Plan:
    """A run that can start."""

    request: Request
    run: NewRun | ResumedRun
    backend: str
    reason: str
    """Why this backend, for the user."""
    hosts: backends.Hosts | None

    def use_device(self) -> str:
        """Load the framework and select the device; return its description.

        Raises:
            TrainingError: the device, or one of several, is not available.
        """
        from sketchrnn_cli.training import start

        hardware, engine = self.request.hardware, self.run.engine if isinstance(self.run, ResumedRun) else None
        count = engine.devices if engine else 1
        return start.use_device(hardware.device, hardware.deterministic, hardware.devices, count, self.hosts)

    def trainer(self) -> "Trainer":
        """Return the trainer, new or restored; call `use_device` first.

        Raises:
            SketchRNNError: as `start.new_run` and `start.resumed_run`.
        """
        from sketchrnn_cli.training import start

        asked, run = self.request, self.run
        if isinstance(run, ResumedRun):
            return start.resumed_run(
                run.name, asked.checkpoint_dir, asked.schedule, asked.force, asked.data_dir, run.paths
            )
        return start.new_run(
            run.folder,
            run.sets,
            run.hparams,
            run.schedule,
            run.base,
            asked.initial_epoch or 0,
            classes=asked.classes,
            sampling=run.taught.sampling if run.taught else run.base.sidecar.sampling if run.base else None,
        )

    def notices(self, drawings: int) -> list[str]:
        """Return what to tell the user before training on so many drawings."""
        lines = [f"backend: {self.backend} ({self.reason})"]
        if isinstance(self.run, NewRun) and self.run.taught:
            lines.insert(0, few.summary(drawings, self.run.hparams, self.run.schedule.steps))
        return lines


def plan(request: Request, base: Checkpoint | None, paths: Sequence[Path]) -> Plan:
    """Settle a checked request.

    Args:
        request: what was asked for.
        base: `request.base()`.
        paths: the archives to train on.

    Raises:
        SketchRNNError: a name is unknown or taken, a data set damaged, or a value does not fit the others.
    """
    run: NewRun | ResumedRun
    if request.resume:
        recorded = names.run_to_resume(request.resume, request.checkpoint_dir).engine
        run, kernel = ResumedRun(request.resume, paths, recorded), "auto"
        backend_so_far = recorded.backend if recorded else None
    else:
        run = _new_run(request, base, paths)
        kernel, backend_so_far = run.hparams.kernel, None
    hardware = request.hardware
    chosen, reason = backends.choose(hardware.backend, backend_so_far, kernel, hardware.device)
    backends.check_devices(hardware.devices, chosen)
    hosts = backends.hosts(hardware.coordinator, hardware.num_hosts, hardware.host_id, chosen, os.environ)
    return Plan(request, run, chosen, reason, hosts)


def _new_run(request: Request, base: Checkpoint | None, paths: Sequence[Path]) -> NewRun:
    default_name = "_".join(path.stem for path in paths)
    folder = names.run_folder(request.checkpoint_dir, request.name, default_name, request.force)
    sets = [cache.load(path) for path in paths]
    taught, schedule = few.recipe_for(base, sets, request.like_mine), Schedule().changed(request.schedule)
    if taught and not schedule.has_budget:
        schedule = schedule.changed({"steps": taught.steps})
    hparams = request.hparams(taught.hparams if taught else base.hparams if base else request.defaults)
    hparams.check_trainable()
    return NewRun(folder, sets, hparams, schedule, base, taught)
