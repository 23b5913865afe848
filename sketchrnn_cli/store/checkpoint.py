"""Released checkpoints: a folder of `hparams.json` (the sidecar) and `weights.safetensors`.

Nothing else is needed to draw or to encode, and any program can read both files. Neither is trusted: the tensors must
match the hyperparameters, and the weights the sidecar's SHA-256.
"""

import dataclasses
import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchrnn_cli import __version__, atomic
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import readout as readouts
from sketchrnn_cli.model.aggregate import Aggregate
from sketchrnn_cli.model.readout import Readout
from sketchrnn_cli.model.sampling import Sampling
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import json_files, tensors

FORMAT = "sketchrnn-checkpoint-1"
SIDECAR = "hparams.json"
WEIGHTS = "weights.safetensors"
LATENTS = "latents.safetensors"
"""Optional: the aggregate posterior, mean and covariance factor of each group of drawings."""
READOUT = "readout.safetensors"
"""Optional: the readout of words."""
BEST_METRIC = "validation L_R + kl_weight * max(L_KL, kl_tolerance)"
OPTIONAL_TEXTS = ("base", "base_sha256", "recipe", "license", "attribution", "limits")
"""Empty in older sidecars, which lack them."""


@dataclass(frozen=True)
class DataSource:
    """A data set used for training."""

    name: str
    sha256: str
    provenance: str


@dataclass(frozen=True)
class Sidecar:
    """The contents of `hparams.json`."""

    hparams: HParams
    scale_factor: float
    """Data units per model unit."""
    canvas_size: float
    """Median larger side of the training drawings, in data units."""
    datasets: tuple[DataSource, ...] = ()
    step: int = 0
    epoch: int = 0
    """Completed epochs."""
    best: float | None = None
    """Lowest value of `best_metric` so far."""
    best_metric: str = BEST_METRIC
    metrics: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Metrics such as the test L_R."""
    note: str = ""
    """How the model was made, as text."""
    base: str = ""
    """The checkpoint that training began with, by name."""
    base_sha256: str = ""
    """Its `weights_sha256`."""
    words: tuple[str, ...] = ()
    """The words of the label table from row 1; row 0 is "any"."""
    recipe: str = ""
    """The recipe used (`sketchrnn train --recipe`)."""
    license: str = ""
    attribution: str = ""
    """Credit for the drawings, required wherever the model is used."""
    limits: str = ""
    """Known limitations, as text."""
    sampling: Sampling | None = None
    """Recommended sampling, measured; None for the default."""
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Versions of the libraries that wrote it."""
    weights_sha256: str = ""
    latent_counts: tuple[int, ...] = ()
    """Drawings of each group in the aggregate posterior; empty where z is drawn from N(0, I)."""
    latents_sha256: str = ""
    readout_sha256: str = ""
    """Empty where there is no readout of words."""

    @property
    def units_per_model_unit(self) -> float:
        """The effective scale in data units per model unit."""
        return self.scale_factor / self.hparams.pixel_factor


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model: its sidecar and its float32 weights."""

    folder: Path
    sidecar: Sidecar
    weights: dict[str, np.ndarray]
    latents: Aggregate | None = None
    """Where its encoder puts the drawings it was trained on."""
    readout: Readout | None = None

    @property
    def hparams(self) -> HParams:
        """The sidecar's hyperparameters."""
        return self.sidecar.hparams


def write(folder: Path, sidecar: Sidecar, weights: Mapping[str, np.ndarray], dtype: type = np.float32) -> None:
    """Write sidecar and weights into an existing, private folder (see `atomic.new_folder`).

    Args:
        folder: the output folder.
        sidecar: the sidecar; `weights_sha256` and `versions` are set here.
        weights: every tensor of the model.
        dtype: float32, or float16 for half the size.
    """
    blob = tensors.encode({name: np.asarray(value, dtype=dtype) for name, value in weights.items()})
    (folder / WEIGHTS).write_bytes(blob)
    sidecar = dataclasses.replace(sidecar, weights_sha256=hashlib.sha256(blob).hexdigest(), versions=_versions())
    (folder / SIDECAR).write_text(_to_json(sidecar), encoding="utf-8")


