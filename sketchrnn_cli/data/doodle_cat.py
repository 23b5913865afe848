"""Cats: a face alone, or the whole animal sitting, standing or asleep.

Lengths are in half-widths of the head; the head's middle is the origin.
"""

import numpy as np

from sketchrnn_cli.data.doodle_pen import Drawing, arc, curve, line, loop, loose, place, ribbon

LEFT_AND_RIGHT = (-1, 1)


def cat(rng: np.random.Generator) -> Drawing:
    """Draw one cat."""
    poses = (_portrait, _sitting, _sitting_sideways, _standing, _asleep)
    pose = poses[rng.choice(len(poses), p=(0.4, 0.2, 0.15, 0.15, 0.1))]
    side = rng.choice(LEFT_AND_RIGHT)
    stretch = rng.normal(1.0, 0.05)
    return place(pose(rng), (0.0, 0.0), (side * stretch, 1.0 / stretch), rng.normal(0.0, 4.0))


def _portrait(rng: np.random.Generator) -> Drawing:
    return _head(rng, eyes=rng.choice(["dots", "round", "slits", "happy"], p=[0.25, 0.35, 0.25, 0.15]), detail=1.0)


def _sitting(rng: np.random.Generator) -> Drawing:
    """Draw a cat that sits and looks at us."""
    wide, tall = rng.uniform(0.85, 1.15), rng.uniform(0.8, 1.05)
    flank = loose(rng, [(0.55, 0.72), (0.8, 1.4), (1.08, 2.2), (1.02, 2.75), (0.7, 3.0)], 0.03)
    flank *= (wide, tall)
    left = flank * (-1, 1)
    body = np.concatenate([curve(left), line(left[-1], flank[-1])[1:-1], curve(flank[::-1])])
    floor = 3.0 * tall
    drawing = _head(rng, detail=0.5) + [body]
    for side in LEFT_AND_RIGHT:
        drawing.append(line((side * 0.28 * wide, 1.75 * tall), (side * 0.2 * wide, floor), rng.normal(0, 0.02)))
    if rng.random() < 0.6:
        for side in LEFT_AND_RIGHT:
            drawing.append(arc((side * 0.45 * wide, floor), (0.26, 0.24), 180, 180))
    tail = [(1.0 * wide, 2.7 * tall), (1.55, 2.75 * tall), (1.85, 2.2 * tall), (1.6, 1.65 * tall), (1.8, 1.1 * tall)]
    drawing.append(_tail(rng, loose(rng, tail, 0.06)))
    return drawing


def _sitting_sideways(rng: np.random.Generator) -> Drawing:
    """Draw a cat that sits in profile and turns its face to us."""
    tall = rng.uniform(0.85, 1.1)
    back = loose(rng, [(0.72, 0.6), (1.35, 1.2), (1.85, 2.0), (1.95, 2.7), (1.6, 3.05)], 0.04) * (1, tall)
    chest = loose(rng, [(-0.45, 0.8), (-0.5, 1.5), (-0.35, 2.3), (-0.4, 2.95)], 0.03) * (1, tall)
    floor = 3.05 * tall
    paw = curve([chest[-1], (-0.55, floor), (-0.15, floor + 0.05), (0.1, floor - 0.05), (0.12, 2.1 * tall)])
    drawing = _head(rng, detail=0.5)
    drawing.append(np.concatenate([curve(chest), paw[1:]]))
    drawing.append(curve(back))
    thigh = [(0.75, 2.3 * tall), (1.1, 1.95 * tall), (1.5, 2.2 * tall), (1.45, 2.75 * tall), (0.95, floor - 0.2)]
    foot = [thigh[-1], (0.5, floor - 0.15), (0.45, floor + 0.03), (1.6, floor)]
    drawing.append(np.concatenate([curve(thigh), curve(foot)[1:]]))
    if rng.random() < 0.5:
        tail = [(1.8, 2.85 * tall), (2.4, 3.0 * tall), (2.85, 2.6 * tall), (2.75, 2.1 * tall), (3.0, 1.75 * tall)]
    else:
        tail = [(1.85, 2.7 * tall), (2.3, 2.4 * tall), (2.35, 1.7 * tall), (2.15, 1.1 * tall), (2.4, 0.6 * tall)]
    drawing.append(_tail(rng, loose(rng, tail, 0.05)))
    return drawing


