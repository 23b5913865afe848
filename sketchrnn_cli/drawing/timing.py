"""Timing of animations, in any format."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.drawing.layout import Line, Picture
from sketchrnn_cli.errors import UsageError


@dataclass(frozen=True)
class Timing:
    """Frame rate and durations of an animation."""

    fps: int = 25
    """Frames per second."""
    seconds: float = 3.0
    """From the first stroke to the last; in a morph from the first drawing to the last."""
    hold: float = 1.5
    """Seconds that the last frame stays, and in a morph also the first."""
    loop: int = 0
    """How often it plays; 0 forever."""

    def __post_init__(self) -> None:
        """Validate the values before anything is drawn."""
        if not 1 <= self.fps <= 100:
            raise UsageError(f"fps {self.fps}: give 1 to 100 frames per second")
        if not 0 < self.seconds <= 600:
            raise UsageError(f"seconds {self.seconds}: give a number above 0 and up to 600")
        if not 0 <= self.hold <= 60:
            raise UsageError(f"hold {self.hold}: give 0 to 60 seconds")
        if not 0 <= self.loop <= 65535:
            raise UsageError(f"loop {self.loop}: give 0 (forever) to 65535 times")

    def ticks(self, seconds: float) -> int:
        """Convert seconds to frames, at least one."""
        return max(1, round(seconds * self.fps))


def stroke_lengths(lines: Sequence[Line], picture: Picture) -> list[float]:
    """Return the length of each stroke in pixels; that of a dot is the pen width."""
    lengths = (float(np.hypot(*np.diff(line.points, axis=0).T).sum()) for line in lines)
    return [length or picture.style.pen_width for length in lengths]


def longest_cell(picture: Picture) -> float:
    """Return the pen's path length in the longest cell: all cells are drawn simultaneously at one speed."""
    return max(sum(stroke_lengths(lines, picture)) for lines in picture.cells)


def back_and_forth(count: int, timing: Timing) -> list[tuple[int, float]]:
    """Return a morph's drawings in order, each with its seconds; the loop closes."""
    stay = timing.seconds / count
    order = [*range(count), *range(count - 2, 0, -1)]
    return [(number, max(stay, timing.hold) if number in (0, count - 1) else stay) for number in order]


def schedule(pictures: Sequence[Picture], timing: Timing) -> list[int]:
    """Return the duration of each frame of `animation.frames` in ticks of 1/fps second."""
    if len(pictures) > 1:
        return [timing.ticks(seconds) for _, seconds in back_and_forth(len(pictures), timing)]
    moving = timing.ticks(timing.seconds) - 1
    return [*[1] * moving, timing.ticks(timing.hold)]
