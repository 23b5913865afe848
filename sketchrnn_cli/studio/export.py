"""Export the studio without its server: a single-file page with an embedded model, or a kit for other pages."""

import base64
import html
import json
import re
import shutil
from pathlib import Path
from string import Template

from sketchrnn_cli import __version__, atomic
from sketchrnn_cli.errors import CheckpointError
from sketchrnn_cli.store import checkpoint
from sketchrnn_cli.studio.bundle import bundle
from sketchrnn_cli.studio.models import read_files
from sketchrnn_cli.studio.server import STATIC

KIT = STATIC.parent / "kit"
KIT_FILES = {"sketchrnn.js", "sketchrnn.d.ts", "example.html", "README.md", checkpoint.SIDECAR, checkpoint.WEIGHTS}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""The page makes no requests."""


def write_page(path: Path, folder: Path, name: str, replace: bool = False) -> None:
    """Write the page with an embedded checkpoint, atomically.

    Args:
        path: the output file.
        folder: the released checkpoint.
        name: the model's name in the page.
        replace: whether to replace an existing file.

    Raises:
        ExistsError: without `replace`, the file exists.
        CheckpointError: the checkpoint is damaged, or the file cannot be written.
    """
    content = page(folder, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.new_file(path, replace) as partial:
            partial.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_kit(path: Path, folder: Path, name: str, replace: bool = False) -> None:
    """Write a folder for use in other pages: the module, its types, the model, an example and a README.

    Args:
        path: the output folder; it must be empty or not exist.
        folder: the released checkpoint.
        name: the model's name in the README.
        replace: whether to replace a folder written by an earlier export.

    Raises:
        ExistsError: the folder exists and is not to be replaced.
        UsageError: `path` is a file name.
        CheckpointError: the checkpoint is damaged, or the folder cannot be written.
    """
    atomic.check_folder_name(path)
    files = read_files(folder)
    note = attribution(checkpoint.load_sidecar(folder), name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if replace and path.is_dir() and {file.name for file in path.iterdir()} <= KIT_FILES:
            shutil.rmtree(path)
        with atomic.new_folder(path) as partial:
            module = bundle(STATIC / "js" / "sketchrnn.js", as_module=True)
            (partial / "sketchrnn.js").write_text(module, encoding="utf-8", newline="\n")
            for each in ("sketchrnn.d.ts", "example.html"):
                shutil.copyfile(KIT / each, partial / each)
            readme = Template((KIT / "README.md").read_text(encoding="utf-8")).substitute(
                name=path.name, attribution=note
            )
            (partial / "README.md").write_text(readme, encoding="utf-8", newline="\n")
            (partial / checkpoint.SIDECAR).write_bytes(files.hparams)
            (partial / checkpoint.WEIGHTS).write_bytes(files.weights)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}") from error


def page(folder: Path, name: str) -> str:
    """Return the HTML of the page with an embedded checkpoint.

    Raises:
        CheckpointError: the checkpoint is damaged.
    """
    files = read_files(folder)
    embedded = {
        "name": name,
        "hparams": json.loads(files.hparams),
        "weights": base64.b64encode(files.weights).decode("ascii"),
    }
    note = attribution(checkpoint.load_sidecar(folder), name)
    document = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = [
        f'<script type="application/json" id="sketchrnn-embedded">{_json(embedded)}</script>',
        f'<script type="text/plain" id="sketchrnn-worker">{_script(bundle(STATIC / "js" / "worker.js"))}</script>',
        f'<script type="module">{_script(bundle(STATIC / "js" / "app.js"))}</script>',
    ]
    theme = _script((STATIC / "js" / "theme.js").read_text(encoding="utf-8"))
    styles = (STATIC / "studio.css").read_text(encoding="utf-8")
    for old, new in (
        ("<!doctype html>\n", f"<!doctype html>\n<!-- {_comment(note)} -->\n"),
        (
            '<meta charset="utf-8">',
            f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" '
            f'content="{CONTENT_SECURITY_POLICY}">\n<meta name="generator" content="sketchrnn {__version__}">\n'
            f'<meta name="attribution" content="{html.escape(note)}">',
        ),
        ('<link rel="stylesheet" href="studio.css">', f"<style>\n{styles}</style>"),
        ('<script src="js/theme.js"></script>', f"<script>{theme}</script>"),
        ('<script type="module" src="js/app.js"></script>', "\n".join(scripts)),
        ("</footer>", f'<p id="attribution">{html.escape(note)}</p></footer>'),
    ):
        if document.count(old) != 1:
            raise AssertionError(f"index.html holds {old!r} {document.count(old)} times; expected once")
        document = document.replace(old, new)
    return document


def attribution(sidecar: checkpoint.Sidecar, name: str) -> str:
    """Return one line on a model's training data, from its sidecar."""
    sources = "; ".join(f"{source.name} ({source.provenance})" for source in sidecar.datasets)
    note = f" {sidecar.note}." if sidecar.note else ""
    return f"Model {name}, trained on {sources or 'unnamed data'}.{note} Drawn by sketchrnn."


def _json(values: object) -> str:
    """Return JSON that is safe inside a script element."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _script(source: str) -> str:
    """Return a script, after checking that it is safe inside a script element.

    Raises:
        ValueError: it contains the end of a script, or a comment that hides it.
    """
    if found := re.search(r"</script|<!--", source, re.IGNORECASE):
        raise ValueError(f"a script of the page contains {found[0]!r}")
    return source


def _comment(text: str) -> str:
    return text.replace("--", "- -").replace(">", "")