def release(
    folder: Path,
    sidecar: Sidecar,
    weights: Mapping[str, np.ndarray],
    dtype: type = np.float32,
    beside: Mapping[str, bytes] | None = None,
    latents: Aggregate | None = None,
    readout: Readout | None = None,
) -> None:
    """Write a released checkpoint as a new folder, atomically.

    Args:
        folder: the output folder.
        sidecar: as `write`.
        weights: as `write`.
        dtype: as `write`.
        beside: other files, such as the card, by name.
        latents: the aggregate posterior, where it was fitted; stored in half precision.
        readout: the readout of words, likewise.

    Raises:
        CheckpointError: the folder exists or cannot be written.
    """
    if folder.exists():
        raise CheckpointError(f"{folder}: already exists; choose another name")
    files = dict(beside or {})
    if latents is not None:
        files[LATENTS] = tensors.encode_in_half({"means": latents.means, "sigma": latents.sigma})
        digest = hashlib.sha256(files[LATENTS]).hexdigest()
        sidecar = dataclasses.replace(sidecar, latent_counts=latents.counts, latents_sha256=digest)
    if readout is not None:
        files[READOUT] = tensors.encode_in_half({"kernel": readout.kernel, "bias": readout.bias})
        sidecar = dataclasses.replace(sidecar, readout_sha256=hashlib.sha256(files[READOUT]).hexdigest())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_folder(folder) as partial:
            for name, content in files.items():
                (partial / name).write_bytes(content)
            write(partial, sidecar, weights, dtype)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written: {error}") from error


def load(folder: Path) -> Checkpoint:
    """Read and verify a released checkpoint.

    Raises:
        CheckpointError: a file is missing or damaged, or the tensors do not match the hyperparameters.
    """
    sidecar = load_sidecar(folder)
    expected = shapes(sidecar.hparams)
    weights = tensors.read(folder / WEIGHTS, expected, sidecar.weights_sha256)
    latents, counts, z = None, sidecar.latent_counts, sidecar.hparams.z_size
    if counts:
        fitted = {"means": (sum(counts), z), "sigma": (z,)}
        found = tensors.read(folder / LATENTS, fitted, sidecar.latents_sha256)
        latents = Aggregate(counts=counts, **tensors.in_single(found))
    readout = None
    if sidecar.readout_sha256:
        read = tensors.read(folder / READOUT, readouts.shapes(sidecar.hparams), sidecar.readout_sha256)
        readout = Readout(**tensors.in_single(read))
    return Checkpoint(folder, sidecar, tensors.in_single(weights), latents, readout)


def load_sidecar(folder: Path) -> Sidecar:
    """Read `hparams.json` only.

    Raises:
        CheckpointError: missing, not JSON, of an unknown format, or with invalid values.
    """
    path = folder / SIDECAR
    values = json_files.read(path)
    if (found := values.get("format")) != FORMAT:
        raise CheckpointError(f"{path}: format {found!r} is not known to this version (expected {FORMAT!r})")
    try:
        hparams = HParams.from_dict(values["hyperparameters"], str(path))
        sidecar = Sidecar(
            hparams=hparams,
            scale_factor=float(values["scale_factor"]),
            canvas_size=float(values["canvas_size"]),
            datasets=tuple(DataSource(**source) for source in values["datasets"]),
            step=int(values["step"]),
            epoch=int(values["epoch"]),
            best=None if values["best"] is None else float(values["best"]),
            best_metric=str(values["best_metric"]),
            metrics={str(name): float(value) for name, value in values["metrics"].items()},
            note=str(values["note"]),
            words=tuple(map(str, values.get("words", ()))),
            **{name: str(values.get(name, "")) for name in OPTIONAL_TEXTS},
            sampling=Sampling(**values["sampling"]) if values.get("sampling") else None,
            versions=dict(values["versions"]),
            weights_sha256=str(values["weights_sha256"]),
            latent_counts=tuple(map(int, values.get("latent_counts", ()))),
            latents_sha256=str(values.get("latents_sha256", "")),
            readout_sha256=str(values.get("readout_sha256", "")),
        )
    except KeyError as error:
        raise CheckpointError(f"{path}: {error} is missing") from error
    except (TypeError, ValueError, OverflowError, AttributeError, UsageError) as error:
        raise CheckpointError(f"{path}: a value does not fit: {error}") from error
    for name in ("scale_factor", "canvas_size"):
        if not (0.0 < getattr(sidecar, name) < float("inf")):
            raise CheckpointError(f"{path}: {name} must be a positive number, found {getattr(sidecar, name)}")
    if len(sidecar.words) != hparams.num_classes or len(set(sidecar.words)) != hparams.num_classes:
        raise CheckpointError(
            f"{path}: expected {hparams.num_classes} different words (num_classes), found {len(sidecar.words)}"
        )
    if min(sidecar.latent_counts, default=1) < 1:
        raise CheckpointError(f"{path}: latent_counts must be at least 1, found {min(sidecar.latent_counts)}")
    if hparams.max_seq_len < 1:
        raise CheckpointError(f"{path}: max_seq_len must be at least 1, found {hparams.max_seq_len}")
    return sidecar


def _to_json(sidecar: Sidecar) -> str:
    values = dataclasses.asdict(sidecar)
    hparams = values.pop("hparams")
    return json.dumps({"format": FORMAT, **values, "hyperparameters": hparams}, indent=2, allow_nan=False) + "\n"


def _versions() -> dict[str, str]:
    """Return the versions of the installed libraries that affect results."""
    versions = {"sketchrnn": __version__}
    for name in ("numpy", "keras", "tensorflow", "jax"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
