"""Make the labeled archive of 345 words that the bundled models are trained on.

    python tests/benchmarks/quickdraw345.py [SOURCE] --out quickdraw345.npz [--words cat dog]

SOURCE has no pickle in it: flat points of absolute positions, lengths of strokes, labels, key ids, words. A drawing
goes to test where its position (`data.splitting`) is below .1, to valid below .15.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.dataset import SPLITS
from sketchrnn_cli.data.splitting import position_of_id, split_at

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "quickdraw345" / "quickdraw345.npz"
PROVENANCE = "Quick, Draw! Dataset, Google, CC BY 4.0: drawings in the simplified form, recognized by the game"
VALID, TEST = 0.05, 0.1


def convert(source: Path, out: Path, chosen: Sequence[str] = (), longest: int = 250) -> dict[str, int]:
    """Write the archive; return how many drawings each split has.

    Args:
        source: the flat arrays.
        out: the archive.
        chosen: only these words; all where empty.
        longest: leave out drawings of more points.

    Raises:
        SystemExit: a word is not among the source's.
    """
    with np.load(source, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    every = [str(word) for word in found["words"]]
    if unknown := set(chosen) - set(every):
        raise SystemExit(f"no such word: {', '.join(sorted(unknown))}")
    words = [word for word in every if not chosen or word in chosen]
    place = {every.index(word): number for number, word in enumerate(words)}
    sketches, labels, ids = ({split: [] for split in SPLITS} for _ in range(3))
    for number, offsets in _drawings(found):
        label, key_id = int(found["label"][number]), int(found["key_id"][number])
        if label in place and 0 < len(offsets) <= longest:
            split = split_at(position_of_id(key_id), VALID, TEST)
            sketches[split].append(offsets)
            labels[split].append(place[label])
            ids[split].append(key_id)
    key_ids = {split: np.array(some, dtype=np.uint64) for split, some in ids.items()}
    archive.write(out, sketches, PROVENANCE, words, labels, key_ids)
    return {split: len(some) for split, some in sketches.items()}


def _drawings(found: dict[str, np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Yield number and stroke-3 int16 offsets of each drawing; the first offset leads from its first point."""
    points = found["points"].astype(np.int16)
    stroke_ends = np.cumsum(found["stroke_lengths"], dtype=np.int64)
    lifted = np.zeros(len(points), dtype=np.int16)
    lifted[stroke_ends - 1] = 1
    firsts = found["sketch_first_stroke"].astype(np.int64)
    starts = np.concatenate([[0], stroke_ends])[firsts]
    ends = np.append(starts[1:], len(points))
    moves = np.diff(points, axis=0, prepend=points[:1])
    rows = np.concatenate([moves, lifted[:, None]], axis=1)
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        yield number, rows[start + 1 : end]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, default=SOURCE)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--words", nargs="*", default=[])
    options = parser.parse_args()
    print(convert(options.source, options.out, options.words))
