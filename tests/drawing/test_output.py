"""Files: the right format, nothing overwritten unasked, nothing half-written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.output import (
    ANIMATIONS,
    STILLS,
    check,
    free_name,
    save_animation,
    save_picture,
    writing,
)
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing, schedule
from sketchrnn_cli.errors import DrawingError, UsageError

SQUARE = np.array([[60, 0, 0], [0, 60, 0], [-60, 0, 1]], dtype=np.float32)
SHORT = Timing(fps=5, seconds=1, hold=0.5)


def square():
    return grid([SQUARE], style=Style(size=32))


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<svg"), (".png", b"\x89PNG"), (".PNG", b"\x89PNG")])
def test_the_suffix_of_a_picture_picks_its_format(suffix: str, start: bytes, tmp_path: Path) -> None:
    path = check(tmp_path / f"a{suffix}", STILLS)
    assert save_picture(square(), path) is None
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("suffix", "mark"),
    [(".svg", b"<animate"), (".png", b"acTL"), (".apng", b"acTL"), (".gif", b"GIF89a"), (".webp", b"ANIM")],
)
def test_the_suffix_of_an_animation_picks_its_format(suffix: str, mark: bytes, tmp_path: Path) -> None:
    path = check(tmp_path / f"a{suffix}", ANIMATIONS)
    save_animation([square()], SHORT, path)
    assert mark in path.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.svg/", "a-%03d-%d.svg", "%d%d.svg"])
def test_a_name_that_is_no_files_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder" if name.endswith("/") else "several numbers"):
        check(f"{tmp_path}/{name}", STILLS)
    assert check(f"{tmp_path}/a-%03d-%%.svg", STILLS)


def test_a_folder_gets_one_numbered_png_for_each_tick(tmp_path: Path) -> None:
    path = check(f"{tmp_path}/frames/", ANIMATIONS)
    save_animation([square()], SHORT, path)
    names = sorted(each.name for each in path.iterdir())
    assert names == [f"frame-{number:03d}.png" for number in range(1, sum(schedule([square()], SHORT)) + 1)]
    with Image.open(path / names[-1]) as last:
        assert last.size == (32, 32)


def test_a_pattern_names_the_frames(tmp_path: Path) -> None:
    path = check(tmp_path / "sub" / "100%-%d.png", ANIMATIONS)
    save_animation([square()], SHORT, path)
    assert {each.name for each in path.parent.iterdir()} == {f"100%-{number}.png" for number in range(1, 7)}


def test_frames_of_a_longer_animation_do_not_stay_and_other_files_do(tmp_path: Path) -> None:
    save_animation([square()], Timing(fps=10, seconds=2), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        check(tmp_path, ANIMATIONS)
    save_animation([square()], SHORT, check(tmp_path, ANIMATIONS, force=True))
    assert sorted(each.name for each in tmp_path.iterdir())[-2:] == ["frame-006.png", "notes.txt"]


def test_a_pattern_whose_frames_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frame-007.png").touch()
    with pytest.raises(UsageError, match=r"frame-007\.png exists"):
        check(tmp_path / "frame-%03d.png", ANIMATIONS)
    check(tmp_path / "other-%03d.png", ANIMATIONS)


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.svg.txt", ".svg"])
@pytest.mark.parametrize("formats", [STILLS, ANIMATIONS])
def test_an_unknown_format_is_refused_with_the_known_ones(name: str, formats: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        check(tmp_path / name, formats)
    assert all(each in str(refused.value) for each in formats)
    assert refused.value.exit_code == 2


def test_a_still_cannot_be_a_folder_or_an_animation(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    for name in ("a.gif", "frames/", "a.png"):
        with pytest.raises(UsageError):
            check(f"{tmp_path}/{name}", STILLS)


def test_what_exists_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        check(path, STILLS)
    assert path.read_text() == "mine"
    save_picture(square(), check(path, STILLS, force=True))
    assert path.read_text().startswith("<svg")


def test_a_film_without_its_extra_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UsageError, match=r"pip install 'sketchrnn\[video\]'"):
        check(tmp_path / "a.mp4", ANIMATIONS)


def test_the_first_free_number_is_taken(tmp_path: Path) -> None:
    assert free_name("cat", ".svg", tmp_path).name == "cat-001.svg"
    (tmp_path / "cat-001.svg").touch()
    (tmp_path / "cat-003.svg").touch()
    (tmp_path / "cat-002.png").touch()
    assert free_name("cat", ".svg", tmp_path).name == "cat-002.svg"


def test_missing_folders_are_created(tmp_path: Path) -> None:
    save_picture(square(), tmp_path / "new" / "deep" / "a.svg")
    assert (tmp_path / "new" / "deep" / "a.svg").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DrawingError, match="cannot be written") as failed:
        save_picture(square(), tmp_path / "file" / "a.svg")
    assert failed.value.exit_code == 6
    with pytest.raises(DrawingError, match="cannot be written"):
        save_animation([square()], SHORT, tmp_path / "file" / "frames")


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail_half_way(failure: BaseException) -> None:
        with writing(path) as partial:
            partial.write_text("half")
            raise failure

    with pytest.raises(DrawingError):
        fail_half_way(OSError("the disk is gone"))
    with pytest.raises(KeyboardInterrupt):
        fail_half_way(KeyboardInterrupt())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


FULL_DISK = """
import resource
import sys
from pathlib import Path
import numpy as np
from sketchrnn_cli.drawing.layout import Style, grid
from sketchrnn_cli.drawing.output import ANIMATIONS, check, save_animation, save_picture
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import DrawingError

# A file beyond its limit fails as one on a full disk does
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
rng = np.random.default_rng(0)
picture = grid([np.concatenate([rng.normal(0, 20, (200, 2)), rng.random((200, 1)) > 0.9], axis=1)] * 4)
try:
    if sys.argv[1] == "still":
        save_picture(picture, Path(sys.argv[2]))
    else:
        save_animation([picture], Timing(fps=5), check(sys.argv[2], ANIMATIONS))
except DrawingError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("still", "a.svg"),
        ("still", "a.png"),
        *(("moving", name) for name in ("a.svg", "a.gif", "a.webp", "a.apng", "a.mp4", "frames/", "%d.png")),
    ],
)
def test_a_full_disk_leaves_nothing(kind: str, name: str, tmp_path: Path) -> None:
    if name == "a.mp4":
        pytest.importorskip("imageio_ffmpeg", reason="the extra 'video' is not installed")
    pytest.importorskip("resource", reason="this system cannot limit the size of a file")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL_DISK, kind, f"{tmp_path}/{name}"],
        capture_output=True,
        text=True,
    )
    assert "cannot be written" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_an_svg_needs_neither_cairo_nor_imageio_nor_pillow(tmp_path: Path) -> None:
    script = (
        "import sys, numpy as np; from pathlib import Path; from sketchrnn_cli.drawing import layout, output;"
        "output.save_picture(layout.grid([np.ones((3, 3))]), Path(sys.argv[1]));"
        "print(sorted({'PIL', 'cairosvg', 'imageio', 'svgwrite'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a.svg"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['svgwrite']"
