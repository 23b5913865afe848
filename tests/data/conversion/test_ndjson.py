"""Drawings as text: simplified ones as they are, raw ones prepared as Quick, Draw! does."""

import json
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import ndjson
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.strokes.formats import to_polylines

HOUSE = [[[0, 255, 255, 0, 0], [100, 100, 255, 255, 100]], [[0, 128, 255], [100, 0, 100]]]


def parse(drawing: object, **fields: object) -> Drawing | Skipped:
    return ndjson.parse(json.dumps({"drawing": drawing, **fields}).encode(), "x.ndjson:3", "x", epsilon=2.0)


def test_a_simplified_drawing_is_taken_as_it_is() -> None:
    found = parse(HOUSE, word="house", recognized=False)
    assert isinstance(found, Drawing)
    assert (found.label, found.where, found.recognized) == ("house", "x.ndjson:3", False)
    assert found.sketch.dtype == np.int16
    for stroke, (xs, ys) in zip(to_polylines(found.sketch), HOUSE, strict=True):
        np.testing.assert_array_equal(stroke + np.array([0, 100]), np.stack([xs, ys], axis=1))


@pytest.mark.parametrize(
    ("said", "known"), [("5201136883597312", 5201136883597312), (7, 7), ("x", None), (True, None), ("9" * 40, None)]
)
def test_a_key_id_is_a_number_or_nothing(said: object, known: int | None) -> None:
    assert parse(HOUSE, key_id=said).key_id == known


@pytest.mark.parametrize("factor", [1.0, 3.7, 0.01])
def test_a_raw_drawing_of_any_size_becomes_the_simplified_one(factor: float) -> None:
    dense = []
    for xs, ys in HOUSE:
        at = np.linspace(0, len(xs) - 1, 400 * (len(xs) - 1) + 1)
        lines = [np.interp(at, range(len(xs)), values) * factor + 17 for values in (xs, ys)]
        dense.append([line.tolist() for line in lines] + [list(range(len(at)))])
    raw, simplified = parse(dense), parse(HOUSE)
    assert isinstance(raw, Drawing)
    assert isinstance(simplified, Drawing)
    np.testing.assert_array_equal(raw.sketch, simplified.sketch)


@pytest.mark.parametrize(("name", "pairs", "exact"), [("cat", 25, 24), ("guitar", 13, 13)])
def test_official_raw_drawings_give_the_official_simplified_ones(
    shared_data: Path, name: str, pairs: int, exact: int
) -> None:
    def drawings(kind: str) -> dict[str, Drawing | Skipped]:
        path = shared_data / "ndjson" / f"{name}.{kind}.ndjson"
        return {
            json.loads(line)["key_id"]: ndjson.parse(line, str(path), name, epsilon=2.0)
            for _, line in ndjson.lines(path)
        }

    raw, simplified = drawings("raw"), drawings("simplified")
    common = raw.keys() & simplified.keys()
    assert len(common) == pairs
    assert sum(np.array_equal(raw[key].sketch, simplified[key].sketch) for key in common) == exact


@pytest.mark.parametrize(
    ("by", "lines", "by_hand"),
    [(["hand", "model"], 1, True), (["model", "hand"], 1, True), (["hand"] * 2, 2, True), (["model"] * 2, 2, False)],
)
def test_what_a_model_drew_can_be_left_out(by: list[str], lines: int, by_hand: bool) -> None:
    line = json.dumps({"drawing": HOUSE, "by": by}).encode()
    hand, all_of_it = (ndjson.parse(line, "x", "x", 2.0, hand_only) for hand_only in (True, False))
    assert isinstance(hand, Drawing)
    assert isinstance(all_of_it, Drawing)
    assert (len(to_polylines(hand.sketch)), hand.by_hand) == (lines, by_hand)
    assert len(to_polylines(all_of_it.sketch)) == 2
    if by == ["model", "hand"]:
        np.testing.assert_array_equal(to_polylines(hand.sketch)[0], np.array(HOUSE[1]).T - [0, 100])


@pytest.mark.parametrize("by", [["hand"], [], "hand", {"0": "hand"}])
def test_hands_of_other_strokes_are_no_drawing(by: object) -> None:
    found = parse(HOUSE, by=by)
    assert isinstance(found, Skipped)
    assert "for each stroke" in found.reason


def test_a_dot_among_the_strokes_is_kept() -> None:
    found = parse([[[0, 255], [0, 255]], [[40], [9]]])
    assert isinstance(found, Drawing)
    assert found.sketch.tolist() == [[255, 255, 1], [-215, -246, 1]]


@pytest.mark.parametrize(
    ("drawing", "reason"),
    [
        ([], "no stroke"),
        ([[[], []]], "no stroke"),
        ([[[5], [5]]], "nothing but a dot"),
        ([[[1, 2], [3]]], "a stroke is not"),
        ([[[1, 2]]], "a stroke is not"),
        ([[1, 2], [3, 4]], "a stroke is not"),
        ([[["a", "b"], ["c", "d"]]], "a stroke is not"),
        ([[[True, False], [True, True]]], "a stroke is not"),
        ([[[None, 1], [2, 3]]], "a stroke is not"),
        ([[[[1], [2]], [[3], [4]]]], "a stroke is not"),
        ("a house", "no JSON object with a drawing"),
        ([[[0, float("nan")], [0, 1]]], "not finite"),
        ([[[0, float("inf")], [0, 1]]], "not finite"),
        ([[[0, 10**400], [0, 1]]], "a stroke is not"),
        ([[[0, 1e300], [0, 1]]], "too large"),
        ([[[0, 1] * 60_000, [0, 0] * 60_000]], "points; at most"),
        ([[[0, 1] * 2_000, [0, 0.5] * 2_000]], "times as long"),
    ],
)
def test_a_bad_drawing_is_skipped_with_its_reason(drawing: object, reason: str) -> None:
    found = parse(drawing)
    assert isinstance(found, Skipped)
    assert found.where == "x.ndjson:3"
    assert reason in found.reason


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000, b'{"drawing": {}}'])
def test_a_line_that_is_no_drawing_is_skipped(line: bytes) -> None:
    assert isinstance(ndjson.parse(line, "x:1", "x", epsilon=2.0), Skipped)


def test_lines_are_numbered_and_an_overlong_one_does_not_spoil_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "LONGEST_LINE", 8)
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"one\n\n" + b"x" * 8 + b"\n" + b"y" * 30 + b"\nfive")
    assert list(ndjson.lines(path)) == [(1, b"one\n"), (3, b"x" * 8), (4, b"y" * 8), (5, b"five")]
