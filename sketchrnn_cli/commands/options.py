"""Options that several commands share, each declared once."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from sketchrnn_cli.commands import completion
from sketchrnn_cli.commands.completion import CHECKPOINT_DIR as CHECKPOINT_DIR
from sketchrnn_cli.commands.completion import DATA_DIR as DATA_DIR

LOOK, READING, ENGINE = "How it looks", "How drawings are read", "How data sets are computed"

Ckpt = Annotated[
    str | None,
    typer.Argument(
        metavar="CKPT",
        help="A checkpoint's folder or name. By default the newest run, else the bundled doodle_cat.",
        autocompletion=completion.models,
    ),
]
NamedCkpt = Annotated[
    str,
    typer.Argument(metavar="CKPT", help="A checkpoint's folder or name.", autocompletion=completion.models),
]
CheckpointDir = Annotated[Path, typer.Option(help="Folder of the checkpoints.")]
Search = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=1000,
        help="z tried around μ, to use the one whose drawing is most like the input; 0: μ itself. [default: 16]",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Random seed; the same seed gives the same drawings.")]
Out = Annotated[str | None, typer.Option("--out", "-o", help="Output file; the suffix selects the format.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]
DataDir = Annotated[Path, typer.Option(help="Folder of the data sets.")]
MaxPoints = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Maximum number of points. [default: the model's max_seq_len]"),
]
Words = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="WORD", help="A word known to the model (by default quickdraw); repeatable."),
]
Word = Annotated[
    str | None,
    typer.Option("--class", metavar="WORD", help="What it shows, a word known to the model. [default: any]"),
]
Tame = Annotated[
    bool | None,
    typer.Option("--tame/--wild", help="Less varied and more recognizable, or more varied. [default: in between]"),
]
Size = Annotated[int, typer.Option(help="Larger side of a drawing, in pixels.", rich_help_panel=LOOK)]
Join = Annotated[
    bool | None,
    typer.Option(
        "--join/--no-join",
        help="Join strokes of an SVG whose ends touch. [default: if a program cut them into pieces]",
        rich_help_panel=READING,
    ),
]
CenterLines = Annotated[
    bool,
    typer.Option(
        "--center-lines",
        help="Trace the center lines of an SVG's filled outlines instead of their edges.",
        rich_help_panel=READING,
    ),
]
INPUT_HELP = (
    "An .svg, a scan (.png, .jpg), a stroke-3 .npy or .json, or a sketch of a data set: cat:test:17, "
    "cat.npz:test:random."
)


def words_of(drawings: str, help: str, default: str = "the newest run, else the bundled doodle_cat") -> Any:
    """Return the argument of a drawing command: an optional model, and drawings (see `meant`)."""
    return typer.Argument(
        metavar=f"[CKPT] {drawings}",
        help=f"A checkpoint's folder or name, by default {default}; then {help}",
        autocompletion=completion.models_and_drawings,
    )


def _look(help: str, *names: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=LOOK)


_OUTPUT: dict[str, tuple[Any, Any]] = {
    "out": (
        Annotated[
            str | None,
            typer.Option(
                "--out",
                "-o",
                help="Output file: .svg, .png, .gif, .webp, .apng, .mp4, .npy, .json; with %03d in its name, one file "
                "per sketch; - for stdout. [default: a new numbered .svg]",
            ),
        ],
        None,
    ),
    "force": (Force, False),
    "show": (Annotated[bool, typer.Option("--open", help="Open the output file.")], False),
}
_STYLE: dict[str, tuple[Any, Any]] = {
    "size": (Annotated[str, _look("Larger side of a drawing: in pixels, or 100mm, 10cm, 4in.")], "256"),
    "page": (Annotated[str | None, _look("Fit the sheet to a page for a pen plotter: a3, a4, a5, letter.")], None),
    "stroke_width": (
        Annotated[float | None, _look("Stroke width, in pixels. [default: 1.2 % of the size]")],
        None,
    ),
    "margin": (
        Annotated[float | None, _look("Margin around a drawing, in pixels. [default: 8 % of the size]")],
        None,
    ),
    "color": (Annotated[str, _look("Stroke color: a CSS name, or #rrggbb.")], "#22262b"),
    "background": (Annotated[str, _look("Background color, or none.")], "#ffffff"),
    "color_by_order": (Annotated[bool, _look("Draw each stroke in a different color.", "--color-by-order")], False),
    "smooth": (Annotated[bool, _look("Draw smooth curves through the points, keeping corners.", "--smooth")], False),
}
_ENGINE: dict[str, tuple[Any, Any]] = {
    "backend": (
        Annotated[
            str,
            typer.Option(help="auto, tensorflow or jax; auto: JAX if it sees a GPU.", rich_help_panel=ENGINE),
        ],
        "auto",
    ),
    "device": (Annotated[str, typer.Option(help="auto, cpu or gpu.", rich_help_panel=ENGINE)], "auto"),
    "devices": (
        Annotated[
            str | None,
            typer.Option(
                metavar="N|all",
                help="Number of devices that share the work (JAX). [default: 1]",
                rich_help_panel=ENGINE,
            ),
        ],
        None,
    ),
}
FlipY = Annotated[
    bool,
    typer.Option("--flip-y", help="Flip drawings whose y axis points up.", rich_help_panel=READING),
]


class Scale(StrEnum):
    """Treatment of strokes whose scale differs from the model's drawings."""

    KEEP = "keep"
    AUTO = "auto"


