"""Time preparing 70,000 sketches, and a batch of 100 with augmentation: ours beside a loop over points.

The loop does what Magenta's loader does, the way it does: clip, leave out what is too long, sort, normalize; and for a
batch scale, drop points, pad to stroke-5. Both begin with the sketches in memory.

    python tests/benchmarks/prepare.py [ARCHIVE]
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.batches import corpus, make, padded_lengths, plan
from sketchrnn_cli.data.dataset import measure, pack
from sketchrnn_cli.hparams import HParams

MONKEYS = Path(__file__).resolve().parents[3] / "shared" / "data" / "npz" / "quickdraw_monkey.npz"
COUNT, ROWS, LONGEST, LIMIT = 70_000, 100, 250, 1000


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", nargs="?", type=Path, default=MONKEYS)
    found = drawings(parser.parse_args().archive)
    repeated = [found[i % len(found)] for i in range(COUNT)]
    begun = time.perf_counter()
    packed = pack(repeated, "train")
    splits = {"train": packed, "valid": packed, "test": packed}
    measures = measure(splits)
    scale = float(np.sqrt(measures.squares / measures.count - (measures.total / measures.count) ** 2))
    ours = corpus([packed], LONGEST)
    hparams = HParams(max_seq_len=LONGEST, batch_size=ROWS)
    lengths = padded_lengths(ours, hparams, 1e9, 1.0)
    preparing = time.perf_counter() - begun
    begun = time.perf_counter()
    plain, factor = prepare_plainly(repeated)
    preparing_plainly = time.perf_counter() - begun
    assert abs(factor - scale) < 1e-3 * scale
    batches = (make(ours, hparams, scale, 0, planned) for planned in plan(ours, hparams, lengths, 0))
    next(batches)  # It also makes the epoch's order.
    batch = median_seconds(lambda: next(batches))
    batch_plainly = median_seconds(lambda: batch_plainly_made(plain))
    line = "{}: ours {:.4f} s, a loop over points {:.4f} s, {:.1f} times as fast (at least {} asked)"
    print(line.format(f"preparing {COUNT} sketches", preparing, preparing_plainly, preparing_plainly / preparing, 5))
    print(line.format(f"a batch of {ROWS}", batch, batch_plainly, batch_plainly / batch, 10))


def drawings(path: Path) -> list[np.ndarray]:
    """Return the training drawings of an archive, or made ones of the same lengths where it is absent."""
    if path.is_file():
        train = archive.load(path).train
        return [train[i].astype(np.int16) for i in range(len(train))]
    rng = np.random.default_rng(0)
    made = [rng.integers(-60, 60, (int(n), 3)).astype(np.int16) for n in rng.integers(20, 134, 700)]
    for sketch in made:
        sketch[:, 2] = rng.random(len(sketch)) < 0.1
    return made


def median_seconds(make: Callable[[], object]) -> float:
    """Return the median time of 20 calls."""
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        make()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def prepare_plainly(raw: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """Clip, leave out, sort and normalize sketches one by one, gathering offsets point by point."""
    kept, offsets = [], []
    for sketch in raw:
        if len(sketch) <= LONGEST:
            kept.append(np.clip(sketch, -LIMIT, LIMIT).astype(np.float32))
    kept.sort(key=len)
    for sketch in kept:
        for point in range(len(sketch)):
            offsets.append(sketch[point, 0])
            offsets.append(sketch[point, 1])
    factor = float(np.std(np.array(offsets, dtype=np.float64)))
    for sketch in kept:
        sketch[:, :2] /= factor
    return kept, factor


def batch_plainly_made(sketches: list[np.ndarray]) -> np.ndarray:
    """Scale sketches, drop inner points and pad to stroke-5: each point indexed, and its dice thrown, by NumPy."""
    batch = np.zeros((ROWS, LONGEST + 1, 5), dtype=np.float32)
    for row in range(ROWS):
        sketch = np.copy(random.choice(sketches))
        sketch[:, 0] *= 1 + 0.15 * (2 * np.random.rand() - 1)
        sketch[:, 1] *= 1 + 0.15 * (2 * np.random.rand() - 1)
        points: list[list[float]] = []
        run = 0
        for place in range(len(sketch)):
            point = [sketch[place][0], sketch[place][1], sketch[place][2]]
            run = 0 if point[2] == 1 else run + 1
            chance = np.random.rand()
            if point[2] == 0 and run > 2 and points and chance < 0.10:
                points[-1][0] += point[0]
                points[-1][1] += point[1]
            else:
                points.append(point)
        kept = np.array(points)
        batch[row, : len(kept), :2] = kept[:, :2]
        batch[row, : len(kept), 3] = kept[:, 2]
        batch[row, : len(kept), 2] = 1 - kept[:, 2]
        batch[row, len(kept) :, 4] = 1
    return batch


if __name__ == "__main__":
    main()
