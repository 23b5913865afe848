"""Make `cudnn_golden.npz`: tensors of CuDNNLSTM layers, and what tf_keras' own converter makes of them for LSTM layers.

Needs tf_keras (`pip install tf_keras`), which the tests do not: run it by hand, from the repository's root.
"""

from pathlib import Path

import numpy as np
from tf_keras import layers
from tf_keras.src.saving.legacy.hdf5_format import preprocess_weights_for_loading

SIZES = {"encoder.forward": (5, 6), "encoder.backward": (5, 6), "decoder": (5 + 4, 8)}
"""Inputs and units of each LSTM."""


def main() -> None:
    """Write the file beside this one."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, (inputs, units) in SIZES.items():
        shapes = [(inputs, 4 * units), (units, 4 * units), (8 * units,)]
        fused = [(0.3 * rng.standard_normal(shape)).astype(np.float32) for shape in shapes]
        layer = layers.LSTM(units)
        layer.build((None, None, inputs))
        converted = preprocess_weights_for_loading(layer, fused, original_keras_version="2")
        for leaf, before, after in zip(("kernel", "recurrent_kernel", "bias"), fused, converted, strict=True):
            arrays[f"fused.{name}.{leaf}"] = before
            arrays[f"{name}.{leaf}"] = after
    np.savez_compressed(Path(__file__).with_suffix(".npz"), **arrays)


if __name__ == "__main__":
    main()
