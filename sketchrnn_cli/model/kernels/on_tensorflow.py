"""The training kernels on TensorFlow; for documentation see `on_jax`."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from keras import ops

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.kernels import steps

Array = Any


DEVICE_ERRORS = (tf.errors.OpError,)
HAS_CUDNN = True
UNROLL = 4
"""Unrolling of the time loop in XLA: more takes longer to compile and is hardly faster."""
COMPILES_ASIDE = False
mesh = None
"""Several devices are JAX's."""
MAX_PARTS = 8
"""Maximum parts of the matmul of a kernel gradient."""


def lstm(
    rows: Array,
    constant: Array,
    kernel: Array,
    recurrent: Array,
    h: Array,
    c: Array,
    dropout: steps.Dropout | None,
    products: str,
) -> Array:
    """Run `directions` LSTMs in parallel over time."""
    length = rows.shape[0]

    def mask(time: Array) -> Array | None:
        return None if dropout is None else tf.cast(dropout.kept[time], tf.float32) / dropout.keep

    @tf.custom_gradient
    def run(constant: Array, kernel: Array, recurrent: Array, h: Array, c: Array) -> tuple[Array, Callable]:
        multiplied = tf.cast(recurrent, products)

        def step(time: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
            gates = _matmul(state[0], multiplied, products) + (constant + _input_gates(rows[time], kernel))
            h, c, kept = steps.forward(ops, gates, state[1], mask(time))
            return (h, c), (h, tf.cast(kept.gates, products), kept.c_before)

        kinds = [(tf.float32, h.shape), (products, constant.shape), (tf.float32, c.shape)]
        outputs, gates, c_before = _loop(step, (h, c), length, kinds)[1]

        def gradient(d_outputs: Array) -> tuple[Array, ...]:
            multiplied_back = tf.linalg.matrix_transpose(multiplied)

            def step_back(back: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
                time = length - 1 - back
                kept = steps.Residuals(tf.cast(gates[time], tf.float32), c_before[time])
                d_gates, d_c = steps.backward(ops, state[0] + d_outputs[time], state[1], kept, mask(time))
                d_gates = tf.cast(d_gates, products)
                return (_matmul(d_gates, multiplied_back, products), d_c), (d_gates,)

            start = (tf.zeros_like(h), tf.zeros_like(c))
            (d_h, d_c), (d_gates,) = _loop(step_back, start, length, [(products, constant.shape)])
            d_gates = tf.reverse(d_gates, [0])
            h_before = tf.concat([h[None], outputs[:-1]], axis=0)
            d_kernel, d_recurrent = (_kernel_gradient(inputs, d_gates, products) for inputs in (rows, h_before))
            return tf.reduce_sum(tf.cast(d_gates, tf.float32), axis=0), d_kernel, d_recurrent, d_h, d_c

        return outputs, gradient

    return run(constant, kernel, recurrent, h, c)


def _input_gates(rows: Array, kernel: Array) -> Array:
    """Return ``rows @ kernel``, as a sum only for XLA, which fuses it."""
    return steps.input_gates(rows, kernel) if has_gpu() else tf.linalg.matmul(rows, kernel)


def _kernel_gradient(inputs: Array, d_gates: Array, products: str) -> Array:
    """Return the gradient of a kernel, summed over time and batch in parts that run in parallel on a GPU."""
    parts = _parts(inputs.shape[0] * inputs.shape[2])
    a, b = (tf.reshape(tf.transpose(x, (1, 0, 2, 3)), (x.shape[1], parts, -1, x.shape[3])) for x in (inputs, d_gates))
    return tf.reduce_sum(_matmul(a, b, products, transpose_a=True), axis=1)


def _loop(
    step: Callable, state: tuple[Array, ...], length: int, kinds: Sequence[tuple[Any, tf.TensorShape]]
) -> tuple[tuple[Array, ...], list[Array]]:
    """Run ``state, outputs = step(time, state)`` for `length` steps; return the final state and stacked outputs.

    `kinds` are the dtypes and shapes of the outputs. `length` is a multiple of the unrolling.
    """
    unroll = _unroll(length)
    arrays = [tf.TensorArray(dtype, length, element_shape=shape) for dtype, shape in kinds]

    def body(time: Array, state: tuple[Array, ...], arrays: list[tf.TensorArray]) -> Any:
        for _ in range(unroll):
            state, outputs = step(time, state)
            arrays = [array.write(time, x) for array, x in zip(arrays, outputs, strict=True)]
            time += 1
        return time, state, arrays

    _, state, arrays = tf.while_loop(
        lambda time, *_: time < length,
        body,
        (tf.constant(0), state, arrays),
        maximum_iterations=length // unroll,
        parallel_iterations=1,
    )
    return state, [array.stack() for array in arrays]


def _matmul(a: Array, b: Array, products: str, transpose_a: bool = False) -> Array:
    a, b = tf.cast(a, products), tf.cast(b, products)
    if not has_gpu():  # Only XLA accumulates bfloat16 in float32; casting first is equivalent.
        a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    return tf.linalg.matmul(a, b, transpose_a=transpose_a, output_type=tf.float32)


def _parts(count: int) -> int:
    return math.gcd(count, MAX_PARTS) if has_gpu() else 1


def whole_rounds(time: int) -> int:
    """Return the number of steps, at least `time`, that is a multiple of the unrolling."""
    return time + -time % UNROLL if has_gpu() else time


def _unroll(time: int) -> int:
    """Return the unrolling of a loop: a divisor of `time`."""
    return math.gcd(time, UNROLL) if has_gpu() else 1


def hopper_unsuited(hparams: HParams) -> str:
    """Return why the persistent kernels do not run: see `on_jax`."""
    return "needs JAX (KERAS_BACKEND=jax)"


def hopper_fault(hparams: HParams) -> str:
    """Return what is wrong with the persistent kernels: see `on_jax`."""
    return ""


def has_gpu() -> bool:
    """Return whether arrays live on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def scan(step: Callable, state: Any, inputs: Any) -> Array:
    """Run ``state = step(state, inputs[t])`` over time; return every ``state[0]``, `[time, ...]`."""
    return tf.scan(step, inputs, state)[0]


def uniform(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return numbers in [0, 1) that depend on (seed, step, stream) only."""
    return tf.random.stateless_uniform(shape, _seed(seed, step, stream))


def normal(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return standard normal numbers that depend on (seed, step, stream) only."""
    return tf.random.stateless_normal(shape, _seed(seed, step, stream))


def _seed(seed: int, step: Array, stream: int) -> Array:
    return tf.stack([tf.constant(seed * 16 + stream, tf.int64), tf.cast(step, tf.int64)])


def value_and_gradients(function: Callable, weights: dict[str, Array]) -> tuple[Array, Any, dict[str, Array]]:
    """Return value, extras and gradients of ``function(weights) -> (value, extras)``."""
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value, extras = function(weights)
    return value, extras, tape.gradient(value, weights)


def compile_step(function: Callable, kernel: str) -> Callable:
    """Compile a function of arrays that runs `kernel`, once per set of shapes; XLA does not support cuDNN's LSTM."""
    return tf.function(function, jit_compile=has_gpu() and kernel != "cudnn", autograph=False)


compile_evaluation = compile_step


def compiled(function: Callable, kernel: str, examples: Sequence[Any], donate: bool) -> Callable:
    """Return a function that is compiled on its first call."""
    return compile_step(function, kernel)


def snapshot(tree: Any) -> Any:
    """Return the tensors unchanged: TensorFlow does not donate buffers."""
    return tree


def begin_fetch(array: Array) -> None:
    """Do nothing: TensorFlow copies on access."""


@contextmanager
def exact_products() -> Iterator[None]:
    """Multiply float32 as float32 meanwhile."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def use(device: str, deterministic: bool | None) -> str:
    """Choose the device before anything is computed; GPU memory grows on demand."""
    gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise TrainingError(
            "--device gpu: TensorFlow sees no GPU; pip install 'sketchrnn[cuda]' on Linux, or use --device cpu"
        )
    if deterministic or (deterministic is None and (device == "cpu" or not gpus)):
        tf.config.experimental.enable_op_determinism()
    if device == "cpu" or not gpus:
        tf.config.set_visible_devices([], "GPU")
        return "CPU (TensorFlow)"
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    return f"{tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'GPU')} (TensorFlow)"
