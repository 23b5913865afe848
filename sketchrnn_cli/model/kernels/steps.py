"""One step of the fused LSTM, forwards and backwards, for both frameworks.

What makes it fast: what z and the bias give to the gates is the same at every step and computed once; the five numbers
of a row are multiplied in the step itself, so that no array as long as the gates is read for them; the activated gates
are kept for the way back; and the gradients of the kernels are large products after the loop instead of small ones in
every step.
"""

from typing import Any, NamedTuple

from sketchrnn_cli.model import cells

Array = Any


class Dropout(NamedTuple):
    """Recurrent dropout on the candidate, a fresh mask each step."""

    kept: Array
    """Which entries are kept, bool `[time, directions, batch, units]`."""
    keep: float
    """The probability of keeping one; kept entries are divided by it."""


class Kept(NamedTuple):
    """What a step keeps for the way back."""

    gates: Array
    """Activated i, f, candidate (before dropout), o: `[..., 4 * units]`."""
    c_before: Array
    """The memory before the step, `[..., units]`."""


def input_gates(rows: Array, kernel: Array) -> Array:
    """Return ``rows @ kernel``, `[..., batch, 4 * units]`, term by term: a compiler fuses that with what follows."""
    return sum(rows[..., :, n, None] * kernel[..., None, n, :] for n in range(rows.shape[-1]))


def forward(xp: Any, gates: Array, c: Array, mask: Array | None) -> tuple[Array, Array, Kept]:
    """Return h, c and what to keep, from pre-activation gates `[..., 4 * units]` and the last memory.

    The mask, `[..., units]` or None, holds 0 or 1 / keep.
    """
    i, f, candidate, o = xp.split(gates, 4, axis=-1)
    i, f, o = (cells.sigmoid(xp, gate) for gate in (i, f, o))
    candidate = xp.tanh(candidate)
    kept = Kept(xp.concatenate([i, f, candidate, o], axis=-1), c)
    c = _memory(i, f, candidate, c, mask)
    return o * xp.tanh(c), c, kept


def backward(xp: Any, d_h: Array, d_c: Array, kept: Kept, mask: Array | None) -> tuple[Array, Array]:
    """Return the gradients of the pre-activation gates and of the memory before the step.

    Args:
        xp: array namespace.
        d_h: gradient of h, from the outputs and from the step after.
        d_c: gradient of the memory, from the step after.
        kept: what `forward` kept of this step.
        mask: the dropout mask of the step, or None.
    """
    i, f, candidate, o = xp.split(kept.gates, 4, axis=-1)
    squashed = xp.tanh(_memory(i, f, candidate, kept.c_before, mask))
    d_o = d_h * squashed * o * (1.0 - o)
    d_c = d_c + d_h * o * (1.0 - squashed * squashed)
    d_kept = d_c if mask is None else d_c * mask
    d_i = d_kept * candidate * i * (1.0 - i)
    d_f = d_c * kept.c_before * f * (1.0 - f)
    d_candidate = d_kept * i * (1.0 - candidate * candidate)
    return xp.concatenate([d_i, d_f, d_candidate, d_o], axis=-1), d_c * f


def _memory(i: Array, f: Array, candidate: Array, c: Array, mask: Array | None) -> Array:
    return f * c + i * (candidate if mask is None else candidate * mask)
