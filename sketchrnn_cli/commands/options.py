"""Options that several commands share, each declared once."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

LOOK, READING = "How it looks", "How drawings are read"
CHECKPOINT_DIR, DATA_DIR = Path("checkpoints"), Path("datasets")

Ckpt = Annotated[
    str | None,
    typer.Argument(
        metavar="CKPT", help="A checkpoint's folder or name. By default the newest run, else the bundled cat."
    ),
]
CheckpointDir = Annotated[Path, typer.Option(help="Where names are looked up.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random draws: the same seed draws the same.")]
Out = Annotated[str | None, typer.Option("--out", "-o", help="File to write; its suffix picks the format.")]
SheetOut = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        help="File to write: .svg, .png, .npy, .json; with %03d in it, one a sketch. [default: a free numbered .svg]",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
DataDir = Annotated[Path, typer.Option(help="Where data sets lie.")]
MaxPoints = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Points of a drawing at most. [default: the model's max_seq_len]"),
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


def _look(help: str, *names: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=LOOK)


_STYLE: dict[str, tuple[Any, Any]] = {
    "size": (Size, 256),
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
    "data_dir": (Annotated[Path, typer.Option(help="Where data sets lie.", rich_help_panel=READING)], DATA_DIR),
}


def with_style(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how drawings look; it takes them as one `style`, a `layout.Style`."""

    def build(**given: Any) -> Any:
        from sketchrnn_cli.drawing.layout import Style

        return Style(**given)

    return _with(command, "style", _STYLE, build)


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of how INPUTs are read; it takes them as one `reading`, a `sheets.Reading`."""

    def build(data_dir: Path, **given: Any) -> Any:
        from sketchrnn_cli.commands.sheets import Reading
        from sketchrnn_cli.strokes.prepare import Preparation

        return Reading(data_dir, Preparation(**given))

    return _with(command, "reading", _READING, build)


def _with(
    command: Callable[..., None], name: str, options: dict[str, tuple[Any, Any]], build: Callable[..., Any]
) -> Callable[..., None]:
    """Replace a command's parameter `name` by options, from which `build` makes its value."""

    @wraps(command)
    def run(**given: Any) -> None:
        value = build(**{option: given.pop(option) for option in options})
        command(**given, **{name: value})

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
