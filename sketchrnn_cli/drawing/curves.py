"""Smooth curves through the points of a stroke, sharp at its corners."""

import numpy as np

CORNER_DEGREES = 100.0
"""A point with a larger turn is a corner."""
LONE_CORNER_DEGREES = 58.0
"""A larger turn is a corner unless the neighbors turn alike: a triangle keeps its corners, a circle has none."""
SIMILAR_TURN_SHARE = 0.35
"""A neighbor turns alike if it turns the same way by at least this share."""
CLOSED_GAP_SHARE = 0.15
"""A stroke whose ends are nearer than this share of its length is closed, and smooth at its ends, too."""
STEPS = 8
"""Line segments per curve when flattened."""


def smooth(points: np.ndarray) -> np.ndarray:
    """Return cubic Bézier curves `[points - 1, 4, 2]` through a polyline `[points, 2]`, points >= 2.

    A tangent weights the directions to both neighbors as a Catmull-Rom spline with centripetal spacing does. A corner
    has none: its curves leave it along their chords.
    """
    points = np.asarray(points, dtype=np.float64)
    chords = np.diff(points, axis=0)
    lengths = np.hypot(*chords.T)
    closed = (
        len(points) > 3 and np.hypot(*(points[-1] - points[0])) <= CLOSED_GAP_SHARE * lengths.sum() and lengths.all()
    )
    tangents = np.zeros_like(points)
    turns = _turns(chords, bool(closed))
    for index in range(len(points)):
        before, after = index - 1, index
        if index in (0, len(points) - 1):
            if not closed:
                continue
            before, after = len(chords) - 1, 0
        if lengths[before] and lengths[after] and not _is_corner(turns, index, bool(closed)):
            tangents[index] = _tangent(chords[before], chords[after])
    reach = lengths[:, None] / 3
    is_round = np.hypot(*tangents.T)[:, None] > 0
    leaving = np.where(is_round[:-1], tangents[:-1] * reach, chords / 3)
    arriving = np.where(is_round[1:], tangents[1:] * reach, chords / 3)
    return np.stack([points[:-1], points[:-1] + leaving, points[1:] - arriving, points[1:]], axis=1)


def flattened(curves: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Return cubic Bézier curves `[curves, 4, 2]` as one polyline `[curves * steps + 1, 2]`."""
    t = np.arange(steps) / steps
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.concatenate([(weights @ curves).reshape(-1, 2), curves[-1, 3:]])


def _turns(chords: np.ndarray, closed: bool) -> np.ndarray:
    """Return the turn at each point in degrees, left negative; 0 at the ends of an open line."""
    following = np.roll(chords, -1, axis=0) if closed else chords[1:]
    leading = chords if closed else chords[:-1]
    cross = leading[:, 0] * following[:, 1] - leading[:, 1] * following[:, 0]
    angles = np.degrees(np.arctan2(cross, (leading * following).sum(axis=1)))
    return np.concatenate([angles[-1:], angles]) if closed else np.concatenate([[0.0], angles, [0.0]])


def _is_corner(turns: np.ndarray, index: int, closed: bool) -> bool:
    turn, last = turns[index], len(turns) - 1
    if abs(turn) > CORNER_DEGREES:
        return True
    if abs(turn) <= LONE_CORNER_DEGREES:
        return False
    at_seam = closed and index in (0, last)
    neighbors = (turns[last - 1], turns[1]) if at_seam else (turns[index - 1], turns[index + 1])
    return not all(other * turn > 0 and abs(other) > SIMILAR_TURN_SHARE * abs(turn) for other in neighbors)


def _tangent(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the unit tangent between two chords; the shorter one weighs more."""
    direction = before / np.hypot(*before) ** 1.5 + after / np.hypot(*after) ** 1.5
    return direction / (np.hypot(*direction) or 1.0)
