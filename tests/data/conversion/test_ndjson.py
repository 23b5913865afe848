"""Drawings as text: simplified ones as they are, raw ones prepared as Quick, Draw! does."""

import json
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import ndjson, sources
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import AS_QUICK_DRAW

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
        ([[[5], [5]]], "only a dot"),
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
        ([[[0, 1] * 60_000, [0, 0] * 60_000]], "points; the limit is"),
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
    monkeypatch.setattr(ndjson, "MAX_LINE_BYTES", 8)
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"one\n\n" + b"x" * 8 + b"\n" + b"y" * 30 + b"\nfive")
    assert list(ndjson.lines(path)) == [(1, b"one\n"), (3, b"x" * 8), (4, b"y" * 8), (5, b"five")]


def circle(size: float, corner: float) -> list[list[list[int]]]:
    turn = np.linspace(0, 2 * np.pi, 6 * int(size))
    rows = np.rint(np.stack([np.cos(turn), np.sin(turn)]) * size / 2 + size / 2).astype(int) + corner
    return [rows[:, np.append(True, np.diff(rows, axis=1).any(axis=0))].tolist()]


@pytest.mark.parametrize(("size", "corner"), [(80, 20), (80, 200), (200, 0), (255, 0)])
def test_whole_numbers_of_a_small_canvas_are_prepared_like_any_others(size: int, corner: int) -> None:
    found, elsewhere = parse(circle(size, corner)), parse(circle(size, corner + 1000))
    assert isinstance(found, Drawing)
    assert isinstance(elsewhere, Drawing)
    np.testing.assert_array_equal(found.sketch, elsewhere.sketch)
    assert np.ptp(np.concatenate(to_polylines(found.sketch)), axis=0).max() > 250


def test_every_official_simplified_drawing_is_taken_as_it_is(shared_data: Path) -> None:
    for path in sorted((shared_data / "ndjson").glob("*.simplified.ndjson")):
        for number, line in ndjson.lines(path):
            found = ndjson.parse(line, f"{path}:{number}", "x", epsilon=2.0)
            assert isinstance(found, Drawing)
            points = np.concatenate([np.array(stroke).T for stroke in json.loads(line)["drawing"]])
            np.testing.assert_array_equal(np.diff(points, axis=0), found.sketch[-len(points) + 1 :, :2])


@pytest.mark.parametrize("points", [4, 5, 9])
@pytest.mark.parametrize("width", [2, 3])
def test_a_list_of_points_is_refused(points: int, width: int) -> None:
    found = parse([[[7 * number, 90 - number * number, number][:width] for number in range(points)]])
    assert isinstance(found, Skipped)
    assert f"{points} rows, like a list of [x, y] points" in found.reason


@pytest.mark.parametrize("said", [False, 0, 0.0, None, "False", "false", "0", " no ", ""])
def test_what_says_no_in_any_way_is_not_recognized(said: object) -> None:
    found = parse(HOUSE, recognized=said)
    assert isinstance(found, Drawing)
    assert not found.recognized


@pytest.mark.parametrize("said", [True, 1, "True", "true", "1", "yes"])
def test_what_says_yes_in_any_way_is_recognized(said: object) -> None:
    found = parse(HOUSE, recognized=said)
    assert isinstance(found, Drawing)
    assert found.recognized


@pytest.mark.parametrize("record", [{"image": HOUSE}, {"drawing": {"image": HOUSE}}, {"drawing": {"strokes": HOUSE}}])
def test_strokes_under_other_names_are_read(record: dict) -> None:
    found = ndjson.parse(json.dumps(record).encode(), "x:1", "x", epsilon=2.0)
    assert isinstance(found, Drawing)
    np.testing.assert_array_equal(found.sketch, parse(HOUSE).sketch)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_lines_are_read_in_any_encoding_of_unicode(tmp_path: Path, encoding: str) -> None:
    record = json.dumps({"word": "猫 \u010a", "drawing": HOUSE}, ensure_ascii=False)
    (tmp_path / "a.ndjson").write_bytes(f"{record}\n\n{record}\n".encode(encoding))
    found = [ndjson.parse(line, "x", "x", 2.0) for _, line in ndjson.lines(tmp_path / "a.ndjson")]
    assert [each.label for each in found] == ["猫 \u010a"] * 2


def test_a_json_array_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(json.dumps([{"drawing": HOUSE}] * 3, indent=1))
    (found,) = sources.read([tmp_path / "a.ndjson"], AS_QUICK_DRAW)
    assert isinstance(found, Skipped)
    assert "one object a line" in found.reason


@pytest.mark.parametrize("stroke", [[[0, 255], [9, 0]], [[0, 255], [9, 0], [0, 80]]])
def test_strokes_of_two_or_three_pairs_are_read_only_where_something_says_how(stroke: list) -> None:
    def found(*strokes: list, **fields: object) -> object:
        return ndjson.parse(json.dumps({"drawing": strokes, **fields}).encode(), "a:1", "a", 2.0)

    refused = found(stroke, stroke, word="cross")
    assert isinstance(refused, Skipped)
    assert "may be [xs, ys] or lists of [x, y]" in refused.reason
    assert isinstance(found(stroke, [[0, 9, 255], [0, 200, 9]]), Drawing)
    for field in ({"key_id": "5201136883597312"}, {"by": ["hand"]}, {"recognized": True}):
        assert isinstance(found(stroke, **field), Drawing)
