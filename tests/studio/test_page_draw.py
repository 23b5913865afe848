"""Drawing on the sheet: mouse, touch, pen; six endings; taking; undo. In a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from studio_page import HEAD, StudioPage
from studio_server import Server

Context = Callable[..., Any]
SHORT = [(400.0, 400.0), (450.0, 420.0), (520.0, 400.0), (560.0, 330.0)]


@pytest.fixture
def studio(context: Context, tiny_server: Server) -> StudioPage:
    return StudioPage(context(), tiny_server).ready()


def test_the_empty_sheet_offers_six_drawings_and_dreams_of_one(studio: StudioPage) -> None:
    assert studio.page.locator("#offer").inner_text() == "Six to begin with"
    assert studio.status() == "Six drawings by the model. Press 1 to 6 to take one, or begin your own."
    studio.wait("() => studio.drawMode.state === 'empty'")
    assert studio.page.locator("#class").is_hidden()
    for number in range(1, 7):
        assert studio.ink(f".ending:nth-child({number}) canvas") > 0
    studio.wait("() => studio.drawMode.dreamed > 0")
    assert studio.ink("#ghosts") > 0


def test_a_mouse_stroke_is_ink_and_brings_six_endings(studio: StudioPage) -> None:
    studio.draw()
    studio.offered()
    (stroke,) = studio.strokes()
    assert stroke["by"] == "hand"
    assert "pen" not in stroke
    assert studio.page.locator("#offer").inner_text() in ("Six endings", "It could end here")
    assert studio.page.locator("#stage").get_attribute("aria-label") == "Drawing of 1 stroke, 1 by hand"
    assert studio.ink("#ink") > 0
    x, y, _, pressure = stroke["points"][-1]
    assert (x, y) == pytest.approx(HEAD[-1], abs=2)
    assert pressure == 0 or pressure == 0.5


def test_a_take_adds_strokes_in_order_and_undo_restores_the_same_list(studio: StudioPage) -> None:
    studio.draw()
    studio.offered()
    before = studio.strokes()
    studio.page.keyboard.press("3")
    studio.taken(1)
    after = studio.strokes()
    assert after[:1] == before
    assert {stroke["by"] for stroke in after[1:]} == {"model"}
    studio.page.keyboard.press("z")
    studio.offered()
    assert studio.strokes() == before
    studio.page.keyboard.press("y")
    studio.offered()
    assert studio.strokes() == after


def test_shift_and_a_number_takes_one_stroke(studio: StudioPage) -> None:
    studio.draw()
    studio.offered()
    studio.page.keyboard.press("Shift+Digit1")
    studio.taken(1)
    assert len(studio.strokes()) == 2


def test_one_stroke_can_be_chosen_for_clicks(studio: StudioPage) -> None:
    studio.draw()
    studio.offered()
    studio.page.locator("[name=take][value=stroke]").check()
    studio.page.locator(".ending").nth(4).click()
    studio.taken(1)
    assert len(studio.strokes()) == 2
    assert studio.status() != ""


def test_a_pen_down_right_after_a_pen_up_cancels_the_job_before_a_point_of_it_is_drawn(studio: StudioPage) -> None:
    studio.draw()
    studio.press(SHORT)
    assert studio.value("document.body.dataset.state") == "drawing"
    assert studio.ink("#ghosts") == 0
    assert studio.page.locator(".ending:enabled").count() == 0
    studio.page.mouse.up()
    studio.offered()
    assert len(studio.strokes()) == 2


def test_a_job_that_is_overtaken_answers_cancelled_and_sends_no_point_after(studio: StudioPage) -> None:
    found = studio.value(
        """async () => {
          const { engine } = studio;
          let points = 0, atCancel = 0;
          const long = engine.draw({ count: 6000, batch: 6, temperature: 1, seed: 1 }, () => {
            points++;
            if (points === 3) { engine.cancel(); atCancel = points; }
          });
          const first = (await long).type, sent = points;
          const second = (await engine.draw({ count: 1, temperature: 1, seed: 1 })).type;
          return { first, second, late: points - sent, atCancel };
        }"""
    )
    assert found == {"first": "cancelled", "second": "done", "late": 0, "atCancel": 3}


def test_the_same_strokes_seed_and_guesses_bring_the_same_six(context: Context, tiny_server: Server) -> None:
    drawn = []
    for _ in range(2):
        studio = StudioPage(context(), tiny_server, "?guesses=12").ready()
        studio.value("() => { studio.settings.seed = 42; }")
        studio.value(
            f"""() => {{ studio.drawMode.place([{{ by: 'hand', points: {[list(p) for p in HEAD]} }}]);
            return studio.drawMode.ask(); }}"""
        )
        requested = "{ count: 6, temperature: .4, seed: 42, guesses: 12, given: new Float32Array([1, 1, 0, 0, -1, 1]) }"
        drawn.append(
            studio.value(
                f"""async () => {{ const all = [];
                await studio.engine.draw({requested}, points => all.push(...points)); return all; }}"""
            )
        )
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 6 * 4


def test_a_second_finger_draws_nothing(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(has_touch=True), tiny_server).ready()
    studio.touch("touchStart", (300, 300))
    studio.touch("touchStart", (300, 300), (700, 700))
    studio.touch("touchMove", (330, 320), (650, 650))
    studio.touch("touchMove", (380, 360), (600, 600))
    studio.touch("touchEnd")
    studio.offered()
    (stroke,) = studio.strokes()
    assert max(x for x, *_ in stroke["points"]) < 400


def test_a_canceled_touch_leaves_nothing(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(has_touch=True), tiny_server).ready()
    studio.touch("touchStart", (300, 300))
    studio.touch("touchMove", (330, 320))
    studio.touch("touchCancel")
    studio.wait("() => document.body.dataset.state === 'empty'")
    studio.ready()
    assert studio.strokes() == []
    assert studio.ink("#live") == 0


def test_pressure_widens_a_pen_stroke_and_a_palm_after_it_draws_nothing(context: Context, tiny_server: Server) -> None:
    studio = StudioPage(context(has_touch=True), tiny_server).ready()
    across = [(200.0 + 20 * i, 300.0) for i in range(20)]
    studio.pen(across, force=1.0)
    studio.offered()
    (stroke,) = studio.strokes()
    assert stroke["pen"] is True
    assert stroke["points"][3][3] == pytest.approx(1.0)
    heavy = studio.ink("#ink")
    studio.touch("touchStart", (500, 800))
    studio.touch("touchMove", (560, 820))
    studio.touch("touchEnd")
    assert len(studio.strokes()) == 1
    studio.page.keyboard.press("x")
    studio.wait("() => document.body.dataset.state === 'empty'")
    studio.pen(across, force=0.1)
    studio.offered()
    assert studio.ink("#ink") < 0.6 * heavy


def test_a_stroke_that_leaves_the_sheet_goes_on(studio: StudioPage) -> None:
    studio.draw([(900, 500), (980, 500), (1080, 500), (1080, 600), (950, 600)])
    studio.offered()
    (stroke,) = studio.strokes()
    assert max(x for x, *_ in stroke["points"]) > 1000


def test_a_tap_is_a_dot(studio: StudioPage) -> None:
    studio.draw([(500, 500), (500, 500)])
    studio.offered()
    (stroke,) = studio.strokes()
    assert len(stroke["points"]) == 1
    assert studio.ink("#ink") > 20


def test_a_finger_lights_a_cell_takes_it_on_lifting_and_cancels_by_sliding_off(
    context: Context, tiny_server: Server
) -> None:
    studio = StudioPage(context(has_touch=True), tiny_server).ready()
    studio.draw(SHORT)
    studio.offered()
    cell = ".ending:nth-child(2)"
    studio.touch("touchStart", (500, 500), selector=cell)
    studio.wait("() => document.querySelector('.ending:nth-child(2)').classList.contains('lit')")
    studio.touch("touchMove", (500, 2600), selector=cell)
    studio.wait("() => !document.querySelector('.ending.lit')")
    studio.touch("touchEnd", selector=cell)
    assert len(studio.strokes()) == 1
    studio.touch("touchStart", (500, 500), selector=cell)
    studio.touch("touchEnd", selector=cell)
    studio.taken(1)


def test_a_drawing_too_long_to_finish_says_so_and_can_be_saved(studio: StudioPage) -> None:
    for row in range(32):
        studio.draw([(100 + 25 * row, 200), (100 + 25 * row, 700)])
    studio.wait_status("Too long for this model to finish")
    assert studio.page.locator("[data-format=svg]").is_enabled()
    assert studio.page.locator(".ending:enabled").count() == 0


def test_most_of_the_first_ending_lies_on_the_sheet_however_large_the_beginning(
    context: Context, cat_server: Server
) -> None:
    studio = StudioPage(context(), cat_server, "?guesses=24").ready()
    assert studio.value("studio.engine.model.simd") is True
    for size in (0.5, 1.0, 1.5):
        studio.page.keyboard.press("x")
        studio.wait("() => document.body.dataset.state === 'empty'")
        studio.value("() => { studio.settings.seed = 11; }")
        studio.draw([(500 + size * (x - 500), 450 + size * (y - 450)) for x, y in HEAD])
        studio.offered()
        points = studio.value(
            """async () => { const { drawMode, engine } = studio;
            const { Tracer, toRows } = await import('./js/strokes.js'), last = drawMode.strokes[0].points.at(-1);
            const tracer = new Tracer(engine.model, last), given = toRows(drawMode.strokes, engine.model, 60);
            const add = row => { if (row[0] === 0) tracer.add(row[1], row[2], row[3]); };
            await engine.draw({ count: 6, temperature: .4, seed: 11, given, guesses: 24 }, points => {
              for (let i = 0; i < points.length; i += 4) add(points.slice(i, i + 4)); });
            return tracer.strokes.flatMap(stroke => stroke.points); }"""
        )
        inside = [0 <= x <= 1000 and 0 <= y <= 1000 for x, y in points]
        assert sum(inside) > 0.6 * len(inside), size
