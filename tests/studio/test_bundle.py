"""Modules joined to one script, and the page of one file."""

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studio_server import tiny_checkpoint

from sketchrnn_cli.errors import CheckpointError, ExistsError
from sketchrnn_cli.studio import export
from sketchrnn_cli.studio.bundle import bundle


class Tags(HTMLParser):
    """What a browser's reader finds in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)


def write(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source)
    return folder / "main.js"


def run(script: str, folder: Path, suffix: str = ".cjs") -> str:
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    path = folder / f"joined{suffix}"
    path.write_text(script)
    return subprocess.run([node, str(path)], capture_output=True, text=True, check=True, timeout=60).stdout


MODULES = {
    "left": "const name = 'left';\nexport const shout = () => name.toUpperCase();\n"
    "export function* two() { yield 1; yield 2; }\n",
    "right": "import { shout } from './left.js';\nconst name = 'right';\n"
    "export class Pair { toString() { return shout() + name; } }\n",
    "main": "import { Pair } from './right.js';\nimport { shout, two } from './left.js';\nconst name = 'main';\n"
    "export const said = [new Pair(), shout(), ...two(), name].join(' ');\nconsole.log(said);\n",
}


def test_names_of_one_module_never_meet_those_of_another(tmp_path: Path) -> None:
    script = bundle(write(tmp_path, **MODULES))
    assert run(script, tmp_path) == "LEFTright LEFT 1 2 main\n"


def test_a_module_goes_on_exporting(tmp_path: Path) -> None:
    script = bundle(write(tmp_path, **MODULES), as_module=True)
    (tmp_path / "bundle.mjs").write_text(script)
    assert run("import { said } from './bundle.mjs'; console.log(said.length);", tmp_path, ".mjs").endswith("\n23\n")


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        (
            {"main": "import { a } from './b.js';", "b": "import { c } from './main.js';\nexport const a = 1;"},
            "import cycle",
        ),
        ({"main": "import { a, nothing } from './b.js';", "b": "export const a = 1;"}, "exports no nothing"),
        ({"main": "import a from './b.js';"}, "is not supported"),
        ({"main": "import * as a from './b.js';"}, "is not supported"),
        ({"main": "import './b.js';"}, "is not supported"),
        ({"main": "import { a } from 'https://example.org/b.js';"}, "is not supported"),
        ({"main": "export default 3;"}, "is not supported"),
        ({"main": "export let a = 3;"}, "is not supported"),
        ({"main": "const a = 3;\nexport { a };"}, "is not supported"),
    ],
    ids=str,
)
def test_what_is_not_joined_is_refused(modules: dict[str, str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        bundle(write(tmp_path, **modules))


def test_the_page_holds_the_model_and_names_its_data(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "tiny")
    sidecar = json.loads((folder / "hparams.json").read_text())
    sidecar["datasets"] = [{"name": "x --></script>", "sha256": "0", "provenance": "by <b>hand</b>, CC BY 4.0"}]
    (folder / "hparams.json").write_text(json.dumps(sidecar))
    out = tmp_path / "page.html"
    export.write_page(out, folder, "tiny")
    text = out.read_text(encoding="utf-8")
    found = re.search('<script type="application/json" id="sketchrnn-embedded">(.*?)</script>', text, re.DOTALL)
    assert found
    embedded = json.loads(found[1])
    assert embedded["name"] == "tiny"
    assert embedded["hparams"] == sidecar
    assert base64.b64decode(embedded["weights"]) == (folder / "weights.safetensors").read_bytes()
    assert "by &lt;b&gt;hand&lt;/b&gt;, CC BY 4.0" in text
    page = Tags()
    page.feed(text)
    assert page.opened.count("script") == page.closed.count("script") == 4
    assert [address for address in page.addresses if not address.startswith("data:")] == []


def test_the_page_leaves_alone_what_exists(tmp_path: Path) -> None:
    folder, out = tiny_checkpoint(tmp_path / "tiny"), tmp_path / "page.html"
    out.write_text("mine")
    with pytest.raises(ExistsError):
        export.write_page(out, folder, "tiny")
    assert out.read_text() == "mine"
    export.write_page(out, folder, "tiny", replace=True)
    assert out.read_text().startswith("<!doctype html>")
    (folder / "weights.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError):
        export.write_page(tmp_path / "other.html", folder, "tiny")
    assert not (tmp_path / "other.html").exists()
