"""Batches: every sketch once an epoch, augmentation against a plain loop, buckets against brute force."""

import itertools

import numpy as np
import pytest

from sketchrnn_cli.data import augmentation, batches, noise
from sketchrnn_cli.data.augmentation import Padded
from sketchrnn_cli.data.batches import Batch, Corpus
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.errors import DataError
from sketchrnn_cli.hparams import HParams

PLAIN = HParams(batch_size=10, random_scale_factor=0.0, augment_stroke_prob=0.0)
AUGMENTED = PLAIN.replace(random_scale_factor=0.2, augment_stroke_prob=0.4)
MANY = 1e9
"""Steps beside which compilation costs nothing."""


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
    lengths = batches.padded_lengths(of, hparams, MANY, 1.0)
    return [batches.make(of, hparams, 1.0, number, each) for each in batches.plan(of, hparams, lengths, number, start)]


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


def test_the_batches_of_a_pool_hold_lengths_that_do_not_overlap_and_come_in_any_order() -> None:
    made = epoch(some(250), PLAIN)
    ranges = [(int(batch.lengths[batch.lengths > 0].min()), int(batch.lengths.max())) for batch in made]
    ordered = sorted(ranges)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ordered))
    assert ranges != ordered


def test_batches_of_one_padded_length_mix_all_lengths() -> None:
    of = some(250)
    for planned in batches.plan(of, PLAIN, [30], 0):
        assert np.ptp(of.lengths[planned.sketches]) > 10


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
    of = batches.corpus([pack([np.array([[4, 2, 0], [2, 0, 1]]), np.array([[6, 6, 1]])], "a")], 2)
    (batch,) = batches.plain_batches(of, 2.0, 3, 2)
    end = [0, 0, 0, 0, 1]
    assert batch.rows.tolist() == [[[2, 1, 1, 0, 0], [1, 0, 0, 1, 0], end], [[3, 3, 0, 1, 0], end, end], [end] * 3]
    assert batch.lengths.tolist() == [2, 1, 0]


def augmented_plainly(points: np.ndarray, number: int, key: np.ndarray, hparams: HParams) -> list[list[float]]:
    """The same decisions, one point after another: a dropped point's offset goes to the next kept one."""

    def chance(draw: int) -> float:
        return float(noise.uniform(np, key, np.array([number]), np.array([draw]))[0, 0])

    fx, fy = (1.0 + hparams.random_scale_factor * (2.0 * chance(axis) - 1.0) for axis in (0, 1))
    assert all(abs(f - 1.0) <= hparams.random_scale_factor for f in (fx, fy))
    rows: list[list[float]] = []
    dx = dy = 0.0
    stroke_begins = False
    for place, (x, y, pen) in enumerate(points.tolist()):
        dx, dy = dx + x * fx, dy + y * fy
        inner = not pen and not stroke_begins and place < len(points) - 1
        dropped = chance(place + 2) < hparams.augment_stroke_prob and inner
        stroke_begins = bool(pen)
        if not dropped:
            rows.append([dx, dy, pen])
            dx = dy = 0.0
    return rows


def given(kind: type) -> tuple[Corpus, list[np.ndarray]]:
    rng = np.random.default_rng(5)
    parts = [sketch(rng, int(n), 0).astype(kind) for n in rng.integers(1, 40, 25)]
    return batches.corpus(
        [pack([part * [0.5, 0.5, 1] if kind == np.float32 else part for part in parts], "a")], 40
    ), parts


@pytest.mark.parametrize("kind", [np.int16, np.float32])
@pytest.mark.parametrize("epoch", range(3))
def test_augmentation_is_that_of_a_plain_loop_with_the_same_decisions(epoch: int, kind: type) -> None:
    of, _ = given(kind)
    key = noise.epoch_key(7, epoch)
    chosen = np.arange(25)
    found = augmentation.augment(np, of.padded(chosen), chosen, key, 40, AUGMENTED)
    for number in chosen:
        expected = augmented_plainly(of.parts[0][number], number, key, AUGMENTED)
        length = found.lengths[number]
        assert length == len(expected)
        made = np.concatenate([found.xy[number], found.pen[number, :, None]], axis=1)
        np.testing.assert_allclose(made[:length], expected, atol=1e-3)
        assert not made[length:].any()
    assert found.lengths.sum() < of.lengths.sum()


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_augmentation_on_jax_is_that_of_numpy(kind: type) -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    of, _ = given(kind)
    chosen, key = np.arange(25), noise.epoch_key(7, 1)
    padded = of.padded(chosen)
    found = augmentation.augment(
        jnp, Padded(*map(jnp.asarray, padded)), jnp.asarray(chosen), jnp.asarray(key), 33, AUGMENTED
    )
    expected = augmentation.augment(np, padded, chosen, key, 33, AUGMENTED)
    np.testing.assert_array_equal(found.lengths, expected.lengths)
    np.testing.assert_array_equal(found.pen, expected.pen)
    np.testing.assert_allclose(found.xy, expected.xy, atol=1e-4)


