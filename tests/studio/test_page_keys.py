"""The page without a pointer: every key, and what a screen reader is told."""

from collections.abc import Callable
from typing import Any

import pytest
from studio_page import StudioPage
from studio_server import Server

Context = Callable[..., Any]


@pytest.fixture
def studio(context: Context, tiny_server: Server) -> StudioPage:
    return StudioPage(context(), tiny_server).ready()


def test_a_whole_drawing_is_made_and_unmade_by_keys_alone(studio: StudioPage) -> None:
    press = studio.page.keyboard.press
    press("Shift+Digit2")
    studio.taken(0)
    assert len(studio.strokes()) == 1
    press("Shift+Numpad1")
    studio.taken(1)
    assert len(studio.strokes()) == 2
    seed = studio.value("studio.settings.seed")
    press("Space")
    studio.wait("seed => studio.settings.seed !== seed", seed)
    studio.offered()
    press("4")
    studio.taken(2)
    whole = studio.strokes()
    press("Control+z")
    studio.wait("() => studio.drawMode.strokes.length === 2")
    press("Control+Shift+Z")
    studio.wait("() => studio.drawMode.strokes.length > 2")
    assert studio.strokes() == whole
    press("z")
    studio.wait("() => studio.drawMode.strokes.length === 2")
    studio.offered()
    press("Shift+Digit5")
    studio.taken(2)
    assert studio.page.locator("#redo").is_disabled()
    press("x")
    studio.wait("() => studio.drawMode.strokes.length === 0")
    studio.ready()
    assert studio.page.locator("#stage").get_attribute("aria-label") == "Empty sheet. Draw with mouse, pen or finger."
    press("s")
    studio.taken(0)
    count = len(studio.strokes())
    press("p")
    studio.wait("() => studio.drawMode.isBusy")
    press("q")
    assert studio.value("studio.drawMode.isBusy") is False
    assert len(studio.strokes()) == count
    press("a")
    studio.wait_status("Added: 0 strokes by hand")
    press("Shift+Tab")
    press("m")
    assert studio.page.locator("#tab-morph").get_attribute("aria-selected") == "true"
    press("l")
    assert studio.page.locator("#map").is_visible()
    press("d")
    assert studio.page.locator("#stage").is_visible()


def test_the_arrows_walk_through_the_cells_and_enter_takes(studio: StudioPage) -> None:
    studio.page.locator(".ending").first.focus()
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("ArrowLeft")
    assert studio.value("document.activeElement.getAttribute('aria-label')") == "Ending 2 of 6"
    studio.wait("() => document.querySelector('.ending:nth-child(2)').classList.contains('lit')")
    studio.page.keyboard.press("Escape")
    assert studio.value("document.activeElement.id") == "stage"
    assert studio.page.locator(".ending.lit").count() == 0
    studio.page.locator(".ending").nth(1).focus()
    studio.page.keyboard.press("Enter")
    studio.taken(0)


def test_letters_do_nothing_while_a_slider_or_a_select_has_the_focus(studio: StudioPage) -> None:
    for control in ("#temperature", "#model"):
        studio.page.locator(control).focus()
        for key in ("m", "s", "1"):
            studio.page.keyboard.press(key)
        assert studio.page.locator("#tab-draw").get_attribute("aria-selected") == "true"
        assert studio.strokes() == []


def test_a_screen_reader_is_told_what_everything_is(studio: StudioPage) -> None:
    snapshot = studio.page.locator("body").aria_snapshot()
    for line in (
        'tab "Draw" [selected]',
        'tab "Morph"',
        'combobox "Model"',
        'slider "Temperature"',
        'img "Empty sheet. Draw with mouse, pen or finger."',
        'button "Ending 1 of 6"',
        'button "Another six"',
        'radio "the rest" [checked]',
        'button "Undo" [disabled]',
        'button "Surprise me"',
        "status: Six drawings by the model.",
    ):
        assert line in snapshot, snapshot
    assert studio.page.locator(".ending").first.get_attribute("aria-keyshortcuts") == "1 Shift+1"


def test_without_motion_everything_is_there_at_once(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(reduced_motion="reduce"), tiny_server).ready()
    studio.page.keyboard.press("1")
    studio.taken(0)
    assert studio.value("studio.drawMode.isBusy") is False
    studio.page.keyboard.press("p")
    assert studio.value("studio.drawMode.isBusy") is False
