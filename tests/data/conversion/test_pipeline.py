"""From findings to splits: what is taken, and where it goes."""

import dataclasses
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sketchrnn_cli.data.conversion import pipeline
from sketchrnn_cli.data.conversion.drawings import Drawing, Skipped
from sketchrnn_cli.data.conversion.pipeline import Collection, Rules
from sketchrnn_cli.errors import DataError, ExistsError


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
        ({"max_points": 5, "drop_longer": True}, [0, 1, 2], {"more than 5 points": 1, "duplicates": 1}),
        ({"max_points": 5}, [0, 1, 2, 3], {"duplicates": 1}),
        ({"min_points": 4}, [2, 3], {"fewer than 4 points": 3}),
        ({"hand_only": True}, [0, 1, 2, 3], {"drawn by a model": 1}),
        ({"max_per_class": 1}, [0, 3], {"beyond 1 of a class": 2, "duplicates": 1}),
    ],
)
def test_a_rule_leaves_out_what_it_says(rules: dict, kept: list[int], left_out: dict[str, int]) -> None:
    findings = [drawing(0), drawing(1, recognized=False), drawing(2, 4), drawing(3, 6, "dog"), drawing(0, label="dog")]
    findings[4] = replace(findings[4], by_hand=False)
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


def rule(key: bytes, valid: float, test: float) -> str:
    """The rule once more: the first 8 bytes of a digest as a number below 1, test first, then validation."""
    u = int(hashlib.blake2b(key).hexdigest()[:16], 16) / 2**64
    return "test" if u < test else "valid" if u < test + valid else "train"


def held(splits: dict[str, list[np.ndarray]]) -> dict[int, str]:
    return {number: name for name, sketches in splits.items() for number in numbers(sketches)}


def test_every_drawing_goes_where_the_hash_of_its_points_says() -> None:
    drawings = [drawing(number) for number in range(300)]
    splits = pipeline.split(drawings, valid=0.2, test=0.1, seed=0)
    expected = {k: rule(item.sketch.astype("<f4").tobytes(), 0.2, 0.1) for k, item in enumerate(drawings)}
    assert held(splits) == expected
    assert sum(len(sketches) for sketches in splits.values()) == 300
    assert len(splits["valid"]) == pytest.approx(60, abs=20)
    assert numbers(splits["train"]) == sorted(numbers(splits["train"]))


def test_a_key_id_decides_before_the_points() -> None:
    drawings = [dataclasses.replace(drawing(number), key_id=45036680000 + number) for number in range(300)]
    expected = {number: rule(str(45036680000 + number).encode(), 0.2, 0.1) for number in range(300)}
    assert held(pipeline.split(drawings, 0.2, 0.1, seed=0)) == expected


def test_a_growing_set_moves_no_drawing_to_another_split() -> None:
    before = held(pipeline.split([drawing(number) for number in range(100)], 0.2, 0.2, seed=0))
    after = held(pipeline.split([drawing(number) for number in range(119, -1, -1)], 0.2, 0.2, seed=0))
    assert {number: after[number] for number in before} == before
    assert set(before.values()) == {"train", "valid", "test"}


def test_another_seed_gives_other_splits() -> None:
    drawings = [drawing(number) for number in range(100)]
    splits = [held(pipeline.split(drawings, 0.2, 0.0, seed)) for seed in (0, 1, 2)]
    assert splits[0] != splits[1] != splits[2] != splits[0]


def test_equal_drawings_are_never_in_two_splits() -> None:
    drawings = [drawing(number % 10) for number in range(50)]
    splits = pipeline.split(drawings, 0.3, 0.3, seed=0)
    sets = [set(numbers(sketches)) for sketches in splits.values()]
    assert all(sets)
    assert sum(len(some) for some in sets) == 10
    assert sum(len(sketches) for sketches in splits.values()) == 50


def test_sketches_of_archives_stay_in_their_splits_unless_resplit() -> None:
    drawings = [drawing(number, split="test" if number < 30 else "train") for number in range(60)]
    kept = pipeline.split(drawings, 0.1, 0.1, seed=0)
    assert numbers(kept["test"]) == list(range(30))
    assert kept["valid"] == []
    anew = pipeline.split(drawings, 0.1, 0.1, seed=0, resplit=True)
    free = pipeline.split([drawing(number) for number in range(60)], 0.1, 0.1, seed=0)
    assert held(anew) == held(free)
    assert held(anew) != held(kept)


def test_a_set_that_would_have_nothing_to_train_on_is_all_for_training() -> None:
    alone = next(drawing(number) for number in range(100) if held(pipeline.split(
        [drawing(number), drawing(100, split="train")], 0.4, 0.4, seed=0))[number] != "train")  # fmt: skip
    assert numbers(pipeline.split([alone], 0.4, 0.4, seed=0)["train"]) == [int(alone.sketch[0, 0])]
    with pytest.raises(DataError, match="left to train on"):
        pipeline.split([drawing(0, split="test")], 0.05, 0.05, seed=0)


def test_the_report_has_a_line_for_each_skipped_drawing(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    pipeline.write_report(path, [Skipped("a\nb.svg", "no\tstroke"), Skipped("c.ndjson:7", "not JSON")], replace=False)
    assert path.read_text().splitlines() == ["a b.svg\tno stroke", "c.ndjson:7\tnot JSON"]
    with pytest.raises(DataError, match="cannot be written"):
        pipeline.write_report(path / "a.tsv", [], replace=True)
    with pytest.raises(ExistsError):
        pipeline.write_report(path, [], replace=False)


def test_origins_name_the_sources_and_not_their_formats() -> None:
    assert pipeline.provenance([Path("a/cat.ndjson")]) == pipeline.provenance([Path("b/cat.bin")])
    assert "and 3 more" in pipeline.provenance([Path(f"{number}.npz") for number in range(11)])
