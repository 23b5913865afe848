"""How ``--help`` looks: options under their headings, and descriptions as wide as the terminal allows; and Ctrl-C."""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from sketchrnn_cli.commands.mistyped import Mistyped
from sketchrnn_cli.commands.options import with_quiet

WIDEST_OPTION = 26
"""Columns of an option beyond which its description begins on the next line."""
SENTENCE = 200
"""Characters of a command's description in the list of its group."""

SEVERAL = re.compile(r"^[{[](\[CKPT\] .*)[}\]]\.\.\.$")
"""One argument that stands for a model and drawings, as Click writes it in a usage line."""


class Command(TyperCommand):
    """A command whose options are listed by their help panels."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C becomes `Abort`, as at a question, which unlike it reaches `cli.main`."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command's words; Click leaves out of some refusals which command it is."""
        try:
            return super().parse_args(ctx, args)
        except Mistyped as error:
            error.ctx = error.ctx or ctx
            raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the arguments as they are typed: one that stands for a model and drawings without braces."""
        return [SEVERAL.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then each panel's options, then the others."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is None:
                continue
            heading = "Arguments" if param.param_type_name == "argument" else "Options"
            sections.setdefault(getattr(param, "rich_help_panel", None) or heading, []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=WIDEST_OPTION)


class Group(TyperGroup):
    """A group whose commands are listed with the whole first sentence of their help."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one entry a command."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, command) for name, command in commands if command is not None and not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(SENTENCE)) for name, command in shown])


def apply(app: typer.Typer) -> None:
    """Give every command of an application, and of its groups, this look, and the option --quiet."""
    app.info.cls = Group
    for command in app.registered_commands:
        command.cls = Command
        if command.callback is not None:
            command.name = command.name or command.callback.__name__.replace("_", "-")
            command.callback = with_quiet(command.callback)
    for group in app.registered_groups:
        group.cls = Group
        if group.typer_instance is not None:
            apply(group.typer_instance)
