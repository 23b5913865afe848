"""What is exported, in a real browser: the page of one file from the disk, the module from any static server."""

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from studio_page import StudioPage

from sketchrnn_cli.errors import ExistsError
from sketchrnn_cli.studio import export

CAT = Path(__file__).resolve().parents[2] / "checkpoints" / "doodle_cat"
Context = Callable[..., Any]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "kit"
    export.write_kit(folder, CAT, "cat")
    (folder / "cut").mkdir()
    (folder / "cut" / "hparams.json").write_bytes((folder / "hparams.json").read_bytes())
    (folder / "cut" / "weights.safetensors").write_bytes((folder / "weights.safetensors").read_bytes()[:100])
    return folder


@pytest.fixture(scope="module")
def address(kit: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=kit)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_page_of_one_file_draws_offline_from_the_disk(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "cat.html"
    export.write_page(path, CAT, "cat")
    assert path.stat().st_size < 7 << 20
    tab = context(offline=True)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    studio = StudioPage(tab, address=path.as_uri()).ready()
    studio.draw()
    studio.offered()
    studio.page.keyboard.press("2")
    studio.taken(1)
    assert {stroke["by"] for stroke in studio.strokes()} == {"hand", "model"}
    assert studio.value("studio.engine.model.simd") is True
    assert not studio.page.locator("#add").is_visible()
    assert "doodle_cat" in studio.page.locator("#attribution").inner_text()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []


def test_the_example_runs_from_a_static_server(context: Context, address: str) -> None:
    page = context().new_page()
    page.goto(f"{address}/example.html")
    page.wait_for_load_state("networkidle")
    inked = """() => new Promise(resolve => {
      const paper = document.getElementById('paper'), { width, height } = paper;
      const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
      const look = () => {
        copy.drawImage(paper, 0, 0);
        const dots = copy.getImageData(0, 0, width, height).data.filter((value, i) => i % 4 === 3 && value > 0).length;
        if (dots > 500) resolve(dots); else setTimeout(look, 20);  // A point a frame.
      };
      look();
    })"""
    assert page.evaluate(inked) > 500


def test_the_module_does_what_its_types_say(context: Context, address: str) -> None:
    page = context().new_page()
    page.goto(f"{address}/example.html")
    found = page.evaluate(
        """async () => {
        const { load, SketchRNN } = await import('/sketchrnn.js'), model = await load('/');
        const head = [Array.from({ length: 30 }, (_, i) => [60 * Math.cos(i / 4.7), 60 * Math.sin(i / 4.7)])];
        const seeded = { seed: 3, temperature: 0.3 }, cat = model.sample(seeded), text = JSON.stringify(cat);
        const { mu, sigma } = model.encode(cat), whole = model.complete(head, { seed: 1 });
        const refusal = async job => { try { await job(); } catch (error) { return error.message; } };
        const walk = model.interpolate(cat, head, { steps: 3, seed: 5 });
        const ends = [mu, model.encode(head).mu].map(z => model.sample({ z, temperature: 0.1, seed: 5 }));
        const { value: point } = model.points({ strokes: head, seed: 1 }).next(), [x, y] = head[0].at(-1);
        return {
          isModel: model instanceof SketchRNN, simd: model.simd, canvas: model.canvas, words: model.words,
          zSize: model.zSize, mu: mu.length, sigma: sigma.every(value => value > 0), begins: cat[0][0],
          again: JSON.stringify(model.sample(seeded)) === text,
          other: JSON.stringify(model.sample({ ...seeded, seed: 4 })) === text,
          points: [...model.points(seeded)].length + 1 === cat.flat().length,
          kept: JSON.stringify(whole[0]) === JSON.stringify(head[0]), added: whole.length > 1,
          goesOn: Math.abs(point.x - x - point.dx) + Math.abs(point.y - y - point.dy) < 1e-9,
          few: [...model.points({ maxPoints: 5 })].length <= 5,
          walk: [walk.length, ...[0, 2].map((at, i) => JSON.stringify(walk[at]) === JSON.stringify(ends[i]))],
          refusals: [await refusal(() => load('/cut')), await refusal(() => model.sample({ word: 'dog' })),
            await refusal(() => model.encode([]))],
        };
      }"""
    )
    assert found == {
        "isModel": True,
        "simd": True,
        "canvas": 255,
        "words": [],
        "zSize": 128,
        "mu": 128,
        "sigma": True,
        "begins": [0, 0],
        "again": True,
        "other": False,
        "points": True,
        "kept": True,
        "added": True,
        "goesOn": True,
        "few": True,
        "walk": [3, True, True],
        "refusals": [
            "the weights are no safetensors file",
            "the model does not know the word dog",
            "an empty drawing",
        ],
    }


def test_a_folder_is_replaced_only_when_asked_and_only_where_it_is_ours(kit: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    export.write_kit(folder, CAT, "cat")
    with pytest.raises(ExistsError):
        export.write_kit(folder, CAT, "cat")
    export.write_kit(folder, CAT, "cat", replace=True)
    assert {path.name for path in folder.iterdir()} == export.KIT_FILES
    (folder / "sketch.js").write_text("mine")
    with pytest.raises(ExistsError):
        export.write_kit(folder, CAT, "cat", replace=True)
    assert (folder / "sketch.js").read_text() == "mine"
    assert "import " not in "".join(
        line
        for line in (kit / "sketchrnn.js").read_text().splitlines()
        if not line.lstrip().startswith(("//", "*", "/*"))
    )
    assert "$" not in (kit / "README.md").read_text()
