"""How the page looks and measures: sizes, themes, contrast, accessibility rules."""

from collections.abc import Callable
from typing import Any

import pytest
from studio_page import StudioPage
from studio_server import Server

Context = Callable[..., Any]
SIZES = [(390, 844), (844, 390), (768, 1024), (1440, 900), (3840, 2160)]
MODES = ["draw", "morph", "map"]
# What a person reads, and on what; the ratio that WCAG asks for, or PAGE where it asks for more.
CONTRASTS = [
    ("--ink", "--desk", 7.0),
    ("--ink", "--paper", 7.0),
    ("--ink-2", "--desk", 4.5),
    ("--ink-2", "--paper", 4.5),
    ("--accent", "--desk", 4.5),
    ("--accent", "--paper", 4.5),
    ("--ghost", "--paper", 3.0),
    ("--track", "--desk", 2.95),
]


def _show(studio: StudioPage, mode: str) -> None:
    studio.page.keyboard.press({"draw": "d", "morph": "m", "map": "l"}[mode])
    if mode != "draw":
        studio.wait(f"() => studio.{mode}Mode.milliseconds > 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_mode(context: Context, tiny_server: Server, axe: str, theme: str) -> None:
    studio = StudioPage(context(color_scheme=theme), tiny_server).ready()
    studio.page.evaluate(axe)
    studio.page.keyboard.press("1")
    studio.taken(0)
    for mode in MODES:
        _show(studio, mode)
        found = studio.value("axe.run().then(result => result.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        assert found == [], mode


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_strokes_stand_out_from_what_they_lie_on(context: Context, tiny_server: Server, theme: str) -> None:
    studio = StudioPage(context(color_scheme=theme), tiny_server).ready()
    colors = studio.value(
        """() => { const style = getComputedStyle(document.documentElement);
        return Object.fromEntries(['ink', 'ink-2', 'desk', 'paper', 'accent', 'ghost', 'track'].map(
          name => [`--${name}`, style.getPropertyValue(`--${name}`).trim()])); }"""
    )
    for front, back, least in CONTRASTS:
        assert _contrast(colors[front], colors[back]) >= least, (front, back)


def _contrast(one: str, other: str) -> float:
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_theme_is_chosen_by_a_button_and_remembered(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(color_scheme="light"), tiny_server).ready()
    studio.page.locator("#theme").click()
    assert studio.value("getComputedStyle(document.documentElement).colorScheme") == "dark"
    studio.page.reload()
    studio.ready()
    assert studio.value("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_cut_off_or_moves_at_any_size(
    context: Context, tiny_server: Server, width: int, height: int
) -> None:
    opened = context(viewport={"width": width, "height": height}, has_touch=width < 1100)
    opened.add_init_script(
        """globalThis.shifts = [];
        new PerformanceObserver(list => {
          for (const { value, hadRecentInput, startTime, sources } of list.getEntries()) {
            if (!hadRecentInput) globalThis.shifts.push([value, startTime, ...sources.map(
              ({ node, previousRect, currentRect }) => JSON.stringify([node?.id || node?.className || node?.nodeName,
                previousRect, currentRect]))]);
          }
        }).observe({ type: 'layout-shift', buffered: true });"""
    )
    studio = StudioPage(opened, tiny_server).ready()
    studio.draw([(300, 300), (500, 350), (600, 600)])
    studio.offered()
    shifts = studio.value("globalThis.shifts")
    assert sum(shift[0] for shift in shifts) < 0.001, shifts
    for mode in MODES:
        _show(studio, mode)
        measured = studio.value(
            """() => {
              const root = document.documentElement, main = document.querySelector('main');
              const seen = [...document.querySelectorAll('button, select, input[type=range], .sheet')]
                .filter(e => e.checkVisibility({ visibilityProperty: true }));
              const outside = seen.filter(e => { const box = e.getBoundingClientRect();
                return box.left < -1 || box.right > innerWidth + 1; });
              return { across: root.scrollWidth - innerWidth, down: root.scrollHeight - innerHeight,
                inside: main.scrollHeight - main.clientHeight, outside: outside.map(e => e.id || e.className) };
            }"""
        )
        assert measured["across"] <= 0, mode
        assert measured["outside"] == [], mode
        if width >= 1100:
            assert measured["down"] <= 0, mode
            assert measured["inside"] <= 0, mode
    if (width, height) == (390, 844):
        _show(studio, "draw")
        assert studio.value("document.documentElement.scrollHeight") <= height


def test_targets_are_large_enough_for_a_finger(context: Context, tiny_server: Server) -> None:
    opened = context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    studio = StudioPage(opened, tiny_server).ready()
    assert "Tap one to take it" in studio.status()
    small = studio.value(
        """() => [...document.querySelectorAll('button, select, input[type=range], .take label')]
          .filter(e => e.checkVisibility({ visibilityProperty: true }))
          .map(e => [e.id || e.textContent, e.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
          .map(([name, box]) => [name, box.width, box.height])"""
    )
    assert small == []


def test_at_200_percent_and_in_forced_colors_everything_can_be_reached(context: Context, tiny_server: Server) -> None:
    opened = context(viewport={"width": 720, "height": 450}, forced_colors="active")
    studio = StudioPage(opened, tiny_server).ready()
    for button in ("#undo", "#surprise", "#again", "#add", "[data-format=webp]", ".ending >> nth=5"):
        studio.page.locator(button).scroll_into_view_if_needed()
        box = studio.page.locator(button).bounding_box()
        assert -1 <= box["x"] <= 721 - box["width"], button
        assert -1 <= box["y"] <= 451 - box["height"], button
    border = studio.value("getComputedStyle(document.getElementById('stage')).borderTopWidth")
    assert border == "1px"
