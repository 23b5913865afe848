"""Training: schedules, the optimizer, the trainer, evaluation.

Importing this package loads Keras and its backend, with their start-up messages suppressed.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _muted() -> Iterator[None]:
    """Discard what native code writes to stderr: TensorFlow logs before reading any of its settings."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Whoever wants those messages sets this to 0.
with _muted():
    import keras

    keras.config.set_floatx("float32")  # Whatever keras.json says: `precision` alone decides what is narrower.
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_physical_devices()  # The first look for a GPU complains where there is none.
        tensorflow.get_logger().setLevel("ERROR")  # It warns of a function compiled for five shapes, as ours is.
