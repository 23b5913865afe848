"""A file with an encoder, laid out as the official ones, which we read; we write none: no player runs ours exactly."""

from base64 import b64encode
from typing import Any

import numpy as np

from sketchrnn_cli.interop import magenta_js as layout
from sketchrnn_cli.store.checkpoint import Checkpoint


def vae(loaded: Checkpoint, name: str) -> list[Any]:
    """The content of NAME.vae.json."""
    info = {
        "name": name,
        "mode": 0,
        "version": layout.FIRST_UNSQUASHED_VERSION - loaded.hparams.squash_z,
        "max_seq_len": loaded.hparams.max_seq_len,
        "scale_factor": loaded.sidecar.units_per_model_unit * layout.PIXEL_FACTOR,
        "canvas_size": loaded.sidecar.canvas_size,
    }
    tensors = {each: layout.to_magenta(each, loaded.weights[each]) for each in layout.CONDITIONAL}
    steps = [np.rint(value * (layout.STEPS / layout.MAX_WEIGHT)).astype("<i2") for value in tensors.values()]
    shapes = [list(loaded.weights[each].shape) for each in layout.CONDITIONAL]
    return [info, shapes, [b64encode(blob.tobytes()).decode("ascii") for blob in steps]]
