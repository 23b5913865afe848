"""Judge a model's drawings against held-out ones: are they recognized, do they end, are they various, are they copies?

    python tests/benchmarks/quality.py MODEL quickdraw345.npz [--judge judge.npz] [--per-word 4] [--json figures.json]

The judge (`judge.py`) is trained here where its file is absent: minutes on a GPU, hours without. Of each word as many
drawings as samples are held out (the archive's `test` split). Every share comes with its standard error. Distances are
in the judge's features; beside them stands what two sets of real drawings of that size have.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from judge import Judge, Opinion, labels_of, train
from likeness import frechet, kernel_distance, precision_recall_coverage

from sketchrnn_cli.api.releasing import parse_sampling
from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import DataSet
from sketchrnn_cli.drawing.bitmaps import bitmaps
from sketchrnn_cli.drawing.chamfer import chamfer, cloud
from sketchrnn_cli.drawing.copies import blurred, nearest
from sketchrnn_cli.latent_search import nearest_latents
from sketchrnn_cli.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import fit

JUDGE = Path.home() / ".cache" / "sketchrnn" / "judge.npz"
JUDGE_SECONDS = 100.0
COPY_WORDS = 40
"""Words, evenly spaced, whose samples are looked up among all their training drawings."""
REDRAWN = 100
"""Held-out drawings that are reconstructed."""


def main() -> None:
    """Print the figures, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--judge", type=Path, default=JUDGE)
    parser.add_argument("--words", nargs="*", default=[], help="only these; all of the archive's by default")
    parser.add_argument("--per-word", type=int, default=4)
    parser.add_argument("--best-of", type=int, default=1)
    parser.add_argument("--sampling", default="", help="name=value,...; by default as the model draws best")
    parser.add_argument("--searches", type=int, nargs="*", default=[0, 16], help="z tried for a reconstruction")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    dataset = archive.load(options.archive)
    judge = load_judge(options.judge, dataset)
    sketcher = Sketcher(names.load(options.model))
    sampling = parse_sampling(options.sampling) if options.sampling else None
    figures: dict[str, float] = {}
    words = options.words or list(dataset.classes)
    count = options.per_word
    samples = draw(sketcher, words, count, options.seed, sampling, options.best_of)
    held_out, other = (drawings(dataset, "test", words, count, part) for part in (0, 1))
    figures |= recognition(judge, words, samples, held_out)
    figures |= likeness(judge, words, samples, held_out, other)
    limit = sketcher.hparams.max_seq_len
    figures |= share("ended", [len(sketch) < limit for some in samples.values() for sketch in some])
    figures |= shape("samples", samples) | shape("held_out", held_out)
    figures |= copying(dataset, words, samples, held_out)
    if sketcher.hparams.conditional:
        figures |= reconstruction(sketcher, dataset, words, options.searches)
    for name, value in figures.items():
        if not name.endswith("_standard_error"):
            error = figures.get(f"{name}_standard_error")
            print(f"{name:34s} {value:9.4f}" + ("" if error is None else f" ± {error:.4f}"))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


Drawn = dict[str, list[np.ndarray]]
"""Sketches by word."""


