"""Batches: every sketch once an epoch, augmentation against a plain loop, buckets against brute force."""

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from sketchrnn_cli.data import batches
from sketchrnn_cli.data.batches import Batch, Corpus
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import HParams

PLAIN = HParams(batch_size=10, random_scale_factor=0.0, augment_stroke_prob=0.0)
AUGMENTED = PLAIN.replace(random_scale_factor=0.2, augment_stroke_prob=0.4)


def sketch(rng: np.random.Generator, points: int, mark: int) -> np.ndarray:
    """A sketch whose first offset tells which one it is."""
    array = rng.integers(-20, 20, (points, 3)).astype(np.int16)
    array[:, 2] = rng.random(points) < 0.3
    array[0, 0], array[-1, 2] = mark, 1
    return array


def some(count: int, longest: int = 30) -> Corpus:
    rng = np.random.default_rng(count)
    parts = [sketch(rng, int(rng.integers(1, longest)), mark) for mark in range(count)]
    return batches.corpus([pack(parts[: count // 2], "a"), pack(parts[count // 2 :], "b")], longest)


def epoch(of: Corpus, hparams: HParams, number: int = 0, start: int = 0) -> list[Batch]:
    buckets = batches.bucket_lengths(of, hparams)
    return list(batches.training_batches(of, hparams, 1.0, buckets, number, start))


def marks(made: list[Batch]) -> list[int]:
    return [int(row[0, 0]) for batch in made for row, n in zip(batch.rows, batch.lengths, strict=True) if n]


@pytest.mark.parametrize("count", [1, 5, 99, 100, 101])
@pytest.mark.parametrize("rows", [1, 10, 100])
def test_every_sketch_comes_exactly_once_an_epoch(count: int, rows: int) -> None:
    of, hparams = some(count), PLAIN.replace(batch_size=rows)
    made = epoch(of, hparams)
    assert sorted(marks(made)) == list(range(count))
    assert len(made) == batches.steps_per_epoch(of, hparams)
    assert {len(batch.rows) for batch in made} == {min(rows, count)}


def test_more_sketches_than_a_pool_come_once_too() -> None:
    assert sorted(marks(epoch(some(1000), PLAIN))) == list(range(1000))


def test_the_order_derives_from_seed_and_epoch() -> None:
    of = some(100)
    first = marks(epoch(of, PLAIN, 3))
    assert marks(epoch(of, PLAIN, 3)) == first
    assert marks(epoch(of, PLAIN, 4)) != first
    assert marks(epoch(of, PLAIN.replace(seed=1), 3)) != first


@pytest.mark.parametrize("start", [0, 1, 7, 10])
def test_a_start_in_the_middle_gives_what_was_left(start: int) -> None:
    of = some(95)
    expected, found = epoch(of, AUGMENTED)[start:], epoch(of, AUGMENTED, start=start)
    assert len(found) == len(expected)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a.rows, b.rows)
        np.testing.assert_array_equal(a.lengths, b.lengths)


def test_sketches_beyond_the_longest_are_left_out_and_none_is_an_error() -> None:
    parts = [pack([np.ones((n, 3)) for n in (3, 9, 4)], "a")]
    assert batches.corpus(parts, 8).lengths.tolist() == [3, 4]
    with pytest.raises(DataError, match="no sketch"):
        batches.batch_size(batches.corpus(parts, 2), PLAIN)


def test_rows_are_stroke_5_in_model_units_with_end_rows_and_a_place_for_one_at_least() -> None:
    points = np.array([[4, 2, 0], [2, 0, 1], [6, 6, 1]], np.float32)
    batch = batches.assemble(points, np.array([2, 1]), 2.0, 2, 3)
    end = [0, 0, 0, 0, 1]
    assert batch.rows.tolist() == [[[2, 1, 1, 0, 0], [1, 0, 0, 1, 0], end], [[3, 3, 0, 1, 0], end, end], [end] * 3]
    assert batch.lengths.tolist() == [2, 1, 0]


def augmented_plainly(points: np.ndarray, lengths: np.ndarray, seed: int, hparams: HParams) -> list[list[list[float]]]:
    """The same decisions, one point after another: a dropped point's offset goes to the next kept one."""
    rng = np.random.default_rng(seed)
    factors = 1.0 + hparams.random_scale_factor * (2.0 * rng.random((len(lengths), 2)) - 1.0)
    chances = iter(rng.random(len(points)))
    rest = iter(points.tolist())
    made = []
    for (fx, fy), length in zip(factors, lengths, strict=True):
        assert all(abs(f - 1.0) <= hparams.random_scale_factor for f in (fx, fy))
        rows: list[list[float]] = []
        dx = dy = 0.0
        stroke_begins = False
        for place in range(length):
            x, y, pen = next(rest)
            dx, dy = dx + x * fx, dy + y * fy
            inner = not pen and not stroke_begins and place < length - 1
            dropped = next(chances) < hparams.augment_stroke_prob and inner
            stroke_begins = bool(pen)
            if not dropped:
                rows.append([dx, dy, pen])
                dx = dy = 0.0
        made.append(rows)
    return made


@pytest.mark.parametrize("seed", range(5))
def test_augmentation_is_that_of_a_plain_loop_with_the_same_decisions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, 25)
    points = np.concatenate([sketch(rng, n, 0) for n in lengths]).astype(np.float32)
    given = points.copy()
    expected = augmented_plainly(points, lengths, seed, AUGMENTED)
    found, new_lengths = batches.augment(points, lengths, np.random.default_rng(seed), AUGMENTED)
    np.testing.assert_array_equal(points, given)
    assert new_lengths.tolist() == [len(rows) for rows in expected]
    assert new_lengths.sum() < lengths.sum()
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-3)


def test_without_augmentation_points_stay() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([sketch(rng, 9, 0), sketch(rng, 4, 1)]).astype(np.float32)
    found, lengths = batches.augment(points, np.array([9, 4]), rng, PLAIN)
    np.testing.assert_array_equal(found, points)
    assert lengths.tolist() == [9, 4]


def waste(longest: list[int], ends: tuple[int, ...]) -> int:
    return sum(min(end for end in ends if end >= n) for n in longest)


@pytest.mark.parametrize("buckets", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_bucket_lengths_waste_as_little_as_any(buckets: int, seed: int) -> None:
    needed = np.random.default_rng(seed).integers(1, 25, 8)
    found = batches.cheapest_lengths(needed, 26, buckets)
    assert len(found) <= buckets
    assert list(found) == sorted(set(found))
    assert found[-1] == 26
    sizes = sorted(set(needed.tolist()))
    best = min(waste(needed, (*ends, 26)) for n in range(buckets) for ends in itertools.combinations(sizes, n))
    assert waste(needed, found) == best


def test_bucket_lengths_are_chosen_for_batches_as_augmentation_leaves_them() -> None:
    of = some(2000)

    def rows_of_an_epoch(chosen_for: HParams) -> int:
        buckets = batches.bucket_lengths(of, chosen_for)
        assert buckets[-1] == of.lengths.max()
        return sum(batch.rows.shape[1] for batch in batches.training_batches(of, AUGMENTED, 1.0, buckets, 0))

    assert rows_of_an_epoch(AUGMENTED) < rows_of_an_epoch(PLAIN)


def test_no_more_shapes_than_buckets_are_made() -> None:
    shapes = {batch.rows.shape for number in range(3) for batch in epoch(some(500), AUGMENTED, number)}
    assert 1 < len(shapes) <= AUGMENTED.buckets


def counting(upto: int) -> Iterator[int]:
    yield from range(upto)


def test_prefetching_changes_nothing() -> None:
    assert list(batches.prefetch(counting(50))) == list(range(50))


def test_prefetching_raises_what_the_producer_raises_where_it_raises() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise DataError("the disk is gone")

    reader = batches.prefetch(broken())
    assert next(reader) == 1
    with pytest.raises(DataError, match="the disk is gone"):
        next(reader)


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    reader = batches.prefetch(itertools.count())
    assert [next(reader) for _ in range(3)] == [0, 1, 2]
    assert threading.active_count() == before + 1
    reader.close()
    assert threading.active_count() == before
