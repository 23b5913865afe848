"""What reaches the compiled step: the batches of the plan, epoch after epoch, from any step on."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from sketchrnn_cli.data import batches
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.data.noise import epoch_key
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model import kernels
from sketchrnn_cli.training import feeds
from sketchrnn_cli.training.blocks import BLOCK, ScheduleTable
from sketchrnn_cli.training.step import schedule

HPARAMS = HParams(batch_size=4, random_scale_factor=0.3, augment_stroke_prob=0.3, seed=5)


def corpus() -> batches.Corpus:
    rng = np.random.default_rng(0)
    sketches = [rng.integers(-20, 20, (int(points), 3)).astype(np.int16) for points in rng.integers(3, 20, 11)]
    for sketch in sketches:
        sketch[:, 2] = np.arange(len(sketch)) % 4 == 3
    return batches.corpus([pack(sketches, "made by a test")], 20)


@pytest.mark.parametrize("start", [0, 2, 3])
def test_the_host_makes_the_batches_of_each_epoch_with_its_own_noise(start: int) -> None:
    of = corpus()
    lengths = (int(of.lengths.max()),)
    planned = [(epoch, each) for epoch in range(3) for each in batches.plan(of, HPARAMS, lengths, epoch)]
    expected = [batches.make(of, HPARAMS, 2.0, epoch, each) for epoch, each in planned]
    work = feeds.HostFeed(of, HPARAMS, 2.0, lengths).work(start)
    made = list(itertools.islice(work, 9 - start))
    work.close()
    for found, batch in zip(made, expected[start:], strict=True):
        assert (found.sketches, found.length) == (batch.count, lengths[0])
        np.testing.assert_array_equal(ops.convert_to_numpy(found.arguments[0].rows), batch.rows)


@pytest.mark.parametrize("start", [0, 2, BLOCK - 1, BLOCK + 4])
def test_the_device_is_told_the_sketches_and_the_noise_of_each_step_at_its_place_in_a_block(start: int) -> None:
    of = corpus()
    lengths = (int(of.lengths.max()),)
    epochs = -(-(start + 9) // batches.steps_per_epoch(of, HPARAMS))
    planned = [(epoch, each) for epoch in range(epochs) for each in batches.plan(of, HPARAMS, lengths, epoch)]
    work = feeds.DeviceFeed(of, HPARAMS, 2.0, lengths).work(start)
    made = list(itertools.islice(work, 9))
    work.close()
    for step, found in enumerate(made, start):
        epoch, batch = planned[step]
        keys, chosen = map(ops.convert_to_numpy, found.arguments[1:])
        expected = np.full(4, -1)
        expected[: len(batch.sketches)] = batch.sketches
        np.testing.assert_array_equal(chosen[step % BLOCK], expected)
        np.testing.assert_array_equal(keys[step % BLOCK], epoch_key(HPARAMS.seed, epoch))
        assert (found.sketches, found.length) == (len(batch.sketches), lengths[0])


def test_a_step_is_told_its_schedules_at_its_place_in_a_block() -> None:
    table = ScheduleTable(HPARAMS)
    for number in (0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 7):
        steps, place = table.at(number)
        at = int(ops.convert_to_numpy(place))
        assert tuple(float(values[at]) for values in steps) == tuple(map(float, schedule(number, HPARAMS)))


@pytest.mark.parametrize(("memory", "fits"), [(4e4, True), (1.2e3, False)])
def test_a_data_set_lies_on_the_device_only_in_its_share_of_the_memory(
    memory: float, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SimpleNamespace(memory=lambda: memory, has_gpu=lambda: True)
    monkeypatch.setattr(kernels, "engine", lambda: engine)
    assert feeds.fits_device(corpus()) is fits
    engine.has_gpu = lambda: False
    assert not feeds.fits_device(corpus())
