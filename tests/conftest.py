"""Fixtures shared by all tests, and what a skip means where every test must run."""

import os
import tracemalloc
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EVERY_TEST = "EVERY_TEST"
"""The environment variable that `.ci/run` sets: there a program or a package that is missing is a failure."""
EXCUSES = ("real data not found", "this system", "this file system", "root", "TensorFlow makes its batches", "POSIX")
"""How reasons begin, or what they hold, that no installation can mend."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real drawings beside the checkout; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data not found at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def peak_below() -> Callable[[int], AbstractContextManager[None]]:
    """A context in which Python may take fewer bytes at its peak than it says."""

    @contextmanager
    def below(most: int) -> Iterator[None]:
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < most
        finally:
            tracemalloc.stop()

    return below


def _without_excuse(report: Any) -> Any:
    """Turn a skip for what could be installed into a failure."""
    if report.skipped and os.environ.get(EVERY_TEST) and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(excuse in reason for excuse in EXCUSES):
            report.outcome, report.longrepr = "failed", f"{reason} ({EVERY_TEST} is set: no test may be skipped)"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _without_excuse((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _without_excuse((yield))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, those in processes of their own on JAX."""
    items.sort(key=lambda item: "test_jax_backend" not in item.nodeid)
