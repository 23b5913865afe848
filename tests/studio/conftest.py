"""A real browser for the tests of the page: the system's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_server import Server, tiny_checkpoint

CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
CAT = Path(__file__).resolve().parents[2] / "checkpoints" / "doodle_cat"


def _missing(what: str) -> None:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: the page would go untested", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        _missing("no Chromium (set CHROMIUM to its path)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("no Playwright (pip install playwright)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    places = [os.environ.get("AXE_CORE", ""), *(str(up / "node_modules") for up in Path(__file__).resolve().parents)]
    for place in filter(None, places):
        for path in (Path(place), Path(place) / "axe.min.js", Path(place) / "axe-core" / "axe.min.js"):
            if path.is_file():
                return path.read_text()
    pytest.skip("no axe-core (npm install axe-core, and set AXE_CORE to its folder)")


@pytest.fixture(scope="session")
def tiny_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio of a small random model, quick to load, with a data set."""
    folder = tmp_path_factory.mktemp("page")
    server = Server(tiny_checkpoint(folder / "tiny"), "--data", folder / "mine.ndjson")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cat_server() -> Iterator[Server]:
    """A studio of the bundled cat."""
    server = Server(CAT)
    yield server
    server.stop()


@pytest.fixture
def context(browser: Any) -> Iterator[Callable[..., Any]]:
    """Make browser contexts; at the end no page of them may have written to the console."""
    opened, lines = [], []

    def make(**options: Any) -> Any:
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "accept_downloads": True} | options
        )
        context.set_default_timeout(20_000)
        context.on("console", lambda message: lines.append(message.text))
        context.on("weberror", lambda error: lines.append(str(error.error)))
        context.allowed_lines = lines
        opened.append(context)
        return context

    yield make
    for each in opened:
        each.close()
    assert lines == []
