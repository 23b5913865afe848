"""The training kernels on JAX."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from keras import ops
from jax import lax

from sketchrnn_cli.model import cells

Array = Any


def lstm(projected: Array, recurrent: Array, h: Array, c: Array, mask: Array | None) -> Array:
    """Run LSTMs over time, `directions` of them side by side.

    Args:
        projected: the inputs' part of the gates, `[time, directions, batch, 4 * units]`.
        recurrent: `[directions, units, 4 * units]`.
        h: first output, `[directions, batch, units]`.
        c: first memory, likewise.
        mask: recurrent dropout on the candidate, `[time, directions, batch, units]`, or None.

    Returns:
        Every h, `[time, directions, batch, units]`.
    """

    def step(state: tuple[Array, Array], inputs: tuple[Array, Array | None]) -> tuple[tuple[Array, Array], Array]:
        now, keep = inputs
        gates = now + jnp.matmul(state[0], recurrent)
        state = cells.lstm_gates(ops, gates, state[1], mask=keep)
        return state, state[0]

    return lax.scan(step, (h, c), (projected, mask))[1]


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


def device() -> str:
    """Return what the arrays live on, for people."""
    found = jax.devices()[0]
    return f"{found.device_kind} (JAX)" if found.platform != "cpu" else "CPU (JAX)"
