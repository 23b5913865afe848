"""The page as a test uses it: opened, drawn on, asked what is on it."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from studio_server import Server

Point = tuple[float, float]
HEAD: list[Point] = [(500 + 190 * math.cos(turn / 6), 450 + 170 * math.sin(turn / 6)) for turn in range(38)]
SIX_READY = "document.querySelectorAll('.ending:enabled').length === 6"
# The page's policy forbids `eval`, and with it Playwright's own wait_for_function.
WAIT = """argument => new Promise((resolve, reject) => {
  const condition = %s, end = performance.now() + 20000;
  const poll = () => {
    if (condition(argument)) resolve();
    else if (performance.now() > end) reject(new Error('never true: ' + condition));
    else setTimeout(poll, 10);
  };
  poll();
})"""


class StudioPage:
    """One tab of the studio."""

    def __init__(self, context: Any, server: Server | None = None, query: str = "", address: str = "") -> None:
        self.page = context.new_page()
        self.devtools = context.new_cdp_session(self.page)
        self.page.goto(address or f"{server.base}/{query}#token={server.token}")

    def wait(self, condition: str, argument: object = None) -> None:
        """Wait until an expression of the page, or a function of `argument`, is true."""
        self.page.evaluate(WAIT % (condition if "=>" in condition else f"() => {condition}"), argument)

    def ready(self) -> "StudioPage":
        """Wait for six drawings to take."""
        self.wait(SIX_READY)
        return self

    def value(self, expression: str, argument: object = None) -> Any:
        return self.page.evaluate(expression, argument)

    def strokes(self) -> list[dict[str, Any]]:
        return json.loads(self.value("JSON.stringify(studio.drawMode.strokes)"))

    def status(self) -> str:
        return self.page.locator("#status").inner_text()

    def wait_status(self, text: str) -> None:
        self.wait("text => document.getElementById('status').textContent.includes(text)", text)

    def at(self, point: Point, sheet: str = "#stage") -> Point:
        """Where a point of a sheet lies in the window."""
        box = self.page.locator(sheet).bounding_box()
        return box["x"] + point[0] / 1000 * box["width"], box["y"] + point[1] / 1000 * box["width"]

    def press(self, points: Iterable[Point], sheet: str = "#stage") -> None:
        """Draw with the mouse, without lifting it."""
        first, *rest = [self.at(point, sheet) for point in points]
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for point in rest:
            self.page.mouse.move(*point)

    def draw(self, points: Sequence[Point] = HEAD, sheet: str = "#stage") -> None:
        """Draw a stroke with the mouse."""
        self.press(points, sheet)
        self.page.mouse.up()

    def offered(self) -> None:
        """Wait for six endings of what is on the sheet."""
        self.wait(f"document.body.dataset.state === 'offered' && {SIX_READY}")

    def taken(self, count: int) -> None:
        """Wait until the sheet has more than `count` strokes, and endings again."""
        self.wait("count => studio.drawMode.strokes.length > count && !studio.drawMode.isBusy", count)
        self.offered()

    def ink(self, canvas: str) -> int:
        """How many pixels of a canvas are not empty."""
        return self.value(
            """selector => {
              const from = document.querySelector(selector), to = new OffscreenCanvas(from.width, from.height);
              const g = to.getContext('2d', { willReadFrequently: true });
              g.drawImage(from, 0, 0);
              return g.getImageData(0, 0, to.width, to.height).data.filter((v, i) => i % 4 === 3 && v).length;
            }""",
            canvas,
        )

    def pen(self, points: Sequence[Point], force: float = 0.5) -> None:
        """Draw a stroke with a pen."""
        first, *rest = [self.at(point) for point in points]
        event = {"button": "left", "pointerType": "pen", "clickCount": 1}
        for kind, (x, y), buttons in [
            ("mousePressed", first, 1),
            *(("mouseMoved", point, 1) for point in rest),
            ("mouseReleased", rest[-1], 0),
        ]:
            self.devtools.send(
                "Input.dispatchMouseEvent",
                {**event, "type": kind, "x": x, "y": y, "buttons": buttons, "force": force if buttons else 0},
            )

    def touch(self, kind: str, *points: Point, selector: str = "#stage") -> None:
        """Send one touch event: touchStart, touchMove, touchEnd or touchCancel, with the fingers that are down."""
        fingers = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(self.at(p, selector) for p in points)]
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
