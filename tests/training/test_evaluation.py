"""Evaluation: every sketch once, in order, with noise that belongs to it and not to its batch."""

from collections.abc import Iterator

import numpy as np
import pytest
from keras import ops

from sketchrnn_cli.data.batches import corpus
from sketchrnn_cli.data.dataset import pack
from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.network import SketchLosses
from sketchrnn_cli.training import evaluation

HPARAMS = HParams(z_size=3, max_seq_len=9)


@pytest.mark.parametrize(("rows", "made"), [(3, 3), (7, 1), (100, 1)])
def test_each_sketch_keeps_its_noise_and_its_place_whatever_the_batch(
    rows: int, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "ROWS", rows)
    monkeypatch.setattr(evaluation, "AHEAD", 1)
    rng = np.random.default_rng(0)
    sketches = [np.c_[rng.integers(-9, 9, (n, 2)), np.arange(n) == n - 1].astype(np.int16) for n in range(2, 9)]
    of = corpus([pack(sketches, "made by a test")], HPARAMS.max_seq_len)
    seen = []

    def measure(weights: object, batch: object, noise: object) -> SketchLosses:
        seen.append((ops.convert_to_numpy(batch.rows), ops.convert_to_numpy(noise)))
        number = ops.cast(batch.lengths, "float32")
        return SketchLosses(number, 2.0 * number, 3.0 * number)

    found = evaluation.evaluate(measure, {}, evaluation.batches(of, 2.0, HPARAMS), of.lengths, HPARAMS)
    assert len(seen) == made
    noise = np.concatenate([part for _, part in seen])[:7]
    np.testing.assert_array_equal(noise, [evaluation.latent_noise(number, 3) for number in range(7)])
    assert len(np.unique(noise)) == noise.size
    first = np.concatenate([part for part, _ in seen])[:7, 0, :2]
    np.testing.assert_array_equal(first, [sketch[0, :2] / 2.0 for sketch in sketches])
    np.testing.assert_array_equal(found.offset, range(2, 9))
    np.testing.assert_array_equal(found.pen, np.arange(2, 9) * 2)
    np.testing.assert_array_equal(found.kl, np.arange(2, 9) * 3)


def test_later_calls_are_queued_before_a_result_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "AHEAD", 2)
    called = []

    def queued() -> Iterator[tuple]:
        for number in range(5):
            called.append(number)
            yield (ops.convert_to_tensor(float(number)),)

    seen = [(float(result), len(called)) for (result,) in evaluation.fetched(queued())]
    assert seen == [(0, 3), (1, 4), (2, 5), (3, 5), (4, 5)]
