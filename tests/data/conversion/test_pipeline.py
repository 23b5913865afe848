"""From findings to splits: what is taken, and where it goes."""

from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import pipeline
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.data.conversion.pipeline import Collection, Rules
from sketchrnn_cli.errors import DataError


def drawing(number: int, points: int = 3, label: str = "cat", recognized: bool = True, split: str = "") -> Drawing:
    sketch = np.zeros((points, 3), dtype=np.int16)
    sketch[0, 0] = number
    return Drawing(sketch, f"x:{number}", label, recognized, split)


def taken(findings: list[Drawing | Skipped], **rules: object) -> Collection:
    collection = Collection()
    assert list(pipeline.collect(findings, Rules(**rules), collection)) == list(range(1, len(findings) + 1))
    return collection


def numbers(sketches: list[np.ndarray]) -> list[int]:
    return [int(sketch[0, 0]) for sketch in sketches]


@pytest.mark.parametrize(
    ("rules", "kept", "left_out"),
    [
        ({}, [0, 1, 2, 3], {"duplicates": 1}),
        ({"duplicates": True}, [0, 1, 2, 3, 0], {}),
        ({"recognized_only": True}, [0, 2, 3], {"not recognized": 1, "duplicates": 1}),
        ({"max_points": 5}, [0, 1, 2], {"more than 5 points": 1, "duplicates": 1}),
        ({"min_points": 4}, [2, 3], {"fewer than 4 points": 3}),
        ({"max_per_class": 1}, [0, 3], {"beyond 1 of a class": 2, "duplicates": 1}),
    ],
)
def test_a_rule_leaves_out_what_it_says(rules: dict, kept: list[int], left_out: dict[str, int]) -> None:
    findings = [drawing(0), drawing(1, recognized=False), drawing(2, 4), drawing(3, 6, "dog"), drawing(0, label="dog")]
    collection = taken(findings, **rules)
    assert numbers([item.sketch for item in collection.drawings]) == kept
    assert dict(collection.left_out) == left_out


def test_bad_drawings_are_counted_or_under_strict_rules_stop_it() -> None:
    bad = Skipped("x.svg", "no stroke")
    assert taken([drawing(0), bad, drawing(1)]).skipped == [bad]
    with pytest.raises(DataError, match=r"x\.svg: no stroke"):
        taken([drawing(0), bad], strict=True)


def test_equal_points_are_duplicates_whatever_their_type() -> None:
    float_twin = Drawing(drawing(7).sketch.astype(np.float32), "y", "cat")
    assert len(taken([drawing(7), float_twin]).drawings) == 1


def test_every_drawing_is_in_one_split_and_the_fractions_are_met() -> None:
    splits = pipeline.split([drawing(number) for number in range(200)], valid=0.1, test=0.05, seed=0)
    assert {name: len(sketches) for name, sketches in splits.items()} == {"train": 170, "valid": 20, "test": 10}
    assert sorted(number for sketches in splits.values() for number in numbers(sketches)) == list(range(200))
    assert numbers(splits["train"]) == sorted(numbers(splits["train"]))


def test_the_splits_depend_on_the_seed_and_not_on_the_order() -> None:
    drawings = [drawing(number) for number in range(100)]

    def held_out(drawings: list[Drawing], seed: int) -> set[int]:
        return set(numbers(pipeline.split(drawings, 0.2, 0.0, seed)["valid"]))

    assert held_out(drawings, 1) == held_out(drawings[::-1], 1)
    assert held_out(drawings, 1) != held_out(drawings, 2)


def test_equal_drawings_are_never_in_two_splits() -> None:
    drawings = [drawing(number % 10) for number in range(50)]
    splits = pipeline.split(drawings, 0.3, 0.3, seed=0)
    sets = [set(numbers(sketches)) for sketches in splits.values()]
    assert [len(numbers) for numbers in sets] == [4, 3, 3]
    assert len(set.union(*sets)) == 10
    assert sum(len(sketches) for sketches in splits.values()) == 50


def test_sketches_of_archives_stay_in_their_splits_unless_resplit() -> None:
    drawings = [drawing(number, split="test" if number < 30 else "train") for number in range(60)]
    kept = pipeline.split(drawings, 0.1, 0.1, seed=0)
    assert numbers(kept["test"]) == list(range(30))
    assert kept["valid"] == []
    anew = pipeline.split(drawings, 0.1, 0.1, seed=0, resplit=True)
    assert [len(anew[name]) for name in ("train", "valid", "test")] == [48, 6, 6]


def test_three_drawings_fill_three_splits_and_one_is_for_training() -> None:
    three = pipeline.split([drawing(number) for number in range(3)], 0.05, 0.05, seed=0)
    assert [len(sketches) for sketches in three.values()] == [1, 1, 1]
    assert len(pipeline.split([drawing(0)], 0.05, 0.05, seed=0)["train"]) == 1
    with pytest.raises(DataError, match="left to train on"):
        pipeline.split([drawing(0, split="test")], 0.05, 0.05, seed=0)


def test_the_report_has_a_line_for_each_skipped_drawing(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    pipeline.write_report(path, [Skipped("a\nb.svg", "no\tstroke"), Skipped("c.ndjson:7", "not JSON")])
    assert path.read_text().splitlines() == ["a b.svg\tno stroke", "c.ndjson:7\tnot JSON"]
    with pytest.raises(DataError, match="cannot be written"):
        pipeline.write_report(path / "a.tsv", [])


def test_origins_name_the_sources_and_not_their_formats() -> None:
    assert pipeline.provenance([Path("a/cat.ndjson")]) == pipeline.provenance([Path("b/cat.bin")])
    assert "and 3 more" in pipeline.provenance([Path(f"{number}.npz") for number in range(11)])
