"""Figures on a data set, counted by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.data.inspection import choose, compare, inspect
from sketchrnn_cli.errors import DataError

A = np.array([[10, 0, 0], [0, 0, 0], [0, 10, 1]], dtype=np.int16)
B = np.array([[5, 5, 1], [1, 2, 0]], dtype=np.int16)
LONG = np.tile(A, (40, 1))


def test_the_figures_are_those_counted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "made.npz"
    archive.write(path, {"train": [A, A, B, LONG], "valid": [A], "test": []}, "by hand")
    figures = inspect(archive.load(path))
    assert json.loads(json.dumps(figures)) == figures
    assert figures["sketches"] == {"train": 4, "valid": 1, "test": 0}
    assert figures["duplicates"] == {"within_splits": 1, "across_splits": 1}
    assert figures["untidy"] == {
        "zero_moves": 43,
        "first_row_lifts": 1,
        "last_row_does_not_lift": 1,
        "under_three_points": 1,
        "at_the_limit": 0,
    }
    assert figures["lengths"]["min"] == 2
    assert figures["lengths"]["max"] == figures["max_seq_len"] == 120
    assert figures["lengths"]["mean"] == 26.2
    assert sum(figures["lengths"]["histogram"]["counts"]) == 5
    assert figures["dropped_by_max_seq_len"] == {"50": 1, "100": 1, "125": 0, "150": 0, "200": 0, "250": 0}
    assert (figures["provenance"], figures["dtype"]) == ("by hand", "int16")


def test_sketches_are_chosen_by_number_or_at_random_without_repeats() -> None:
    split = pack([A, B, A, B, A], "x")
    assert choose(split, [4, 0, 4], seed=0) == [4, 0, 4]
    assert choose(split, 99, seed=0) == [0, 1, 2, 3, 4]
    assert len(set(choose(split, 3, seed=0))) == 3
    assert len({tuple(choose(split, 2, seed=seed)) for seed in range(20)}) > 5
    with pytest.raises(DataError, match="no sketch 5"):
        choose(split, [5], seed=0)
    with pytest.raises(DataError, match="empty"):
        choose(pack([], "x"), 3, seed=0)


def test_offsets_at_the_limit_and_sets_that_do_not_go_together_are_told(tmp_path: Path) -> None:
    line = np.array([[5, 0, 0], [0, 7, 0], [-5, 0, 1]])
    made = {"far": line * [10_000, 1, 1], "one": line, "two": line, "large": line * [30, 30, 1]}
    for name, sketch in made.items():
        archive.write(tmp_path / f"{name}.npz", {"train": [sketch], "valid": [], "test": []}, "a test")
    found = {name: inspect(archive.load(tmp_path / f"{name}.npz")) for name in made}
    assert [each["untidy"]["at_the_limit"] for each in found.values()] == [2, 0, 0, 0]
    assert compare([found["one"]]) == []
    same, *scales = compare([found["one"], found["two"], found["large"]])
    assert "are the same data" in same
    assert len(scales) == 2
    assert all("30 times as large" in each for each in scales)
