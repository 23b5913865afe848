"""What each training framework does in its own way: time loops, gradients, compilation, random numbers.

`engine()` returns the module for Keras' current backend; both modules have the same functions.
"""

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

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


def several() -> ModuleType | None:
    """Return the module `mesh` where batches are spread over several devices, on JAX; None with one device."""
    spreads = engine().mesh
    return spreads if spreads is not None and spreads.current() is not None else None


class Choice(NamedTuple):
    """The kernel that a model gets."""

    name: str
    """scan, cudnn or hopper."""
    reason: str
    """Why, in a line, where it is not what was asked for or has something to tell; else empty."""


def choice(hparams: HParams) -> Choice:
    """Return the kernel that `hparams` gets on this machine, and why.

    hopper is the fastest and taken where it runs; then the scan; cuDNN, slower than both, only where it is asked for.
    """
    if hparams.kernel == "cudnn":
        possible = (
            engine().HAS_CUDNN
            and engine().has_gpu()
            and hparams.recurrent_keep == 1.0
            and hparams.gate_activation == "sigmoid"
            and {hparams.dec_model, hparams.enc_model if hparams.conditional else "lstm"} == {"lstm"}
        )
        needs = "cudnn needs TensorFlow, a GPU, lstm cells, no recurrent dropout; scan computes the same"
        return Choice("cudnn", "") if possible else Choice("scan", needs)
    if hparams.kernel == "scan":
        return Choice("scan", "")
    unsuited = engine().hopper_unsuited(hparams)
    if unsuited and hparams.kernel == "auto":
        return Choice("scan", "")
    fault = unsuited or engine().hopper_fault(hparams)
    if fault:
        return Choice("scan", f"hopper {fault}; scan computes the same")
    factors = {"float32": "float16 (10 bits of mantissa, as TF32)", "bfloat16": "bfloat16"}[hparams.precision]
    return Choice("hopper", f"the time loop stays on the chip, its factors {factors}")


def chosen(hparams: HParams) -> str:
    """Return the name of the kernel that `hparams` gets on this machine."""
    return choice(hparams).name


def prepare(hparams: HParams) -> str:
    """Make ready, before a step is compiled, the kernel that `hparams` gets; return which."""
    kernel = chosen(hparams)
    if kernel == "cudnn":
        from sketchrnn_cli.model.kernels import cudnn

        cudnn.prepare(hparams)
    return kernel


def fused_lstm(hparams: HParams) -> Callable:
    """Return the `lstm` of the kernel that `hparams` gets, scan or hopper: see `on_jax.lstm`."""
    run: Callable = engine().lstm
    if chosen(hparams) == "hopper":
        from sketchrnn_cli.model.kernels.hopper import lstm

        run = lstm.lstm
    spread = several()
    return run if spread is None else spread.over_sketches(run)


def padded_time(time: int, hparams: HParams) -> int:
    """Return the steps, at least `time`, of a loop that runs fastest."""
    if chosen(hparams) == "hopper":
        from sketchrnn_cli.model.kernels.hopper.choice import has_room

        if has_room(hparams, time):
            return time
    return engine().whole_rounds(time)
