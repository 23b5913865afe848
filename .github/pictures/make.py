"""Remake README's pictures, each by the command that stands beside it there: `python .github/pictures/make.py`."""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURES = Path(__file__).resolve().parent
README = PICTURES.parents[1] / "README.md"
LARGEST = 300_000
"""Bytes of a picture; a page of them should open at once."""
BY_HAND = {"studio.png"}
"""A screenshot of the studio's page."""


def main() -> None:
    """Run README's commands that make a picture, in its order, and keep what they draw."""
    names = set(re.findall(r"\(\.github/pictures/([\w.]+)\)", README.read_text(encoding="utf-8"))) - BY_HAND
    with tempfile.TemporaryDirectory() as folder:
        for command in commands():
            out = command[command.index("--out") + 1] if "--out" in command else ""
            if out not in names and command[1:3] != ["dataset", "doodle"]:
                continue
            print(shlex.join(command), file=sys.stderr)
            subprocess.run([sys.executable, "-m", "sketchrnn_cli", *command[1:]], cwd=folder, check=True)
            names.discard(out)
            if out:
                keep(Path(folder) / out)
    if names:
        sys.exit(f"README shows no command that draws {', '.join(sorted(names))}")


def commands() -> list[list[str]]:
    """Return the command lines in README's fenced blocks that run this program."""
    blocks = README.read_text(encoding="utf-8").replace("\\\n", " ").split("```")[1::2]
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    return [words for line in lines if (words := shlex.split(line, comments=True))[:1] == ["sketchrnn"]]


def keep(picture: Path) -> None:
    """Put a picture beside this script."""
    if picture.stat().st_size > LARGEST:
        sys.exit(f"{picture.name} has {picture.stat().st_size} bytes, more than {LARGEST}")
    shutil.copy(picture, PICTURES / picture.name)


if __name__ == "__main__":
    main()
