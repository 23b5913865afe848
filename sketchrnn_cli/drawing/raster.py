"""Pictures as PNG, by Cairo where its system library is found, else by our own pen."""

from pathlib import Path

from sketchrnn_cli.drawing import svg
from sketchrnn_cli.drawing.layout import Picture

WITHOUT_CAIRO = (
    "Cairo's system library was not found, so the PNG was drawn without it (plainer captions). "
    "To install it: 'apt install libcairo2' on Debian, 'brew install cairo' on macOS, "
    "the GTK runtime (github.com/tschoonj/GTK-for-Windows-Runtime-Environment-Installer) on Windows."
)


def write_png(picture: Picture, path: Path) -> str | None:
    """Write the picture as PNG.

    Returns:
        A line for the user where Cairo is missing, else None.
    """
    try:
        import cairosvg
    except OSError:  # cairocffi raises it where it finds no shared library
        from PIL import Image

        from sketchrnn_cli.drawing import pen

        # The pen's page is premultiplied by alpha, Pillow's mode "RGBa"
        Image.frombytes("RGBa", (picture.width, picture.height), pen.draw(picture)).convert("RGBA").save(path)
        return WITHOUT_CAIRO
    cairosvg.svg2png(bytestring=svg.render(picture).encode(), write_to=str(path))
    return None
