"""Time drawing with the default sizes: one sketch of 250 steps, and 1000 sketches in one batch.

python tests/benchmarks/sampling.py
"""

import time

import numpy as np

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.inference import Drawer, Noise
from sketchrnn_cli.model.weights import initialize

STEPS = 250


def main() -> None:
    """Print both figures; no sketch may end early, so that every one takes all its steps."""
    hparams = HParams(max_seq_len=STEPS)
    weights = initialize(hparams)
    weights["output.bias"][:3] = [9.0, 0.0, -30.0]
    drawer = Drawer(hparams, weights)
    one = min(seconds(drawer, 1) for _ in range(5))
    many = seconds(drawer, 1000)
    print(f"one sketch of {STEPS} steps: {one:.3f} s (at most 0.1)")
    print(f"1000 sketches of {STEPS} steps in one batch: {1000 / many:.0f} sketches/s (at least 100)")


def seconds(drawer: Drawer, count: int) -> float:
    """Return how long `count` sketches take, their random numbers included."""
    z = np.random.default_rng(0).standard_normal((count, drawer.hparams.z_size)).astype(np.float32)
    begun = time.perf_counter()
    noise = [Noise.draw(np.random.default_rng([0, i]), STEPS) for i in range(count)]
    sketches = drawer.draw(z, noise, 0.4, STEPS)
    taken = time.perf_counter() - begun
    assert {len(sketch) for sketch in sketches} == {STEPS}
    return taken


if __name__ == "__main__":
    main()
