"""What each training framework does in its own way: time loops, gradients, compilation, random numbers.

`engine()` returns the module for Keras' current backend; both modules have the same functions.
"""

from types import ModuleType

import keras

from sketchrnn_cli.errors import TrainingError


def engine() -> ModuleType:
    """Return the kernels of the backend that Keras runs on.

    Raises:
        TrainingError: the backend is neither TensorFlow nor JAX.
    """
    name = keras.backend.backend()
    if name == "tensorflow":
        from sketchrnn_cli.model.kernels import on_tensorflow

        return on_tensorflow
    if name == "jax":
        from sketchrnn_cli.model.kernels import on_jax

        return on_jax
    raise TrainingError(f"KERAS_BACKEND={name}: training runs on tensorflow or jax")
