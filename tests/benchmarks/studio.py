"""How quick the studio's page is with a model, in the system's Chromium: `python tests/benchmarks/studio.py [CKPT]`.

Prints, with SIMD and without, the median and the 90th percentile of 20 strokes: from the pen's lifting to the first
ghost painted, and to all six; points a second in the worker; and the bytes of the page without weights.
"""

import gzip
import math
import shutil
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "studio")]

from playwright.sync_api import sync_playwright  # noqa: E402
from studio_page import StudioPage  # noqa: E402
from studio_server import Server  # noqa: E402

STROKES = 20
SPEED = """async rows => {
  const { engine } = studio, zs = engine.model.z ? new Float32Array(rows * engine.model.z) : undefined;
  let points = 0;
  const started = performance.now();
  for (let turn = 0; turn < 8; turn++) {
    await engine.draw({ count: rows, temperature: 1, seed: turn, zs, common: false }, p => { points += p.length / 4; });
  }
  return points / (performance.now() - started) * 1000;
}"""


def head(number: int) -> list[tuple[float, float]]:
    """A head, a little another each time."""
    wide, high = 180 + 3 * number, 170 - 2 * number
    return [(500 + wide * math.cos(t / 6), 450 + high * math.sin(t / 6)) for t in range(38)]


def quantiles(times: list[float]) -> str:
    """Median and 90th percentile, milliseconds."""
    return f"{statistics.median(times):6.0f} ms  (90th percentile {sorted(times)[int(0.9 * len(times))]:.0f})"


def measure(context, server: Server, query: str) -> None:
    """Print the figures of one path."""
    studio = StudioPage(context, server, query).ready()
    painted, whole, given = [], [], []
    for number in range(STROKES):
        studio.page.keyboard.press("x")
        studio.wait("() => document.body.dataset.state === 'empty'")
        studio.ready()
        studio.draw(head(number))
        studio.offered()
        studio.wait("() => studio.drawMode.times.painted > 0")
        times = studio.value("studio.drawMode.times")
        painted.append(times["painted"])
        whole.append(times["all"])
        given.append(times["given"])
    path = "SIMD" if studio.value("studio.engine.model.simd") else "JavaScript"
    print(f"{path}, {min(given)} to {max(given)} points given")
    print("  pen up to the first ghost ", quantiles(painted))
    print("  pen up to six             ", quantiles(whole))
    for rows in (1, 6, 24):
        print(f"  points a second, {rows:2} rows   {studio.value(SPEED, rows):6.0f}")
    studio.page.close()


def page_bytes() -> tuple[int, int]:
    """Bytes of all that the page loads but the model, as they are and compressed."""
    static = ROOT / "sketchrnn_cli" / "studio" / "static"
    unused = {"kernel.wat", "sketchrnn.js"}
    files = [path.read_bytes() for path in static.rglob("*.*") if path.is_file() and path.name not in unused]
    return sum(map(len, files)), sum(len(gzip.compress(body)) for body in files)


def main() -> None:
    """Measure."""
    server = Server(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "checkpoints" / "doodle_cat")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            print(f"Chromium {browser.version}")
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            for query in ("", "?plain"):
                measure(context, server, query)
            browser.close()
    finally:
        server.stop()
    plain, packed = page_bytes()
    print(f"page without weights: {plain:,} bytes, {packed:,} compressed")


if __name__ == "__main__":
    main()