_READING: dict[str, tuple[Any, Any]] = {
    "epsilon": (
        Annotated[
            float,
            typer.Option(
                min=0,
                max=100,
                help="Tolerance for simplifying pictures, in pixels of 255.",
                rich_help_panel=READING,
            ),
        ],
        2.0,
    ),
    "join": (Join, None),
    "center_lines": (CenterLines, False),
    "flip_y": (FlipY, False),
    "scale": (
        Annotated[
            Scale,
            typer.Option(
                help="Strokes (.npy, .json, data sets) much larger or smaller than the model's drawings: keep, or "
                "rescale (auto).",
                rich_help_panel=READING,
            ),
        ],
        Scale.KEEP,
    ),
    "data_dir": (Annotated[Path, typer.Option(help="Folder of the data sets.", rich_help_panel=READING)], DATA_DIR),
}


def with_style(command: Callable[..., None]) -> Callable[..., None]:
    """Add the style options to a command, which receives them as one `style`, a `Style`."""

    def build(size: str, **given: Any) -> Any:
        from sketchrnn_cli.drawing.paper import parse_size
        from sketchrnn_cli.drawing.style import Style

        pixels, millimeters = parse_size(size)
        return Style(size=pixels, millimeters=millimeters, **given)

    return with_options(command, "style", _STYLE, build)


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """Add the output options to a command, which receives them as one `output`, a `targets.Output`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.commands.targets import Output

        return Output(**given).checked()

    return with_options(command, "output", _OUTPUT, build)


def with_animation_output(command: Callable[..., None]) -> Callable[..., None]:
    """Do what `with_output` does, for animations."""
    out = Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="Output file: .gif, .webp, .apng or .png, .mp4, .svg; frames/ or frame-%03d.png; - for stdout. "
            "[default: a new numbered .gif]",
        ),
    ]

    def build(**given: Any) -> Any:
        from sketchrnn_cli.commands.targets import Output
        from sketchrnn_cli.drawing.output import ANIMATIONS

        return Output(**given, formats=ANIMATIONS).checked()

    return with_options(command, "output", {**_OUTPUT, "out": (out, None)}, build)


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for reading INPUTs to a command, which receives them as one `reading`, a `sheets.Reading`."""

    def build(data_dir: Path, scale: Scale, **given: Any) -> Any:
        from sketchrnn_cli.commands.sheets import Reading
        from sketchrnn_cli.strokes.prepare import Preparation

        return Reading(data_dir, Preparation(rescale=scale is Scale.AUTO, **given))

    return with_options(command, "reading", _READING, build)


def with_engine(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for running a model over data sets to a command, as one `engine`, an `engine.Engine`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.commands.engine import Engine

        return Engine(**given)

    return with_options(command, "engine", _ENGINE, build)


def with_quiet(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that suppresses messages to a command."""

    def build(quiet: bool) -> None:
        from sketchrnn_cli import console

        console.be_quiet(quiet)

    option = Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors.")]
    return with_options(command, "", {"quiet": (option, False)}, build)


def with_options(
    command: Callable[..., None], name: str, options: dict[str, tuple[Any, Any]], build: Callable[..., Any]
) -> Callable[..., None]:
    """Replace the parameter `name` of a command, if it has one, by options; `build` turns them into its value."""

    @wraps(command)
    def run(**given: Any) -> None:
        value = build(**{option: given.pop(option) for option in options})
        command(**given, **({name: value} if name else {}))

    own = inspect.signature(command)
    kept = [parameter for parameter in own.parameters.values() if parameter.name != name]
    added = [
        inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for option, (annotation, default) in options.items()
    ]
    hints = {key: hint for key, hint in _hints(command).items() if key != name}
    signed: Any = run
    signed.__signature__ = own.replace(
        parameters=[parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in kept] + added
    )
    signed.__annotations__ = {**hints, **{option: annotation for option, (annotation, _) in options.items()}}
    del signed.__wrapped__
    return run


def _hints(command: Callable[..., None]) -> dict[str, Any]:
    return get_type_hints(command, include_extras=True)
