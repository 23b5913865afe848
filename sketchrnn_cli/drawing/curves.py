"""Curves through a model's few points: round where the line bends, sharp where it has a corner."""

import numpy as np

CORNER = 100.0
"""Degrees of a turn beyond which a point is a corner."""
LONE_CORNER = 58.0
"""Degrees beyond which it is one where its neighbors do not turn alike: a triangle stays one, a circle is round."""
ALIKE = 0.35
"""A neighbor turns alike from this share of the turn on."""
CLOSED = 0.15
"""A stroke is closed where its ends are nearer than this share of its length; it is then round at its ends, too."""
STEPS = 8
"""Lines that a curve is drawn as where curves cannot be."""


def smooth(points: np.ndarray) -> np.ndarray:
    """Return cubic Bézier curves `[points - 1, 4, 2]` through a polyline `[points, 2]`, points >= 2.

    A point's tangent weighs the directions to both neighbors by the inverse of their distances, as in a Catmull-Rom
    spline with centripetal spacing; a corner has none, and its curves leave it along their chords.
    """
    points = np.asarray(points, dtype=np.float64)
    chords = np.diff(points, axis=0)
    lengths = np.hypot(*chords.T)
    closed = len(points) > 3 and np.hypot(*(points[-1] - points[0])) <= CLOSED * lengths.sum() and lengths.all()
    tangents = np.zeros_like(points)
    turns = _turns(chords, bool(closed))
    for place in range(len(points)):
        before, after = place - 1, place
        if place in (0, len(points) - 1):
            if not closed:
                continue
            before, after = len(chords) - 1, 0
        if lengths[before] and lengths[after] and not _is_corner(turns, place, bool(closed)):
            tangents[place] = _tangent(chords[before], chords[after])
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
    """Return the turn at each point in degrees, left negative; none at the ends of an open line."""
    following = np.roll(chords, -1, axis=0) if closed else chords[1:]
    leading = chords if closed else chords[:-1]
    cross = leading[:, 0] * following[:, 1] - leading[:, 1] * following[:, 0]
    angles = np.degrees(np.arctan2(cross, (leading * following).sum(axis=1)))
    return np.concatenate([angles[-1:], angles]) if closed else np.concatenate([[0.0], angles, [0.0]])


def _is_corner(turns: np.ndarray, place: int, closed: bool) -> bool:
    turn, last = turns[place], len(turns) - 1
    if abs(turn) > CORNER:
        return True
    if abs(turn) <= LONE_CORNER:
        return False
    at_seam = closed and place in (0, last)
    neighbors = (turns[last - 1], turns[1]) if at_seam else (turns[place - 1], turns[place + 1])
    return not all(other * turn > 0 and abs(other) > ALIKE * abs(turn) for other in neighbors)


def _tangent(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the unit tangent between two chords; the shorter one weighs more."""
    direction = before / np.hypot(*before) ** 1.5 + after / np.hypot(*after) ** 1.5
    return direction / (np.hypot(*direction) or 1.0)
