"""Cats: a face alone, or the whole animal sitting, standing or asleep.

Lengths are in half-widths of the head; the head's middle is the origin.
"""

import numpy as np

from sketchrnn_cli.data.doodles.pen import LEFT_AND_RIGHT, Drawing, arc, curve, line, loop, loose, place, ribbon

PORTRAIT_EYES = {"dots": 0.3, "round": 0.2, "wide": 0.1, "slits": 0.15, "happy": 0.25}
SMALL_EYES = {"dashes": 0.45, "dots": 0.3, "happy": 0.2, "slits": 0.05}
"""Kinds of eyes and how often they are drawn."""


def cat(rng: np.random.Generator) -> Drawing:
    """Draw one cat."""
    poses = (_portrait, _sitting, _sitting_sideways, _standing, _asleep)
    pose = poses[rng.choice(len(poses), p=(0.4, 0.16, 0.14, 0.15, 0.15))]
    side = int(rng.choice(LEFT_AND_RIGHT))
    stretch = rng.normal(1.0, 0.04)
    drawing = place(pose(rng), (0.0, 0.0), (side * stretch, 1.0 / stretch), rng.normal(0.0, 4.0))
    if pose is _asleep and rng.random() < 0.5:
        drawing += _snores(side)
    return drawing


def _portrait(rng: np.random.Generator) -> Drawing:
    eyes = str(rng.choice(list(PORTRAIT_EYES), p=list(PORTRAIT_EYES.values())))
    whiskers = 3 if rng.random() < 0.25 else 2
    drawing = _head(rng, eyes, whiskers, inner_ears=rng.random() < 0.2)
    if rng.random() < 0.2:
        drawing += _forehead_stripes(rng)
    return drawing


def _small_head(rng: np.random.Generator, eyes: str | None = None) -> Drawing:
    """Draw the head of a whole cat: large for its body and a little aslant, with a plain face."""
    if eyes is None:
        eyes = str(rng.choice(list(SMALL_EYES), p=list(SMALL_EYES.values())))
    size = rng.uniform(1.1, 1.35)
    whiskers = 2 if rng.random() < 0.8 else 0
    return place(_head(rng, eyes, whiskers), (0.0, 0.8 * (1 - size)), size, rng.normal(0.0, 5.0))


def _sitting(rng: np.random.Generator) -> Drawing:
    """Draw a cat that sits and faces us."""
    wide, tall = rng.uniform(0.85, 1.15), rng.uniform(0.75, 0.95)
    flank = loose(rng, [(0.6, 0.7), (0.85, 1.4), (1.12, 2.2), (1.05, 2.75), (0.7, 3.0)], 0.03) * (wide, tall)
    left = flank * (-1, 1)
    drawing = [*_small_head(rng), np.concatenate([curve(left), curve(flank[::-1])])]
    floor = 3.0 * tall
    if rng.random() < 0.5:
        for side in LEFT_AND_RIGHT:
            drawing.append(line((side * 0.28 * wide, 1.8 * tall), (side * 0.2 * wide, floor)))
    else:
        for side in LEFT_AND_RIGHT:
            drawing.append(arc((side * 0.38 * wide, floor), (0.3, 0.34), 180, 180))
    tail = np.array([(wide, 2.7), (1.6, 2.75), (1.9, 2.2), (1.7, 1.6), (1.95, 1.1)]) * (1, tall)
    drawing.append(_tail(rng, loose(rng, tail, 0.05)))
    return drawing


