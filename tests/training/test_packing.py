"""A packed state holds every tensor, small ones together and large ones as they are."""

import math

import numpy as np
import pytest

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.training import optimizer
from sketchrnn_cli.training.packing import Packing, map_arrays

HPARAMS = HParams(enc_rnn_size=6, dec_rnn_size=8, z_size=4, num_mixture=2, max_seq_len=9, ema_decay=0.9)


def drawn(table: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in table.items()}


@pytest.mark.parametrize("large", [100, 10**6])
def test_what_was_packed_comes_out_again(large: int) -> None:
    packing = Packing(HPARAMS, large)
    weights = drawn(shapes(HPARAMS))
    slots = drawn(optimizer.slot_shapes(shapes(HPARAMS), HPARAMS))
    state = packing.pack(np, weights, slots)
    for given, found in zip((weights, slots), packing.unpack(np, state), strict=True):
        assert found.keys() == given.keys()
        assert all(np.array_equal(found[name], value) for name, value in given.items())
    own = [sum(math.prod(value.shape) >= large for value in part.values()) for part in (weights, slots)]
    assert [len(part) - 1 for part in state] == own
    assert map_arrays(np.shape, packing.examples()) == map_arrays(np.shape, state)


def test_a_checkpoint_holds_the_average_where_there_is_one() -> None:
    packing = Packing(HPARAMS)
    weights = drawn(shapes(HPARAMS))
    slots = optimizer.first_slots(increased(weights), HPARAMS)
    released, kept = packing.released(np, packing.pack(np, weights, slots))
    for name, value in weights.items():
        np.testing.assert_array_equal(released[name], value + 1)
        np.testing.assert_array_equal(kept[optimizer.AVERAGE + name], value)


def increased(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return other weights, so that the average differs from them."""
    return {name: value + 1 for name, value in weights.items()}


def test_of_the_default_model_half_the_arrays_remain() -> None:
    weights, slots = Packing(HParams(max_seq_len=100)).examples()
    assert (len(weights), len(slots)) == (9, 17)
    assert sum(array.size for array in weights) == sum(map(math.prod, shapes(HParams(max_seq_len=100)).values()))
