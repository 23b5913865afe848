"""Sketches and latent vectors in files: what is written is read again, and nothing else is taken for it."""

import json
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.errors import DataError, UsageError
from sketchrnn_cli.strokes.files import read_latents, read_sketches, write_latents, write_sketches

RNG = np.random.default_rng(0)


def sketch(points: int) -> np.ndarray:
    rows = RNG.normal(scale=30, size=(points, 3)).astype(np.float32).round(4)
    rows[:, 2] = rows[:, 2] > 0
    return rows


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("lengths", [(7,), (1,), (5, 1, 9), (1, 1)])
def test_sketches_are_read_as_they_were_written(tmp_path: Path, suffix: str, lengths: tuple[int, ...]) -> None:
    written = [sketch(points) for points in lengths]
    write_sketches(written, tmp_path / f"a{suffix}")
    for one, again in zip(written, read_sketches(tmp_path / f"a{suffix}"), strict=True):
        np.testing.assert_allclose(again, one, atol=1e-4)


@pytest.mark.parametrize("lengths", [(0, 3), (3, 0, 4)])
def test_an_array_that_lacks_a_sketch_is_refused(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    write_sketches([sketch(points) for points in lengths], tmp_path / "a.npy")
    with pytest.raises(DataError, match="is a sketch empty"):
        read_sketches(tmp_path / "a.npy")


def test_an_empty_sketch_among_others_is_named(tmp_path: Path) -> None:
    write_sketches([np.zeros((0, 3)), sketch(3)], tmp_path / "a.json")
    with pytest.raises(DataError, match="sketch 0"):
        read_sketches(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["z.npy", "z.json"])
@pytest.mark.parametrize("with_sigma", [False, True])
def test_latents_are_read_as_they_were_written(tmp_path: Path, name: str, with_sigma: bool) -> None:
    mu, sigma = RNG.normal(size=(2, 3, 4)).astype(np.float32)
    write_latents(mu, sigma if with_sigma else None, tmp_path / name)
    np.testing.assert_array_equal(read_latents(str(tmp_path / name), 4), mu)


def test_a_single_latent_may_be_a_flat_list(tmp_path: Path) -> None:
    (tmp_path / "z.json").write_text("[1, 2, 3]")
    assert read_latents(str(tmp_path / "z.json"), 3).tolist() == [[1, 2, 3]]


def test_latents_of_another_model_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "z.npy", np.zeros((2, 5)))
    with pytest.raises(UsageError, match=r"shape \[2, 5\]; this model needs \[n, 4\]"):
        read_latents(str(tmp_path / "z.npy"), 4)


def header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


HOSTILE = {
    "empty.npy": b"",
    "no_rows.npy": header("(0, 3)"),
    "cut.npy": header("(2, 3)") + bytes(40),
    "terabytes.npy": header("(1000000000000, 3)"),
    "beyond.npy": header(f"({10**30}, 3)"),
    "negative.npy": header("(-1, 3)") + bytes(48),
    "complex.npy": header("(2, 3)", "'<c16'") + bytes(96),
    "records.npy": header("(2, 3)", "[('a', '<f8')]") + bytes(48),
    "pickled.npy": header("(1,)", "'|O'") + b"\x80\x04N.",
    "zip.npy": b"PK\x03\x04" + bytes(60),
    "empty.json": b"",
    "null.json": b"null",
    "word.json": b'"abc"',
    "object.json": b'{"a": 1}',
    "no_rows.json": b"[]",
    "ragged.json": b"[[1, 2, 0], [1, 2]]",
    "nan.json": b"[[NaN, 2, 0]]",
    "huge.json": b"[[1" + b"0" * 400 + b", 2, 0]]",
    "digits.json": b"[[1" + b"0" * 9000 + b", 2, 0]]",
    "deep.json": b"[" * 100_000,
    "nested.json": b"[" * 90 + b"1" + b"]" * 90,
    "latin.json": b"[[\xe9]]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sketch_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name])
    with pytest.raises(DataError, match=name):
        read_sketches(tmp_path / name)
    with pytest.raises((DataError, UsageError), match=name):
        read_latents(str(tmp_path / name), 4)


def test_json_of_other_programs_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([[1, 2, 0], [3.5, -4, 1]]))
    assert read_sketches(tmp_path / "a.json")[0].tolist() == [[1, 2, 0], [3.5, -4, 1]]


