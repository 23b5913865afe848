"""Physical sizes: lengths in millimeters, and pages for pen plotters."""

import math
import re

import numpy as np

from sketchrnn_cli.errors import UsageError

PIXELS_PER_MM = 96 / 25.4
"""A pixel of SVG and CSS is 1/96 inch."""
MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "in": 25.4}
PAGES = {"a3": (297.0, 420.0), "a4": (210.0, 297.0), "a5": (148.0, 210.0), "letter": (215.9, 279.4)}
"""Width and height in portrait, in millimeters."""
PAGE_MARGIN = 15.0
"""In millimeters, on every side of a page: plotters cannot reach the edge."""


def parse_size(text: str) -> tuple[int, float | None]:
    """Parse ``256``, ``100mm``, ``10cm`` or ``4in`` to pixels, and to millimeters if it has a unit of length.

    Raises:
        UsageError: not a length.
    """
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(px|mm|cm|in)?\s*", text)
    if not found:
        raise UsageError(f"--size {text}: give pixels (256), or a length (100mm, 10cm, 4in)")
    number, unit = float(found[1]), found[2] or "px"
    if unit == "px":
        return round(number), None
    return max(1, round(number * MM_PER_UNIT[unit] * PIXELS_PER_MM)), number * MM_PER_UNIT[unit]


def page_size(name: str, landscape: bool) -> tuple[float, float]:
    """Return width and height of a page in millimeters.

    Raises:
        UsageError: an unknown page.
    """
    if name.lower() not in PAGES:
        raise UsageError(f"--page {name}: choose one of {', '.join(PAGES)}")
    width, height = PAGES[name.lower()]
    return (height, width) if landscape else (width, height)


def pen_order(lines: list[np.ndarray]) -> list[tuple[int, bool]]:
    """Order lines `[points, 2]` greedily for short pen-up moves.

    Returns:
        Index of each line, and whether it is reversed.
    """
    if not lines:
        return []
    starts, ends = (np.array([line[end] for line in lines]) for end in (0, -1))
    waiting = np.ones(len(lines), dtype=bool)
    pen, order = np.zeros(2), []
    for _ in lines:
        to_starts, to_ends = (np.where(waiting, np.hypot(*(points - pen).T), math.inf) for points in (starts, ends))
        turned = bool(to_ends.min() < to_starts.min())
        nearest = int((to_ends if turned else to_starts).argmin())
        waiting[nearest] = False
        order.append((nearest, turned))
        pen = starts[nearest] if turned else ends[nearest]
    return order
