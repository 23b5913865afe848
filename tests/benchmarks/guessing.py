"""What guessing size and z is worth: real drawings cut after their first strokes, at several sizes.

    python tests/benchmarks/guessing.py DRAWINGS.npz [--word cat] [--ckpt cat] [--skip 0] [--count 40]

DRAWINGS.npz holds points [P, 2], stroke_lengths [S], sketch_first_stroke [D], label [D] and words. Printed is the mean
log density a row (offset and pen, nats) of the true ending: at face value, by the top score alone, and under the
mixture of a round's guesses; and on how many drawings the last two beat face value.
"""

import argparse
from pathlib import Path

import numpy as np

from sketchrnn_cli.model import guessing
from sketchrnn_cli.model.inference import Drawer
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.formats import from_polylines
from sketchrnn_cli.strokes.prepare import fit

SIZES = (1.0, 0.7, 0.5)


def drawings(path: Path, word: str) -> list[list[np.ndarray]]:
    """The strokes of every drawing of a word."""
    found = np.load(path)
    points, lengths, firsts = found["points"], found["stroke_lengths"], found["sketch_first_stroke"].astype(int)
    ends = np.cumsum(lengths.astype(int))
    wanted = np.flatnonzero(found["label"] == list(found["words"]).index(word))
    strokes = []
    for number in wanted:
        last = firsts[number + 1] if number + 1 < len(firsts) else len(lengths)
        strokes.append([points[ends[s] - lengths[s] : ends[s]].astype(float) for s in range(firsts[number], last)])
    return strokes


def cut(strokes: list[np.ndarray], canvas: float, scale: float, longest: int) -> tuple[np.ndarray, int] | None:
    """The sketch in model units, and where its first strokes end: those that make up a third of it."""
    sketch = from_polylines(fit(strokes, canvas)) / np.float32([scale, scale, 1])
    lifts = np.flatnonzero(sketch[:, 2]) + 1
    place = int(lifts[np.searchsorted(lifts, len(sketch) / 3)])
    return (sketch, place) if 5 <= place <= len(sketch) - 5 and len(sketch) <= longest else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("drawings", type=Path)
    parser.add_argument("--word", default="cat")
    parser.add_argument("--ckpt", default="cat")
    parser.add_argument("--skip", type=int, default=0, help="drawings passed over, as those trained on")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    loaded = names.load(options.ckpt)
    drawer = Drawer(loaded.hparams, loaded.weights)
    scale, canvas = loaded.sidecar.units_per_model_unit, loaded.sidecar.canvas_size
    cuts = (
        cut(strokes, canvas, scale, loaded.hparams.max_seq_len) for strokes in drawings(options.drawings, options.word)
    )
    taken = [each for each in cuts if each][options.skip :][: options.count]
    print(
        f"{loaded.folder.name}, {len(taken)} of {options.word}: size, face value, top score, mixture, "
        "top score better, mixture better"
    )
    for size in SIZES:
        rows = []
        for number, (sketch, place) in enumerate(taken):
            sized = sketch * np.float32([size, size, 1])
            found = guessing.guess(drawer, sized[:place], guessing.ENDINGS, seed=number)
            mu = drawer.encode([sized[:place]])[0]
            face = ending(drawer, mu, sized, place, np.ones(1))[0]
            six = ending(drawer, found.z, sized, place, found.scales)
            points = len(sized) - place
            top = six.max()
            mixture = top + np.log(np.mean(np.exp(six - top)))
            rows.append(np.array([face, six[0], mixture]) / points)
        table = np.array(rows)
        better = (table[:, 1:] > table[:, :1]).mean(axis=0)
        print(size, *np.round(table.mean(axis=0), 2), *[f"{share:.0%}" for share in better])


def ending(drawer: Drawer, z: np.ndarray | None, sketch: np.ndarray, place: int, scales: np.ndarray) -> np.ndarray:
    """Log density of what comes after `place`, `[guesses]`, each guess reading the sketch at its scale."""
    scaled = np.stack([sketch * np.float32([scale, scale, 1]) for scale in scales])
    after = drawer.log_likelihood(z, scaled) - drawer.log_likelihood(z, scaled[:, :place])
    return after + 2 * (len(sketch) - place) * np.log(scales)


if __name__ == "__main__":
    main()
