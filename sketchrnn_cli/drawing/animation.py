"""Pictures in motion: frames drawn at a constant pen speed, and the formats that hold them."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor

from sketchrnn_cli.drawing import pen
from sketchrnn_cli.drawing.layout import Picture
from sketchrnn_cli.drawing.style import TRANSPARENT
from sketchrnn_cli.drawing.timing import Timing, longest_cell, schedule, there_and_back
from sketchrnn_cli.errors import DrawingError, UsageError

INSTALL_FFMPEG = "pip install 'sketchrnn[video]', or name one in IMAGEIO_FFMPEG_EXE"

GIF_FASTEST = 50
"""Frames a second: a GIF counts time in hundredths, and viewers slow down what is shorter than two."""

MOST_PIXELS = 200_000_000
"""Of all frames together, in formats whose writers hold them all: 0.8 GB of memory."""


def frames(pictures: Sequence[Picture], timing: Timing, see_through: bool = False) -> Iterator[np.ndarray]:
    """Yield uint8 `[height, width, 3]`: one picture drawn stroke by stroke, or several as a morph.

    `timing.schedule` says how long each is seen. With `see_through`, a page without background gives four channels,
    the last of them alpha; else it is white.
    """
    see_through = see_through and pictures[0].style.background == TRANSPARENT
    if not see_through:
        pictures = [_on_a_page(picture) for picture in pictures]
    images = _drawn(pictures[0], timing) if len(pictures) == 1 else _morphed(pictures, timing)
    return map(_straight_alpha, images) if see_through else images


def _straight_alpha(image: np.ndarray) -> np.ndarray:
    """Return an image premultiplied by alpha as files hold it, colors by themselves."""
    height, width = image.shape[:2]
    return np.asarray(Image.frombytes("RGBa", (width, height), image.tobytes()).convert("RGBA"))


def notice(pictures: Sequence[Picture], timing: Timing, suffix: str) -> str | None:
    """Return what a format (".gif", ".mp4", ...) cannot hold of what was asked for, in a line."""
    lost = []
    if suffix in (".gif", ".mp4") and pictures[0].style.background == TRANSPARENT:
        lost.append(f"a {suffix[1:].upper()} has no soft transparency, so the page is white (.webp, .apng have it)")
    if suffix == ".mp4" and timing.loop:
        lost.append("an MP4 does not say how often it plays; the player does")
    return "; ".join(lost) or None


def _drawn(picture: Picture, timing: Timing) -> Iterator[np.ndarray]:
    page = pen.new_page(picture)
    pens = [pen.Pen(page, lines, picture) for lines in picture.cells]
    stations = np.linspace(0.0, longest_cell(picture), timing.ticks(timing.seconds) + 1)
    for station in stations[1:]:  # No empty page: the first frame is what a list of files shows.
        for each in pens:
            each.advance(station)
        yield page.copy()


def _morphed(pictures: Sequence[Picture], timing: Timing) -> Iterator[np.ndarray]:
    images = [pen.draw(picture) for picture in pictures]
    for number, _ in there_and_back(len(pictures), timing):
        yield images[number]


def _on_a_page(picture: Picture) -> Picture:
    if picture.style.background != TRANSPARENT:
        return picture
    return replace(picture, style=replace(picture.style, background="#ffffff"))


def write_gif(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write a GIF with one small palette for all its frames.

    Raises:
        UsageError: more frames a second than the format can tell, or too many pixels.
    """
    if timing.fps > GIF_FASTEST:
        raise UsageError(f"fps {timing.fps}: a GIF shows at most {GIF_FASTEST} frames a second")
    colors = _palette([_on_a_page(picture) for picture in pictures])
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors)
    images = (
        np.asarray(Image.fromarray(image).quantize(palette=palette, dither=Image.Dither.NONE))
        for image in frames(pictures, timing)
    )
    # The format counts how often it is played again, and says nothing where it plays once
    loop = {} if timing.loop == 1 else {"loop": max(timing.loop - 1, 0)}
    durations = _milliseconds(pictures, timing, unit=10)
    _write(path, images, _checked(pictures, durations), palette=colors, **loop)


