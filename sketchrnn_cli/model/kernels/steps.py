"""Forward and backward step of the fused LSTM, for both frameworks.

It is fast because the contribution of z and bias to the gates is constant and computed once; the five numbers of a row
are multiplied within the step, which saves reading an array of the gates' size; activated gates are saved for the
backward pass; and kernel gradients are large matmuls after the loop instead of small ones in every step.
"""

from typing import Any, NamedTuple

from sketchrnn_cli.model import cells

Array = Any


class Dropout(NamedTuple):
    """Recurrent dropout of the candidate, with a new mask each step."""

    kept: Array
    """Mask of kept entries, bool `[time, directions, batch, units]`."""
    keep: float
    """Keep probability, by which kept entries are divided."""


class Residuals(NamedTuple):
    """Residuals of a step, saved for the backward pass."""

    gates: Array
    """Activated i, f, candidate (before dropout), o: `[..., 4 * units]`."""
    c_before: Array
    """The cell state before the step, `[..., units]`."""


def input_gates(rows: Array, kernel: Array) -> Array:
    """Return ``rows @ kernel``, `[..., batch, 4 * units]`, as a sum that the compiler can fuse."""
    return sum(rows[..., :, n, None] * kernel[..., None, n, :] for n in range(rows.shape[-1]))


def forward(xp: Any, gates: Array, c: Array, mask: Array | None) -> tuple[Array, Array, Residuals]:
    """Return h, c and the residuals, from pre-activation gates `[..., 4 * units]` and the previous cell state.

    The mask, `[..., units]` or None, has entries 0 or 1 / keep.
    """
    i, f, candidate, o = xp.split(gates, 4, axis=-1)
    i, f, o = (cells.sigmoid(xp, gate) for gate in (i, f, o))
    candidate = xp.tanh(candidate)
    residuals = Residuals(xp.concatenate([i, f, candidate, o], axis=-1), c)
    c = _cell_state(i, f, candidate, c, mask)
    return o * xp.tanh(c), c, residuals


def backward(xp: Any, d_h: Array, d_c: Array, residuals: Residuals, mask: Array | None) -> tuple[Array, Array]:
    """Return the gradients of the pre-activation gates and of the cell state before the step.

    Args:
        xp: array namespace.
        d_h: gradient of h, from the outputs and from the next step.
        d_c: gradient of the cell state, from the next step.
        residuals: from `forward`.
        mask: the dropout mask of the step, or None.
    """
    i, f, candidate, o = xp.split(residuals.gates, 4, axis=-1)
    squashed = xp.tanh(_cell_state(i, f, candidate, residuals.c_before, mask))
    d_o = d_h * squashed * o * (1.0 - o)
    d_c = d_c + d_h * o * (1.0 - squashed * squashed)
    d_masked = d_c if mask is None else d_c * mask
    d_i = d_masked * candidate * i * (1.0 - i)
    d_f = d_c * residuals.c_before * f * (1.0 - f)
    d_candidate = d_masked * i * (1.0 - candidate * candidate)
    return xp.concatenate([d_i, d_f, d_candidate, d_o], axis=-1), d_c * f


def _cell_state(i: Array, f: Array, candidate: Array, c: Array, mask: Array | None) -> Array:
    return f * c + i * (candidate if mask is None else candidate * mask)