def _sitting_sideways(rng: np.random.Generator) -> Drawing:
    """Draw a cat that sits in profile and turns its face to us."""
    tall = rng.uniform(0.8, 1.0)
    back = loose(rng, [(0.75, 0.55), (1.35, 1.2), (1.85, 2.0), (1.95, 2.7), (1.6, 3.05)], 0.04) * (1, tall)
    chest = loose(rng, [(-0.5, 0.8), (-0.52, 1.5), (-0.4, 2.3), (-0.4, 2.95)], 0.03) * (1, tall)
    floor = 3.05 * tall
    paw = [(-0.6, floor), (0.1, floor), (0.12, 2.1 * tall)]
    thigh = curve([(0.7, 2.45 * tall), (1.0, 1.95 * tall), (1.45, 2.1 * tall), (1.5, 2.7 * tall)])
    foot = [(0.45, floor), (0.35, floor - 0.2)]
    drawing = [*_small_head(rng), np.concatenate([curve(chest), paw])]
    drawing += [np.concatenate([curve(back), foot]), thigh]
    if rng.random() < 0.5:
        tail = [(1.8, 2.85), (2.4, 3.0), (2.85, 2.6), (2.75, 2.1), (3.0, 1.75)]
    else:
        tail = [(1.85, 2.7), (2.3, 2.4), (2.4, 1.7), (2.25, 1.1), (2.55, 0.6)]
    drawing.append(_tail(rng, loose(rng, np.array(tail) * (1, tall), 0.05)))
    return drawing


def _standing(rng: np.random.Generator) -> Drawing:
    """Draw a cat that stands in profile and turns its face to us."""
    rump, belly = rng.uniform(2.6, 3.2), rng.uniform(1.25, 1.45)
    floor = belly + rng.uniform(0.55, 0.8)

    def leg(x: float, lean: float) -> np.ndarray:
        corners = [(x + 0.42, belly), (x + 0.4 + lean, floor), (x - 0.02 + lean, floor), (x, belly)]
        return loose(rng, corners, 0.03)

    back = curve(loose(rng, [(0.85, 0.0), (0.3 + rump * 0.4, 0.1), (rump * 0.75, 0.05), (rump, 0.3)], 0.04))
    haunch = curve([(rump, 0.3), (rump + 0.14, 0.8), (rump + 0.05, belly)])
    legs = [leg(rump - 0.4, 0.06), leg(rump - 1.0, 0.02), leg(0.95, -0.02), leg(0.35, -0.06)]
    underside = np.concatenate([haunch, *legs, [(0.35, 0.75)]])
    tail = [(rump - 0.1, 0.3), (rump + 0.45, 0.0), (rump + 0.6, -0.7), (rump + 0.4, -1.3), (rump + 0.8, -1.7)]
    return [*_small_head(rng), back, underside, _tail(rng, loose(rng, tail, 0.06))]


def _asleep(rng: np.random.Generator) -> Drawing:
    """Draw a cat curled up asleep, its tail round its feet."""
    high = rng.uniform(0.85, 1.05)
    back = [(0.6, -0.75), (1.3, -1.25 * high), (2.4, -1.2 * high), (3.2, -0.4), (3.2, 0.5)]
    body = [*back, (2.5, 1.1), (1.4, 1.25), (0.4, 1.15), (-0.2, 0.85)]
    tail = [(3.1, 0.55), (2.55, 0.75), (1.9, 0.6), (1.45, 0.2)]
    return [*_small_head(rng, "asleep"), curve(loose(rng, body, 0.05)), curve(loose(rng, tail, 0.05))]


def _snores(side: int) -> Drawing:
    """Draw two letters z that rise from a sleeper who lies to the given side."""
    letter = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], dtype=np.float64) - 0.5
    return [letter * size + (side * x, y) for x, y, size in ((1.5, -1.85, 0.4), (2.1, -2.5, 0.6))]


def _tail(rng: np.random.Generator, path: np.ndarray) -> np.ndarray:
    return ribbon(curve(path), 0.3, tip=0.8) if rng.random() < 0.25 else curve(path)


def _head(rng: np.random.Generator, eyes: str, whiskers: int, inner_ears: bool = False) -> Drawing:
    """Draw a head from the front: outline and ears, then the face from the eyes down, whiskers last."""
    tall = rng.uniform(0.76, 0.92)
    nose = rng.uniform(0.2, 0.28)
    return [
        *_outline(rng, tall, inner_ears),
        *_eyes(rng, eyes, apart=rng.uniform(0.38, 0.48), level=rng.uniform(-0.08, 0.06)),
        *_muzzle(rng, nose),
        *_whiskers(rng, whiskers, nose),
    ]


