"""Morph, Map, the class select, and the page of one file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from studio_page import HEAD, StudioPage
from studio_server import TINY, Server

from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.store.checkpoint import Sidecar

Context = Callable[..., Any]


def test_morph_shows_reconstructions_at_its_ends_and_answers_before_all_steps_are_there(
    context: Context, cat_server: Server
) -> None:
    studio = StudioPage(context(), cat_server).ready()
    studio.draw()
    studio.offered()
    studio.page.keyboard.press("2")
    studio.taken(1)
    studio.value(
        """() => { const { engine, morphMode } = studio, draw = engine.draw.bind(engine); globalThis.early = 0;
        engine.draw = (options, onpoints) => draw(options, points => {
          onpoints(points);
          if (options.count === 33 && morphMode.strokes.length && !morphMode.filmRows()) globalThis.early++; }); }"""
    )
    studio.page.keyboard.press("m")
    studio.wait("() => studio.morphMode.filmRows() !== null")
    assert studio.value("globalThis.early") > 0
    found = studio.value(
        """async () => {
          const { engine, morphMode } = studio, { createRandom } = await import('./js/arrays.js');
          const { toRows } = await import('./js/strokes.js'), slider = document.getElementById('position');
          const ends = [];
          for (const value of [0, 32]) {
            slider.value = value; slider.dispatchEvent(new Event('input'));
            const end = morphMode.ends[value ? 'b' : 'a'].strokes;
            const rows = toRows(end, engine.model, engine.model.maxPoints);
            const [{ mu }] = await engine.encode([rows]);
            let drawn = 0;
            await engine.draw({ count: 1, zs: mu, temperature: .1, seed: 7, common: true }, points => {
              for (let i = 3; i < points.length; i += 4) drawn += points[i] !== 2; });
            ends.push([morphMode.strokes.reduce((n, s) => n + s.points.length, 0), drawn, slider.ariaValueText]);
          }
          return ends;
        }"""
    )
    for shown, drawn, _ in found:
        assert shown == drawn
    assert [text for *_, text in found] == ["0 percent from A to B", "100 percent from A to B"]
    studio.draw([(500, 300), (600, 500), (400, 500), (500, 300)], "#sheet-b")
    studio.wait("() => studio.morphMode.ends.b.strokes.length === 1 && studio.morphMode.milliseconds > 0")
    studio.page.locator("#position").focus()
    studio.page.keyboard.press("Enter")
    studio.wait("() => document.body.dataset.mode === 'draw'")
    studio.offered()


def test_the_map_is_walked_by_arrows_and_enter_takes_what_lies_there(context: Context, cat_server: Server) -> None:
    studio = StudioPage(context(viewport={"width": 390, "height": 844}), cat_server).ready()
    studio.page.keyboard.press("l")
    studio.wait("() => studio.mapMode.milliseconds > 0 && studio.mapMode.there")
    studio.page.locator("#plane").focus()
    before = studio.value("studio.mapMode.place")
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("ArrowUp")
    after = studio.value("studio.mapMode.place")
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert studio.ink("#there") > 0
    assert studio.ink("#pictures") > 0
    studio.page.keyboard.press("Enter")
    studio.wait("() => document.body.dataset.mode === 'draw' && studio.drawMode.strokes.length > 0")
    studio.offered()


def test_a_model_with_words_is_asked_for_one(context: Context, tmp_path: Path) -> None:
    hparams = TINY.replace(num_classes=3, class_size=5)
    rng = np.random.default_rng(3)
    weights = {name: 0.3 * rng.standard_normal(shape) for name, shape in shapes(hparams).items()}
    folder = tmp_path / "animals"
    checkpoint.release(folder, Sidecar(hparams, 40.0, 255.0, words=("cat", "owl", "pig")), weights)
    server = Server(folder, "--data", tmp_path / "mine.ndjson")
    try:
        studio = StudioPage(context(), server).ready()
        assert studio.page.locator("#class option").all_inner_texts() == ["any", "cat", "owl", "pig"]
        asked = """() => { const { engine } = studio, draw = engine.draw.bind(engine); globalThis.labels = [];
        engine.draw = (options, onpoints) => (globalThis.labels.push(options.label), draw(options, onpoints)); }"""
        studio.value(asked)
        studio.page.locator("#class").select_option("owl")
        studio.wait("() => globalThis.labels.length > 0")
        assert studio.value("globalThis.labels") == [1]
        assert studio.page.locator("#begin").inner_text() == "Begin an owl."
        studio.ready()
        studio.page.locator("#stage").focus()
        for count in (1, 2):
            studio.page.keyboard.press("x")
            studio.ready()
            studio.page.keyboard.press("1")
            studio.taken(0)
            studio.page.locator("#add").click()
            studio.wait_status(f"{count} drawing")
        studio.page.locator("#stage").focus()
        studio.page.keyboard.press("l")
        studio.wait("() => studio.mapMode.milliseconds > 0 && studio.mapMode.there")
    finally:
        server.stop()
    assert [json.loads(line)["word"] for line in (tmp_path / "mine.ndjson").read_text().splitlines()] == ["owl", "owl"]


def test_the_exported_page_draws_offline_from_a_file(context: Context, cat_server: Server, tmp_path: Path) -> None:
    from conftest import CAT

    from sketchrnn_cli.studio.export import write_page

    write_page(tmp_path / "cat.html", CAT, "cat")
    opened = context()
    opened.set_offline(True)
    studio = StudioPage(opened, address=(tmp_path / "cat.html").as_uri()).ready()
    assert studio.value("studio.engine.model.simd") is True
    assert studio.page.locator("#add").is_hidden()
    assert studio.page.locator("[data-format=gif]").is_hidden()
    studio.draw(HEAD)
    studio.offered()
    studio.page.keyboard.press("1")
    studio.taken(1)
