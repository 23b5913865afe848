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

LOOK, READING = "How it looks", "How drawings are read"

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
CheckpointDir = Annotated[Path, typer.Option(help="Where names are looked up.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random draws: the same seed draws the same.")]
Out = Annotated[str | None, typer.Option("--out", "-o", help="File to write; its suffix picks the format.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
DataDir = Annotated[Path, typer.Option(help="Where data sets lie.")]
MaxPoints = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Points of a drawing at most. [default: the model's max_seq_len]"),
]
Words = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="WORD", help="What to draw, of the words that the model knows; may be repeated."),
]
Word = Annotated[
    str | None,
    typer.Option("--class", metavar="WORD", help="What it is of, a word that the model knows. [default: any]"),
]
Tame = Annotated[
    bool | None,
    typer.Option("--tame/--wild", help="Draw more alike and more often right, or more various. [default: between]"),
]
Size = Annotated[int, typer.Option(help="Larger side of a drawing, in pixels.", rich_help_panel=LOOK)]
Join = Annotated[
    bool | None,
    typer.Option(
        "--join/--no-join",
        help="Join an SVG's strokes whose ends touch. [default: where a program cut them into pieces]",
        rich_help_panel=READING,
    ),
]
CenterLines = Annotated[
    bool,
    typer.Option(
        "--center-lines", help="Take the middle of an SVG's filled outlines, not their edge.", rich_help_panel=READING
    ),
]
INPUT_HELP = (
    "An .svg, a scan (.png, .jpg), a stroke-3 .npy or .json, or a sketch of a set: cat.npz:test:17, cat:test:random."
)


def words_of(drawings: str, help: str) -> Any:
    """Return the argument of a drawing command: a model, which may be left out, and drawings (see `meant`)."""
    return typer.Argument(
        metavar=f"[CKPT] {drawings}",
        help=f"A checkpoint's folder or name, by default the newest run, else the bundled cat; then {help}",
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
                help="File to write: .svg, .png, .gif, .webp, .apng, .mp4, .npy, .json; with %03d in its name one file "
                "a sketch; - for stdout. [default: a free numbered .svg]",
            ),
        ],
        None,
    ),
    "force": (Force, False),
    "show": (Annotated[bool, typer.Option("--open", help="Open what was written.")], False),
}
_STYLE: dict[str, tuple[Any, Any]] = {
    "size": (Annotated[str, _look("Larger side of a drawing: pixels, or 100mm, 10cm, 4in.")], "256"),
    "page": (Annotated[str | None, _look("Fit the sheet to a page for a pen plotter: a3, a4, a5, letter.")], None),
    "stroke_width": (
        Annotated[float | None, _look("Width of the pen, in pixels. [default: 1.2 % of the size]")],
        None,
    ),
    "margin": (
        Annotated[float | None, _look("Free space around a drawing, in pixels. [default: 8 % of the size]")],
        None,
    ),
    "color": (Annotated[str, _look("Color of the strokes: a CSS name, or #rrggbb.")], "#22262b"),
    "background": (Annotated[str, _look("Color of the page, or none.")], "#ffffff"),
    "color_by_order": (Annotated[bool, _look("Give each stroke a color of its own.", "--color-by-order")], False),
    "smooth": (Annotated[bool, _look("Draw curves through the points; corners stay.", "--smooth")], False),
}
FlipY = Annotated[
    bool,
    typer.Option("--flip-y", help="Turn drawings over, whose y grows upwards.", rich_help_panel=READING),
]


class Scale(StrEnum):
    """What becomes of strokes of another scale than the model's."""

    KEEP = "keep"
    AUTO = "auto"


_READING: dict[str, tuple[Any, Any]] = {
    "epsilon": (
        Annotated[
            float,
            typer.Option(
                min=0,
                max=100,
                help="Tolerance of a picture's simplification, in pixels of 255.",
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
                help="Strokes (.npy, .json, of a set) of quite another size than the model's drawings: keep it, or "
                "fit them (auto).",
                rich_help_panel=READING,
            ),
        ],
        Scale.KEEP,
    ),
    "data_dir": (Annotated[Path, typer.Option(help="Where data sets lie.", rich_help_panel=READING)], DATA_DIR),
}


def with_style(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how drawings look; it takes them as one `style`, a `layout.Style`."""

    def build(size: str, **given: Any) -> Any:
        from sketchrnn_cli.drawing.paper import parse_size
        from sketchrnn_cli.drawing.style import Style

        pixels, millimeters = parse_size(size)
        return Style(size=pixels, millimeters=millimeters, **given)

    return with_options(command, "style", _STYLE, build)


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of where it writes; it takes them as one `output`, a `targets.Output`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.commands.targets import Output

        return Output(**given)

    return with_options(command, "output", _OUTPUT, build)


def with_animation_output(command: Callable[..., None]) -> Callable[..., None]:
    """Do what `with_output` does, for a command that writes animations."""
    out = Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: .gif, .webp, .apng or .png, .mp4, .svg; frames/ or frame-%03d.png; - for stdout. "
            "[default: a free numbered .gif]",
        ),
    ]

    def build(**given: Any) -> Any:
        from sketchrnn_cli.commands.targets import Output
        from sketchrnn_cli.drawing.output import ANIMATIONS

        return Output(**given, formats=ANIMATIONS)

    return with_options(command, "output", {**_OUTPUT, "out": (out, None)}, build)


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how INPUTs are read; it takes them as one `reading`, a `sheets.Reading`."""

    def build(data_dir: Path, scale: Scale, **given: Any) -> Any:
        from sketchrnn_cli.commands.sheets import Reading
        from sketchrnn_cli.strokes.prepare import Preparation

        return Reading(data_dir, Preparation(rescale=scale is Scale.AUTO, **given))

    return with_options(command, "reading", _READING, build)


def with_quiet(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option that hushes what it says on stderr."""

    def build(quiet: bool) -> None:
        from sketchrnn_cli import console

        console.be_quiet(quiet)

    option = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
    return with_options(command, "", {"quiet": (option, False)}, build)


def with_options(
    command: Callable[..., None], name: str, options: dict[str, tuple[Any, Any]], build: Callable[..., Any]
) -> Callable[..., None]:
    """Replace a command's parameter `name`, where it has one, by options, from which `build` makes its value."""

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