def _forehead_stripes(rng: np.random.Generator) -> Drawing:
    top = -rng.uniform(0.68, 0.74)
    lengths = ((-0.18, 0.18), (0.0, 0.27), (0.18, 0.18))
    return [line((x, top), (x * 0.85, top + length), rng.normal(0, 0.02)) for x, length in lengths]


def _outline(rng: np.random.Generator, tall: float, inner_ears: bool) -> Drawing:
    """Draw the skull and both ears, in one stroke or in three."""
    outer, inner = rng.uniform(58, 66), rng.uniform(18, 26)
    height, cheeks = rng.uniform(0.42, 0.62), rng.uniform(0.0, 0.1)

    def cheeky(skull: np.ndarray) -> np.ndarray:
        return skull * np.stack([1 + cheeks * skull[:, 1], np.ones(len(skull))], axis=1)

    def ear(side: int, foot: np.ndarray, top: np.ndarray) -> np.ndarray:
        tip = (foot + top) / 2 + np.array([side * 0.32, -1.0]) * height + rng.normal(0, 0.03, 2)
        bow = side * rng.uniform(0.0, 0.06)
        return np.concatenate([line(foot, tip, bow), line(tip, top, bow)[1:]])

    crown = cheeky(arc((0.0, 0.0), (1.0, tall), -90 - inner, 2 * inner))
    jaw = cheeky(arc((0.0, 0.0), (1.0, tall), -90 + outer, 360 - 2 * outer))
    left, right = ear(-1, jaw[-1], crown[0]), ear(1, jaw[0], crown[-1])
    if rng.random() < 0.7:
        if rng.random() < 0.7:
            outline = [np.concatenate([left, crown, right[::-1], jaw])]
        else:
            outline = [np.concatenate([crown, right[::-1], jaw, left])]
    else:
        outline = [cheeky(loop(rng, (0.0, 0.0), (1.0, tall))), left, right]
    if inner_ears:
        for side, shape in zip(LEFT_AND_RIGHT, (left, right), strict=True):
            root = shape[[0, -1]].mean(axis=0)
            outline.append(root + (shape - root) * 0.55 + (side * 0.02, -0.02))
    return outline


def _eyes(rng: np.random.Generator, style: str, apart: float, level: float) -> Drawing:
    size = rng.uniform(0.12, 0.17)
    return [
        stroke
        for side in LEFT_AND_RIGHT
        for stroke in place(_eye(rng, style), (side * apart, level), (side * size, size))
    ]


def _eye(rng: np.random.Generator, style: str) -> Drawing:
    """Draw the right eye, the origin its middle; here the unit is half its width when open."""
    match style:
        case "dashes":
            return [line((0, -0.55), (0, 0.55))]
        case "dots":
            return [loop(rng, (0, 0), (0.42, 0.55))]
        case "happy":
            return [arc((0, 0.3), (1, 0.9), 190, 160)]
        case "asleep":
            return [arc((0, 0), (1.1, 0.8), 170, -160)]
        case "round":
            return [loop(rng, (0, 0), (1, 1.1)), line((0, -0.45), (0, 0.45))]
        case "wide":
            return [loop(rng, (0, 0), (1.1, 1.2)), loop(rng, (0, 0.1), (0.4, 0.5))]
        case _:
            upper = curve([(-1.25, 0.1), (-0.5, -0.75), (0.5, -0.75), (1.25, -0.1)])
            lower = curve([(1.25, -0.1), (0.5, 0.7), (-0.5, 0.75), (-1.25, 0.1)])
            return [np.concatenate([upper, lower[1:]]), line((0, -0.6), (0, 0.6))]


def _muzzle(rng: np.random.Generator, level: float) -> Drawing:
    """Draw the nose, and the mouth that hangs from it."""
    width = rng.uniform(0.09, 0.13)
    if rng.random() < 0.75:
        nose = np.array([(-1, 0), (1, 0), (0, 1.1), (-1, 0)]) * width + np.array([0, level])
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
            drawing.append(line(start, loose(rng, end, 0.02), side * rng.normal(0.015, 0.012)))
    return drawing
