"""The training kernels on TensorFlow: see `on_jax` for what each function promises."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from keras import ops

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.model.kernels import steps

Array = Any


UNROLL = 8
"""Steps of the time loop that XLA compiles as one."""


def lstm(projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None, products: str) -> Array:
    """Run LSTMs over time, `directions` of them side by side."""
    length = projected.shape[0]

    @tf.custom_gradient
    def run(projected: Array, recurrent: Array, h: Array, c: Array) -> tuple[Array, Callable]:
        kernel = tf.cast(recurrent, products)

        def step(time: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
            gates = projected[time] + _product(state[0], kernel, products)
            h, kept = steps.forward(ops, gates, state[1], None if mask is None else mask[time])
            return (h, kept.c), (h, *kept)

        outputs, *kept = _loop(step, (h, c), length)[1]

        def gradient(d_outputs: Array) -> tuple[Array, ...]:
            kernel_back = tf.linalg.matrix_transpose(kernel)
            c_before = tf.concat([c[None], kept[1][:-1]], axis=0)

            def step_back(back: Array, state: tuple[Array, Array]) -> tuple[Any, Any]:
                time = length - 1 - back
                d_gates, d_c = steps.backward(
                    ops,
                    state[0] + d_outputs[time],
                    state[1],
                    steps.Kept(kept[0][time], kept[1][time]),
                    c_before[time],
                    None if mask is None else mask[time],
                )
                return (_product(d_gates, kernel_back, products), d_c), (d_gates,)

            (d_h, d_c), (d_gates,) = _loop(step_back, (tf.zeros_like(h), tf.zeros_like(c)), length)
            d_gates = tf.reverse(d_gates, [0])
            h_before = tf.concat([h[None], outputs[:-1]], axis=0)
            d_recurrent = _product(_rows(h_before), _rows(d_gates), products, transpose_a=True)
            return d_gates, d_recurrent, d_h, d_c

        return outputs, gradient

    return run(projected, recurrent, h, c)


def _loop(step: Callable, state: tuple[Array, ...], length: int) -> tuple[tuple[Array, ...], list[Array]]:
    """Run ``state, outputs = step(time, state)`` for `length` steps; return the last state and all outputs stacked.

    The loop's body holds `UNROLL` steps where XLA compiles it; what is left over follows the loop.
    """
    unroll = _unroll()
    state, first = step(tf.constant(0), state)
    arrays = [tf.TensorArray(tf.float32, length, element_shape=x.shape).write(0, x) for x in first]

    def body(time: Array, state: tuple[Array, ...], arrays: list[tf.TensorArray], count: int = unroll) -> Any:
        for _ in range(count):
            state, outputs = step(time, state)
            arrays = [array.write(time, x) for array, x in zip(arrays, outputs, strict=True)]
            time += 1
        return time, state, arrays

    rounds, rest = divmod(length - 1, unroll)
    loop = tf.constant(1), state, arrays
    if rounds:
        end = 1 + rounds * unroll
        loop = tf.while_loop(lambda time, *_: time < end, body, loop, maximum_iterations=rounds, parallel_iterations=1)
    _, state, arrays = body(*loop, rest)
    return state, [array.stack() for array in arrays]


def _product(a: Array, b: Array, products: str, transpose_a: bool = False) -> Array:
    a, b = tf.cast(a, products), tf.cast(b, products)
    if not has_gpu():  # Only XLA multiplies bfloat16 into float32; widened first, the same numbers come out.
        a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    return tf.linalg.matmul(a, b, transpose_a=transpose_a, output_type=tf.float32)


def _rows(x: Array) -> Array:
    """Return `[time, directions, batch, n]` as `[directions, time * batch, n]`."""
    x = tf.transpose(x, (1, 0, 2, 3))
    return tf.reshape(x, (x.shape[0], -1, x.shape[3]))


def _unroll() -> int:
    return UNROLL if has_gpu() else 1


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


def compile_step(function: Callable) -> Callable:
    """Compile a function of arrays once for each set of shapes; its first argument may be overwritten."""
    return tf.function(function, jit_compile=has_gpu())


compile_evaluation = compile_step


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
