"""A pytest plugin: write what became of each test, and whether it was an assertion that ended it."""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

FOUND: list[dict[str, str]] = []


def ended_by_assertion(error: BaseException) -> bool:
    """Return whether an assertion, `pytest.fail` or an expectation of `pytest.raises` failed; of a group, each."""
    if isinstance(error, BaseExceptionGroup):
        return all(ended_by_assertion(part) for part in error.exceptions)
    return isinstance(error, AssertionError | pytest.fail.Exception)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator[None, Any, Any]:
    report = yield
    if call.excinfo is not None:
        failed = report.when == "call" and not report.skipped and ended_by_assertion(call.excinfo.value)
        became = "assertion" if failed else f"{report.when}: {call.excinfo.exconly()[-300:]}"
    elif report.when == "call":
        became = report.outcome
    else:
        return report
    FOUND.append({"test": item.nodeid, "became": became})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    if not report.passed:
        FOUND.append({"test": collector.nodeid, "became": f"collection: {str(report.longrepr)[-300:]}"})
    return report


def pytest_sessionfinish() -> None:
    Path(os.environ["MUTATION_OUTCOME"]).write_text(json.dumps(FOUND), encoding="utf-8")
