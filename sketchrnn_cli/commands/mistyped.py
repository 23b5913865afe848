"""Refusals by the parser of the command line, in one line like every other error.

Typer has its own copy of Click since 0.26 and takes Click itself before; only what both share is used here.
"""

import re
from typing import Any

import typer

Mistyped: Any = typer.BadParameter.__base__
"""Base of the parser's refusals (Click's `UsageError`)."""

MAX_VALUE_LENGTH = 40
"""Characters of a value that are repeated."""


def says_help(error: Any) -> bool:
    """Return whether it stands for a command typed without anything, which shows its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def in_one_line(error: Any) -> str:
    """Return what is wrong, and what was meant or the command that shows what is possible.

    Examples: ``--count 0: expected a number greater than or equal to 1; type: sketchrnn sample --help``,
    ``no option --cuont; did you mean --count?``
    """
    reason = _reason(error)
    if reason.endswith("?"):
        return reason
    names: list[str] = []
    context = error.ctx
    while context is not None and context.parent is not None:
        names, context = [context.info_name, *names], context.parent
    return f"{reason}; type: {' '.join(['sketchrnn', *names])} --help"


def _reason(error: Any) -> str:
    if hasattr(error, "possibilities"):
        likely = [name for name in error.possibilities or () if name.startswith("--")]
        return f"no option {error.option_name}" + (f"; did you mean {likely[0]}?" if likely else "")
    if type(error) is not typer.BadParameter or error.param is None:
        message = error.format_message().rstrip(".").replace(". Did you mean", "; did you mean")
        return message[:1].lower() + message[1:]
    value = _received(error)
    message = re.sub("^Input should be (?=greater|less)", "Input should be a number ", error.message.rstrip("."))
    message = message.replace("Input should be", "expected").partition(", unable to parse")[0]
    message = message.removeprefix("Value error, ").removeprefix(f"{value!r} is ")
    shown = f" {value if len(value) <= MAX_VALUE_LENGTH else value[:MAX_VALUE_LENGTH] + '...'}" if value else ""
    return f"{max(error.param.opts, key=len)}{shown}: {message}"


def _received(error: Any) -> str:
    """Return the value that Pydantic, which new versions of Typer ask, found wrong; of others the message has it."""
    found = error.__cause__.errors() if hasattr(error.__cause__, "errors") else [{}]
    return str(found[0].get("input", ""))
