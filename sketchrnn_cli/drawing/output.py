"""Write pictures to files, atomically; the suffix picks the format, and missing folders are created.

    path = check("out.svg", STILLS, force)           # before the work: refuses what cannot be written
    path = free_name("cat", ".svg")                  # or cat-001.svg, cat-002.svg, ... in the working folder
    notice = save_picture(picture, path, replace=False)
    save_animation([picture], Timing(), path)        # several pictures make a morph
    with writing(path) as partial: ...               # any other file

`check` is early but racy; only `replace=False` guarantees that no file is overwritten.
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
"""Stands for a folder, or a name with a number such as frame-%03d.png, among the formats given to `check`."""
MOVING = (".gif", ".webp", ".apng", ".mp4")
"""Suffixes that are always animations."""
ANIMATIONS = (".gif", ".webp", ".apng", ".png", ".svg", ".mp4", FRAMES)

NUMBER = re.compile(r"%(?:0(\d))?d")
"""The frame number in a name: %d, or zero-padded, %03d."""


def check(out: str | os.PathLike[str], formats: Sequence[str], force: bool = False) -> Path:
    """Return the path of an output after checking that it can be written.

    A name that ends with a slash is a folder of frames: pass what the user typed, since a Path drops the slash.

    Raises:
        UsageError: a suffix not in `formats`, a folder, several numbers, or, without `force`, a file that exists.
    """
    name, path = os.fspath(out), Path(out)
    is_folder = name.endswith(("/", os.sep)) or os.path.isdir(path)  # Path.is_dir fails on a name that is too long.
    if FRAMES in formats and is_folder:
        if os.path.lexists(path) and (not path.is_dir() or any(path.iterdir())) and not force:
            raise UsageError(f"{path} is not an empty folder; give another name, or --force to use it")
        return path
    if path.suffix.lower() not in formats:
        found = f"unknown format {path.suffix}" if path.suffix else "a name without a suffix"
        raise UsageError(f"{path}: {found}; choose one of {' '.join(formats)}")
    if len(NUMBER.findall(path.name)) > 1:
        raise UsageError(f"{path}: several numbers; a name has one, such as %03d, which counts the drawings")
    if is_folder:
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
    """Return the first free name of `stem-001`, `stem-002`, ... in the folder."""
    number = 1
    while os.path.lexists(path := folder / f"{stem}-{number:03d}{suffix}"):
        number += 1
    return path


@contextmanager
def writing(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path that is renamed to `path` at the end, or removed on failure.

    Raises:
        DrawingError: the folder cannot be written, or the disk is full.
        ExistsError: without `replace`, the file exists.
    """
    with _reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial:
            yield partial


def save_picture(picture: "Picture", path: Path, replace: bool = True) -> str | None:
    """Write a picture as SVG or PNG.

    Returns:
        A note for the user on a loss of quality, or None.

    Raises:
        ExistsError: without `replace`, the file exists.
    """
    with writing(path, replace) as partial:
        if path.suffix.lower() == ".png":
            from sketchrnn_cli.drawing.raster import write_png

            return write_png(picture, partial)
        from sketchrnn_cli.drawing import svg

        partial.write_text(svg.render(picture), encoding="utf-8", newline="\n")
        return None


def save_animation(pictures: "Sequence[Picture]", timing: "Timing", path: Path, replace: bool = True) -> str | None:
    """Write one picture drawn stroke by stroke, or several as a morph, in the format of the suffix.

    In a folder of frames, each is shown for 1/fps seconds.

    Returns:
        A note for the user on what the format cannot hold, or None.

    Raises:
        ExistsError: without `replace`, the file exists.
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
    """Write all frames to a temporary folder, then move them into place; stale frames are removed."""
    from sketchrnn_cli.drawing.animation import write_frames

    folder = pattern.parent
    with _reporting(pattern):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # On the same file system; a new folder appears only when the frames are complete
        parent = folder if folder.is_dir() else folder.parent
        with tempfile.TemporaryDirectory(prefix=".frames-", dir=parent) as temporary:
            count = write_frames(pictures, timing, Path(temporary))
            folder.mkdir(exist_ok=True)
            if replace:
                for old in _frames_of(pattern):
                    old.unlink()
            for number in range(1, count + 1):
                atomic.put(Path(temporary) / f"{number}.png", numbered(pattern, number), replace)


def _holds_number(path: Path) -> bool:
    return path.suffix.lower() == ".png" and len(NUMBER.findall(path.name)) == 1


def numbered(pattern: Path, number: int) -> Path:
    """Fill a frame number into a pattern."""
    return pattern.with_name(NUMBER.sub(lambda found: f"{number:0{found[1] or 1}d}", pattern.name))


def _frames_of(pattern: Path) -> list[Path]:
    """Return the existing files that match a pattern, in order."""
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
