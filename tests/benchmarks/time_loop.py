"""Time the compiled training step by kernel, precision, length and batch, its rows already on the device.

What the input pipeline and the trainer add is not in it: `train_step.py` has that.

    KERAS_BACKEND=jax python tests/benchmarks/time_loop.py [--lengths 84 128 150] [--batches 100 1000] [--steps 30]
"""

import argparse
import statistics
import time

import numpy as np
from keras import ops

from sketchrnn_cli.data.batches import Batch
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.model.weights import initialize
from sketchrnn_cli.training import evaluation, optimizer, start
from sketchrnn_cli.training.step import Step, schedule, step_function


def main() -> None:
    """Print a row for each kernel and precision that runs here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[84, 128, 150], help="rows of a padded sketch")
    parser.add_argument("--batches", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--kernels", nargs="+", default=["scan", "hopper"])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    print(f"{start.use_device('auto', False)}; recurrent dropout, batch on the device")
    print("| kernel | precision | batch | T | ms a step | least to most | compiled in |\n" + "| --- " * 7 + "|")
    for kernel in arguments.kernels:
        for precision in arguments.precisions:
            for batch in arguments.batches:
                for length in arguments.lengths:
                    measure(HParams(max_seq_len=length, kernel=kernel, precision=precision), length, batch, arguments)


def measure(hparams: HParams, length: int, batch: int, arguments: argparse.Namespace) -> None:
    """Compile a step, take it, and print its row."""
    choice = kernels.choice(hparams)
    if choice.name != hparams.kernel:
        print(choice.reason)
        return
    weights = initialize(hparams)
    state = (weights, optimizer.first_slots(weights, hparams))
    state = tuple({name: ops.convert_to_tensor(value) for name, value in part.items()} for part in state)
    rows = evaluation.on_device(made_batch(length, batch))
    step = Step(*map(ops.convert_to_tensor, schedule(0, hparams)))
    kernels.prepare(hparams)
    began, take = time.perf_counter(), kernels.engine().compile_step(step_function(hparams), choice.name)

    def run(steps: int) -> float:
        nonlocal state
        began = time.perf_counter()
        for _ in range(steps):
            state, metrics = take(state, rows, step)
        np.asarray(metrics)
        return 1000 * (time.perf_counter() - began) / steps

    run(3)
    compiled = time.perf_counter() - began
    times = [run(arguments.steps) for _ in range(3)]
    print(
        f"| {hparams.kernel} | {hparams.precision} | {batch} | {length} | {statistics.median(times):.2f} | "
        f"{min(times):.2f} to {max(times):.2f} | {compiled:.0f} s |",
        flush=True,
    )


def made_batch(length: int, batch: int) -> Batch:
    """Return a batch of sketches of `length` rows each, the last an end row."""
    rows = np.zeros((batch, length, 5), np.float32)
    rows[..., :2] = np.random.default_rng(0).normal(size=(batch, length, 2))
    rows[:, :-1, 2] = rows[:, -1, 4] = 1.0
    lengths = np.full(batch, length - 1, np.int32)
    return Batch(rows, lengths, np.zeros(batch, np.int32), np.int32(batch))


if __name__ == "__main__":
    main()