def _standing(rng: np.random.Generator) -> Drawing:
    """Draw a cat that stands in profile and turns its face to us."""
    long, leg = rng.uniform(0.85, 1.1), rng.uniform(0.85, 1.15)
    rump = 3.4 * long
    belly, floor = rng.uniform(1.35, 1.55), 1.5 + 0.95 * leg
    back = curve(loose(rng, [(0.85, 0.0), (1.6 * long, 0.12), (2.5 * long, 0.08), (rump, 0.3)], 0.04))
    tail = [(rump - 0.1, 0.3), (rump + 0.45, 0.0), (rump + 0.6, -0.7), (rump + 0.4, -1.3), (rump + 0.75, -1.75)]

    def leg_at(x: float) -> list[np.ndarray]:
        return [loose(rng, [(x + 0.4, belly), (x + 0.36, floor), (x - 0.12, floor), (x, belly)], 0.035)]

    haunch = curve([(rump, 0.3), (rump + 0.12, 0.8), (rump, belly)])
    legs = [*leg_at(rump - 0.42), *leg_at(rump - 1.02), *leg_at(1.0 * long), *leg_at(0.42)]
    underside = np.concatenate([haunch, *legs, [(0.45, 0.75)]])
    return [*_head(rng, detail=0.5), back, underside, _tail(rng, loose(rng, tail, 0.06))]


def _asleep(rng: np.random.Generator) -> Drawing:
    """Draw a cat curled up asleep."""
    drawing = _head(rng, eyes="asleep", detail=0.5)
    round_ = rng.uniform(0.85, 1.05)
    body = [(0.5, -0.7), (1.3, -1.25 * round_), (2.4, -1.2 * round_), (3.2, -0.4), (3.2, 0.5), (2.5, 1.15), (1.4, 1.3)]
    body += [(0.4, 1.2), (-0.2, 0.9)]
    drawing.append(curve(loose(rng, body, 0.05)))
    tail = [(3.15, 0.45), (2.6, 0.85), (1.8, 0.85), (1.2, 0.65)]
    drawing.append(curve(loose(rng, tail, 0.05)))
    if rng.random() < 0.5:
        for step in range(rng.integers(1, 3)):
            size = 0.32 + 0.12 * step
            corner = np.array([0.9 + 0.5 * step, -1.5 - 0.65 * step])
            letter = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], dtype=float)
            drawing.append(corner + letter * size)
    return drawing


def _tail(rng: np.random.Generator, path: np.ndarray) -> np.ndarray:
    return ribbon(curve(path), 0.3, tip=0.8) if rng.random() < 0.5 else curve(path)


def _head(rng: np.random.Generator, detail: float, eyes: str | None = None) -> Drawing:
    """Draw a head from the front: outline and ears, then the face from the eyes down, whiskers last."""
    if eyes is None:
        eyes = rng.choice(["dots", "happy", "slits"], p=[0.65, 0.2, 0.15])
    tall = rng.uniform(0.75, 0.92)
    cheeks = rng.uniform(0.0, 0.1)
    drawing = _outline(rng, tall, cheeks, inner_ears=rng.random() < 0.3 * detail)
    drawing += _eyes(rng, eyes, rng.uniform(0.36, 0.46), rng.uniform(-0.08, 0.08))
    nose = rng.uniform(0.22, 0.3) * tall / 0.85
    drawing += _muzzle(rng, nose)
    whiskers = 3 if rng.random() < 0.55 * detail else 2
    drawing += _whiskers(rng, whiskers, nose)
    if rng.random() < 0.35 * detail:
        drawing += [
            line((x + rng.normal(0, 0.02), -0.92 * tall), (x * 0.8, -0.92 * tall + length), rng.normal(0, 0.04))
            for x, length in ((-0.18, 0.22), (0.0, 0.3), (0.18, 0.22))
        ]
    return drawing


