"""Path data, against a plain interpreter that follows the words of the SVG specification."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from distances import apart

from sketchrnn_cli.strokes.svg.curves import valid_prefix
from sketchrnn_cli.strokes.svg.reader import TOLERANCE, read_svg

SAMPLES = np.linspace(0, 1, 200)


def read(data: str) -> list[np.ndarray]:
    path = f'<path fill="none" stroke="red" stroke-linecap="round" d="{data}"/>'
    return read_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{path}</svg>'.encode()).polylines


def bezier(*controls: complex) -> list[complex]:
    """Return points of a curve by de Casteljau's construction."""
    found = []
    for t in SAMPLES:
        points = list(controls)
        while len(points) > 1:
            points = [a + (b - a) * t for a, b in pairwise(points)]
        found.append(points[0])
    return found


def arc(start: complex, rx: float, ry: float, turn: float, large: bool, sweep: bool, end: complex) -> list[complex]:
    """Return points of an elliptical arc: SVG 1.1, appendix F.6.5 and F.6.6."""
    phi = math.radians(turn)
    middle = (start - end) / 2
    x = math.cos(phi) * middle.real + math.sin(phi) * middle.imag
    y = -math.sin(phi) * middle.real + math.cos(phi) * middle.imag
    lack = (x / rx) ** 2 + (y / ry) ** 2
    if lack > 1:
        rx, ry = rx * math.sqrt(lack), ry * math.sqrt(lack)
    rest = max(0.0, (rx * ry) ** 2 - (rx * y) ** 2 - (ry * x) ** 2) / ((rx * y) ** 2 + (ry * x) ** 2)
    root = math.sqrt(rest) * (-1 if large == sweep else 1)
    cx, cy = root * rx * y / ry, -root * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    angle = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    if sweep and angle < 0:
        angle += 2 * math.pi
    if not sweep and angle > 0:
        angle -= 2 * math.pi
    center = (start + end) / 2 + complex(cx, cy) * complex(math.cos(phi), math.sin(phi))
    around = [first + angle * t for t in SAMPLES]
    turned = complex(math.cos(phi), math.sin(phi))
    return [center + complex(rx * math.cos(a), ry * math.sin(a)) * turned for a in around]