TRIANGLE = [[10, 0, 0], [-5, 8, 0], [-5, -8, 1], [30, 2, 0], [4, 4, 1]]


def save_as(path: Path, rows: list) -> Path:
    if path.suffix == ".npy":
        np.save(path, np.array(rows))
    else:
        path.write_text(json.dumps(rows))
    return path


@pytest.mark.parametrize("suffix", [".npy", ".json"])
def test_stroke_5_and_pens_down_and_up_are_read(tmp_path: Path, suffix: str) -> None:
    five = [[dx, dy, 1 - pen, pen, 0] for dx, dy, pen in TRIANGLE] + [[3, 3, 0, 0, 1], [0, 0, 0, 0, 1]]
    four = [[dx, dy, 1 - pen, pen] for dx, dy, pen in TRIANGLE]
    for name, rows in {"five": five, "four": four}.items():
        (found,) = read_sketches(save_as(tmp_path / f"{name}{suffix}", rows))
        assert found.tolist() == TRIANGLE


def test_ml5_objects_are_read_alone_and_in_lists(tmp_path: Path) -> None:
    objects = [{"dx": dx, "dy": dy, "pen": "up" if pen else "down"} for dx, dy, pen in TRIANGLE]
    objects.append({"dx": 9, "dy": 9, "pen": "end"})
    assert read_sketches(save_as(tmp_path / "a.json", objects))[0].tolist() == TRIANGLE
    assert [each.tolist() for each in read_sketches(save_as(tmp_path / "b.json", [objects] * 2))] == [TRIANGLE] * 2
    for wrong in ({"dx": 1, "dy": 2, "pen": 1}, {"dx": 1, "pen": "up"}, {"x": 1, "y": 2, "pen": "up"}):
        with pytest.raises(DataError, match="object 1 is not"):
            read_sketches(save_as(tmp_path / "c.json", [objects[0], wrong]))


def test_numbered_sketches_are_not_mistaken_for_pens_down_and_up(tmp_path: Path) -> None:
    written = [np.array([[1, 2, 0], [3, 4, 1]]), np.array([[5, 6, 0], [7, 8, 0], [9, 9, 1]])]
    write_sketches(written, tmp_path / "a.npy")
    assert [each.tolist() for each in read_sketches(tmp_path / "a.npy")] == [each.tolist() for each in written]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1, 5, 6], [0, 3, -4], [1, 0, 9], [0, 2, 2]], "put the pen last"),
        ([[[3, 9, 14, 20], [1, 1, 7, 8], [0, 20, 40, 60]]], "Quick, Draw!"),
        ([[[3, 9, 14], [1, 1, 7], [0, 20, 40]], [[3, 9, 14], [1, 1, 7]]], "Quick, Draw!"),
        ([[1, 2], [3, 4], [5, 6]], "points without a pen"),
        ([[1, 2, 1, 1], [3, 4, 0, 1], [5, 6, 0, 1], [7, 8, 0, 1]], "pen down, pen up"),
        ([[1, 2, 1, 1, 0], [3, 4, 0, 1, 0], [5, 6, 0, 1, 0], [7, 8, 0, 1, 0]], "stroke-5"),
        ({"word": "cat", "drawing": [[[1, 2], [3, 4]]]}, "rename it to .ndjson"),
    ],
)
def test_another_layout_is_refused_and_named(tmp_path: Path, rows: list, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_sketches(save_as(tmp_path / "a.json", rows))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_is_read_in_any_encoding_of_unicode(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_bytes(json.dumps(TRIANGLE).encode(encoding))
    (tmp_path / "z.json").write_bytes(b"" + json.dumps({"mu": [[1, 2]]}).encode(encoding))
    assert read_sketches(tmp_path / "a.json")[0].tolist() == TRIANGLE
    assert read_latents(str(tmp_path / "z.json"), 2).tolist() == [[1, 2]]
