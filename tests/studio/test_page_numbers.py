"""The model in the page computes what the NumPy engine computes: every cell, with SIMD and without."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import golden
import numpy as np
import pytest

from sketchrnn_cli.model import mixture as mixtures

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "sketchrnn_cli" / "studio" / "static"
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("golden")
    found = {variant: base / str(number) for number, variant in enumerate(golden.VARIANTS)}
    for variant, folder in found.items():
        golden.write(folder, variant)
    return found


@pytest.fixture(scope="module")
def node_results(folders: dict[str, Path]) -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here; the browser computes the same")
    script = ROOT / "tests" / "studio" / "compare_in_node.mjs"
    done = subprocess.run([node, script, *folders.values()], capture_output=True, text=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def blank_page(context: Callable[..., Any], folders: dict[str, Path]) -> Any:
    """A page that may import the page's modules and fetch the golden files."""
    base = next(iter(folders.values())).parent

    def answer(route: Any) -> None:
        path = route.request.url.removeprefix("http://studio.test/")
        if path == "blank":
            route.fulfill(body="<!doctype html><title>numbers</title>", content_type="text/html")
            return
        file = base / path.removeprefix("golden/") if path.startswith("golden/") else ROOT / path
        kind = "text/javascript" if file.suffix == ".js" else "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=kind)

    page = context().new_page()
    page.route("http://studio.test/**", answer)
    page.goto("http://studio.test/blank")
    return page


def _check(result: dict[str, Any]) -> None:
    assert result["simd"] is not result["plain"]
    for what in ("outputs", "scores", "latents"):
        assert result[what] < TOLERANCE, (result, what)


def test_node_computes_what_numpy_computes_over_fifty_steps(node_results: list[dict[str, Any]]) -> None:
    assert len(node_results) == 2 * len(golden.VARIANTS)
    for result in node_results:
        _check(result)


def test_the_browser_computes_what_numpy_computes_over_fifty_steps(blank_page: Any, folders: dict[str, Path]) -> None:
    results = blank_page.evaluate(
        """async folders => {
          const { compare } = await import('/tests/studio/compare.js'), results = [];
          for (const folder of folders) for (const plain of [false, true]) {
            const get = name => fetch(`/golden/${folder}/${name}`);
            const sidecar = await (await get('hparams.json')).json(), golden = await (await get('golden.json')).json();
            const weights = await (await get('weights.safetensors')).arrayBuffer();
            results.push({ plain, ...await compare(sidecar, weights, golden, plain) });
          }
          return results;
        }""",
        [folder.name for folder in folders.values()],
    )
    assert len(results) == 2 * len(golden.VARIANTS)
    for result in results:
        _check(result)


def test_a_damaged_golden_value_is_noticed(folders: dict[str, Path], tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    shutil.copytree(folders["lstm"], tmp_path / "damaged")
    file = tmp_path / "damaged" / "golden.json"
    values = json.loads(file.read_text())
    values["outputs"][49][6][0] += 1e-3
    file.write_text(json.dumps(values))
    script = ROOT / "tests" / "studio" / "compare_in_node.mjs"
    done = subprocess.run([node, script, file.parent], capture_output=True, text=True, timeout=60, check=True)
    assert all(json.loads(line)["outputs"] > TOLERANCE for line in done.stdout.splitlines())


def test_the_density_holds_where_the_correlation_nears_one(blank_page: Any) -> None:
    rng = np.random.default_rng(0)
    for rho_raw in (-40.0, -9.0, -3.0, 0.0, 3.0, 9.0, 40.0):
        raw = rng.normal(0.0, 0.4, 6 * 2 + 3).astype(np.float32)
        raw[-2:] = rho_raw
        offset = rng.normal(0.0, 0.02, 2).astype(np.float32)
        exact = mixtures.split(np, raw.astype(np.float64), 2)
        density = mixtures.log_density(np, exact, offset.astype(np.float64))
        pen = mixtures.pen_log_likelihood(np, exact, np.array([1.0, 0.0, 0.0]))
        found = blank_page.evaluate(
            "async ([raw, offset]) => (await import('/tests/studio/compare.js')).logDensity(raw, offset)",
            [raw.tolist(), offset.tolist()],
        )
        assert found == pytest.approx(max(-27.6, float(density)) + float(pen), abs=TOLERANCE)


def test_the_kernel_is_what_its_source_says() -> None:
    wabt = os.environ.get("WABT")
    if wabt is None or shutil.which("node") is None:
        pytest.skip("no assembler (npm install wabt, and set WABT to node_modules/wabt)")
    assemble = """require(process.argv[1])().then(wabt => process.stdout.write(Buffer.from(wabt.parseWat('kernel.wat',
        require('fs').readFileSync(process.argv[2], 'utf8'), { simd: true }).toBinary({}).buffer)))"""
    node = [str(shutil.which("node")), "-e", assemble, wabt, str(STATIC / "js" / "kernel.wat")]
    binary = subprocess.run(node, capture_output=True, check=True, timeout=60).stdout
    written = re.search(r"KERNEL = '([^']+)'", (STATIC / "js" / "matrix.js").read_text())
    assert written is not None
    assert base64.b64decode(written[1]) == binary