class Writer:
    """Writes path data at random, and knows by the specification what it draws."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.data = ""
        self.lines: list[list[complex]] = []
        self.at = self.start = self.control = 0j
        self.before = ""

    def number(self) -> float:
        return self.rng.choice([self.rng.randint(-90, 90), round(self.rng.uniform(-90, 90), 3), 0.5, -0.25])

    def write(self, letter: str, *numbers: float) -> None:
        """Add a command, its letter left out where the rules allow it, with any separators."""
        implied = {"M": "L", "m": "l"}.get(self.before, self.before)
        if letter != implied or self.rng.random() < 0.5:
            self.data += self.rng.choice(["", " ", "\n"]) + letter
        for number in numbers:
            text = f"{number:.3f}".rstrip("0").rstrip(".")
            text = text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
            bare = self.data[-1:].isalpha() or text.startswith("-")
            self.data += (self.rng.choice(["", " "]) if bare else self.rng.choice([" ", ",", " , "])) + text
        self.before = letter

    def draw(self, points: list[complex]) -> None:
        if not self.lines or self.lines[-1][-1] != self.at:
            self.lines.append([self.at])
        self.lines[-1] += points
        self.at = points[-1]

    def command(self) -> None:
        letter = self.rng.choice("MLHVCSQTAZ" if self.data else "M")
        if letter == "M" and self.before.upper() == "M":
            letter = "L"
        if self.before.upper() == "Z" and letter == "Z":
            return
        relative = self.rng.random() < 0.5
        origin = self.at if relative else 0j
        name = letter.lower() if relative else letter
        point = [complex(self.number(), self.number()) for _ in range(3)]
        last = self.before.upper()
        mirrored = 2 * self.at - self.control
        flat = [part for p in point for part in (p.real, p.imag)]
        here = self.at
        if letter == "M":
            self.write(name, *flat[:2])
            self.at = self.start = origin + point[0]
            self.lines.append([self.at])
        elif letter == "L":
            self.write(name, *flat[:2])
            self.draw([origin + point[0]])
        elif letter == "H":
            self.write(name, flat[0])
            self.draw([complex(origin.real + flat[0], here.imag)])
        elif letter == "V":
            self.write(name, flat[1])
            self.draw([complex(here.real, origin.imag + flat[1])])
        elif letter == "C":
            self.write(name, *flat)
            a, b, c = (origin + p for p in point)
            self.draw(bezier(here, a, b, c))
            self.control = b
        elif letter == "S":
            self.write(name, *flat[:4])
            b, c = (origin + p for p in point[:2])
            self.draw(bezier(here, mirrored if last in "CS" else here, b, c))
            self.control = b
        elif letter == "Q":
            self.write(name, *flat[:4])
            b, c = (origin + p for p in point[:2])
            self.draw(bezier(here, b, c))
            self.control = b
        elif letter == "T":
            self.write(name, *flat[:2])
            self.control = mirrored if last in "QT" else here
            self.draw(bezier(here, self.control, origin + point[0]))
        elif letter == "A":
            rx, ry = abs(self.number()) + 1, abs(self.number()) + 1
            turn, large, sweep = self.rng.randint(0, 180), self.rng.randint(0, 1), self.rng.randint(0, 1)
            end = origin + point[0]
            if abs(end - here) < 1:
                return
            self.write(name, rx, ry, turn, large, sweep, *flat[:2])
            self.draw(arc(here, round(rx, 3), round(ry, 3), turn, bool(large), bool(sweep), end))
        else:
            self.data += name
            self.before = name
            self.draw([self.start])
            self.lines.append([self.start])


@pytest.mark.parametrize("seed", range(60))
def test_every_command_draws_what_the_specification_says(seed: int) -> None:
    writer = Writer(seed)
    for _ in range(30):
        writer.command()
    expected = [np.array([[p.real, p.imag] for p in line]) for line in writer.lines if len(line) > 1]
    side = np.ptp(np.concatenate(expected), axis=0).max()
    found = read(writer.data)
    assert len(found) == len(expected)
    # The samples of the plain curves lie off them by no more than this, either.
    assert apart(found, expected) <= 2 * TOLERANCE * side


@pytest.mark.parametrize(
    ("data", "points"),
    [
        ("M1 2 3 4 5 6", [[1, 2], [3, 4], [5, 6]]),
        ("m1 2 3 4 5 6", [[1, 2], [4, 6], [9, 12]]),
        ("M1 2h3v4H0V0", [[1, 2], [4, 2], [4, 6], [0, 6], [0, 0]]),
        ("M.5.5.5-1-1.5e1,2E-1", [[0.5, 0.5], [0.5, -1], [-15, 0.2]]),
        ("M0 0L1 1 2,2\n3\t3 , 4 4", [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]]),
        ("M0 0L9 9Z", [[0, 0], [9, 9], [0, 0]]),
        ("M0 0L9 9L9 0zl5 5", [[0, 0], [9, 9], [9, 0], [0, 0]]),
        ("M0 0A5 0 0 0 1 9 9", [[0, 0], [9, 9]]),
        # What stands before the first fault is drawn.
        ("M0 0L9 9L5 x 7 7", [[0, 0], [9, 9]]),
        ("M0 0L9 9 L 1", [[0, 0], [9, 9]]),
        ("M0 0L9 9A5 5 0 2 1 3 3", [[0, 0], [9, 9]]),
        ("M0 0L9 9L1e999 4", [[0, 0], [9, 9]]),
        ("M0 0L9 9,,8 8", [[0, 0], [9, 9]]),
        ("M0 0L9 9Z 4 4", [[0, 0], [9, 9], [0, 0]]),
    ],
)
def test_lines_are_where_their_numbers_say(data: str, points: list) -> None:
    np.testing.assert_allclose(read(data)[0], points, atol=1e-9)


def test_arc_flags_need_no_spaces() -> None:
    compact, spaced = read("M0 0a5 5 0 01.5 9a5 5 0 1010 0"), read("M0 0a5 5 0 0 1 .5 9a5 5 0 1 0 10 0")
    np.testing.assert_array_equal(compact[0], spaced[0])


def test_a_closed_subpath_starts_the_next_where_it_began() -> None:
    first, second = read("M10 10h5v5zl-3-3")
    np.testing.assert_allclose(first[[0, -1]], [[10, 10], [10, 10]])
    np.testing.assert_allclose(second, [[10, 10], [7, 7]])


def test_an_arc_too_small_for_its_ends_grows_until_it_reaches_them() -> None:
    [line] = read("M0 0A1 1 0 0 1 20 0")
    radii = np.hypot(*(line - [10, 0]).T)
    np.testing.assert_allclose(radii, 10, atol=20 * TOLERANCE)
    assert line[:, 1].min() == pytest.approx(-10, abs=20 * TOLERANCE)


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.001, 0.0001])
def test_a_circle_is_as_near_as_asked_and_takes_no_more_points_than_it_needs(tolerance: float) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="50"/></svg>'
    [line] = read_svg(svg, tolerance).polylines
    middles = (line[1:] + line[:-1]) / 2
    sag = 50 - np.hypot(*middles.T)
    assert np.abs(sag).max() <= tolerance * 100 * 1.01 + 0.03
    assert len(line) <= 10 + 4 / np.sqrt(tolerance)


def test_counting_stops_at_the_limit() -> None:
    sound, cost = valid_prefix("M0 0" + "h1" * 10_000, limit=100)
    assert cost == 101
    assert len(sound) < 300
