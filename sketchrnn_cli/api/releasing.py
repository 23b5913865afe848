"""Release a model: sidecar, weights, a card, six sketches."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.hparams import nearest
from sketchrnn_cli.model import aggregate, weights
from sketchrnn_cli.model.aggregate import Aggregate
from sketchrnn_cli.model.sampling import Sampling
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import card, checkpoint
from sketchrnn_cli.store.checkpoint import Checkpoint

SHOWN = 6
"""Sketches on the card."""


def release_model(
    source: Checkpoint,
    folder: Path,
    said: Mapping[str, Any],
    metrics: Path | None = None,
    sampling: str | None = None,
    half: bool = True,
    fitted_to: DataSet | None = None,
) -> Path:
    """Write a model as a new folder, atomically; return the folder.

    Args:
        source: the model.
        folder: the output folder.
        said: fields of the sidecar to replace, such as its license.
        metrics: a JSON object of figures, name to number, that join the sidecar's.
        sampling: ``name=value,...`` of how it draws best; see `Sampling`.
        half: whether weights are rounded to half precision.
        fitted_to: a data set to whose training drawings is fitted what the model can have: an aggregate posterior, a
            group for each word, where it encodes; a readout of words where it knows several.

    Raises:
        CheckpointError: the folder exists or cannot be written, or nothing can be fitted to `fitted_to`.
        DataError: the metrics cannot be read, or `fitted_to` has no drawing of a word that the model knows.
        UsageError: an invalid sampling.
    """
    sidecar = dataclasses.replace(source.sidecar, **said)
    if metrics is not None:
        sidecar = dataclasses.replace(sidecar, metrics={**sidecar.metrics, **_figures(metrics)})
    if sampling is not None:
        sidecar = dataclasses.replace(sidecar, sampling=parse_sampling(sampling))
    dtype = np.float16 if half else np.float32
    rounded = {name: np.asarray(value, dtype).astype(np.float32) for name, value in source.weights.items()}
    latents, readout = source.latents, source.readout
    plain = Checkpoint(folder, sidecar, rounded)
    if fitted_to is not None:
        has_words = len(sidecar.words) > 1 and len(fitted_to.classes) > 1
        if sidecar.hparams.conditional or not has_words:
            latents = fit_latents(Sketcher(plain), fitted_to)
        if has_words:
            from sketchrnn_cli.training import reading

            readout = reading.fit(plain, fitted_to)
    sketches = Sketcher(Checkpoint(folder, sidecar, rounded, latents)).sample(SHOWN, seed=0)
    picture = svg.render(grid(sketches, columns=SHOWN, style=Style(size=96)))
    beside = {
        card.FILE: card.text(folder.name, sidecar, weights.count(rounded)).encode(),
        card.PICTURE: picture.encode(),
    }
    checkpoint.release(folder, sidecar, rounded, dtype, beside, latents, readout)
    return folder


def fit_latents(sketcher: Sketcher, dataset: DataSet) -> Aggregate:
    """Fit the aggregate posterior to the training drawings of a data set, a group for each of its words.

    Raises:
        CheckpointError: the model has no encoder.
    """
    training = dataset.train
    places = np.flatnonzero(training.lengths <= sketcher.hparams.max_seq_len)
    mu, sigma = sketcher.encode([training[int(place)] for place in places])
    groups = np.zeros(len(places), int) if training.labels is None else training.labels[places]
    return aggregate.fit(mu, sigma, np.unique(groups, return_inverse=True)[1])


def parse_sampling(text: str) -> Sampling:
    """Parse ``name=value,...`` as a sampling.

    Raises:
        UsageError: an unknown name, or an invalid value.
    """
    known = [field.name for field in dataclasses.fields(Sampling)]
    values: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"--sampling {part}: no setting {name!r}{nearest(name, known)}")
        try:
            values[name] = float(value)
        except ValueError as error:
            raise UsageError(f"--sampling {part}: expected name=number") from error
    return Sampling(**values)


def _figures(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(value) for name, value in found.items()}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a JSON object of names and numbers: {error}") from error
