"""`sketchrnn classify`: name drawings by a model that draws by words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt

if TYPE_CHECKING:
    from sketchrnn_cli.store.checkpoint import Checkpoint

SHOWN = 5
"""Words a drawing."""


@opt.with_reading
def classify(
    words: Annotated[
        list[str],
        opt.words_of("INPUT...", "drawings, or a data set, to count what is named rightly. " + opt.INPUT_HELP),
    ],
    split: Annotated[str, typer.Option(help="Of a data set: train, valid or test.")] = "test",
    limit: Annotated[int, typer.Option(min=1, help="Of a data set: drawings at most, drawn by lot.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: Annotated[str, typer.Option(help="For a data set: auto, cpu or gpu.")] = "auto",
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    reading: Any = None,
) -> None:
    """Name drawings: of all words that the model knows, the five under which it would most likely draw them.

    Of a data set, it is counted how often the right word comes first, and among the first five.

    Example: sketchrnn classify quickdraw mine.svg
    """
    import json

    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.data.inputs import names_one

    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir, sets=reading.data_dir)
    sketcher = sheets.open_model(ckpt, checkpoint_dir)
    results = []
    for text in inputs:
        if names_one(text):
            shown = sheets.read_inputs([text], sketcher, reading, seed)
            ((*found,),) = sketcher.classify(shown, SHOWN)
            results.append({"input": text, "words": [{"word": word, "probability": p} for word, p in found]})
            line = ", ".join(f"{word} {p:.0%}" for word, p in found)
        else:
            counted = _count(sketcher.checkpoint, text, reading.data_dir, split, limit, seed, device)
            results.append({"input": text, **counted})
            line = (
                f"{counted['top_1']:.3f} of {counted['drawings']} named rightly, {counted['top_5']:.3f} within five "
                f"(± {counted['standard_error']:.3f})"
            )
        if not as_json:
            console.result(f"{text}: {line}")
    if as_json:
        console.result(json.dumps(results, indent=2))


def _count(
    loaded: "Checkpoint", text: str, data_dir: Path, split: str, limit: int, seed: int, device: str
) -> dict[str, Any]:
    """Return how much of a data set is named rightly."""
    from sketchrnn_cli.data import cache, names
    from sketchrnn_cli.data.dataset import SPLITS
    from sketchrnn_cli.errors import UsageError

    if split not in SPLITS:
        raise UsageError(f"--split {split}: expected one of {', '.join(SPLITS)}")
    dataset = cache.load(names.find(text, data_dir))
    with console.stderr().status("Starting the training engine"):
        from sketchrnn_cli.training import classifying, start

    console.message(f"on {start.use_device(device, None)}")
    with console.progress("{task.description}", "{task.completed} of {task.total}") as bar:
        task = bar.add_task("naming", total=min(limit, len(dataset.splits[split])))
        named = []
        for one in classifying.name_all(loaded, dataset, split, limit, seed):
            named.append(one)
            bar.advance(task)
    top_1, top_5 = (sum(one.within(count) for one in named) / len(named) for count in (1, SHOWN))
    error = (top_1 * (1 - top_1) / len(named)) ** 0.5
    return {"split": split, "drawings": len(named), "top_1": top_1, "top_5": top_5, "standard_error": error}
