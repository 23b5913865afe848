"""Write our models as Magenta.js files, for drawing in a web page (the layout is in `magenta_js`).

What its player, `@magenta/sketch`, can run is a decoder alone that begins at zero. A model with an encoder begins at
tanh(W z + b), with |c| up to 1 and, one step later, beyond: no file of that player can say so, and none is written.
"""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.hparams import NO_FLOOR, HParams
from sketchrnn_cli.interop import magenta_js as layout
from sketchrnn_cli.model import equations
from sketchrnn_cli.model.weights import INPUT_SIZE
from sketchrnn_cli.store.checkpoint import Checkpoint

ALTERNATIVES = (
    "for a web page type: sketchrnn checkpoint export {name} --format web --out {name}.html; "
    "for Magenta.js train one without: sketchrnn train DATASET --set conditional=false"
)
"""What to do with a model that has an encoder."""
MIXTURES = 20
"""Gaussians that the players expect; the number is fixed in their code."""


def write(
    path: Path,
    checkpoint: Checkpoint,
    name: str,
    z: np.ndarray | None = None,
    replace: bool = True,
    word: str | None = None,
) -> None:
    """Write a model, whole or not at all.

    Args:
        path: where to.
        checkpoint: the model.
        name: what the file calls it.
        z: `[z_size]` at which a conditional model is fixed and becomes a decoder alone (see `at_condition`).
        word: the same for a labeled one; None is any.
        replace: whether what has the name is replaced.

    Raises:
        ExistsError: without `replace`, the name is taken.
        CheckpointError: the format cannot hold the model, or the file cannot be written.
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

    `scale_factor` is written such that the players' own pixel factor of 2 leaves drawings in our data units.

    Raises:
        CheckpointError: the format cannot hold the model.
    """
    where, hparams, weights = str(checkpoint.folder), checkpoint.hparams, checkpoint.weights
    _check(where, name, hparams, z)
    row = 0 if word is None else checkpoint.sidecar.words.index(word) + 1
    v = equations.condition(np, weights, None if z is None else z[None], np.array([row]))
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


def at_condition(
    where: str, name: str, hparams: HParams, weights: dict[str, np.ndarray], v: np.ndarray
) -> tuple[HParams, dict[str, np.ndarray]]:
    """Return the decoder-only model that draws what a conditional or labeled one draws at a fixed v = [z, word].

    What v `[condition size]` adds to the gates is the same at every step and goes into the bias. The first state does
    not: a decoder alone begins at zero in this format, and one step from there leaves every |c| below 1, while a first
    state tanh(W v + b) leaves up to 2. So this holds for models only that begin at zero themselves.

    Raises:
        CheckpointError: the model has a first state.
    """
    if hparams.first_state != "zero":
        raise CheckpointError(
            f"{where}: a gen.json begins at zero and cannot hold this model's first state, which comes from z or word; "
            + ALTERNATIVES.format(name=name)
        )
    kernel = weights["decoder.kernel"].astype(np.float64)
    decoder = {name: weights[name] for name in layout.DECODER_ONLY}
    decoder["decoder.kernel"] = kernel[:INPUT_SIZE]
    decoder["decoder.bias"] = weights["decoder.bias"] + v @ kernel[INPUT_SIZE:]
    return hparams.replace(conditional=False, num_classes=0), decoder


def _check(where: str, name: str, hparams: HParams, z: np.ndarray | None) -> None:
    """Refuse a model that the format cannot hold, or that the players would run in another way."""
    if hparams.conditional and z is None:
        raise CheckpointError(
            f"{where}: @magenta/sketch plays no model with an encoder; {ALTERNATIVES.format(name=name)}"
        )
    held: dict[str, Any] = {"dec_model": "lstm", "gate_activation": "sigmoid", "num_mixture": MIXTURES}
    held["log_sigma_floor"] = NO_FLOOR
    for name, value in held.items():
        if (found := getattr(hparams, name)) != value:
            raise CheckpointError(f"{where}: {name} is {found}; a Magenta.js model can only have {value}")


def _quantize(where: str, name: str, value: np.ndarray) -> str:
    """Return base64 of a tensor's steps."""
    if (largest := np.abs(value).max()) > layout.MAX_WEIGHT:
        raise CheckpointError(
            f"{where}: {name} holds a weight of {largest:.2f} in size; a Magenta.js file holds -10 to 10"
        )
    steps = np.rint(value * (layout.STEPS / layout.MAX_WEIGHT))
    return b64encode(steps.astype("<i2").tobytes()).decode("ascii")
