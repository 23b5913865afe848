"""When what is seen in an animation, whichever format holds it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sketchrnn_cli.drawing.layout import Line, Picture
from sketchrnn_cli.errors import UsageError


@dataclass(frozen=True)
class Timing:
    """The clock of an animation."""

    fps: int = 25
    """Frames a second."""
    seconds: float = 3.0
    """From the first stroke to the last; in a morph from the first drawing to the last."""
    hold: float = 1.5
    """Seconds that the last frame stays, and a morph's first."""
    loop: int = 0
    """How often it plays; 0 for ever."""

    def __post_init__(self) -> None:
        """Check the values, so that an option is refused before anything is drawn."""
        if not 1 <= self.fps <= 100:
            raise UsageError(f"fps {self.fps}: give 1 to 100 frames a second")
        if not 0 < self.seconds <= 600:
            raise UsageError(f"seconds {self.seconds}: give a number above 0 and up to 600")
        if not 0 <= self.hold <= 60:
            raise UsageError(f"hold {self.hold}: give 0 to 60 seconds")
        if not 0 <= self.loop <= 65535:
            raise UsageError(f"loop {self.loop}: give 0 (for ever) to 65535 times")

    def ticks(self, seconds: float) -> int:
        """Return a time in frames, at least one."""
        return max(1, round(seconds * self.fps))


def stroke_lengths(lines: Sequence[Line], picture: Picture) -> list[float]:
    """Return the way of the pen along each stroke in pixels; a dot counts as long as the pen is wide."""
    lengths = (float(np.hypot(*np.diff(line.points, axis=0).T).sum()) for line in lines)
    return [length or picture.style.pen_width for length in lengths]


def longest_cell(picture: Picture) -> float:
    """Return the way of the pen through the longest cell: cells are drawn at once, all at one speed."""
    return max(sum(stroke_lengths(lines, picture)) for lines in picture.cells)


def there_and_back(count: int, timing: Timing) -> list[tuple[int, float]]:
    """Return a morph's drawings in the order they are seen, each with its seconds; the loop closes."""
    stay = timing.seconds / count
    order = [*range(count), *range(count - 2, 0, -1)]
    return [(number, max(stay, timing.hold) if number in (0, count - 1) else stay) for number in order]


def schedule(pictures: Sequence[Picture], timing: Timing) -> list[int]:
    """Return for how many ticks of 1/fps second each frame of `animation.frames` is seen."""
    if len(pictures) > 1:
        return [timing.ticks(seconds) for _, seconds in there_and_back(len(pictures), timing)]
    moving = timing.ticks(timing.seconds) - 1
    return [*[1] * moving, timing.ticks(timing.hold)]
