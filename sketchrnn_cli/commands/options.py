"""Options that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

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
    typer.Option("--out", "-o", help="File to write: .svg, .png, .npy or .json. [default: a free numbered .svg]"),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
DataDir = Annotated[Path, typer.Option(help="Where data sets lie.")]
Size = Annotated[int, typer.Option(help="Larger side of a drawing, in pixels.")]
StrokeWidth = Annotated[float | None, typer.Option(help="Width of the pen, in pixels. [default: 1.2 % of the size]")]
Margin = Annotated[
    float | None, typer.Option(help="Free space around a drawing, in pixels. [default: 8 % of the size]")
]
Color = Annotated[str, typer.Option(help="Colour of the strokes: a CSS name, or #rrggbb.")]
Background = Annotated[str, typer.Option(help="Colour of the page, or none.")]
ColorByOrder = Annotated[bool, typer.Option("--color-by-order", help="Give each stroke a colour of its own.")]
MaxPoints = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Points of a drawing at most. [default: the model's max_seq_len]"),
]
CHECKPOINT_DIR = Path("checkpoints")
DATA_DIR = Path("datasets")
INK = "#22262b"
WHITE = "#ffffff"
Epsilon = Annotated[float, typer.Option(min=0, max=100, help="Tolerance of an SVG's simplification, in pixels of 255.")]
INPUT_HELP = (
    "An .svg, a scan (.png, .jpg), a stroke-3 .npy or .json, or a sketch of a set: cat.npz:test:17, cat:test:random."
)
Join = Annotated[
    bool | None,
    typer.Option(
        "--join/--no-join",
        help="Join an SVG's strokes whose ends touch. [default: where a program cut them into pieces]",
    ),
]
CenterLines = Annotated[
    bool, typer.Option("--center-lines", help="Take the middle of an SVG's filled outlines, not their edge.")
]
