"""Animations: frames drawn at a constant pen speed, and the formats to write them in."""

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
from sketchrnn_cli.drawing.raster import check_pixels, marked, with_mark
from sketchrnn_cli.drawing.style import TRANSPARENT
from sketchrnn_cli.drawing.timing import Timing, back_and_forth, longest_cell, schedule
from sketchrnn_cli.errors import DrawingError, UsageError

INSTALL_FFMPEG = "pip install 'sketchrnn[video]', or name one in IMAGEIO_FFMPEG_EXE"

GIF_MAX_FPS = 50
"""A GIF counts time in hundredths of a second, and viewers slow down frames shorter than two."""

MAX_PIXELS = 200_000_000
"""Of all frames together (0.8 GB), for writers that hold them all in memory."""
MAX_VIDEO_PIXELS = 139_264 * 16 * 16
"""Of a frame of H.264 at its highest level, 6.2."""


def frames(pictures: Sequence[Picture], timing: Timing, transparent: bool = False) -> Iterator[np.ndarray]:
    """Yield uint8 `[height, width, 3]`: one picture drawn stroke by stroke, or several as a morph.

    `timing.schedule` gives their durations. With `transparent`, a page without background has four channels, the last
    of them alpha; otherwise it is white.
    """
    transparent = transparent and pictures[0].style.background == TRANSPARENT
    if not transparent:
        pictures = [_on_a_page(picture) for picture in pictures]
    images = _drawn(pictures[0], timing) if len(pictures) == 1 else _morphed(pictures, timing)
    return map(_straight_alpha, images) if transparent else images


def _straight_alpha(image: np.ndarray) -> np.ndarray:
    """Convert premultiplied alpha to the straight alpha of files."""
    height, width = image.shape[:2]
    return np.asarray(Image.frombytes("RGBa", (width, height), image.tobytes()).convert("RGBA"))


def notice(pictures: Sequence[Picture], timing: Timing, suffix: str) -> str | None:
    """Return what is lost in a format (".gif", ".mp4", ...), in one line, or None."""
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
    for station in stations[1:]:  # The first frame is the thumbnail, so it is not empty.
        for each in pens:
            each.advance(station)
        yield page.copy()


def _morphed(pictures: Sequence[Picture], timing: Timing) -> Iterator[np.ndarray]:
    images = [pen.draw(picture) for picture in pictures]
    for number, _ in back_and_forth(len(pictures), timing):
        yield images[number]


def _on_a_page(picture: Picture) -> Picture:
    if picture.style.background != TRANSPARENT:
        return picture
    return replace(picture, style=replace(picture.style, background="#ffffff"))


def write_gif(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write a GIF with one small palette for all frames.

    Raises:
        UsageError: too many frames per second for the format.
        DrawingError: too many pixels.
    """
    if timing.fps > GIF_MAX_FPS:
        raise UsageError(f"fps {timing.fps}: a GIF shows at most {GIF_MAX_FPS} frames per second")
    colors = _palette([_on_a_page(picture) for picture in pictures])
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors)
    images = (
        np.asarray(Image.fromarray(image).quantize(palette=palette, dither=Image.Dither.NONE))
        for image in frames(pictures, timing)
    )
    # A GIF counts repetitions, and has no loop block if it plays once
    loop = {} if timing.loop == 1 else {"loop": max(timing.loop - 1, 0)}
    durations = _milliseconds(pictures, timing, unit=10)
    _write(path, images, _checked(pictures, durations), palette=colors, **loop)


def _palette(pictures: Sequence[Picture]) -> bytes:
    """Return the RGB bytes of the page's color and of each ink's shades on it."""
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
    """Write a lossless animated WebP."""
    durations = _checked(pictures, _milliseconds(pictures, timing))
    _write(path, frames(pictures, timing, transparent=True), durations, lossless=True, loop=timing.loop)


def write_apng(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write an animated PNG."""
    durations = _checked(pictures, _milliseconds(pictures, timing))
    _write(path, frames(pictures, timing, transparent=True), durations, loop=timing.loop)


def _milliseconds(pictures: Sequence[Picture], timing: Timing, unit: int = 1) -> list[int]:
    """Return the frames' durations in multiples of `unit`; the running sum is rounded, so that no time is lost."""
    ends = np.rint(np.cumsum(schedule(pictures, timing)) * 1000 / (timing.fps * unit)).astype(int) * unit
    return np.diff(ends, prepend=0).tolist()


def _checked(pictures: Sequence[Picture], durations: list[int]) -> list[int]:
    width, height = pictures[0].width, pictures[0].height
    if width * height * len(durations) > MAX_PIXELS:
        raise DrawingError(
            f"{len(durations)} frames of {width} × {height} pixels are too many to hold in memory; "
            "give a smaller size, fewer fps or seconds, or an .mp4 or a folder of frames"
        )
    return durations


def _write(path: Path, images: Iterator[np.ndarray], durations: list[int], **options: object) -> None:
    import imageio.v3 as imageio

    # To memory first: on a full disk, imageio would print a second traceback
    data = BytesIO()
    with imageio.imopen(data, "w", plugin="pillow", extension=path.suffix.lower()) as file:
        for image in images:
            file.write(image, is_batch=False, duration=durations, **options)
    is_png = path.suffix.lower() in (".png", ".apng")
    path.write_bytes(with_mark(data.getvalue()) if is_png else data.getvalue())


def write_mp4(pictures: Sequence[Picture], timing: Timing, path: Path) -> None:
    """Write an MP4 (H.264, 4:2:0)."""
    import imageio.v2 as imageio
    from imageio_ffmpeg import count_frames_and_secs, get_ffmpeg_exe

    try:
        program = get_ffmpeg_exe()
    except RuntimeError as error:
        raise DrawingError(f"MP4 needs ffmpeg, which was not found: {INSTALL_FFMPEG}") from error
    if shutil.which(program) is None:
        raise DrawingError(f"MP4 needs ffmpeg, which cannot be run as {program}: {INSTALL_FFMPEG}")
    if (size := pictures[0].width * pictures[0].height) > MAX_VIDEO_PIXELS:
        limit = MAX_VIDEO_PIXELS // 10**6
        raise DrawingError(f"a frame of {size // 10**6} megapixels; a frame of H.264 has {limit}: give a smaller size")
    settings: dict[str, Any] = {"codec": "libx264", "macro_block_size": 1, "ffmpeg_log_level": "quiet"}
    film: Any = imageio.get_writer(path, format="FFMPEG", fps=timing.fps, **settings)
    with film:
        for image in _every_tick(pictures, timing):
            height, width = image.shape[:2]
            # 4:2:0 needs even sides
            film.append_data(np.pad(image, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge"))
    # imageio ignores ffmpeg's exit code
    try:
        count_frames_and_secs(path)
    except RuntimeError as error:
        raise OSError("ffmpeg left an incomplete video; is the disk full?") from error


def write_frames(pictures: Sequence[Picture], timing: Timing, folder: Path) -> int:
    """Write one PNG per tick, 1.png, 2.png, ..., into a folder; return how many.

    Raises:
        DrawingError: too many pixels a frame.
    """
    check_pixels(pictures[0])
    number = 0
    for number, image in enumerate(_every_tick(pictures, timing, transparent=True), 1):
        Image.fromarray(image).save(folder / f"{number}.png", pnginfo=marked())
    return number


def _every_tick(pictures: Sequence[Picture], timing: Timing, transparent: bool = False) -> Iterator[np.ndarray]:
    for image, ticks in zip(frames(pictures, timing, transparent), schedule(pictures, timing), strict=True):
        for _ in range(ticks):
            yield image
