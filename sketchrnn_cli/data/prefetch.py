"""Make things ahead in threads, in order, so that their reader does not wait for them."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from typing import Any


def prefetch(items: Generator, depth: int = 4) -> Generator[Any, None, None]:
    """Yield the same items, made ahead by a thread; what it raises is raised here."""
    queue: Queue = Queue(depth)
    stop = threading.Event()

    def put(item: object) -> None:
        while not stop.is_set():
            try:
                return queue.put(item, timeout=0.1)
            except Full:
                continue

    def work() -> None:
        try:
            for item in items:
                if stop.is_set():
                    return
                put((item, None))
            put(None)
        except BaseException as error:  # noqa: BLE001  Raised again by the reader, whatever it is.
            put((None, error))
        finally:
            items.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (made := queue.get()) is not None:
            if made[1] is not None:
                raise made[1]
            yield made[0]
    finally:
        stop.set()
        thread.join()


def mapped(function: Callable, items: Iterator, workers: int) -> Generator[Any, None, None]:
    """Yield ``function(item)`` in the order of the items, several of them in the making."""
    pending: deque[Future] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
