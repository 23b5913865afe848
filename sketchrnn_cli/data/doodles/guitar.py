"""Guitars: acoustic, electric with one horn or two, and flying V, drawn body first.

Lengths are in half-widths of the body at its widest. The neck points up; it meets an acoustic body at
the origin.
"""

import numpy as np

from sketchrnn_cli.data.doodles.pen import LEFT_AND_RIGHT, Drawing, curve, line, loop, loose, place

STRINGS = ((), (0.0,), (-0.6, 0.6), (-0.6, 0.0, 0.6))
"""Positions of the strings, in half-widths of the neck: people draw few, or none."""


def guitar(rng: np.random.Generator) -> Drawing:
    """Draw one guitar, upright, aslant or lying."""
    models = (_acoustic, _electric, _flying_v)
    drawing = models[rng.choice(len(models), p=(0.65, 0.25, 0.1))](rng)
    if rng.random() < 0.1:
        strap = [(-0.2, -2.2), (-1.2, -1.5), (-1.9, -0.3), (-1.7, 0.9), (-0.95, 1.7)]
        drawing.append(curve(loose(rng, strap, 0.08)))
    tilt = rng.choice([0.0, 35.0, 90.0], p=[0.35, 0.45, 0.2]) + rng.normal(0.0, 6.0)
    side = rng.choice(LEFT_AND_RIGHT, p=(0.3, 0.7))
    return place(drawing, (0.0, 0.0), rng.normal(1.0, 0.05, 2), side * tilt)


def _acoustic(rng: np.random.Generator) -> Drawing:
    waist, shoulder = rng.uniform(0.58, 0.72), rng.uniform(0.68, 0.84)
    long = rng.uniform(2.3, 2.7)
    upper = np.array([(0.12, 0.0), (0.55, 0.0), (0.9, 0.055), (1.0, 0.15), (0.93, 0.27)]) * (shoulder, long)
    lower = np.array([(waist, 0.41), (0.9, 0.59), (1.0, 0.75), (0.88, 0.9), (0.5, 0.985), (0.0, 1.0)])
    right = np.concatenate([upper, lower * (1, long)])
    left = right[-2::-1] * (-1, 1)
    body = curve(loose(rng, np.concatenate([right, left]), 0.025))
    hole, radius, bridge = 0.38 * long, rng.uniform(0.24, 0.34), 0.74 * long
    return [
        body if rng.random() < 0.7 else body[::-1],
        loop(rng, (0, hole), (radius, radius)),
        *_bridge(rng, bridge),
        *_neck(rng, neck_foot=hole - radius if rng.random() < 0.3 else 0.0, strings_foot=bridge),
    ]


def _electric(rng: np.random.Generator) -> Drawing:
    """Draw a solid body with one horn or two."""
    long = rng.uniform(1.9, 2.2)
    upper = rng.uniform(0.15, 0.3)
    right = [(0.16, 0.45), (0.5, 0.35), (0.72, 0.05), (0.86, 0.12), (0.72, 0.75), (0.95, 1.4), (0.7, long)]
    left = [(-0.75, long), (-1.0, 1.4), (-0.7, 0.8), (-0.95, 0.1), (-0.78, -upper), (-0.5, 0.2), (-0.16, 0.4)]
    if rng.random() < 0.4:
        left[3:] = [(-0.85, 0.4), (-0.65, 0.1), (-0.16, 0.05)]
    outline = curve(loose(rng, [*right, (0, long + 0.08), *left], 0.03))
    pickups = [_box((0, y), (0.32, 0.1)) for y in (0.75, 1.1)]
    bridge = _bridge(rng, 1.5)
    knobs = [loop(rng, spot, (0.09, 0.09)) for spot in ((0.6, 1.45), (0.55, 1.7))[: rng.integers(0, 3)]]
    return [outline, *pickups, *bridge, *knobs, *_neck(rng, neck_foot=0.55, strings_foot=1.5)]


def _flying_v(rng: np.random.Generator) -> Drawing:
    wing, long, notch = rng.uniform(0.95, 1.2), rng.uniform(1.9, 2.3), rng.uniform(1.1, 1.35)
    right = [(0.16, 0.0), (0.35, 0.1), (wing, long), (wing - 0.45, long + 0.1), (0.0, notch)]
    left = [(-x, y) for x, y in right[-2::-1]]
    wings = loose(rng, [*right, *left], 0.03)
    pickup = _box((0, 0.4), (0.26, 0.09))
    return [wings, pickup, *_bridge(rng, 0.85), *_neck(rng, neck_foot=0.1, strings_foot=0.85)]


def _box(center: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    return corners * half + np.asarray(center)


def _bridge(rng: np.random.Generator, level: float) -> Drawing:
    wide = rng.uniform(0.34, 0.48)
    if rng.random() < 0.5:
        return [_box((0, level), (wide, 0.07))]
    return [line((-wide, level), (wide, level))]


def _neck(rng: np.random.Generator, neck_foot: float, strings_foot: float) -> Drawing:
    """Draw the neck, the head with its pegs, frets and strings."""
    half, long = rng.uniform(0.14, 0.2), rng.uniform(1.6, 2.3)
    drawing: Drawing = [line((side * half, neck_foot), (side * half * 0.9, -long)) for side in LEFT_AND_RIGHT]
    head = rng.uniform(0.55, 0.75)
    flare = half * rng.uniform(1.5, 2.0)
    right = np.array([(half, -long), (flare, -long - 0.15), (flare * 0.9, -long - head)])
    drawing.append(np.concatenate([right * (-1, 1), right[::-1]]))
    pegs = rng.integers(2, 4)
    for side in LEFT_AND_RIGHT:
        for step in range(pegs):
            y = -long - 0.2 - step * (head - 0.25) / (pegs - 1)
            drawing.append(line((side * flare, y), (side * (flare + rng.uniform(0.16, 0.22)), y - 0.02)))
    frets = rng.choice([0, 3, 4, 5], p=[0.4, 0.2, 0.2, 0.2])
    for y in -long * np.linspace(0.85, 0.25, frets):
        drawing.append(line((-half, y), (half, y)))
    for x in STRINGS[rng.choice(len(STRINGS), p=[0.3, 0.3, 0.3, 0.1])]:
        drawing.append(line((x * half, -long - 0.05), (x * half * 1.4, strings_foot)))
    return drawing
