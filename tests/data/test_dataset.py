"""Packed sketches and their measures, against plain loops in float64."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.dataset import (
    DataSet,
    canvas_size,
    label_rows,
    longest,
    measure,
    pack,
    scale_factor,
    words_of,
)
from sketchrnn_cli.errors import DataError


def drawn(count: int, seed: int, spread: float = 40.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        sketch = np.round(rng.normal(3.0, spread, size=(int(rng.integers(1, 30)), 3)))
        sketch[:, 2] = rng.random(len(sketch)) < 0.2
        made.append(sketch)
    return made


def dataset(train: list[np.ndarray], test: list[np.ndarray]) -> DataSet:
    splits = {"train": pack(train, "x"), "valid": pack([], "x"), "test": pack(test, "x")}
    return DataSet("x", Path("x.npz"), splits, measure(splits), "", "", "")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_packing_and_taking_out_again_changes_nothing(dtype: type) -> None:
    made = [sketch.astype(dtype) for sketch in drawn(20, 0)]
    if dtype != np.int16:
        made = [sketch + np.array([0.25, 0.25, 0], dtype) for sketch in made]
    packed = pack(made, "x")
    assert len(packed) == 20
    assert packed.lengths.tolist() == [len(sketch) for sketch in made]
    assert packed.points.dtype == (np.int16 if dtype == np.int16 else np.float32)
    for place, sketch in enumerate(made):
        assert packed[place].dtype == np.float32
        np.testing.assert_array_equal(packed[place], sketch)
    np.testing.assert_array_equal(packed[-1], made[-1])
    with pytest.raises(IndexError):
        packed[20]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint16, np.int32, np.uint64, np.float16, np.float64])
def test_whole_numbers_of_any_type_are_held_in_16_bits(dtype: type) -> None:
    packed = pack([np.array([[7, 100, 0], [0, 3, 1]], dtype=dtype)], "x")
    assert packed.points.dtype == np.int16
    assert packed[0].tolist() == [[7, 100, 0], [0, 3, 1]]


def test_offsets_are_clipped_to_a_thousand_and_pens_to_0_or_1() -> None:
    assert pack([np.array([[70_000, -1001, 1]])], "x")[0].tolist() == [[1000, -1000, 1]]
    assert pack([np.array([[2.5, 1e30, 0.004]])], "x")[0].tolist() == [[2.5, 1000, 0]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[0, 5, 2], [1, 3, -7], [0, 2, 2], [1, 9, 1]], r"\(pen, dx, dy\); put the pen last"),
        ([[4, 0, 5], [1, 1, 3], [-2, 0, 2], [0, 1, 1]], r"\(dx, pen, dy\); put the pen last"),
        ([[5, 6, 0], [7, 9, 16], [9, 9, 33], [9, 4, 50]], r"\(x, y, time\)"),
        ([[5, 6, 0.1], [7, 9, 0.9], [9, 9, 0.4], [9, 4, 0.5]], "pressure"),
        ([[1, 2, 0], [2, 3, -1]], "row 1 is -1; a pen is 0, or 1"),
    ],
)
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_a_third_column_that_is_no_pen_is_refused_with_what_it_looks_like(rows: list, said: str, dtype: type) -> None:
    if dtype == np.int16 and "pressure" in said:
        return
    good = np.array([[1, 2, 0], [3, 4, 1]], dtype)
    with pytest.raises(DataError, match=f"here: sketch 1: .*{said}"):
        pack([good, np.array(rows, dtype)], "here")


def test_a_bad_sketch_is_named_by_its_number() -> None:
    good = np.zeros((4, 3))
    for bad in (np.zeros((4, 2)), np.zeros((0, 3)), np.full((4, 3), np.nan)):
        with pytest.raises(DataError, match="here: sketch 2 "):
            pack([good, good, bad, good], "here")


def test_the_scale_is_the_standard_deviation_of_all_training_offsets() -> None:
    first, second = drawn(30, 1), drawn(50, 2, spread=9.0)
    pooled = np.concatenate([sketch[:, :2].ravel() for sketch in first + second])
    assert scale_factor([dataset(first, second)]) == pytest.approx(
        np.concatenate([sketch[:, :2].ravel() for sketch in first]).std(), rel=1e-12
    )
    assert scale_factor([dataset(first, []), dataset(second, first)]) == pytest.approx(pooled.std(), rel=1e-12)


def test_a_set_without_movement_has_scale_1() -> None:
    still = dataset([np.zeros((3, 3))], [])
    assert scale_factor([still]) == 1.0
    assert canvas_size([still]) == 1.0


def test_n_max_is_the_longest_sketch_of_any_split() -> None:
    assert longest([dataset([np.zeros((3, 3))], [np.zeros((9, 3))]), dataset([np.zeros((5, 3))], [])]) == 9


def test_the_canvas_is_the_median_larger_side_of_what_is_drawn() -> None:
    sides = []
    for sketch in drawn(31, 3) + drawn(10, 4):
        x = y = 0.0
        seen = [(0.0, 0.0)]
        for dx, dy, _ in sketch:
            x, y = x + dx, y + dy
            seen.append((x, y))
        across, down = zip(*seen, strict=True)
        sides.append(max(max(across) - min(across), max(down) - min(down)))
    found = canvas_size([dataset(drawn(31, 3), []), dataset(drawn(10, 4), [])])
    assert found == pytest.approx(np.median(sides))


def test_words_of_several_sets_are_merged_by_name() -> None:
    sketch = np.array([[3, 4, 1]], dtype=np.int16)

    def labeled(name: str, words: tuple[str, ...], labels: list[int] | None) -> DataSet:
        packed = pack([sketch] * 3, "x")
        train = packed if labels is None else dataclasses.replace(packed, labels=np.array(labels, np.uint16))
        splits = {"train": train, "valid": packed, "test": packed}
        return DataSet(name, Path("x.npz"), splits, measure(splits), "", "", "", words)

    sets = [labeled("many", ("dog", "cat"), [1, 0, 1]), labeled("bird", (), None), labeled("x", ("cat",), [0, 0, 0])]
    words = words_of(sets)
    assert words == ("dog", "cat", "bird")
    assert [label_rows(one, "train", words).tolist() for one in sets] == [[2, 1, 2], [3, 3, 3], [2, 2, 2]]
    assert label_rows(sets[0], "train", ("cat",)).tolist() == [1, 0, 1]  # A word that the model lacks is "any".
