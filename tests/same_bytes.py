"""Run the same commands from two wheels and list every difference in what they print, write and return.

    python tests/same_bytes.py OLD_WHEEL NEW_WHEEL [NUMBER ...]

Both wheels are unpacked and run with this Python and its packages. Every command runs in a folder that holds what the
commands before it wrote from the same wheel. Numbers choose among them. A command that fails unasked is told, too: it
would compare nothing.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

TINY = ["--set", "enc_rnn_size=4", "--set", "dec_rnn_size=6", "--set", "z_size=3", "--set", "batch_size=8"]
COMMANDS = (
    "--help",
    "hparams",
    "dataset doodle cat --count 40 --seed 1",
    "dataset inspect doodle_cat --json",
    "dataset preview doodle_cat --count 9 --out preview.svg",
    "dataset convert lines.ndjson --out datasets/lines.npz",
    "dataset convert square.svg --out datasets/square.npz",
    "checkpoint info cat",
    "sample doodle_cat --seed 3 --out one.svg",
    "sample doodle_cat --count 13 --seed 3 --out many.npy",
    "sample doodle_cat --count 4 --temperature 0.2 --temperature 0.8 --seed 5 --out grid.svg",
    "sample cat --count 5 --seed 3 --wild --out cats.npy",
    "sample quickdraw --class cat --class apple --count 2 --seed 2 --out words.npy",
    "encode doodle_cat square.svg --sigma --out z.json",
    "sample doodle_cat --z z.json --seed 1 --out of_z.svg",
    "reconstruct cat square.svg --seed 1 --out again.svg",
    "interpolate doodle_cat doodle_cat:train:0 doodle_cat:train:1 --steps 3 --seed 1 --out between.svg",
    "analogy doodle_cat doodle_cat:train:0 doodle_cat:train:1 doodle_cat:train:2 --seed 1 --out analogy.svg",
    "complete doodle_cat square.svg --count 3 --seed 1 --out complete.svg",
    "classify quickdraw square.svg --json",
    "animate doodle_cat --seed 1 --out film.gif",
    "sample doodle_cat --seed 3 --smooth --out one.png",
    "train doodle_cat --name tiny --steps 6 --backend tensorflow --device cpu TINY",
    "evaluate tiny doodle_cat --split test --backend tensorflow --device cpu --json",
    "sample nobody --out none.svg",
)
REFUSED = {"sample nobody --out none.svg"}
"""What is meant to fail."""
TIMED = ("train", "evaluate")
"""Commands that say on screen how long they took."""
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0H90V60H0Z" fill="none" stroke="black"/></svg>'
DROPPED = ("tensorboard", "run.json", "log.csv", "__pycache__")
"""What holds times of day."""


def inputs(folder: Path) -> None:
    """Write what the commands read."""
    (folder / "square.svg").write_text(SQUARE)
    rng = np.random.default_rng(0)
    lines = []
    for number in range(40):
        strokes = [rng.integers(0, 256, (2, 5)).tolist() for _ in range(2)]
        lines.append(json.dumps({"key_id": str(number), "word": "x", "recognized": True, "drawing": strokes}))
    (folder / "lines.ndjson").write_text("\n".join(lines))


def files(folder: Path) -> dict[str, str]:
    """Return every file: its text, or the digest of what is none."""
    return {
        path.relative_to(folder).as_posix(): content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(DROPPED) & set(path.relative_to(folder).parts)
    }


def content(path: Path) -> str:
    """Return the text of a file of text, one item of JSON a line, or the digest of any other."""
    blob = path.read_bytes()
    try:
        return json.dumps(json.loads(blob), indent=1) if path.suffix == ".json" else blob.decode()
    except ValueError:
        return hashlib.sha256(blob).hexdigest()[:12]


def run(package: Path, folder: Path, command: str) -> dict[str, str]:
    """Run one command; return its exit code, its output and what it wrote."""
    words = [word for part in command.split() for word in (TINY if part == "TINY" else [part])]
    environment = {
        **os.environ,
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "120",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    before = files(folder)
    done = subprocess.run(
        [sys.executable, "-m", "sketchrnn_cli", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    after = files(folder)
    written = {name: digest for name, digest in after.items() if before.get(name) != digest}
    written = {name: digest for name, digest in written.items() if not name.startswith("cache/")}
    said = {"stdout": done.stdout} | ({} if words[0] in TIMED else {"stderr": done.stderr})
    for name, text in said.items():
        said[name] = text.replace(str(package), "PACKAGE").replace(str(folder), "FOLDER")
    return {"exit code": str(done.returncode), **said, **written}


def first_difference(old: str | None, new: str | None) -> str:
    """Return the first line that differs, of both."""
    if old is None or new is None:
        return "written by the new one alone" if old is None else "written by the old one alone"
    pairs = zip([*old.splitlines(), "(end)"], [*new.splitlines(), "(end)"], strict=False)
    return next((f"{a!r} became {b!r}" for a, b in pairs if a != b), "other bytes")


def main() -> int:
    wheels, numbers = sys.argv[1:3], [int(word) for word in sys.argv[3:]]
    differences = 0
    with tempfile.TemporaryDirectory() as scratch:
        packages, folders = [], []
        for name, wheel in zip(("old", "new"), wheels, strict=True):
            packages.append(Path(scratch) / name / "package")
            zipfile.ZipFile(wheel).extractall(packages[-1])
            folders.append(Path(scratch) / name / "work")
            folders[-1].mkdir()
            inputs(folders[-1])
        for number, command in enumerate(COMMANDS, 1):
            if numbers and number not in numbers:
                continue
            old, new = (run(package, folder, command) for package, folder in zip(packages, folders, strict=True))
            found = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            differences += len(found)
            print(f"{number:2} {'same' if not found else 'DIFFERS'}  sketchrnn {command}", flush=True)
            if (new["exit code"] != "0") != (command in REFUSED):
                differences += 1
                print(f"     exit code {new['exit code']}: {new.get('stderr', '').strip()[-300:]}")
            for name in found:
                print(f"     {name}: {first_difference(old.get(name), new.get(name))}", flush=True)
    print(f"{differences} differences in {len(numbers or COMMANDS)} commands")
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
