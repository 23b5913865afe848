"""Animations, read back from their files by other programs' decoders."""

import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from sketchrnn_cli.drawing import animation, output, pen
from sketchrnn_cli.drawing.layout import colored, grid, sequence
from sketchrnn_cli.drawing.style import Style
from sketchrnn_cli.drawing.timing import Timing, schedule
from sketchrnn_cli.errors import DrawingError, SketchRNNError, UsageError

WRITERS = {".gif": animation.write_gif, ".webp": animation.write_webp, ".apng": animation.write_apng}
SQUARE = np.array([[60, 0, 0], [0, 60, 0], [-60, 0, 1], [0, -20, 1], [0, -20, 1]], dtype=np.float32)
SMALL = Style(size=64, stroke_width=3)


def read_back(path: Path) -> tuple[list[np.ndarray], list[int]]:
    images, durations = [], []
    with Image.open(path) as file:
        for number in range(file.n_frames):
            file.seek(number)
            images.append(np.asarray(file.convert("RGB")).astype(int))
            durations.append(round(file.info["duration"]))
    return images, durations


def ink(image: np.ndarray) -> float:
    return float((255 - image.astype(int)).sum())


def test_the_first_frame_is_not_empty_and_the_last_is_the_whole_drawing() -> None:
    picture = grid([SQUARE])
    first, *_, last = animation.frames([picture], Timing())
    assert 0 < ink(first) < 0.1 * ink(last)
    np.testing.assert_array_equal(last, pen.draw(picture))


def test_the_pen_moves_at_a_constant_speed() -> None:
    line = np.array([[10, 0, 0], [50, 0, 0], [1, 0, 0], [39, 0, 1]], dtype=np.float32)
    picture = grid([line], style=Style(size=400, stroke_width=6))
    drawn = [ink(image) for image in animation.frames([picture], Timing(fps=20, seconds=1))]
    growth = np.diff(drawn)[1:]
    assert growth.max() < 1.1 * growth.min()


def test_a_drawing_only_ever_gains_ink() -> None:
    images = list(animation.frames([grid([SQUARE], style=SMALL)], Timing(fps=10, seconds=2)))
    assert len(images) == 20
    for before, after in pairwise(images):
        assert (after <= before).all()
        assert (after < before).any()


def test_the_cells_of_a_grid_are_drawn_at_once() -> None:
    picture = grid([SQUARE, SQUARE], columns=2, style=SMALL)
    halfway = list(animation.frames([picture], Timing(fps=10, seconds=1)))[5]
    left, right = np.split(halfway, 2, axis=1)
    np.testing.assert_array_equal(left, right)
    assert 0.3 < ink(left) / ink(np.split(pen.draw(picture), 2, axis=1)[0]) < 0.7


def test_a_morph_goes_there_and_back() -> None:
    pictures = sequence([SQUARE * [1, scale, 1] for scale in (1, 2, 3)], style=SMALL)
    images = list(animation.frames(pictures, Timing()))
    whole = [pen.draw(picture) for picture in pictures]
    for image, number in zip(images, [0, 1, 2, 1], strict=True):
        np.testing.assert_array_equal(image, whole[number])
    assert schedule(pictures, Timing(fps=10, seconds=3, hold=2)) == [20, 10, 20, 10]


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("fps", [7, 25, 30])
def test_a_file_holds_its_frames_for_as_long_as_asked(suffix: str, fps: int, tmp_path: Path) -> None:
    timing = Timing(fps=fps, seconds=1.0, hold=0.9)
    picture = grid([SQUARE], style=SMALL)
    WRITERS[suffix]([picture], timing, tmp_path / f"a{suffix}")
    images, durations = read_back(tmp_path / f"a{suffix}")
    expected = list(animation.frames([picture], timing))
    ticks = schedule([picture], timing)
    assert sum(durations) == pytest.approx(1000 * sum(ticks) / fps, abs=10)
    assert durations[0] == pytest.approx(1000 * ticks[0] / fps, abs=10)
    assert durations[-1] >= 900 - 1000 / fps
    np.testing.assert_allclose(images[0], expected[0])
    np.testing.assert_allclose(images[-1], expected[-1], atol=1)
    if suffix == ".gif":
        assert {duration % 10 for duration in durations} == {0}


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_frame_survives_the_file(suffix: str, tmp_path: Path) -> None:
    picture = grid([colored(SQUARE, given=1)], style=SMALL)
    timing = Timing(fps=10, seconds=1)
    WRITERS[suffix]([picture], timing, tmp_path / f"a{suffix}")
    images, _ = read_back(tmp_path / f"a{suffix}")
    expected = list(animation.frames([picture], timing))
    assert len(images) == len(expected)
    for image, drawn in zip(images, expected, strict=True):
        # Where two inks meet, a GIF's palette has the nearest shade only
        changed = np.abs(image - drawn.astype(int)).max(axis=2) > 1
        assert changed.mean() <= (0.01 if suffix == ".gif" else 0)


def loops_of(path: Path) -> int | None:
    """Return how often a file says it is played, 0 forever, read from its bytes."""
    data = path.read_bytes()
    if path.suffix == ".gif":
        place = data.find(b"NETSCAPE2.0")
        if place < 0:
            return 1
        repeats = struct.unpack("<H", data[place + 13 : place + 15])[0]
        return repeats + 1 if repeats else 0
    if path.suffix == ".webp":
        place = data.index(b"ANIM")
        return struct.unpack("<H", data[place + 12 : place + 14])[0]
    place = data.index(b"acTL")
    return struct.unpack(">I", data[place + 8 : place + 12])[0]


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_a_file_plays_as_often_as_asked(suffix: str, loop: int, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix]([grid([SQUARE], style=SMALL)], Timing(fps=5, seconds=1, loop=loop), path)
    assert loops_of(path) == loop