def _palette(pictures: Sequence[Picture]) -> bytes:
    """Return the RGB bytes of the page's color and of each ink in its shades on the page."""
    style = pictures[0].style
    inks = {line.color for picture in pictures for lines in picture.cells for line in lines}
    if pictures[0].captions:
        inks.add(style.color)
    paper = np.array(ImageColor.getrgb(style.background), dtype=np.float64)
    shades = max(1, min(pen.SHADES, 255 // len(inks)))
    strength = np.arange(1, shades + 1)[:, None] / shades
    ramps = [paper + (np.array(ImageColor.getrgb(ink)) - paper) * strength for ink in sorted(inks)]
    return np.rint(np.concatenate([paper[None], *ramps])[:256]).astype(np.uint8).tobytes()


def write_webp(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write an animated WebP, without loss."""
    durations = _checked(pictures, _milliseconds(pictures, timing))
    _write(path, frames(pictures, timing, see_through=True), durations, lossless=True, loop=timing.loop)


def write_apng(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write an animated PNG."""
    durations = _checked(pictures, _milliseconds(pictures, timing))
    _write(path, frames(pictures, timing, see_through=True), durations, loop=timing.loop)


def _milliseconds(pictures: Sequence[Picture], timing: Timing, unit: int = 1) -> list[int]:
    """Return each frame's duration in whole units; the running sum is rounded, so that no time is lost."""
    ends = np.rint(np.cumsum(schedule(pictures, timing)) * 1000 / (timing.fps * unit)).astype(int) * unit
    return np.diff(ends, prepend=0).tolist()


def _checked(pictures: Sequence[Picture], durations: list[int]) -> list[int]:
    width, height = pictures[0].width, pictures[0].height
    if width * height * len(durations) > MOST_PIXELS:
        raise UsageError(
            f"{len(durations)} frames of {width} × {height} pixels are too many to hold in memory; "
            "give a smaller size, fewer fps or seconds, or an .mp4 or a folder of frames"
        )
    return durations


def _write(path: Path, images: Iterator[np.ndarray], durations: list[int], **options: object) -> None:
    import imageio.v3 as imageio

    # Into memory first: where the disk is full, imageio would print a second, loose traceback
    data = BytesIO()
    with imageio.imopen(data, "w", plugin="pillow", extension=path.suffix.lower()) as file:
        for image in images:
            file.write(image, is_batch=False, duration=durations, **options)
    path.write_bytes(data.getvalue())


def write_mp4(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write an MP4 that any player shows (H.264, 4:2:0)."""
    import imageio.v2 as imageio
    from imageio_ffmpeg import count_frames_and_secs, get_ffmpeg_exe

    try:
        program = get_ffmpeg_exe()
    except RuntimeError as error:
        raise DrawingError(f"no ffmpeg found, which writes an MP4: {INSTALL_FFMPEG}") from error
    if shutil.which(program) is None:
        raise DrawingError(f"ffmpeg, which writes an MP4, cannot be run as {program}: {INSTALL_FFMPEG}")
    settings: dict[str, Any] = {"codec": "libx264", "macro_block_size": 1, "ffmpeg_log_level": "quiet"}
    film: Any = imageio.get_writer(path, format="FFMPEG", fps=timing.fps, **settings)
    with film:
        for image in _every_tick(pictures, timing):
            height, width = image.shape[:2]
            # 4:2:0 halves both sides
            film.append_data(np.pad(image, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge"))
    # imageio does not look at how ffmpeg ended
    try:
        count_frames_and_secs(path)
    except RuntimeError as error:
        raise OSError("ffmpeg left no whole film, as when the disk is full") from error


def write_frames(pictures: Sequence[Picture], timing: Timing, folder: Path) -> int:
    """Write 1.png, 2.png, ... into a folder, fps of them a second, and return how many."""
    number = 0
    for number, image in enumerate(_every_tick(pictures, timing, see_through=True), 1):
        Image.fromarray(image).save(folder / f"{number}.png")
    return number


def _every_tick(pictures: Sequence[Picture], timing: Timing, see_through: bool = False) -> Iterator[np.ndarray]:
    for image, ticks in zip(frames(pictures, timing, see_through), schedule(pictures, timing), strict=True):
        for _ in range(ticks):
            yield image
