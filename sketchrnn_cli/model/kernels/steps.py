"""One step of the fused LSTM, forwards and backwards, for both frameworks.

What makes it fast: the inputs' product is hoisted out of the time loop, the activated gates are kept for the way back,
and the gradient of the recurrent kernel is one large product after the loop instead of one at every step.
"""

from typing import Any, NamedTuple

from sketchrnn_cli.model import cells

Array = Any


class Kept(NamedTuple):
    """What a step keeps for the way back."""

    gates: Array
    """Activated i, f, candidate (before dropout), o: `[..., 4 * units]`."""
    c: Array
    """The memory after the step, `[..., units]`."""


def forward(xp: Any, gates: Array, c: Array, mask: Array | None) -> tuple[Array, Kept]:
    """Return h and what to keep, from pre-activation gates `[..., 4 * units]` and the last memory."""
    i, f, candidate, o = xp.split(gates, 4, axis=-1)
    i, f, o = (cells.sigmoid(xp, gate) for gate in (i, f, o))
    candidate = xp.tanh(candidate)
    c = f * c + i * (candidate if mask is None else candidate * mask)
    return o * xp.tanh(c), Kept(xp.concatenate([i, f, candidate, o], axis=-1), c)


def backward(xp: Any, d_h: Array, d_c: Array, kept: Kept, c_before: Array, mask: Array | None) -> tuple[Array, Array]:
    """Return the gradients of the pre-activation gates and of the memory before the step.

    Args:
        xp: array namespace.
        d_h: gradient of h, from the outputs and from the step after.
        d_c: gradient of the memory, from the step after.
        kept: what `forward` kept of this step.
        c_before: the memory before it.
        mask: the dropout mask of the step, or None.
    """
    i, f, candidate, o = xp.split(kept.gates, 4, axis=-1)
    squashed = xp.tanh(kept.c)
    d_o = d_h * squashed * o * (1.0 - o)
    d_c = d_c + d_h * o * (1.0 - squashed * squashed)
    d_kept = d_c if mask is None else d_c * mask
    d_i = d_kept * candidate * i * (1.0 - i)
    d_f = d_c * c_before * f * (1.0 - f)
    d_candidate = d_kept * i * (1.0 - candidate * candidate)
    return xp.concatenate([d_i, d_f, d_candidate, d_o], axis=-1), d_c * f
