"""The files that pictures go to: the suffix picks the format, and nothing half-written stays.

    path = check("out.svg", STILLS, force)           # before the work: refuses what cannot be written
    path = free_name("cat", ".svg")                  # or cat-001.svg, cat-002.svg, ... in the working folder
    notice = save_picture(picture, path, replace=False)
    save_animation([picture], Timing(), path)        # several pictures make a morph
    with writing(path) as partial: ...               # any other file, atomically

`check` refuses early; that nothing is replaced unasked is certain only with `replace=False`.

Folders that are missing are created.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sketchrnn_cli import atomic
from sketchrnn_cli.errors import DrawingError, UsageError

if TYPE_CHECKING:
    from sketchrnn_cli.drawing.layout import Picture
    from sketchrnn_cli.drawing.timing import Timing

STILLS = (".svg", ".png")
FRAMES = "frames/"
"""Among the formats that `check` is given: a folder, or a name with a number such as frame-%03d.png."""
ANIMATIONS = (".gif", ".webp", ".apng", ".png", ".svg", ".mp4", FRAMES)

NUMBER = re.compile(r"%(?:0(\d))?d")
"""Where a frame's number stands in a name: %d, or with zeros up to a width, %03d."""


def check(out: str | os.PathLike[str], formats: Sequence[str], force: bool = False) -> Path:
    """Return the path of an output, after refusing one that could not be written when the work is done.

    A name that ends with a slash is a folder of frames: pass what the user typed, a Path has lost the slash.

    Raises:
        UsageError: a suffix that is none of `formats`, a folder, or what exists already, without `force`.
    """
    name, path = os.fspath(out), Path(out)
    if FRAMES in formats and (name.endswith(("/", os.sep)) or os.path.isdir(path)):
        if os.path.lexists(path) and (not path.is_dir() or any(path.iterdir())) and not force:
            raise UsageError(f"{path} is not an empty folder; give another name, or --force to use it")
        return path
    if path.suffix.lower() not in formats:
        found = f"unknown format {path.suffix}" if path.suffix else "a name without a suffix"
        raise UsageError(f"{path}: {found}; choose one of {' '.join(formats)}")
    if os.path.isdir(path):  # Path.is_dir fails on a name that is too long.
        raise UsageError(f"{path} is a folder; give the name of a file")
    taken = [path] if os.path.lexists(path) else []
    if FRAMES in formats and _holds_number(path):
        taken = _frames_of(path)
    if taken and not force:
        raise atomic.taken(taken[0])
    if path.suffix.lower() == ".mp4" and find_spec("imageio_ffmpeg") is None:
        raise UsageError(f"{path}: MP4 needs a package that is not installed: pip install 'sketchrnn[video]'")
    return path


def free_name(stem: str, suffix: str, folder: Path = Path()) -> Path:
    """Return the first of `stem-001`, `stem-002`, ... that is free in the folder."""
    number = 1
    while os.path.lexists(path := folder / f"{stem}-{number:03d}{suffix}"):
        number += 1
    return path


@contextmanager
def writing(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path` that gets its name at the end, or is removed on failure.

    Raises:
        DrawingError: the folder cannot be written, or the disk is full.
        ExistsError: without `replace`, the name is taken.
    """
    with _reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial:
            yield partial


def save_picture(picture: "Picture", path: Path, replace: bool = True) -> str | None:
    """Write a picture as SVG or PNG.

    Returns:
        A line for the user where the file is not what it could be, else None.

    Raises:
        ExistsError: without `replace`, the name is taken.
    """
    with writing(path, replace) as partial:
        if path.suffix.lower() == ".png":
            from sketchrnn_cli.drawing.raster import write_png

            return write_png(picture, partial)
        from sketchrnn_cli.drawing import svg

        partial.write_text(svg.render(picture), encoding="utf-8", newline="\n")
        return None


def save_animation(pictures: "Sequence[Picture]", timing: "Timing", path: Path, replace: bool = True) -> str | None:
    """Write one picture drawn stroke by stroke, or several as a morph, in the format that the name tells.

    Each image of a folder of frames is seen for 1/fps seconds.

    Returns:
        A line for the user where the format cannot hold what was asked for, else None.

    Raises:
        ExistsError: without `replace`, the name is taken.
    """
    if path.suffix.lower() == ".svg":
        from sketchrnn_cli.drawing import svg

        with writing(path, replace) as partial:
            partial.write_text(svg.animate(pictures, timing), encoding="utf-8", newline="\n")
        return None
    from sketchrnn_cli.drawing import animation

    if path.is_dir() or path.suffix.lower() not in ANIMATIONS:
        _save_frames(pictures, timing, path / "frame-%03d.png", replace)
    elif _holds_number(path):
        _save_frames(pictures, timing, path, replace)
    else:
        writers = {".gif": animation.write_gif, ".webp": animation.write_webp, ".mp4": animation.write_mp4}
        write = writers.get(path.suffix.lower(), animation.write_apng)
        with writing(path, replace) as partial:
            write(pictures, timing, partial)
    return animation.notice(pictures, timing, path.suffix.lower())


def _save_frames(pictures: "Sequence[Picture]", timing: "Timing", pattern: Path, replace: bool) -> None:
    """Write all frames aside, then move them to their names; frames left by a longer animation go."""
    from sketchrnn_cli.drawing.animation import write_frames

    folder = pattern.parent
    with _reporting(pattern):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # On the disk that the frames go to; a folder that is new appears when they are there
        disk = folder if folder.is_dir() else folder.parent
        with tempfile.TemporaryDirectory(prefix=".frames-", dir=disk) as aside:
            count = write_frames(pictures, timing, Path(aside))
            folder.mkdir(exist_ok=True)
            if replace:
                for old in _frames_of(pattern):
                    old.unlink()
            for number in range(1, count + 1):
                atomic.put(Path(aside) / f"{number}.png", numbered(pattern, number), replace)


def _holds_number(path: Path) -> bool:
    return path.suffix.lower() == ".png" and len(NUMBER.findall(path.name)) == 1


def numbered(pattern: Path, number: int) -> Path:
    """Return the name with a number in the place that it has for one."""
    return pattern.with_name(NUMBER.sub(lambda found: f"{number:0{found[1] or 1}d}", pattern.name))


def _frames_of(pattern: Path) -> list[Path]:
    """Return the files there are whose names fit the pattern, in order."""
    before, after = NUMBER.sub("\0", pattern.name).split("\0")
    name = re.compile(re.escape(before) + r"\d+" + re.escape(after))
    if not pattern.parent.is_dir():
        return []
    return sorted(path for path in pattern.parent.iterdir() if name.fullmatch(path.name))


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DrawingError(f"{path} cannot be written ({reason}); check its folder and free space") from error
