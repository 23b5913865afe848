"""What each training framework does in its own way: time loops, gradients, compilation, random numbers.

`engine()` returns the module for Keras' current backend; both modules have the same functions.
"""

from types import ModuleType


from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.hparams import HParams


def engine() -> ModuleType:
    """Return the kernels of the backend that Keras runs on.

    Raises:
        TrainingError: the backend is neither TensorFlow nor JAX.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        from sketchrnn_cli.model.kernels import on_tensorflow

        return on_tensorflow
    if name == "jax":
        from sketchrnn_cli.model.kernels import on_jax

        return on_jax
    raise TrainingError(f"KERAS_BACKEND={name}: training runs on tensorflow or jax")


def chosen(hparams: HParams) -> str:
    """Return the kernel that `hparams` gets on this machine: scan, which is the faster, unless cudnn is asked for.

    cuDNN needs TensorFlow, a GPU, plain LSTM cells with sigmoid gates, and no recurrent dropout.
    """
    possible = (
        engine().HAS_CUDNN
        and engine().has_gpu()
        and hparams.recurrent_keep == 1.0
        and hparams.gate_activation == "sigmoid"
        and {hparams.dec_model, hparams.enc_model if hparams.conditional else "lstm"} == {"lstm"}
    )
    return "cudnn" if possible and hparams.kernel == "cudnn" else "scan"


def prepare(hparams: HParams) -> str:
    """Make ready, before a step is compiled, the kernel that `hparams` gets; return which."""
    kernel = chosen(hparams)
    if kernel == "cudnn":
        from sketchrnn_cli.model.kernels import cudnn

        cudnn.prepare(hparams)
    return kernel
