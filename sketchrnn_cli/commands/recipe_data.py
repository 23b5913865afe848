"""The data set of a recipe, downloaded and built once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sketchrnn_cli import console
from sketchrnn_cli.data.quickdraw import BASE_URL
from sketchrnn_cli.errors import UsageError

if TYPE_CHECKING:
    from sketchrnn_cli.recipes import Recipe


def recipe_data(recipe: "Recipe", data_dir: Path, yes: bool, base_url: str = BASE_URL) -> Path:
    """Return the data set of a recipe, after downloading it if it is not in `data_dir`; interrupted transfers resume.

    Raises:
        UsageError: it is missing, and the user did not agree to download it.
        DownloadError: a download failed permanently.
    """
    from sketchrnn_cli.data import simplified

    path = data_dir / f"{recipe.archive}.npz"
    if path.is_file():
        return path
    size = f"the first {recipe.data.drawings} drawings of {len(recipe.data.words)} words, about " + (
        f"{recipe.data.drawings * len(recipe.data.words) * 700 / 1e6:.0f} MB"
    )
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Fetch {size}, from Quick, Draw!?", err=True)):
        raise UsageError(f"{path} is missing; --yes downloads {size}, or name a DATASET")
    folder = data_dir / recipe.archive
    with console.progress() as bars:
        bar = bars.add_task(recipe.archive, total=len(recipe.data.words))
        for word, progress in simplified.fetch(recipe.data, folder, base_url):
            if progress.note:
                bars.console.print(f"{word}: {progress.note}", highlight=False, markup=False)
            bars.update(bar, completed=recipe.data.words.index(word), description=word)
    counts = simplified.build(recipe.data, folder, path)
    console.message(f"{path}: {', '.join(f'{count} {split}' for split, count in counts.items())}")
    return path
