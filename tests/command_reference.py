"""Write the command reference: every command's help, as the terminal shows it.

python tests/command_reference.py > .github/docs/commands.md
"""

import os
from collections.abc import Iterator

import click
from typer.main import get_command

from sketchrnn_cli.cli import app

HEADING = "# Commands\n\nWritten by `tests/command_reference.py` from each command's `--help`.\n"
COLUMNS = 88


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with its path, groups before what they hold."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def reference() -> str:
    """Return the whole page."""
    os.environ["COLUMNS"] = str(COLUMNS)
    parts = [HEADING]
    for path, command in commands(get_command(app), ("sketchrnn",)):
        with click.Context(command, info_name=" ".join(path), max_content_width=COLUMNS, terminal_width=COLUMNS) as ctx:
            parts.append(f"## {' '.join(path)}\n\n```\n{command.get_help(ctx).rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(reference(), end="")
