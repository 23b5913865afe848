"""The interface of the scan's `lstm` on the persistent kernels, and the check before they are used."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sketchrnn_cli.model.kernels import on_jax, steps
from sketchrnn_cli.model.kernels.hopper import backward, forward, layout
from sketchrnn_cli.model.kernels.hopper.layout import Problem

Array = Any
FACTORS = {"float32": "f16", "bfloat16": "bf16"}
"""What is multiplied at each precision; float16 has TensorFloat-32's 10 bits of mantissa."""
TOLERANCE = {"float32": 4e-3, "bfloat16": 3e-2}
"""Relative error, in the 2-norm, that the check allows outputs and gradients; some 10 times what is found."""
LARGEST_GRADIENT = 16.0
"""Where the largest gradient of an output is put before float16 products: 4 decades below float16's largest."""
CHECKED_STEPS, CHECKED_ROWS = 4, 11


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
    """Run LSTMs over time, as `on_jax.lstm` does; by it, where a sequence is too long for the chip."""
    keep = None if dropout is None else dropout.keep
    if not layout.fits(_problem(products, keep, rows, h)):
        return on_jax.lstm(rows, constant, kernel, recurrent, h, c, dropout, products)
    kept = None if dropout is None else dropout.kept
    return _lstm(products, keep, rows, constant, kernel, recurrent, h, c, kept)


def _problem(products: str, keep: float | None, rows: Array, h: Array) -> Problem:
    time, directions, batch, _ = rows.shape
    return Problem(time, directions, batch, h.shape[-1], FACTORS[products], keep)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _lstm(products: str, keep: float | None, *arrays: Any) -> Array:
    return _run(False, products, keep, *arrays)[0][0]


def _forward(products: str, keep: float | None, *arrays: Any) -> tuple[Array, Any]:
    (outputs, *residuals), mask = _run(True, products, keep, *arrays)
    rows, _, _, recurrent, _, c, _ = arrays
    return outputs, (rows, recurrent, c, mask, residuals)


def _run(
    keep_residuals: bool,
    products: str,
    keep: float | None,
    rows: Array,
    constant: Array,
    kernel: Array,
    recurrent: Array,
    h: Array,
    c: Array,
    kept: Array | None,
) -> tuple[list[Array], list[Array]]:
    """Return what the forward kernel returns, and the mask in a list, or an empty one."""
    problem = _problem(products, keep, rows, h)
    mask = [] if kept is None else [layout.cluster_mask(kept)]
    fragments = layout.forward_fragments(recurrent.astype(problem.dtype), problem.blocks).reshape(-1)
    run = forward.kernel(problem, keep_residuals)
    return run(layout.cluster_rows(rows), constant, kernel, fragments, h, c, *mask), mask


def _backward(products: str, keep: float | None, residuals: Any, d_outputs: Array) -> tuple[Array | None, ...]:
    rows, recurrent, c, mask, (h_before, gates, states) = residuals
    problem = _problem(products, keep, rows, c)
    scale = _scale(d_outputs) if products == "float32" else jnp.ones(())
    fragments = layout.backward_fragments(recurrent.astype(problem.dtype), problem.blocks).reshape(-1)
    run = backward.kernel(problem)
    inputs = layout.gradient_rows(rows, problem.dtype)
    found = run(d_outputs, scale.reshape(1), gates, states, c, fragments, inputs, *mask)
    d_gates, d_h, d_c, d_constant, shares = found
    d_kernel = shares.sum(axis=1)[:, : rows.shape[-1]]
    gradients = d_constant, d_kernel, _recurrent_gradient(h_before, d_gates), d_h, d_c
    return (None, *(x / scale for x in gradients), None)


_lstm.defvjp(_forward, _backward)


def _scale(d_outputs: Array) -> Array:
    """Return the power of two that brings the largest gradient just below `LARGEST_GRADIENT`."""
    largest = jnp.maximum(jnp.abs(d_outputs).max(), 1e-30)
    return jnp.exp2(jnp.floor(jnp.log2(LARGEST_GRADIENT / largest)))


