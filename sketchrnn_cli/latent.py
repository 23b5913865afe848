"""Arithmetic on latent vectors z: interpolation between two or four, and analogies.

Latent vectors lie near a sphere (z ~ N(0, I), so |z| ≈ √z_size). A straight line between two of them passes through
vectors shorter than any that the decoder has seen; the great arc of `slerp` does not.
"""

from typing import Literal

import numpy as np

from sketchrnn_cli.errors import UsageError

Interpolation = Literal["slerp", "lerp"]


def lerp(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """Return the vector at `t`, 0 to 1, on the straight line between two `[..., z_size]`."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    return ((1.0 - t) * start + t * end).astype(np.float32)


def slerp(start: np.ndarray, end: np.ndarray, t: float) -> np.ndarray:
    """Return the vector at `t`, 0 to 1, on the great arc between two `[z_size]`; its length is interpolated linearly.

    With directions u and v, ω the angle between them and p the unit vector perpendicular to u towards v, the
    direction at t is cos(tω) u + sin(tω) p. For opposite vectors p is arbitrary: it is made from the axis to which u
    is closest to perpendicular. A zero vector has no direction, so the interpolation is linear.
    """
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    a_length, b_length = np.linalg.norm(a), np.linalg.norm(b)
    if a_length == 0.0 or b_length == 0.0:
        return lerp(a, b, t)
    u, v = a / a_length, b / b_length
    aside = v - (u @ v) * u
    omega = np.arctan2(np.linalg.norm(aside), u @ v)
    if np.pi - omega < 1e-6:
        axis = np.zeros_like(u)
        axis[np.argmin(np.abs(u))] = 1.0
        aside = axis - (u @ axis) * u
    p = aside / (np.linalg.norm(aside) or 1.0)
    direction = np.cos(t * omega) * u + np.sin(t * omega) * p
    return (direction * ((1.0 - t) * a_length + t * b_length)).astype(np.float32)


def between(start: np.ndarray, end: np.ndarray, steps: int, way: Interpolation = "slerp") -> np.ndarray:
    """Return `[steps, z_size]` from one vector to the other in equal steps, both ends included.

    Raises:
        UsageError: fewer than 2 steps.
    """
    if steps < 2:
        raise UsageError(f"{steps} step: give 2 or more, since both ends are among them")
    mix = slerp if way == "slerp" else lerp
    return np.stack([mix(start, end, t) for t in np.linspace(0.0, 1.0, steps)])


def field(corners: np.ndarray, rows: int, columns: int, way: Interpolation = "slerp") -> np.ndarray:
    """Return `[rows, columns, z_size]` between four corners `[4, z_size]`.

    The corners are top left, top right, bottom left, bottom right. The left and right edges are interpolated first,
    then each row between them.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    left, right = between(top_left, bottom_left, rows, way), between(top_right, bottom_right, rows, way)
    return np.stack([between(start, end, columns, way) for start, end in zip(left, right, strict=True)])


def analogy(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return A − B + C."""
    return (np.asarray(a, dtype=np.float64) - b + c).astype(np.float32)
