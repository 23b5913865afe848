"""Export models as Magenta.js files (for the layout see `magenta_js`).

Its player, `@magenta/sketch`, runs only decoders with a zero initial state. A model with an encoder starts at
tanh(W z + b), which the player's format cannot express, so it is not exported.
"""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.hparams import NO_FLOOR, HParams
from sketchrnn_cli.interop import magenta_js as layout
from sketchrnn_cli.model import equations, words
from sketchrnn_cli.model.weights import INPUT_SIZE
from sketchrnn_cli.store.checkpoint import Checkpoint
from sketchrnn_cli.strokes.files import read_latents

ALTERNATIVES = (
    "for a web page type: sketchrnn checkpoint export {name} --format web --out {name}.html; "
    "for Magenta.js train one without: sketchrnn train DATASET --set conditional=false"
)
"""Advice for models with an encoder."""
MIXTURES = 20
"""Gaussians, hard-coded in the players."""


def write(
    path: Path,
    checkpoint: Checkpoint,
    name: str,
    z: np.ndarray | None = None,
    replace: bool = True,
    word: str | None = None,
) -> None:
    """Write a model atomically.

    Args:
        path: the output file.
        checkpoint: the model.
        name: the model's name in the file.
        z: `[z_size]` at which to fix a conditional model, which becomes decoder-only (see `at_condition`).
        word: the word at which to fix a labeled model; None for any.
        replace: whether to replace an existing file.

    Raises:
        ExistsError: without `replace`, the file exists.
        CheckpointError: the format cannot represent the model, or the file cannot be written.
        UsageError: the model does not know the word.
    """
    content = encode(checkpoint, name, z, word)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial:
            partial.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False), encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error


def encode(checkpoint: Checkpoint, name: str, z: np.ndarray | None = None, word: str | None = None) -> list[Any]:
    """Return ``[info, shapes, weights]`` of a model.

    `scale_factor` compensates the players' pixel factor of 2, so that they draw in our data units.

    Raises:
        CheckpointError: the format cannot represent the model.
        UsageError: the model does not know the word.
    """
    where, hparams, weights = str(checkpoint.folder), checkpoint.hparams, checkpoint.weights
    _check(where, name, hparams, z)
    row = words.rows([word], checkpoint.sidecar.words, name) if word else np.zeros(1, dtype=np.int32)
    v = equations.condition(np, weights, None if z is None else z[None], row)
    if v is not None:
        hparams, weights = at_condition(where, name, hparams, weights, v[0])
    info = {
        "name": name,
        "mode": 2,
        "version": layout.FIRST_UNSQUASHED_VERSION,
        "max_seq_len": hparams.max_seq_len,
        "scale_factor": checkpoint.sidecar.units_per_model_unit * layout.PIXEL_FACTOR,
        "canvas_size": checkpoint.sidecar.canvas_size,  # The players ignore it; `magenta_js.read` does not.
    }
    names = layout.DECODER_ONLY
    blobs = [_quantize(where, name, layout.to_magenta(name, weights[name])) for name in names]
    return [info, [list(weights[name].shape) for name in names], blobs]


def read_latent(path: str, hparams: HParams) -> np.ndarray:
    """Read the latent vector `[z_size]` at which to fix a model.

    Raises:
        UsageError: the model has no z, or the file does not hold exactly one.
        DataError: the file is missing or damaged.
    """
    if not hparams.conditional:
        raise UsageError(f"--at-z {path}: this model is decoder-only and draws from no z")
    latents = read_latents(path, hparams.z_size)
    if len(latents) != 1:
        raise UsageError(f"--at-z {path}: holds {len(latents)} latent vectors; one is needed")
    z: np.ndarray = latents[0]
    return z


def at_condition(
    where: str, name: str, hparams: HParams, weights: dict[str, np.ndarray], v: np.ndarray
) -> tuple[HParams, dict[str, np.ndarray]]:
    """Return the decoder-only equivalent of a conditional or labeled model at a fixed v = [z, word].

    The contribution of v `[condition size]` to the gates is constant over time and folds into the bias. A trained
    initial state cannot be folded: from zero, one step gives |c| < 1; from tanh(W v + b), up to 2.

    Raises:
        CheckpointError: the model has a trained initial state.
    """
    if hparams.first_state != "zero":
        raise CheckpointError(
            f"{where}: a gen.json starts from zeros and cannot hold this model's initial state from z or word; "
            + ALTERNATIVES.format(name=name)
        )
    kernel = weights["decoder.kernel"].astype(np.float64)
    decoder = {name: weights[name] for name in layout.DECODER_ONLY}
    decoder["decoder.kernel"] = kernel[:INPUT_SIZE]
    decoder["decoder.bias"] = weights["decoder.bias"] + v @ kernel[INPUT_SIZE:]
    return hparams.replace(conditional=False, num_classes=0), decoder


def _check(where: str, name: str, hparams: HParams, z: np.ndarray | None) -> None:
    """Refuse a model that the format cannot represent, or that the players would run differently."""
    if hparams.conditional and z is None:
        raise CheckpointError(
            f"{where}: @magenta/sketch cannot run a model with an encoder; {ALTERNATIVES.format(name=name)}"
        )
    held: dict[str, Any] = {"dec_model": "lstm", "gate_activation": "sigmoid", "num_mixture": MIXTURES}
    held["log_sigma_floor"] = NO_FLOOR
    for name, value in held.items():
        if (found := getattr(hparams, name)) != value:
            raise CheckpointError(f"{where}: {name} is {found}; a Magenta.js model can only have {value}")


def _quantize(where: str, name: str, value: np.ndarray) -> str:
    """Return a quantized tensor in base64."""
    if (largest := np.abs(value).max()) > layout.MAX_WEIGHT:
        raise CheckpointError(
            f"{where}: {name} has a weight of magnitude {largest:.2f}; a Magenta.js file holds -10 to 10"
        )
    steps = np.rint(value * (layout.STEPS / layout.MAX_WEIGHT))
    return b64encode(steps.astype("<i2").tobytes()).decode("ascii")