def _recurrent_gradient(h_before: Array, d_gates: Array) -> Array:
    """Return the gradient of the recurrent kernel, of h before each step, `[directions, time, batch, units]`.

    The sum over time and batch, already side by side in memory, is cut into parts that run side by side.
    """
    directions, time, batch, _ = h_before.shape
    parts = math.gcd(time * batch, on_jax.MAX_PARTS)
    a, b = (x.reshape(directions, parts, -1, x.shape[-1]) for x in (h_before, d_gates))
    return jnp.matmul(a.swapaxes(-1, -2), b, preferred_element_type=jnp.float32).sum(axis=1)


def check(directions: int, units: int, products: str, keep: float) -> str:
    """Run a few steps and their gradients on the chip, beside plain NumPy in float64.

    Returns:
        What speaks against the kernel, or an empty string.
    """
    arrays, kept, d_outputs = example(CHECKED_STEPS, directions, CHECKED_ROWS, units, keep)
    dropout = None if keep == 1.0 else steps.Dropout(kept, keep)
    expected = plain(arrays, dropout, d_outputs)

    @jax.jit
    def run(arrays: list[Array], kept: Array, d_outputs: Array) -> list[Array]:
        rows, *others = arrays
        run_kernel = functools.partial(
            lstm, rows, dropout=None if keep == 1.0 else steps.Dropout(kept, keep), products=products
        )
        outputs, pull = jax.vjp(run_kernel, *others)
        return [outputs, *pull(d_outputs)]

    found = run(arrays, kept, d_outputs)
    errors = [relative_error(x, y) for x, y in zip(found, expected, strict=True)]
    worst = max(errors, key=lambda error: math.inf if math.isnan(error) else error)
    if worst <= TOLERANCE[products]:
        return ""
    return f"{units} units: off by {worst:.1e} from float64, more than {TOLERANCE[products]:.0e}"


def relative_error(x: Array, truth: np.ndarray) -> float:
    """Return ‖x - truth‖ / ‖truth‖."""
    return float(np.linalg.norm(np.asarray(x, np.float64) - truth) / np.linalg.norm(truth))


def example(
    time: int, directions: int, batch: int, units: int, keep: float
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return made numbers for `lstm`: its six arrays, kept entries, and gradients of its outputs."""
    rng = np.random.default_rng(time + units)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    arrays = [
        normal(time, directions, batch, layout.FEATURES),
        normal(directions, batch, 4 * units) * np.float32(0.5),
        normal(directions, layout.FEATURES, 4 * units) * np.float32(0.3),
        normal(directions, units, 4 * units) * np.float32(0.8 / math.sqrt(units)),
        np.tanh(normal(directions, batch, units)),
        normal(directions, batch, units) * np.float32(0.5),
    ]
    kept = rng.random((time, directions, batch, units)) < keep
    return arrays, kept, normal(time, directions, batch, units)


def plain(arrays: list[np.ndarray], dropout: steps.Dropout | None, d_outputs: np.ndarray) -> list[np.ndarray]:
    """Return every h, and the gradients of `lstm`'s arrays but the rows, by a loop in NumPy and float64."""
    rows, constant, kernel, recurrent, h, c = (x.astype(np.float64) for x in arrays)
    masks = [None] * len(rows) if dropout is None else list(dropout.kept / dropout.keep)
    before, kept, outputs = [], [], []
    for now, mask in zip(rows, masks, strict=True):
        before.append(h)
        gates = h @ recurrent + constant + now @ kernel
        h, c, residuals = steps.forward(np, gates, c, mask)
        kept.append(residuals)
        outputs.append(h)
    d_constant, d_kernel, d_recurrent = (np.zeros_like(x) for x in (constant, kernel, recurrent))
    d_h, d_c = np.zeros_like(h), np.zeros_like(c)
    for time in reversed(range(len(rows))):
        d_gates, d_c = steps.backward(np, d_h + d_outputs[time], d_c, kept[time], masks[time])
        d_h = d_gates @ recurrent.swapaxes(1, 2)
        d_constant += d_gates
        d_kernel += rows[time].swapaxes(1, 2) @ d_gates
        d_recurrent += before[time].swapaxes(1, 2) @ d_gates
    return [np.stack(outputs), d_constant, d_kernel, d_recurrent, d_h, d_c]
