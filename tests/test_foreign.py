"""Files and names that are something else than they seem: each is named, and none is waited for."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.conversion import sources
from sketchrnn_cli.data.conversion.drawings import Skipped
from sketchrnn_cli.data.inputs import read_input
from sketchrnn_cli.drawing.animation import write_mp4
from sketchrnn_cli.drawing.layout import grid
from sketchrnn_cli.drawing.timing import Timing
from sketchrnn_cli.errors import CheckpointError, DataError, DrawingError, UsageError
from sketchrnn_cli.interop import importing
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.files import read_latents
from sketchrnn_cli.strokes.prepare import AS_QUICK_DRAW

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("suffix", [".svg", ".json", ".npy", ".png"])
def test_a_pointer_in_place_of_a_drawing_is_named(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(POINTER)
    with pytest.raises(DataError, match=r"Git LFS pointer.*git lfs pull"):
        read_input(str(path), tmp_path, 255.0, 100, np.random.default_rng(0))


@pytest.mark.parametrize("suffix", [*sorted(sources.SUFFIXES)])
def test_a_pointer_among_drawings_is_skipped_by_its_name(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(POINTER)
    (found,) = sources.read([path], AS_QUICK_DRAW)
    assert isinstance(found, Skipped)
    assert "git lfs pull" in found.reason


@pytest.mark.parametrize("name", ["a.gen.json", "a.hdf5", "a.bin", "a.pth"])
def test_a_pointer_in_place_of_a_model_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(CheckpointError, match="git lfs pull"):
        importing.read(tmp_path / name)


@pytest.mark.parametrize("name", ["hparams.json", "weights.safetensors"])
def test_a_pointer_in_a_checkpoint_is_named(name: str, tmp_path: Path) -> None:
    for file in (Path(names.find("doodle_cat", tmp_path))).iterdir():
        (tmp_path / file.name).write_bytes(POINTER if file.name == name else file.read_bytes())
    with pytest.raises(CheckpointError, match=f"{name}: a Git LFS pointer"):
        names.load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("suffix", [".svg", ".json", ".npy", ".jpg"])
def test_a_pipe_is_not_waited_for(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    os.mkfifo(path)
    with pytest.raises(DataError, match="a pipe or a device"):
        read_input(str(path), tmp_path, 255.0, 100, np.random.default_rng(0))
    if suffix in (".json", ".npy"):
        with pytest.raises(DataError, match="a pipe or a device"):
            read_latents(str(path), 4)


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("cats.npz", b"PK\x03\x04", "NumPy archive"),
        ("model.pth", b"PK\x03\x04", "PyTorch"),
        ("model.bin", b"\x80\x02}q\x00.", "pickle"),
        ("model.keras", b"PK\x03\x04", "zip file"),
        ("vector.data-00000-of-00001", b"\0\0", "TensorFlow checkpoint"),
        ("weights.safetensors", b"\x08\0\0\0\0\0\0\0{}", "can be given at once"),
    ],
)
def test_a_model_of_another_kind_is_named(name: str, head: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(head)
    with pytest.raises(CheckpointError, match=said):
        importing.read(tmp_path / name)


@pytest.mark.parametrize("name", ["a.ndjson", "b.jsonl", "c.bin"])
def test_a_file_of_many_drawings_as_an_input_names_the_conversion(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"dataset convert {name} --out {name[0]}.npz"):
        read_input(name, tmp_path, 255.0, 100, np.random.default_rng(0))


def test_an_archive_as_an_input_names_one_of_its_sketches(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.npz:train:0"):
        read_input("a.npz", tmp_path, 255.0, 100, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["CON", "nul", "Com7.old", "lpt1", "a:b", "r.", "r ", "a\\b", "what?", "a|b", "x<y"])
def test_a_run_has_a_name_that_every_system_takes(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--name"):
        names.new_folder(tmp_path, name)


@pytest.mark.parametrize("name", ["console", "com", "r.1", "my run", "猫", "a-b_c", "nullable"])
def test_ordinary_names_are_taken(name: str, tmp_path: Path) -> None:
    assert names.new_folder(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("path", ["./cat", "../cat", "/cat", "./quickdraw"])
def test_a_path_that_does_not_exist_is_no_bundled_model(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        names.find(path, tmp_path / "checkpoints")


@pytest.mark.parametrize("kind", ["missing", "forbidden"])
def test_an_ffmpeg_that_cannot_be_run_is_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the extra 'video' is not installed")
    program = tmp_path / "ffmpeg"
    if kind == "forbidden":
        program.touch(stat.S_IRUSR | stat.S_IWUSR)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))
    picture = grid([np.array([[9, 0, 0], [0, 9, 1]])])
    with pytest.raises(DrawingError, match=r"ffmpeg.*IMAGEIO_FFMPEG_EXE"):
        write_mp4([picture], Timing(), tmp_path / "a.mp4")


def test_an_archive_that_is_a_pointer_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(POINTER)
    with pytest.raises(DataError, match="git lfs pull"):
        archive.load(tmp_path / "a.npz")
