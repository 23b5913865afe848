"""The training kernels on JAX."""

import functools
import math
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from sketchrnn_cli import caches
from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.kernels import mesh, steps

Array = Any


DEVICE_ERRORS = (jax.errors.JaxRuntimeError,)
"""Raised by a failing device, on a call or when results are fetched."""
HAS_CUDNN = False
"""JAX's binding of cuDNN's LSTM (jax.experimental.rnn) was twenty times slower than the scan on an H200, and models
trained with it did not learn."""
MAX_UNROLL = 10
"""Maximum unrolling of the time loop on an accelerator, where an iteration costs as much overhead as a step; with more,
writing its results takes longer."""
COMPILES_ASIDE = True
"""Whether `compiled` itself compiles, in any thread, rather than the first call."""
_lowering = threading.Lock()
"""Held while a function is lowered, which is Python's work: together, threads would all be as late as the last."""
MAX_PARTS = 8
"""Maximum parts of the matmul of a kernel gradient, which alone would not occupy a GPU."""


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
    """Run `directions` LSTMs in parallel over time.

    Args:
        rows: the time-dependent inputs `[time, directions, batch, n]`, n small. No gradient.
        constant: the gates' part from constant inputs, including bias, `[directions, batch, 4 * units]`.
        kernel: of the rows, `[directions, n, 4 * units]`.
        recurrent: the recurrent kernel, `[directions, units, 4 * units]`.
        h: initial output, `[directions, batch, units]`.
        c: initial cell state, `[directions, batch, units]`.
        dropout: recurrent dropout, or None.
        products: float32 or bfloat16, the dtype of the recurrent matmuls' operands (they accumulate in float32) and of
            the gates saved for the backward pass.

    Returns:
        Every h, `[time, directions, batch, units]`.
    """
    return _lstm(products, rows, constant, kernel, recurrent, h, c, dropout)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _lstm(products: str, *arrays: Any) -> Array:
    return _forward(products, *arrays)[0]


def _forward(
    products: str,
    rows: Array,
    constant: Array,
    kernel: Array,
    recurrent: Array,
    h: Array,
    c: Array,
    dropout: steps.Dropout | None,
) -> tuple[Array, Any]:
    entries = None if dropout is None else dropout.kept
    multiplied = recurrent.astype(products)

    def step(state: tuple[Array, Array], inputs: tuple[Array, Array | None]) -> tuple[Any, Any]:
        now, kept_entries = inputs
        gates = _matmul(state[0].astype(products), multiplied) + (constant + steps.input_gates(now, kernel))
        h, c, kept = steps.forward(jnp, gates, state[1], _mask(kept_entries, dropout))
        return (h, c), (h, steps.Residuals(kept.gates.astype(products), kept.c_before))

    outputs, kept = lax.scan(step, (h, c), (rows, entries), unroll=_unroll(len(rows)))[1]
    return outputs, (rows, recurrent, h, dropout, outputs, kept)


def _backward(products: str, residuals: Any, d_outputs: Array) -> tuple[Array | None, ...]:
    rows, recurrent, h, dropout, outputs, kept = residuals
    entries = None if dropout is None else dropout.kept
    multiplied = recurrent.astype(products).swapaxes(-1, -2)

    def step(state: tuple[Array, Array], inputs: Any) -> tuple[Any, Array]:
        d_output, kept, kept_entries = inputs
        kept = steps.Residuals(kept.gates.astype(jnp.float32), kept.c_before)
        d_gates, d_c = steps.backward(jnp, state[0] + d_output, state[1], kept, _mask(kept_entries, dropout))
        d_gates = d_gates.astype(products)
        return (_matmul(d_gates, multiplied), d_c), d_gates

    start = (jnp.zeros_like(h), jnp.zeros_like(h))
    unroll = _unroll(len(rows))
    (d_h, d_c), d_gates = lax.scan(step, start, (d_outputs, kept, entries), reverse=True, unroll=unroll)
    h_before = jnp.concatenate([h[None], outputs[:-1]]).astype(products)
    d_constant = d_gates.sum(axis=0, dtype=jnp.float32)
    d_kernel = _kernel_gradient(rows.astype(products), d_gates)
    return None, d_constant, d_kernel, _kernel_gradient(h_before, d_gates), d_h, d_c, None


_lstm.defvjp(_forward, _backward)


def _kernel_gradient(inputs: Array, d_gates: Array) -> Array:
    """Return the gradient `[directions, n, 4 * units]` of a kernel of inputs `[time, directions, batch, n]`.

    The sum over time and batch is split into parts that run in parallel.
    """
    parts = _parts(len(inputs) * inputs.shape[2])
    a, b = (x.swapaxes(0, 1).reshape(x.shape[1], parts, -1, x.shape[3]) for x in (inputs, d_gates))
    return _matmul(a.swapaxes(-1, -2), b).sum(axis=1)


def _matmul(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, preferred_element_type=jnp.float32)


def _mask(entries: Array | None, dropout: steps.Dropout | None) -> Array | None:
    return None if dropout is None or entries is None else entries.astype(jnp.float32) / dropout.keep


def _parts(count: int) -> int:
    return math.gcd(count, MAX_PARTS) if has_gpu() else 1


