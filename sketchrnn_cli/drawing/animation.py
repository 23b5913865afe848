"""Pictures in motion: frames drawn stroke by stroke at a constant pen speed, and the formats that hold them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from sketchrnn_cli.drawing import pen
from sketchrnn_cli.drawing.layout import Picture
from sketchrnn_cli.errors import UsageError

GIF_FASTEST = 50
"""Frames a second: a GIF counts time in hundredths, and viewers slow down what is shorter than two."""


@dataclass(frozen=True)
class Timing:
    """When what is seen."""

    fps: int = 25
    """Frames a second."""
    seconds: float = 3.0
    """From the first to the last stroke; for a morph from the first to the last drawing."""
    hold: float = 1.5
    """Seconds that the last frame stays, and a morph's first; the empty page before a drawing stays a third of it."""
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
            raise UsageError(f"loop {self.loop}: give 0 (for ever) to 65535")

    def ticks(self, seconds: float) -> int:
        """Return a time in frames, at least one."""
        return max(1, round(seconds * self.fps))


@dataclass(frozen=True)
class Frame:
    """uint8 `[height, width, 3]`, and for how many ticks of 1/fps second it is seen."""

    image: np.ndarray
    ticks: int


def frames(pictures: Sequence[Picture], timing: Timing) -> Iterator[Frame]:
    """Yield the frames of one picture drawn stroke by stroke, or of several as a morph there and back."""
    return _drawn(pictures[0], timing) if len(pictures) == 1 else _morphed(pictures, timing)


def _drawn(picture: Picture, timing: Timing) -> Iterator[Frame]:
    """Draw all cells at once, with the same speed, so that the longest one takes the whole time."""
    page = pen.new_page(_opaque(picture))
    pens = [pen.Pen(page, lines, picture.stroke_width) for lines in picture.cells]
    longest = max(each.length for each in pens)
    count = timing.ticks(timing.seconds)
    yield Frame(page[..., :3].copy(), timing.ticks(timing.hold / 3))
    for number in range(1, count + 1):
        for each in pens:
            each.advance(longest * number / count)
        yield Frame(page[..., :3].copy(), timing.ticks(timing.hold) if number == count else 1)


def _morphed(pictures: Sequence[Picture], timing: Timing) -> Iterator[Frame]:
    """Show the pictures there and back, so that the loop closes; the first and the last stay."""
    stay = timing.ticks(timing.seconds / len(pictures))
    there = [pen.draw(_opaque(picture))[..., :3] for picture in pictures]
    for number, image in enumerate(there):
        at_end = number in (0, len(there) - 1)
        yield Frame(image, max(stay, timing.ticks(timing.hold)) if at_end else stay)
    for image in there[-2:0:-1]:
        yield Frame(image, stay)


def _opaque(picture: Picture) -> Picture:
    return replace(picture, background=picture.background or "#ffffff")


def write_gif(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write a looping GIF with one palette for all frames.

    Raises:
        UsageError: more frames a second than the format can tell.
    """
    if timing.fps > GIF_FASTEST:
        raise UsageError(f"fps {timing.fps}: a GIF shows at most {GIF_FASTEST} frames a second")
    palette = _palette(pictures)
    indexed, ticks = [], []
    for frame in frames(pictures, timing):
        image = Image.fromarray(frame.image).quantize(palette=palette, dither=Image.Dither.NONE)
        indexed.append(np.asarray(image))
        ticks.append(frame.ticks)
    options: dict[str, object] = {} if timing.loop == 1 else {"loop": max(timing.loop - 1, 0)}
    # Counted in repeats after the first time; rounding the running sum keeps the whole as long as asked
    ends = np.rint(np.cumsum(ticks) * 100 / timing.fps).astype(int) * 10
    options["duration"] = np.diff(ends, prepend=0).tolist()
    _write(path, "GIF", indexed, palette=palette.palette.palette, **options)


def _palette(pictures: Sequence[Picture]) -> Image.Image:
    """Return an image whose palette is the page and each ink in all its shades on the page."""
    page = pictures[0].background or "#ffffff"
    inks = {line.color for picture in pictures for lines in picture.cells for line in lines}
    inks |= {picture.ink for picture in pictures}
    palette = Image.new("P", (1, 1))
    paper = np.array(ImageColor.getrgb(page)[:3], dtype=np.float64)
    shades = max(1, min(pen.SHADES, 255 // len(inks)))
    colors = [paper]
    for ink in sorted(inks):
        strength = np.arange(1, shades + 1)[:, None] / shades
        colors.extend(paper + (np.array(ImageColor.getrgb(ink)[:3]) - paper) * strength)
    palette.putpalette(np.rint(np.array(colors)).astype(np.uint8).tobytes())
    return palette


def _write(path: Path, container: str, images: list[np.ndarray], **options: object) -> None:
    import imageio.v3 as imageio

    with imageio.imopen(path, "w", plugin="pillow") as file:
        for image in images:
            file.write(image, is_batch=False, format=container, **options)
