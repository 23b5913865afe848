"""Making ahead: the same things in the same order, errors where they belong, no thread left behind."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from sketchrnn_cli.data.prefetch import mapped, prefetch
from sketchrnn_cli.errors import DataError


def counting(upto: int) -> Iterator[int]:
    yield from range(upto)


def forever() -> Iterator[int]:
    yield from itertools.count()


def test_prefetching_changes_nothing() -> None:
    assert list(prefetch(counting(50))) == list(range(50))


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_makes_the_same_in_order(workers: int) -> None:
    assert list(mapped(lambda n: n * n, counting(50), workers)) == [n * n for n in range(50)]


def test_prefetching_raises_what_the_producer_raises_where_it_raises() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise DataError("the disk is gone")

    reader = prefetch(broken())
    assert next(reader) == 1
    with pytest.raises(DataError, match="the disk is gone"):
        next(reader)


def test_leaving_early_ends_every_thread() -> None:
    before = threading.active_count()
    reader = prefetch(mapped(lambda n: n, forever(), 2))
    assert [next(reader) for _ in range(3)] == [0, 1, 2]
    assert threading.active_count() > before
    reader.close()
    assert threading.active_count() == before
