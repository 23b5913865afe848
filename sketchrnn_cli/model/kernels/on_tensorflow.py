"""The training kernels on TensorFlow: see `on_jax` for what each function promises."""

import math
from collections.abc import Callable, Sequence
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
"""Steps of the time loop that XLA compiles as one: more take longer to compile and are little faster."""
COMPILES_ASIDE = False
mesh = None
"""Several devices are JAX's."""
LARGEST_SPLIT = 8
"""Parts at most that the product of a kernel's gradient is cut into."""


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
    """Run LSTMs over time, `directions` of them side by side."""
    length = rows.shape[0]

    def mask(time: Array) -> Array | None:
        return None if dropout is None else tf.cast(dropout.kept[time], tf.float32) / dropout.keep

    @tf.custom_gradient
    def run(constant: Array, kernel: Array, recurrent: Array, h: Array, c: Array) -> tuple[Array, Callable]:
        multiplied = tf.cast(recurrent, products)

        def step(time: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
            gates = _product(state[0], multiplied, products) + (constant + _input_gates(rows[time], kernel))
            h, c, kept = steps.forward(ops, gates, state[1], mask(time))
            return (h, c), (h, tf.cast(kept.gates, products), kept.c_before)

        kinds = [(tf.float32, h.shape), (products, constant.shape), (tf.float32, c.shape)]
        outputs, gates, c_before = _loop(step, (h, c), length, kinds)[1]

        def gradient(d_outputs: Array) -> tuple[Array, ...]:
            multiplied_back = tf.linalg.matrix_transpose(multiplied)

            def step_back(back: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
                time = length - 1 - back
                kept = steps.Kept(tf.cast(gates[time], tf.float32), c_before[time])
                d_gates, d_c = steps.backward(ops, state[0] + d_outputs[time], state[1], kept, mask(time))
                d_gates = tf.cast(d_gates, products)
                return (_product(d_gates, multiplied_back, products), d_c), (d_gates,)

            start = (tf.zeros_like(h), tf.zeros_like(c))
            (d_h, d_c), (d_gates,) = _loop(step_back, start, length, [(products, constant.shape)])
            d_gates = tf.reverse(d_gates, [0])
            h_before = tf.concat([h[None], outputs[:-1]], axis=0)
            d_kernel, d_recurrent = (_kernel_gradient(inputs, d_gates, products) for inputs in (rows, h_before))
            return tf.reduce_sum(tf.cast(d_gates, tf.float32), axis=0), d_kernel, d_recurrent, d_h, d_c

        return outputs, gradient

    return run(constant, kernel, recurrent, h, c)


def _input_gates(rows: Array, kernel: Array) -> Array:
    """Return ``rows @ kernel``; only XLA fuses it with what follows when it is written out."""
    return steps.input_gates(rows, kernel) if has_gpu() else tf.linalg.matmul(rows, kernel)


def _kernel_gradient(inputs: Array, d_gates: Array, products: str) -> Array:
    """Return the gradient of a kernel, summed over time and batch in parts that run side by side on a GPU."""
    parts = _parts(inputs.shape[0] * inputs.shape[2])
    a, b = (tf.reshape(tf.transpose(x, (1, 0, 2, 3)), (x.shape[1], parts, -1, x.shape[3])) for x in (inputs, d_gates))
    return tf.reduce_sum(_product(a, b, products, transpose_a=True), axis=1)


def _loop(
    step: Callable, state: tuple[Array, ...], length: int, kinds: Sequence[tuple[Any, tf.TensorShape]]
) -> tuple[tuple[Array, ...], list[Array]]:
    """Run ``state, outputs = step(time, state)`` for `length` steps; return the last state and all outputs stacked.

    `kinds` are the types and shapes of the outputs. `length` makes whole rounds of the loop.
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


def _product(a: Array, b: Array, products: str, transpose_a: bool = False) -> Array:
    a, b = tf.cast(a, products), tf.cast(b, products)
    if not has_gpu():  # Only XLA multiplies bfloat16 into float32; widened first, the same numbers come out.
        a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    return tf.linalg.matmul(a, b, transpose_a=transpose_a, output_type=tf.float32)


def _parts(count: int) -> int:
    return math.gcd(count, LARGEST_SPLIT) if has_gpu() else 1


def whole_rounds(time: int) -> int:
    """Return the steps, at least `time`, of whole rounds of the loop."""
    return time + -time % UNROLL if has_gpu() else time


def _unroll(time: int) -> int:
    """Return how many steps of a loop make a round: a divisor of `time`."""
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
    """Return numbers in [0, 1) that derive from (seed, step, stream) alone."""
    return tf.random.stateless_uniform(shape, _seed(seed, step, stream))


def normal(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return standard normal numbers that derive from (seed, step, stream) alone."""
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
    """Compile a function of arrays, which runs `kernel`, once for each set of shapes; XLA knows no cuDNN LSTM."""
    return tf.function(function, jit_compile=has_gpu() and kernel != "cudnn")


compile_evaluation = compile_step


def compiled(function: Callable, kernel: str, examples: Sequence[Any], donate: bool) -> Callable:
    """Return a function that its first call compiles."""
    return compile_step(function, kernel)


def snapshot(tree: Any) -> Any:
    """Return the same tensors: no step overwrites them."""
    return tree


def scalars(values: Any) -> Any:
    """Return a tuple of NumPy scalars as tensors: a number would be compiled in."""
    return type(values)(*map(tf.convert_to_tensor, values))


def begin_fetch(array: Array) -> None:
    """Do nothing: TensorFlow copies when it is asked."""


def use(device: str, deterministic: bool | None) -> str:
    """Choose the device before anything is computed; a GPU's memory is taken as it is needed."""
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
