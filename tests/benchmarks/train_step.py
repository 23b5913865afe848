"""Time a training step: ours beside the seed's layers, same lengths, same batch, same device, in turn.

The seed (eyalzk/sketch_rnn_keras) is rebuilt here from plain Keras layers: a bidirectional LSTM and an LSTM with
`recurrent_dropout`, every batch padded to N_max. Both sides train on the same sketches, input pipeline included.

    python tests/benchmarks/train_step.py [ARCHIVE] [--steps 8] [--batch 100] [--precision bfloat16] [--only ours]
    KERAS_BACKEND=jax python tests/benchmarks/train_step.py
"""

import argparse
import itertools
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sketchrnn_cli.data import archive
from sketchrnn_cli.data.augmentation import augment, to_rows
from sketchrnn_cli.data.batches import Corpus, corpus, padded_lengths
from sketchrnn_cli.data.dataset import scale_factor
from sketchrnn_cli.data.noise import epoch_key
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training import blocks, feeds, packing, start
from sketchrnn_cli.training.compiling import Compilation
from sketchrnn_cli.training.packing import Packing

END = np.array([0.0, 0.0, 0.0, 0.0, 1.0], np.float32)
MONKEYS = Path(__file__).resolve().parents[3] / "shared" / "data" / "npz" / "quickdraw_monkey.npz"