def load_judge(path: Path, dataset: DataSet) -> Judge:
    """Return the judge of a file, trained first where there is none."""
    if not path.is_file():
        print(f"training a judge for {JUDGE_SECONDS:g} s; it is kept as {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = bitmaps([dataset.train[i] for i in range(len(dataset.train))])
        for said in train(packed, labels_of(dataset, "train"), dataset.classes, JUDGE_SECONDS):
            if isinstance(said, Judge):
                said.save(path)
            else:
                print(said, flush=True)
    return Judge.load(path)


def draw(sketcher: Sketcher, words: Sequence[str], count: int, seed: int, sampling: Any, best_of: int) -> Drawn:
    """Draw so many of each word; a model that knows no words draws as if all were its one."""
    asked = [word for word in words for _ in range(count)]
    labels = sketcher.rows(asked) if sketcher.hparams.num_classes else None
    drawn = sketcher.sample(len(asked), seed, sampling, labels=labels, best_of=best_of)
    return {word: drawn[i * count : (i + 1) * count] for i, word in enumerate(words)}


def drawings(dataset: DataSet, split: str, words: Sequence[str], count: int | None = None, part: int = 0) -> Drawn:
    """Return drawings of each word in a split, in the order of the file: the `part`-th so many, or all."""
    sketches, labels = dataset.splits[split], labels_of(dataset, split)
    found = {}
    for word in words:
        places = np.flatnonzero(labels == dataset.classes.index(word))
        chosen = places if count is None else places[part * count : (part + 1) * count]
        found[word] = [sketches[int(i)] for i in chosen]
    return found


def share(name: str, truths: Sequence[bool] | np.ndarray, real: float = 1.0) -> dict[str, float]:
    """Return a share, over that of real drawings where given, and its standard error."""
    values = np.asarray(truths, dtype=np.float64) / real
    return {name: float(values.mean()), f"{name}_standard_error": float(values.std() / np.sqrt(len(values)))}


def opinions(judge: Judge, words: Sequence[str], drawn: Drawn) -> tuple[Opinion, np.ndarray]:
    """Return what the judge says of all drawings, and their labels among its words."""
    labels = np.array([judge.words.index(word) for word in words for _ in drawn[word]])
    return judge.look([sketch for word in words for sketch in drawn[word]]), labels


def recognition(judge: Judge, words: Sequence[str], samples: Drawn, held_out: Drawn) -> dict[str, float]:
    """Return the shares that the judge names right: of real drawings, and of samples over that."""
    figures: dict[str, float] = {}
    real, real_labels = opinions(judge, words, held_out)
    ours, labels = opinions(judge, words, samples)
    for places in (1, 5):
        figures |= share(f"real_recognized_at_{places}", real.among(real_labels, places))
        figures |= share(f"raw_recognized_at_{places}", ours.among(labels, places))
        rate = figures[f"real_recognized_at_{places}"]
        figures |= share(f"recognized_at_{places}", ours.among(labels, places), rate)
    return figures


def likeness(judge: Judge, words: Sequence[str], samples: Drawn, held_out: Drawn, other: Drawn) -> dict[str, float]:
    """Return the distances of samples from held-out drawings, and of these from others."""
    ours, real, more = (opinions(judge, words, some)[0].features for some in (samples, held_out, other))
    rng = np.random.default_rng(0)
    figures = {}
    for name, features in (("", ours), ("real_", more)):
        if len(features) > 1:
            distance, error = kernel_distance(features, real, rng)
            precision, recall, coverage = precision_recall_coverage(features, real)
            figures |= {
                f"{name}frechet_distance": frechet(features, real), f"{name}kernel_distance": distance,
                f"{name}kernel_distance_standard_error": error, f"{name}precision": precision,
                f"{name}recall": recall, f"{name}coverage": coverage,
            }  # fmt: skip
    return figures


def shape(name: str, drawn: Drawn) -> dict[str, float]:
    """Return quartiles of strokes, points and lengths (in larger sides of the drawing)."""
    sketches = [sketch for some in drawn.values() for sketch in some]
    measured = {
        "strokes": [float(sketch[:, 2].sum()) for sketch in sketches],
        "points": [float(len(sketch)) for sketch in sketches],
        "length": [
            sum(float(np.hypot(*np.diff(stroke, axis=0).T).sum()) for stroke in fit(to_polylines(sketch), 1.0))
            for sketch in sketches
        ],
    }
    return {
        f"{name}_{what}_{quarter}": float(np.percentile(values, quarter))
        for what, values in measured.items() for quarter in (25, 50, 75)
    }  # fmt: skip


def copying(dataset: DataSet, words: Sequence[str], samples: Drawn, held_out: Drawn) -> dict[str, float]:
    """Return the median distance of samples to their nearest training drawing, over that of held-out drawings."""
    chosen = [words[i] for i in np.unique(np.linspace(0, len(words) - 1, COPY_WORDS).astype(int))]
    ours, real = [], []
    for word, training in drawings(dataset, "train", chosen).items():
        blurs = blurred(training)
        ours.append(1.0 - nearest(blurred(samples[word]), blurs))
        real.append(1.0 - nearest(blurred(held_out[word]), blurs))
    return {"copying_ratio": float(np.median(np.concatenate(ours)) / np.median(np.concatenate(real)))}


def reconstruction(
    sketcher: Sketcher, dataset: DataSet, words: Sequence[str], searches: Sequence[int]
) -> dict[str, float]:
    """Return how many held-out drawings have their own reconstruction nearest among all, per number of z tried.

    By Chamfer distance, which the search makes small, and by blurred pictures, of which it knows nothing.
    """
    limit = sketcher.hparams.max_seq_len
    each = max(1, REDRAWN // len(words))
    found = [
        sketch for some in drawings(dataset, "test", words).values()
        for sketch in [one for one in some if len(one) <= limit][:each]
    ][:REDRAWN]  # fmt: skip
    clouds, pictures, own = [cloud(sketch) for sketch in found], blurred(found), np.arange(len(found))
    figures = {}
    for tries in searches:
        z = nearest_latents(sketcher, found, tries, 0.1, seed=0)
        again = sketcher.draw(z, len(found), 0.1, seed=0, streams=[0] * len(found))
        redrawn = [cloud(sketch) for sketch in again]
        table = np.array([[chamfer(mine, other) for other in redrawn] for mine in clouds])
        figures |= share(f"reconstructed_{tries}", table.argmin(axis=1) == own)
        figures |= share(f"reconstructed_blurred_{tries}", (pictures @ blurred(again).T).argmax(axis=1) == own)
    return figures


if __name__ == "__main__":
    main()
