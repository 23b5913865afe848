"""Where no framework is installed, everything draws, and what trains says in one line what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import shlex, sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
from sketchrnn_cli import cli
for line in sys.stdin:
    sys.argv = ["sketchrnn", *shlex.split(line)]
    print(">", line.strip(), file=sys.stderr)
    try:
        code = cli.main() or 0
    except SystemExit as left:
        code = left.code
    print("exit", code, flush=True)
"""

DRAWING = """
dataset doodle cat --count 40
dataset inspect doodle_cat
dataset preview doodle_cat --out preview.svg
dataset export doodle_cat --out drawings
dataset convert drawings --out datasets/again.npz
sample cat --out a.svg
sample cat --count 2 --out b-%03d.png
animate cat --seconds 0.2 --hold 0 --size 32 --out c.gif
animate cat --morph a.svg b-001.png --points --seconds 0.2 --hold 0 --size 32 --out d.webp
complete cat doodle_cat:test:0 --keep 9 --out e.svg
interpolate cat a.svg doodle_cat:test:0 --steps 3 --out f.svg
reconstruct cat a.svg --out g.svg
analogy cat a.svg a.svg doodle_cat:test:0 --out h.svg
encode cat a.svg --out z.npy
encode cat doodle_cat --split test --out all.npy
checkpoint info cat
checkpoint export cat --format web --out i.html
checkpoint release cat --name mine
checkpoint remove mine --yes
runs
caches
hparams
"""


def typed(folder: Path, lines: str, blocked: str) -> tuple[list[str], str]:
    """Return the exit codes of commands, and all of stderr."""
    command = [sys.executable, "-c", BLOCKED, blocked]
    done = subprocess.run(command, input=lines.strip(), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("exit ") for line in done.stdout.splitlines() if line.startswith("exit ")], done.stderr


def test_every_drawing_command_works(tmp_path: Path) -> None:
    codes, said = typed(tmp_path, DRAWING, "tensorflow,keras,jax")
    assert codes == ["0"] * len(DRAWING.strip().splitlines()), said
    names = "preview.svg a.svg b-001.png b-002.png c.gif d.webp e.svg f.svg g.svg h.svg z.npy all.npy i.html"
    assert all((tmp_path / name).stat().st_size > 100 for name in names.split())


@pytest.mark.parametrize("missing", ["tensorflow,keras,jax", "tensorflow,jax", "keras"])
def test_what_trains_is_refused_in_one_line_that_names_what_to_install(tmp_path: Path, missing: str) -> None:
    lines = [
        "train doodle_cat --steps 1",
        "train doodle_cat --steps 1 --backend tensorflow",
        "evaluate cat doodle_cat",
        "classify quickdraw doodle_cat",
        "encode cat doodle_cat --devices 1",
    ]
    codes, said = typed(tmp_path, "\n".join(["dataset doodle cat --count 40 -q", *lines]), missing)
    assert codes == ["0", *["2"] * len(lines)], said
    spoken = [line for line in said.splitlines() if not line.startswith(">")]
    assert len(spoken) == len(lines), said
    assert all(line.startswith("sketchrnn: ") and "not installed; pip install" in line for line in spoken)
    assert not (tmp_path / "checkpoints").exists()


def test_evaluate_checks_names_before_a_framework_is_imported(tmp_path: Path) -> None:
    lines = {
        "evaluate cat nowhere": "3",
        "evaluate nothing": "4",
        "evaluate cat --split half": "2",
        "evaluate cat --device tpu": "2",
        "evaluate cat --backend torch": "2",
    }
    codes, said = typed(tmp_path, "\n".join(lines), "tensorflow.python")
    assert codes == list(lines.values()), said
    assert "Traceback" not in said


def test_drawings_are_exported_to_a_folder_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "doodle_cat-test-0000.svg").touch()
    lines = """
dataset doodle cat --count 40 -q
dataset export doodle_cat --out out
dataset export doodle_cat --out drawings.ndjson
checkpoint export cat --format web --out page.txt
train doodle_cat --hand-only
"""
    codes, said = typed(tmp_path, lines, "tensorflow")
    assert codes == ["0", "2", "2", "2", "2"], said
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"datasets", "out"}
    assert "drawings.ndjson: a folder is written here" in said


def test_a_morph_by_a_model_without_an_encoder_is_refused_with_what_to_add(tmp_path: Path) -> None:
    lines = """
sample quickdraw --class cat --out a.svg
animate quickdraw --morph a.svg a.svg --out m.gif
animate quickdraw --morph a.svg a.svg --points --seconds 0.2 --hold 0 --size 32 --out m.gif
"""
    codes, said = typed(tmp_path, lines, "tensorflow")
    assert codes == ["0", "2", "0"], said
    assert "add --points" in said
