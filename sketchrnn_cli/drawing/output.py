"""Files that pictures go to: the suffix picks the format, nothing is overwritten unasked, nothing half-written stays.

    path = check(path, STILLS, force)                # before the work: refuses what cannot be written later
    path = free_name("cat", ".svg")                  # or cat-001.svg, cat-002.svg, ... in the working folder
    notice = save_picture(picture, path)
    save_animation([picture], Timing(), path)        # several pictures make a morph
    with writing(path) as partial: ...               # any other file, atomically

Missing parent folders are created.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sketchrnn_cli.atomic import replacing_file
from sketchrnn_cli.errors import DrawingError, UsageError

if TYPE_CHECKING:
    from sketchrnn_cli.drawing.animation import Timing
    from sketchrnn_cli.drawing.layout import Picture

STILLS = (".svg", ".png")
ANIMATIONS = (".gif",)


def check(path: Path, suffixes: Sequence[str], force: bool = False) -> None:
    """Refuse an output that could not be written after the work is done.

    Raises:
        UsageError: a suffix that is not one of `suffixes`, a folder, or a file that exists, without `force`.
    """
    if path.suffix.lower() not in suffixes:
        found = f"the suffix {path.suffix}" if path.suffix else "no suffix"
        raise UsageError(f"{path}: {found}; the formats are {', '.join(suffixes)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; give another name, or --force to replace it")


def free_name(stem: str, suffix: str, folder: Path = Path()) -> Path:
    """Return the first of `stem-001`, `stem-002`, ... that is free in the folder."""
    taken = {path.name for path in folder.glob(f"{stem}-*{suffix}")}
    number = 1
    while f"{stem}-{number:03d}{suffix}" in taken:
        number += 1
    return folder / f"{stem}-{number:03d}{suffix}"


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it at the end, or is removed on failure.

    Raises:
        DrawingError: the folder cannot be written, the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(path) as partial:
            yield partial
    except OSError as error:
        raise DrawingError(f"{path}: cannot be written ({error.strerror or error})") from error


def save_picture(picture: "Picture", path: Path) -> str | None:
    """Write a picture as SVG or PNG.

    Returns:
        A line for the user, where something differs from the usual way.
    """
    with writing(path) as partial:
        if path.suffix.lower() == ".png":
            from sketchrnn_cli.drawing.raster import write_png

            return write_png(picture, partial)
        from sketchrnn_cli.drawing import svg

        partial.write_text(svg.render(picture), encoding="utf-8", newline="\n")
        return None


def save_animation(pictures: "Sequence[Picture]", timing: "Timing", path: Path) -> None:
    """Write one picture drawn stroke by stroke, or several as a morph, in the format that the suffix names."""
    from sketchrnn_cli.drawing import animation

    with writing(path) as partial:
        animation.write_gif(pictures, timing, partial)
