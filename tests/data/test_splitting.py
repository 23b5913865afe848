"""Splits by threshold: fixed numbers, and a growing set moves nothing."""

import hashlib

import numpy as np

from sketchrnn_cli.data.splitting import position, position_of_id, split_at


def test_positions_are_the_first_eight_bytes_of_blake2b() -> None:
    assert position(b"cat") == int(hashlib.blake2b(b"cat").hexdigest()[:16], 16) / 2**64
    assert position_of_id(np.uint64(4505112082907136)) == position(b"4505112082907136")
    assert round(position_of_id(4505112082907136), 12) == 0.44225526869


def test_thresholds_cut_test_then_valid_then_train() -> None:
    assert [split_at(u, 0.05, 0.1) for u in (0.0, 0.0999, 0.1, 0.1499, 0.151, 0.99)] == [
        "test", "test", "valid", "valid", "train", "train",
    ]  # fmt: skip