def test_the_noise_is_uniform_and_tells_sketches_places_and_epochs_apart() -> None:
    keys = [noise.epoch_key(0, epoch) for epoch in (0, 1)]
    first, second = (noise.uniform(np, key, np.arange(2000), np.arange(60)) for key in keys)
    assert 0.0 <= first.min() < first.max() < 1.0
    counts = np.histogram(first, 50, (0.0, 1.0))[0]
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 100  # 49 expected; beyond 100 once in 50,000.
    for a, b in ((first[:-1], first[1:]), (first[:, :-1], first[:, 1:]), (first, second)):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.015


def test_a_sketch_is_augmented_the_same_in_any_batch() -> None:
    of = some(60)
    key = noise.epoch_key(0, 3)
    whole = augmentation.augment(np, of.padded(np.arange(60)), np.arange(60), key, 30, AUGMENTED)
    some_ = np.array([41, 3, 17])
    part = augmentation.augment(np, of.padded(some_), some_, key, 30, AUGMENTED)
    for a, b in zip(part, whole, strict=True):
        np.testing.assert_array_equal(a, b[some_])


def test_without_augmentation_points_stay() -> None:
    of, parts = given(np.int16)
    chosen = np.arange(25)
    found = augmentation.augment(np, of.padded(chosen), chosen, noise.epoch_key(0, 0), 40, PLAIN)
    np.testing.assert_array_equal(found.lengths, of.lengths)
    for number, part in enumerate(parts):
        np.testing.assert_array_equal(found.xy[number, : len(part)], part[:, :2])


@pytest.mark.parametrize("number", [0, 2])
def test_planned_lengths_are_those_of_the_batches_made(number: int) -> None:
    of = some(495)  # The last batch of an epoch has five.
    lengths = batches.padded_lengths(of, AUGMENTED, MANY, 1.0)
    for planned in batches.plan(of, AUGMENTED, lengths, number):
        made = batches.make(of, AUGMENTED, 1.0, number, planned)
        assert made.rows.shape[1] == planned.length + 1
        assert planned.length == batches.fitting(made.lengths.max(), lengths)
        assert made.count == len(planned.sketches) == (made.lengths > 0).sum()


def test_a_short_run_gets_fewer_lengths() -> None:
    of = some(500)
    found = [len(batches.padded_lengths(of, AUGMENTED, steps, 10.0)) for steps in (1, 100, MANY)]
    assert found == sorted(found)
    assert found[0] == 1
    assert 1 < found[1] < found[2] == AUGMENTED.buckets


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
        buckets = batches.padded_lengths(of, chosen_for, MANY, 1.0)
        assert buckets[-1] == of.lengths.max()
        return sum(planned.length + 1 for planned in batches.plan(of, AUGMENTED, buckets, 0))

    assert rows_of_an_epoch(AUGMENTED) < rows_of_an_epoch(PLAIN)


def test_no_more_shapes_than_buckets_are_made() -> None:
    shapes = {batch.rows.shape for number in range(3) for batch in epoch(some(500), AUGMENTED, number)}
    assert 1 < len(shapes) <= AUGMENTED.buckets


def test_a_share_of_a_batch_is_what_these_rows_are_in_the_whole() -> None:
    of = some(47)
    lengths = batches.padded_lengths(of, AUGMENTED, MANY, 1.0)
    for planned in batches.plan(of, AUGMENTED, lengths, 1):
        whole = batches.make(of, AUGMENTED, 1.0, 1, planned)
        for share in (slice(0, 5), slice(5, 10)):
            part = batches.make(of, AUGMENTED, 1.0, 1, planned, share)
            np.testing.assert_array_equal(part.rows, whole.rows[share])
            np.testing.assert_array_equal(part.lengths, whole.lengths[share])
            assert part.count == whole.count