def _outline(rng: np.random.Generator, tall: float, cheeks: float, inner_ears: bool) -> Drawing:
    """Draw the skull and both ears, in one stroke or in three."""
    outer, inner = rng.uniform(58, 66), rng.uniform(18, 26)
    height = rng.uniform(0.42, 0.66)

    def rim(start: float, sweep: float) -> np.ndarray:
        skull = arc((0.0, 0.0), (1.0, tall), start, sweep)
        skull[:, 0] *= 1 + cheeks * skull[:, 1]
        return skull

    def ear(side: int) -> np.ndarray:
        foot, top = rim(-90 + side * outer, 1)[0], rim(-90 + side * inner, 1)[0]
        middle = (foot + top) / 2
        tip = middle + np.array([side * 0.32, -1.0]) * height + rng.normal(0, 0.03, 2)
        bow = side * rng.uniform(0.02, 0.09)
        return np.concatenate([line(foot, tip, bow), line(tip, top, bow)[1:]])

    left, right = ear(-1), ear(1)
    if rng.random() < 0.6:
        crown, jaw = rim(-90 - inner, 2 * inner), rim(-90 + outer, 360 - 2 * outer)
        if rng.random() < 0.7:
            outline = [np.concatenate([left, crown, right[::-1], jaw])]
        else:
            outline = [np.concatenate([crown, right[::-1], jaw, left])]
    else:
        skull = loop(rng, (0.0, 0.0), (1.0, tall))
        skull[:, 0] *= 1 + cheeks * skull[:, 1]
        outline = [skull, left, right]
    if inner_ears:
        for side, shape in ((-1, left), (1, right)):
            root = shape[[0, -1]].mean(axis=0)
            outline.append(root + (shape - root) * 0.55 + (side * 0.02, -0.02))
    return outline


def _eyes(rng: np.random.Generator, style: str, apart: float, level: float) -> Drawing:
    drawing: Drawing = []
    size = rng.uniform(0.13, 0.19)
    for side in LEFT_AND_RIGHT:
        center = np.array([side * apart, level])
        if style == "dots":
            drawing.append(loop(rng, center, (size * 0.42, size * 0.55)))
        elif style == "happy":
            drawing.append(arc(center + (0, 0.05), (size, size * 0.9), 190, 160))
        elif style == "asleep":
            drawing.append(arc(center, (size * 1.1, size * 0.8), 170, -160))
        elif style == "round":
            drawing.append(loop(rng, center, (size, size * 1.1)))
            drawing.append(loop(rng, center + (0, 0.02), (size * 0.35, size * 0.45)))
        else:
            lens = np.array([(-1.25, 0.1), (-0.5, -0.75), (0.5, -0.75), (1.25, -0.1)]) * size
            lower = np.array([(1.25, -0.1), (0.5, 0.7), (-0.5, 0.75), (-1.25, 0.1)]) * size
            drawing.append(np.concatenate([curve(lens), curve(lower)[1:]]) * (-side, 1) * (-1, 1) + center)
            drawing.append(line(center + (0, -0.6 * size), center + (0, 0.6 * size)))
    return drawing


def _muzzle(rng: np.random.Generator, level: float) -> Drawing:
    """Draw the nose, and the mouth that hangs from it."""
    width = rng.uniform(0.09, 0.13)
    if rng.random() < 0.75:
        corners = np.array([(-width, 0), (width, 0), (0, width * 1.1), (-width, 0)])
        nose = corners + (0, level)
    else:
        nose = loop(rng, (0, level + width / 2), (width, width * 0.7))
    lip = level + width * 1.1 + rng.uniform(0.05, 0.1)
    smile, deep = rng.uniform(0.2, 0.3), rng.uniform(0.1, 0.17)
    style = rng.random()
    if style < 0.6:
        half = [(-smile, lip + 0.02), (-smile * 0.55, lip + deep), (0, lip)]
        mirrored = [(smile * 0.55, lip + deep), (smile, lip + 0.02)]
        mouth = [np.concatenate([curve(half), curve([half[-1], *mirrored])[1:]])]
    elif style < 0.85:
        top = level + width * 1.1
        mouth = [
            curve([(0, top), (side * 0.02, lip), (side * smile * 0.5, lip + deep), (side * smile, lip)])
            for side in LEFT_AND_RIGHT
        ]
    else:
        mouth = [arc((0, lip), (smile, deep * 1.3), 170, -160)]
    return [nose, *mouth]


def _whiskers(rng: np.random.Generator, count: int, level: float) -> Drawing:
    near, far = rng.uniform(0.42, 0.55), rng.uniform(1.1, 1.35)
    fan, rise = rng.uniform(0.1, 0.18), rng.uniform(-0.05, 0.1)
    drawing = []
    for side in LEFT_AND_RIGHT:
        for step in np.arange(count) - (count - 1) / 2:
            start = (side * near, level + 0.06 + step * fan * 0.5)
            end = (side * (far + rng.normal(0, 0.04)), level - rise + step * fan * 2.0)
            drawing.append(line(start, loose(rng, end, 0.02), side * rng.normal(0.02, 0.03)))
    return drawing
