"""Judge a model's drawings against held-out ones: do they end, do they vary, does it redraw what it is shown?

Distance is the symmetric Chamfer distance between point sets resampled at equal arc length, both drawings scaled to a
unit box.

    python tests/benchmarks/quality.py CKPT DATASET [--samples 200] [--temperature 0.5]
"""

import argparse
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.model.sketching import Sketcher
from sketchrnn_cli.store import names
from sketchrnn_cli.strokes.formats import to_polylines
from sketchrnn_cli.strokes.prepare import fit, resample

POINTS = 256
"""Points that a drawing is resampled to, about."""

RECONSTRUCTED = 20


def main() -> None:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.5)
    arguments = parser.parse_args()
    sketcher = Sketcher(names.load(arguments.checkpoint))
    test = archive.load(arguments.dataset).splits["test"]
    held_out = [test[i] for i in range(min(arguments.samples, len(test)))]
    limit = sketcher.hparams.max_seq_len

    count = arguments.samples
    z = sketcher.random_latents(count, seed=0)
    samples = sketcher.draw(z, count, arguments.temperature, seed=0, max_points=limit + 1)
    ended = np.mean([len(sketch) <= limit for sketch in samples])
    print(f"samples that end before max_seq_len {limit}: {100 * ended:.1f} % of {count}")

    clouds, real = [cloud(sketch) for sketch in samples], [cloud(sketch) for sketch in held_out]
    ours, theirs = nearest(clouds), nearest(real)
    print(f"mean nearest-neighbour distance: samples {ours:.4f}, held-out {theirs:.4f}, ratio {ours / theirs:.2f}")

    shown = held_out[:RECONSTRUCTED]
    mu, _ = sketcher.encode(shown)
    redrawn = sketcher.draw(mu, len(shown), 0.1, seed=0)
    distances = np.array([[chamfer(cloud(a), b) for b in real[:RECONSTRUCTED]] for a in redrawn])
    right = int((distances.argmin(axis=1) == np.arange(len(shown))).sum())
    print(f"reconstructions nearest to their own input: {right} of {len(shown)}")


def cloud(sketch: np.ndarray) -> np.ndarray:
    """Return about `POINTS` points `[n, 2]` at equal arc length along a drawing scaled to a unit box."""
    strokes = fit(to_polylines(sketch), 1.0)
    length = sum(np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes)
    return np.concatenate([resample(stroke, max(length / POINTS, 1e-6)) for stroke in strokes])


def chamfer(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean distance from each cloud's points to the other's nearest, averaged over both ways."""
    distances = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))
    return float(distances.min(axis=0).mean() + distances.min(axis=1).mean()) / 2


def nearest(clouds: list[np.ndarray]) -> float:
    """Return the mean distance of each cloud to its nearest neighbour."""
    table = np.full((len(clouds), len(clouds)), np.inf)
    for i, a in enumerate(clouds):
        for j in range(i):
            table[i, j] = table[j, i] = chamfer(a, clouds[j])
    return float(table.min(axis=1).mean())


if __name__ == "__main__":
    main()