def test_a_gif_has_one_small_palette(tmp_path: Path) -> None:
    animation.write_gif([grid([colored(SQUARE, given=2)])], Timing(), tmp_path / "a.gif")
    data = (tmp_path / "a.gif").read_bytes()
    has_palette, entries = data[10] & 0x80, 2 ** ((data[10] & 7) + 1)
    assert has_palette
    assert entries <= 64
    with Image.open(tmp_path / "a.gif") as file:
        file.seek(file.n_frames - 1)
        colors = file.convert("RGB").getcolors(1000)
    assert len(colors) <= 1 + 2 * pen.SHADES
    assert max(colors)[1] == (255, 255, 255)


def test_a_transparent_background_becomes_a_white_page_in_a_gif(tmp_path: Path) -> None:
    picture = grid([SQUARE], style=Style(size=64, background="none"))
    animation.write_gif([picture], Timing(fps=5, seconds=1), tmp_path / "a.gif")
    images, _ = read_back(tmp_path / "a.gif")
    assert (images[0][0] == 255).all()


def test_a_film_of_frames_that_no_player_has_is_refused_before_the_first(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the extra 'video' is not installed")
    large = grid([SQUARE], style=Style(size=16384))
    with pytest.raises(DrawingError, match=r"H\.264 has 35"):
        animation.write_mp4([large], Timing(), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_a_film_has_even_sides_and_as_many_frames_as_ticks(tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the extra 'video' is not installed")
    odd = grid([np.array([[60, 0, 0], [0, 33, 1]], dtype=np.float32)], style=Style(size=65, margin=8))
    assert odd.width % 2 == 1
    timing = Timing(fps=10, seconds=1, hold=1)
    animation.write_mp4([odd], timing, tmp_path / "a.mp4")
    _, seconds = ffmpeg.count_frames_and_secs(tmp_path / "a.mp4")
    assert seconds == pytest.approx(sum(schedule([odd], timing)) / 10, abs=0.01)
    decode = [ffmpeg.get_ffmpeg_exe(), "-i", tmp_path / "a.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = np.frombuffer(subprocess.run(decode, capture_output=True, check=True).stdout, dtype=np.uint8)
    film = decoded.reshape(-1, odd.height + odd.height % 2, odd.width + 1, 3)
    assert len(film) == sum(schedule([odd], timing))
    assert (film[0] > 250).mean() > 0.7  # The start of a stroke, on a page of 66 pixels.
    assert np.abs(film[-1, : odd.height, : odd.width].astype(int) - pen.draw(odd)).mean() < 8


def test_a_gif_cannot_be_faster_than_its_clock(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at most 50"):
        animation.write_gif([grid([SQUARE])], Timing(fps=60), tmp_path / "a.gif")


def test_more_frames_than_memory_holds_are_refused_before_they_are_drawn(tmp_path: Path) -> None:
    picture = grid([SQUARE], style=Style(size=8000))
    for write in (animation.write_gif, animation.write_webp, animation.write_apng):
        with pytest.raises(SketchRNNError, match="smaller size") as caught:
            write([picture], Timing(), tmp_path / "a")
        assert caught.type is DrawingError  # As of a PNG with too many pixels.


@pytest.mark.parametrize(
    "bad",
    [{"fps": 0}, {"fps": 101}, {"seconds": 0}, {"seconds": 1e9}, {"hold": -1}, {"loop": -1}, {"loop": 70000}],
    ids=str,
)
def test_an_impossible_timing_is_refused(bad: dict) -> None:
    with pytest.raises(UsageError):
        Timing(**bad)


@pytest.mark.parametrize("background", ["none", "transparent"])
@pytest.mark.parametrize("name", ["a.webp", "a.apng", "a.png", "%d.png"])
def test_a_page_without_background_is_seen_through(name: str, background: str, tmp_path: Path) -> None:
    picture = grid([SQUARE], style=Style(size=32, background=background))
    assert output.save_animation([picture], Timing(fps=5, seconds=1), tmp_path / name) is None
    with Image.open(tmp_path / name.replace("%d", "7")) as image:
        image.seek(getattr(image, "n_frames", 1) - 1)
        shown = np.asarray(image.convert("RGBA"))
    assert shown[0, 0, 3] == 0
    assert shown[..., 3].max() > 200
    inked = shown[shown[..., 3] > 200][:, :3].astype(int)
    assert np.abs(inked - ImageColor.getrgb(Style.color)).max() <= 2  # And not darkened by its transparency.


def test_a_morph_without_background_leaves_nothing_behind(tmp_path: Path) -> None:
    pictures = sequence([SQUARE, SQUARE[:1]], Style(size=32, background="none"))
    output.save_animation(pictures, Timing(fps=5, seconds=1, hold=0.2), tmp_path / "a.webp")
    inked = set()
    with Image.open(tmp_path / "a.webp") as image:
        for number in range(image.n_frames):
            image.seek(number)
            inked.add(int((np.asarray(image.convert("RGBA"))[..., 3] > 0).sum()))
    assert len(inked) == 2


@pytest.mark.parametrize(("suffix", "loop", "said"), [(".gif", 0, "soft transparency"), (".mp4", 3, "how often")])
def test_what_a_format_cannot_hold_is_said(suffix: str, loop: int, said: str) -> None:
    seen_through = grid([SQUARE], style=Style(size=32, background="none"))
    assert said in animation.notice([seen_through], Timing(loop=loop), suffix)
    white = grid([SQUARE], style=Style(size=32))
    assert animation.notice([white], Timing(), suffix) is None
    assert animation.notice([seen_through], Timing(loop=loop), ".webp") is None
