"""The training kernels on JAX."""

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.model.kernels import steps

Array = Any


UNROLL = 8
"""Steps of the time loop compiled as one on an accelerator, where starting a step costs more than computing it."""


def lstm(projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None, products: str) -> Array:
    """Run LSTMs over time, `directions` of them side by side.

    Args:
        projected: the inputs' part of the gates, `[time, directions, batch, 4 * units]`.
        recurrent: `[directions, units, 4 * units]`.
        h: first output, `[directions, batch, units]`.
        c: first memory, likewise.
        mask: recurrent dropout on the candidate, `[time, directions, batch, units]`, or None. No gradient.
        products: float32 or bfloat16, what the recurrent products multiply; they add in float32.

    Returns:
        Every h, `[time, directions, batch, units]`.
    """
    return _lstm(products, projected, recurrent, h, c, mask)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _lstm(products: str, projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None) -> Array:
    return _forward(products, projected, recurrent, h, c, mask)[0]


def _forward(
    products: str, projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None
) -> tuple[Array, Any]:
    kernel = recurrent.astype(products)

    def step(state: tuple[Array, Array], inputs: tuple[Array, Array | None]) -> tuple[Any, Any]:
        now, keep = inputs
        gates = now + _product(state[0].astype(products), kernel)
        h, kept = steps.forward(jnp, gates, state[1], keep)
        return (h, kept.c), (h, kept)

    outputs, kept = lax.scan(step, (h, c), (projected, mask), unroll=_unroll())[1]
    return outputs, (recurrent, h, c, mask, outputs, kept)


def _backward(products: str, residuals: Any, d_outputs: Array) -> tuple[Array | None, ...]:
    recurrent, h, c, mask, outputs, kept = residuals
    kernel = recurrent.astype(products).swapaxes(-1, -2)
    c_before = jnp.concatenate([c[None], kept.c[:-1]])

    def step(state: tuple[Array, Array], inputs: Any) -> tuple[Any, Array]:
        d_output, kept, c_before, keep = inputs
        d_gates, d_c = steps.backward(jnp, state[0] + d_output, state[1], kept, c_before, keep)
        return (_product(d_gates.astype(products), kernel), d_c), d_gates

    start = (jnp.zeros_like(h), jnp.zeros_like(c))
    (d_h, d_c), d_gates = lax.scan(step, start, (d_outputs, kept, c_before, mask), reverse=True, unroll=_unroll())
    h_before = jnp.concatenate([h[None], outputs[:-1]])
    d_recurrent = jnp.einsum(
        "tdbh,tdbg->dhg", h_before.astype(products), d_gates.astype(products), preferred_element_type=jnp.float32
    )
    return d_gates, d_recurrent, d_h, d_c, None


_lstm.defvjp(_forward, _backward)


def _product(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, preferred_element_type=jnp.float32)


def _unroll() -> int:
    return UNROLL if has_gpu() else 1


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
    """Return numbers in [0, 1) that derive from (seed, step, stream) alone."""
    return jax.random.uniform(_key(seed, step, stream), shape)


def normal(shape: Sequence[int], seed: int, step: Array, stream: int) -> Array:
    """Return standard normal numbers that derive from (seed, step, stream) alone."""
    return jax.random.normal(_key(seed, step, stream), shape)


def _key(seed: int, step: Array, stream: int) -> Array:
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), stream), step)


def value_and_gradients(function: Callable, weights: dict[str, Array]) -> tuple[Array, Any, dict[str, Array]]:
    """Return value, extras and gradients of ``function(weights) -> (value, extras)``."""
    (value, extras), gradients = jax.value_and_grad(function, has_aux=True)(weights)
    return value, extras, gradients


def compile_step(function: Callable) -> Callable:
    """Compile a function of arrays once for each set of shapes; its first argument may be overwritten."""
    return jax.jit(function, donate_argnums=0)


def compile_evaluation(function: Callable) -> Callable:
    """Compile a function of arrays once for each set of shapes."""
    return jax.jit(function)


def use(device: str, deterministic: bool | None) -> str:
    """Choose the device before anything is computed.

    Args:
        device: auto, cpu or gpu.
        deterministic: the same bits at every run, at some cost on a GPU; None for a CPU alone.

    Returns:
        What is used, for people.

    Raises:
        TrainingError: a GPU is asked for and there is none.
    """
    if deterministic:  # On a CPU it always is.
        os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_gpu_deterministic_ops=true"
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    found = jax.devices()[0]
    if device == "gpu" and found.platform == "cpu":
        raise TrainingError("--device gpu: JAX sees no GPU; install jax[cuda13], or use --device cpu")
    return "CPU (JAX)" if found.platform == "cpu" else f"{found.device_kind} (JAX)"
