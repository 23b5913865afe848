"""`sketchrnn classify`: name drawings by a model that draws by words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sketchrnn_cli import console
from sketchrnn_cli.commands import options as opt

if TYPE_CHECKING:
    from sketchrnn_cli.commands.engine import Engine
    from sketchrnn_cli.store.checkpoint import Checkpoint

SHOWN = 5
"""Words per drawing."""


@opt.with_engine
@opt.with_reading
def classify(
    words: Annotated[
        list[str],
        opt.words_of(
            "INPUT...",
            "drawings, or a data set to measure accuracy on. " + opt.INPUT_HELP,
            "the newest run if it knows words, else the bundled quickdraw",
        ),
    ],
    split: Annotated[str, typer.Option(help="Of a data set: train, valid or test.")] = "test",
    limit: Annotated[
        int, typer.Option(min=1, help="Of a data set: maximum number of drawings, chosen at random.")
    ] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    seed: opt.Seed = 0,
    checkpoint_dir: opt.CheckpointDir = opt.CHECKPOINT_DIR,
    reading: Any = None,
    engine: Any = None,
) -> None:
    """Classify drawings: the five most likely of all words known to the model.

    For a data set, report top-1 and top-5 accuracy.

    Example: sketchrnn classify mine.svg
    """
    import json

    from sketchrnn_cli.commands import meant, sheets
    from sketchrnn_cli.data.inputs import names_one

    ckpt, inputs = meant.model_and_drawings(words, checkpoint_dir, sets=reading.data_dir)
    sketcher = sheets.open_model(ckpt, checkpoint_dir, with_words=True)
    results = []
    for text in inputs:
        if names_one(text):
            shown = sheets.read_inputs([text], sketcher, reading, seed)
            ((*found,),) = sketcher.classify(shown, SHOWN)
            results.append({"input": text, "words": [{"word": word, "probability": p} for word, p in found]})
            line = ", ".join(f"{word} {p:.0%}" for word, p in found)
        else:
            counted = _count(sketcher.checkpoint, text, reading.data_dir, split, limit, seed, engine)
            results.append({"input": text, **counted})
            line = (
                f"{counted['top_1']:.3f} of {counted['drawings']} classified correctly, "
                f"{counted['top_5']:.3f} within five "
                f"(± {counted['standard_error']:.3f})"
            )
        if not as_json:
            console.result(f"{text}: {line}")
    if as_json:
        console.result(json.dumps(results, indent=2))


def _count(
    loaded: "Checkpoint", text: str, data_dir: Path, split: str, limit: int, seed: int, engine: "Engine"
) -> dict[str, Any]:
    """Return the accuracy on a data set."""
    from sketchrnn_cli.commands import drawings
    from sketchrnn_cli.data import cache, names
    from sketchrnn_cli.data.dataset import check_splits

    check_splits([split])
    engine.check()
    (path,) = drawings.archives([names.find(text, data_dir)])
    dataset = cache.load(path)
    engine.start()
    from sketchrnn_cli.training import classifying

    with console.progress("{task.description}", "{task.completed} of {task.total}") as bar:
        task = bar.add_task("naming", total=min(limit, len(dataset.splits[split])))
        named = []
        for one in classifying.name_all(loaded, dataset, split, limit, seed):
            named.append(one)
            bar.advance(task)
    top_1, top_5 = (sum(one.within(count) for one in named) / len(named) for count in (1, SHOWN))
    error = (top_1 * (1 - top_1) / len(named)) ** 0.5
    return {"split": split, "drawings": len(named), "top_1": top_1, "top_5": top_5, "standard_error": error}