def main() -> None:
    """Run both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", nargs="?", type=Path, default=MONKEYS)
    parser.add_argument("--steps", type=int, default=8, help="timed steps of each side")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=1, help="how often the set is repeated, for large batches")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--buckets", type=int, default=HParams.buckets, help="padded lengths at most of ours")
    parser.add_argument("--lengths", type=int, nargs="+", help="the padded lengths of ours, such as those of a run")
    parser.add_argument("--no-input", action="store_true", help="ours on batches that are on the device already")
    parser.add_argument("--pipeline", default="auto", choices=("auto", "host", "device"), help="where ours are made")
    parser.add_argument("--no-dropout", action="store_true")
    parser.add_argument("--only", choices=("ours", "seed"), help="one side alone, to see its memory")
    arguments = parser.parse_args()
    device = start.use_device("auto", False)
    dataset = archive.load(arguments.archive)
    hparams = HParams(
        max_seq_len=int(dataset.train.lengths.max()),
        batch_size=arguments.batch,
        precision=arguments.precision,
        buckets=arguments.buckets,
        use_recurrent_dropout=not arguments.no_dropout,
    )
    sketches = corpus([dataset.train] * arguments.repeat, hparams.max_seq_len)
    scale = scale_factor([dataset])
    print(
        f"{device}; {arguments.archive.name}: N_max {hparams.max_seq_len}, mean {sketches.lengths.mean():.1f} points;"
    )
    print(f"batch {hparams.batch_size}, precision {hparams.precision}, keep {hparams.recurrent_keep}")
    pipeline = "device" if feeds.fits_device(sketches) else "host"
    pipeline = pipeline if arguments.pipeline == "auto" else arguments.pipeline
    sides = {}
    if arguments.only in (None, "ours"):
        lengths = tuple(arguments.lengths or padded_lengths(sketches, hparams, 1e9, 1.0))
        pipeline = "host" if arguments.no_input else pipeline
        sides["ours"] = ours(sketches, scale, hparams, lengths, pipeline, arguments.no_input)
    if arguments.only in (None, "seed"):
        sides["seed"] = seed(sketches, scale, hparams)
    times: dict[str, list[float]] = {name: [] for name in sides}
    processor = dict.fromkeys(sides, 0.0)
    for _ in range(3):
        for name, take in sides.items():
            began, steps = time.process_time(), max(1, arguments.steps // 3)
            times[name].append(take(steps))
            processor[name] += (time.process_time() - began) / (3 * steps)
    for name in sides:
        step = statistics.median(times[name])
        print(
            f"{name:5} {1000 * step:9.2f} ms a step  {hparams.batch_size / step:9.0f} sketches/s  "
            f"{1000 * processor[name]:9.2f} ms of the processors"
        )
    if len(times) == 2:
        print(f"ratio {statistics.median(times['seed']) / statistics.median(times['ours']):9.2f}")
    print(f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def ours(
    sketches: Corpus, scale: float, hparams: HParams, lengths: tuple[int, ...], pipeline: str, no_input: bool
) -> Callable[[int], float]:
    """Return a function that takes our steps and returns the mean seconds of one.

    Args:
        sketches: the training split.
        scale: data units per model unit.
        hparams: model and batches.
        lengths: padded lengths, the last at least the longest sketch.
        pipeline: host or device.
        no_input: make the batches of an epoch, at most 200, beforehand, and only step.
    """
    feed = feeds.FEEDS[pipeline](sketches, hparams, scale, lengths)
    packed, kernel = Packing(hparams), kernels.prepare(hparams)
    state = packing.map_arrays(blocks.tensor, packed.initial(None, None))
    history, schedules, number = blocks.empty_history(), blocks.ScheduleTable(hparams), 0
    began = time.perf_counter()

    def build(length: int) -> Callable[[], Callable]:
        arguments = (packed.examples(), *feed.examples(length))
        return lambda: kernels.engine().compiled(feed.function(length), kernel, arguments, True)

    compilation = Compilation({length: build(length) for length in lengths}, kernels.engine().COMPILES_ASIDE)
    works = feed.work(0)
    if no_input:
        made = list(itertools.islice(works, min(200, -(-len(sketches) // hparams.batch_size))))
        works.close()
        works = itertools.cycle(made)

    def take_one() -> object:
        nonlocal state, history, number
        work = next(works)
        state, history = compilation.take(work.length)(state, history, *schedules.at(number), *work.arguments)
        number += 1
        return history

    while number < 200 or (compilation.number < len(lengths) and number < 1000):
        metrics = take_one()
    np.asarray(metrics)
    print(f"ours  {len(lengths)} lengths compiled in {time.perf_counter() - began:.1f} s: {lengths}", flush=True)

    def take(steps: int) -> float:
        began = time.perf_counter()
        for _ in range(steps):
            metrics = take_one()
        np.asarray(metrics)
        return (time.perf_counter() - began) / steps

    return take


def seed(sketches: Corpus, scale: float, hparams: HParams) -> Callable[[int], float]:
    """Return a function that trains the seed's layers with `train_on_batch`, and returns the mean seconds of a step."""
    import keras
    from keras import layers, ops

    from sketchrnn_cli.model import equations, mixture

    n, keep = hparams.max_seq_len, hparams.recurrent_keep
    rows = keras.Input((n + 1, 5))
    encoder_cell = layers.LSTM(hparams.enc_rnn_size, recurrent_dropout=1.0 - keep)
    encoded = layers.Bidirectional(encoder_cell)(rows[:, 1:])
    mu, sigma_hat = layers.Dense(hparams.z_size)(encoded), layers.Dense(hparams.z_size)(encoded)

    class Latent(layers.Layer):
        def __init__(self):
            super().__init__()
            self.noise = keras.random.SeedGenerator(0)

        def call(self, inputs):
            mu, sigma_hat = inputs
            return mu + ops.exp(0.5 * sigma_hat) * keras.random.normal(ops.shape(mu), seed=self.noise)

    z = Latent()([mu, sigma_hat])
    h, c = (layers.Dense(hparams.dec_rnn_size, activation="tanh")(z) for _ in range(2))
    inputs = layers.Concatenate()([rows[:, :-1], layers.RepeatVector(n)(z)])
    decoder = layers.LSTM(hparams.dec_rnn_size, return_sequences=True, recurrent_dropout=1.0 - keep)
    output = layers.Dense(6 * hparams.num_mixture + 3)(decoder(inputs, initial_state=[h, c]))
    kl = layers.Concatenate()([mu, sigma_hat])
    model = keras.Model(rows, [output, kl])

    def reconstruction(target, output):
        parts = mixture.split(ops, output, hparams.num_mixture)
        offset, pen = equations.reconstruction_terms(ops, parts, target)
        return ops.mean(ops.sum(offset + pen, axis=-1)) / n

    def divergence(target, stacked):
        mu, sigma_hat = ops.split(stacked, 2, axis=-1)
        return ops.maximum(ops.mean(equations.kl_terms(ops, mu, sigma_hat)), hparams.kl_tolerance)

    model.compile(keras.optimizers.Adam(1e-3, clipvalue=1.0), loss=[reconstruction, divergence], jit_compile="auto")

    def padded(epoch: int) -> Iterator[np.ndarray]:
        key = epoch_key(0, epoch)
        order = np.random.default_rng(epoch).permutation(len(sketches))
        for first in range(0, len(order) - hparams.batch_size + 1, hparams.batch_size):
            chosen = order[first : first + hparams.batch_size]
            made = augment(np, sketches.padded(chosen), chosen, key, n, hparams)
            rows = to_rows(np, made, scale)[:, : n - 1]  # The seed has no room for an end row after its longest sketch.
            start_rows = np.tile(equations.START, (hparams.batch_size, 1, 1))
            yield np.concatenate([start_rows, rows, np.tile(END, (hparams.batch_size, 1, 1))], axis=1)

    nothing = np.zeros((hparams.batch_size, 1), np.float32)
    began = time.perf_counter()
    for batch in padded(0):
        model.train_on_batch(batch, [batch[:, 1:], nothing])
        break
    print(f"seed  compiled in {time.perf_counter() - began:.1f} s")

    def take(steps: int) -> float:
        began, taken, epoch = time.perf_counter(), 0, 1
        while taken < steps:
            for batch in padded(epoch):
                model.train_on_batch(batch, [batch[:, 1:], nothing])
                taken += 1
                if taken >= steps:
                    break
            epoch += 1
        return (time.perf_counter() - began) / taken

    return take


if __name__ == "__main__":
    main()