def whole_rounds(time: int) -> int:
    """Return the number of steps, at least `time`, of the fastest loop: few iterations, all of them full."""
    if not has_gpu():
        return time
    rounds = [(-(-time // steps), steps) for steps in range(MAX_UNROLL // 2, MAX_UNROLL + 1)]
    _, total = min((count * (steps + 1), count * steps) for count, steps in rounds)
    return total


def _unroll(time: int) -> int:
    """Return the unrolling of a loop: a divisor of `time`."""
    if not has_gpu():
        return 1
    return max(steps for steps in range(1, MAX_UNROLL + 1) if time % steps == 0)


def hopper_unsuited(hparams: HParams) -> str:
    """Return in one line why the persistent kernels do not support a model or a machine; empty if they do."""
    from sketchrnn_cli.model.kernels.hopper import choice

    return choice.unsuited(hparams)


def hopper_fault(hparams: HParams) -> str:
    """Return in one line what is wrong with the persistent kernels where they are supported; empty if nothing is."""
    from sketchrnn_cli.model.kernels.hopper import choice

    return choice.fault(hparams)


def has_gpu() -> bool:
    """Return whether arrays live on a GPU."""
    return jax.default_backend() != "cpu"


def scan(step: Callable, state: Any, inputs: Any) -> Array:
    """Run ``state = step(state, inputs[t])`` over time; return every ``state[0]``, `[time, ...]`."""

    def body(state: Any, now: Any) -> tuple[Any, Array]:
        state = step(state, now)
        return state, state[0]

    return lax.scan(body, state, inputs)[1]


def uniform(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return numbers in [0, 1) that depend on (seed, step, stream) only."""
    return jax.random.uniform(_key(seed, step, stream), shape)


def normal(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return standard normal numbers that depend on (seed, step, stream) only."""
    return jax.random.normal(_key(seed, step, stream), shape)


def _key(seed: int, step: Array, stream: int) -> Array:
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), stream), step)


def value_and_gradients(function: Callable, weights: dict[str, Array]) -> tuple[Array, Any, dict[str, Array]]:
    """Return value, extras and gradients of ``function(weights) -> (value, extras)``."""
    (value, extras), gradients = jax.value_and_grad(function, has_aux=True)(weights)
    return value, extras, gradients


def compile_step(function: Callable, kernel: str) -> Callable:
    """Compile a function of arrays that runs `kernel`, once per set of shapes.

    Its first argument is donated.
    """
    return jax.jit(function, donate_argnums=0)


def compiled(function: Callable, kernel: str, examples: Sequence[Any], donate: bool) -> Callable:
    """Compile a function ahead of time for arguments of the shapes of `examples`, in any thread.

    Args:
        function: a function of arrays that runs `kernel`.
        kernel: from `kernels.prepare`.
        examples: trees of arrays; their values are ignored.
        donate: whether the first argument is donated.
    """
    donated = 0 if donate else ()
    if mesh.current() is not None:
        shapes = jax.tree.map(mesh.example, tuple(examples))
        jitted = jax.jit(function, donate_argnums=donated, out_shardings=mesh.sharding())
    else:
        shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), x.dtype), tuple(examples))
        jitted = jax.jit(function, donate_argnums=donated)
    with _lowering:
        lowered = jitted.lower(*shapes)
    return lowered.compile()


def snapshot(tree: Any) -> Any:
    """Return a copy on one device, independent of donated state."""
    return _copied(tree if mesh.current() is None else jax.tree.map(mesh.local, tree))


@jax.jit
def _copied(tree: Any) -> Any:
    return jax.tree.map(jnp.copy, tree)


def begin_fetch(array: Array) -> None:
    """Start an asynchronous copy of an array to the host."""
    array.copy_to_host_async()


def memory() -> int:
    """Return the device memory available to arrays in bytes; 0 if unknown."""
    return int((jax.local_devices()[0].memory_stats() or {}).get("bytes_limit", 0))


def compile_evaluation(function: Callable, kernel: str) -> Callable:
    """Compile a function of arrays that runs `kernel`, once per set of shapes."""
    return jax.jit(function) if mesh.current() is None else jax.jit(function, out_shardings=mesh.sharding())


def exact_products() -> AbstractContextManager:
    """Multiply float32 as float32 in what is compiled meanwhile; a GPU rounds the factors to TF32 otherwise."""
    return jax.default_matmul_precision("highest")


def use(device: str, deterministic: bool | None) -> str:
    """Choose the device before anything is computed.

    Args:
        device: auto, cpu or gpu.
        deterministic: bitwise reproducible, at some cost on a GPU; None for a CPU only.

    Returns:
        A description of the device.

    Raises:
        TrainingError: a GPU is requested but not available.
    """
    if deterministic:  # A CPU always is.
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_gpu_deterministic_ops=true"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    try:
        found = jax.devices()[0]
    except (RuntimeError, AssertionError) as error:  # JAX 0.10 asserts that the requested platform exists.
        wanted = os.environ.get("JAX_PLATFORMS") or jax.config.jax_platforms
        raise TrainingError(f"JAX_PLATFORMS={wanted}: JAX finds no such device; unset it, or set it to cpu") from error
    if found.platform != "cpu" and not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(caches.compiled_folder()))
    if device == "gpu" and found.platform == "cpu":
        raise TrainingError("--device gpu: JAX sees no GPU; pip install 'sketchrnn[gpu]', or use --device cpu")
    return "CPU (JAX)" if found.platform == "cpu" else f"{found.device_kind} (JAX)"
