"""What is kept: files, drawings added to the data, and what a reload brings back."""

import io
import json
import signal
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from studio_page import HEAD, StudioPage
from studio_server import Server, tiny_checkpoint

Context = Callable[..., Any]


def _download(studio: StudioPage, selector: str) -> tuple[str, bytes]:
    with studio.page.expect_download() as coming:
        studio.page.locator(selector).click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_a_drawing_is_saved_as_four_kinds_of_file(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(color_scheme="dark"), tiny_server).ready()
    studio.draw()
    studio.offered()
    studio.page.keyboard.press("1")
    studio.taken(1)
    name, svg = _download(studio, "[data-format=svg]")
    studio.wait_status("Saved tiny.svg.")
    root = ElementTree.fromstring(svg)
    group = root[0]
    assert name == "tiny.svg"
    assert len(group) == len(studio.strokes())
    assert group.get("stroke") == "#1c1a17"
    left, top, width, height = map(float, root.get("viewBox", "").split())
    xs = [point[0] for stroke in studio.strokes() for point in stroke["points"]]
    assert left < min(xs)
    assert left + width > max(xs)
    assert height > 0
    assert top < 1000
    assert Image.open(io.BytesIO(_download(studio, "[data-format=png]")[1])).size == (1024, 1024)
    for kind in ("gif", "webp"):
        _, body = _download(studio, f"[data-format={kind}]")
        assert Image.open(io.BytesIO(body)).format == kind.upper()


def test_an_added_drawing_is_kept_as_drawn_with_who_drew_what(context: Context, tmp_path: Path) -> None:
    data = tmp_path / "mine.ndjson"
    server = Server(tiny_checkpoint(tmp_path / "tiny"), "--data", data)
    try:
        studio = StudioPage(context(), server).ready()
        studio.draw()
        studio.offered()
        studio.page.keyboard.press("Shift+Digit1")
        studio.taken(1)
        studio.page.locator("#add").click()
        studio.wait_status("Added: 1 stroke by hand, 1 by the model. 1 drawing.")
        second = StudioPage(studio.page.context, server).ready()
        assert second.page.locator("#counter").inner_text() == "1"
        second.page.locator("#add").click()
        second.wait_status("2 drawings.")
    finally:
        server.stop()
    first, again = map(json.loads, data.read_text().splitlines())
    assert first["by"] == ["hand", "model"]
    xs, ys, times = first["drawing"][0]
    assert (xs[-1], ys[-1]) == pytest.approx(HEAD[-1], abs=2)
    assert times == sorted(times)
    assert times[0] == 0
    assert len(first["pressure"][0]) == len(xs)
    assert first["id"] != again["id"]


def test_nothing_is_lost_or_doubled_when_the_server_is_killed_and_started_again(
    context: Context, tmp_path: Path
) -> None:
    data, tiny = tmp_path / "mine.ndjson", tiny_checkpoint(tmp_path / "tiny")
    first = Server(tiny, "--data", data)
    opened = context()
    studio = StudioPage(opened, first).ready()
    studio.draw()
    studio.offered()
    studio.page.locator("#add").click()
    studio.wait_status("1 drawing.")
    first.stop(signal.SIGKILL)
    opened.allowed_lines.clear()
    studio.page.locator("#add").click()
    studio.wait_status("Kept here until the server answers.")
    assert studio.page.locator("#counter").inner_text() == "1 + 1"
    studio.draw([(200, 200), (300, 250)])
    studio.offered()
    waiting = studio.value(
        "Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith('sketchrnn.pending.')))"
    )
    assert len(waiting) == 1
    opened.allowed_lines.clear()
    studio.page.close()
    opened.allowed_lines.clear()
    # Another port is another origin to the browser: what the old one remembers is handed over by the test.
    second = Server(tiny, "--data", data)
    try:
        again = StudioPage(opened, second).ready()
        again.value("kept => Object.entries(kept).forEach(([key, text]) => localStorage.setItem(key, text))", waiting)
        again.page.reload()
        again.ready()
        again.wait("() => document.getElementById('counter').textContent === '2'")
        again.value("kept => Object.entries(kept).forEach(([key, text]) => localStorage.setItem(key, text))", waiting)
        again.page.reload()
        again.ready()
        again.wait("() => document.getElementById('counter').textContent === '2'")
        again.wait("() => !Object.keys(localStorage).some(key => key.startsWith('sketchrnn.pending.'))")
    finally:
        second.stop()
    opened.allowed_lines.clear()
    records = [json.loads(line) for line in data.read_text().splitlines()]
    assert len({record["id"] for record in records}) == len(records) == 2


def test_a_reload_brings_the_drawing_its_history_and_the_settings_back(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(), tiny_server).ready()
    studio.draw()
    studio.offered()
    studio.page.keyboard.press("2")
    studio.taken(1)
    studio.page.locator("#temperature").fill("0.7")
    studio.offered()
    before = studio.value("studio.drawMode.strokes.map(stroke => [stroke.by, stroke.points.length])")
    studio.page.reload()
    studio.offered()
    assert studio.value("studio.drawMode.strokes.map(stroke => [stroke.by, stroke.points.length])") == before
    assert studio.page.locator("#heat").inner_text() == "0.70"
    studio.page.keyboard.press("z")
    studio.wait("() => studio.drawMode.strokes.length === 1")


def test_a_page_without_its_token_says_what_to_open(context: Context, tiny_server: Server) -> None:
    opened = context()
    studio = StudioPage(opened, address=f"{tiny_server.base}/")
    studio.wait_status("Open the address that sketchrnn studio printed")
    assert len(opened.allowed_lines) == 1
    assert "403" in opened.allowed_lines[0] or "401" in opened.allowed_lines[0]
    opened.allowed_lines.clear()


def test_a_model_that_cannot_be_opened_says_why_and_the_sheet_still_draws(
    context: Context, tiny_server: Server
) -> None:
    opened = context()
    page = opened.new_page()
    page.close()
    opened.route("**/weights.safetensors", lambda route: route.fulfill(body=b"\x02\0\0\0\0\0\0\0{}"))
    studio = StudioPage(opened, tiny_server)
    studio.wait_status("tiny cannot be opened: no tensor decoder.")
    studio.draw()
    assert len(studio.strokes()) == 1
    assert studio.page.locator(".ending:enabled").count() == 0
    assert studio.page.locator("[data-format=svg]").is_enabled()


def test_the_page_works_where_storage_is_denied(context: Context, tiny_server: Server) -> None:
    opened = context()
    opened.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    )
    studio = StudioPage(opened, tiny_server).ready()
    studio.draw()
    studio.offered()
    studio.page.locator("#add").click()
    studio.wait_status("Added: 1 stroke by hand")


def test_a_worker_that_dies_is_started_again_and_asked_again(context: Context, tiny_server: Server) -> None:
    opened = context()
    opened.add_init_script(
        """const Old = Worker; globalThis.workers = [];
        globalThis.Worker = class extends Old { constructor(...all) { super(...all); workers.push(this); } };"""
    )
    studio = StudioPage(opened, tiny_server).ready()
    studio.value("() => { workers[0].postMessage = () => workers[0].dispatchEvent(new ErrorEvent('error')); }")
    studio.draw()
    studio.offered()
    assert studio.value("workers.length") == 2
