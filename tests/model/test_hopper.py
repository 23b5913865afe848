"""The persistent LSTM kernels without a GPU: their layouts multiplied out in NumPy, and lowered with the JAX installed.

What they compute is checked on the chip, by `hopper.lstm.check`, whenever they are chosen.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

from jax.experimental.mosaic.gpu import core  # noqa: E402

from sketchrnn_cli.hparams import HParams  # noqa: E402
from sketchrnn_cli.model import kernels  # noqa: E402
from sketchrnn_cli.model.kernels import on_jax, steps  # noqa: E402
from sketchrnn_cli.model.kernels.hopper import choice, layout, lstm  # noqa: E402

LANES = np.arange(32)
SIZES = pytest.mark.parametrize("units", layout.UNITS)


def tensor_core(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """mma.m16n8k16 as the PTX manual lays it out: A `[32, 4, 2]`, B `[32, 2, 2]` to C `[32, 4]`, lane by lane."""
    left, right = np.empty((16, 16)), np.empty((16, 8))
    for lane in range(32):
        group, member = lane // 4, lane % 4
        for register in range(4):
            row, column = group + 8 * (register % 2), 2 * member + 8 * (register // 2)
            left[row, column : column + 2] = a[lane, register]
        for register in range(2):
            row = 2 * member + 8 * register
            right[row : row + 2, group] = b[lane, register]
    product = left @ right
    return np.stack([product[LANES // 4 + 8 * (n // 2), 2 * (LANES % 4) + n % 2] for n in range(4)], axis=1)


@SIZES
def test_forward_fragments_times_the_h_buffer_are_the_recurrent_gates(units: int) -> None:
    rng, blocks = np.random.default_rng(units), units // 64
    recurrent, h = rng.standard_normal((1, units, 4 * units)), rng.standard_normal((8, units))
    fragments = np.asarray(layout.forward_fragments(recurrent, blocks)).reshape(blocks, 8, -1, 32, 4, 2)
    buffer = np.empty(units * 8)
    for block_of_8 in range(units // 8):
        for row in range(8):
            first = layout.h_offset(block_of_8, row) // 2
            buffer[first : first + 8] = h[row, 8 * block_of_8 : 8 * block_of_8 + 8]
    expected = h @ recurrent[0]
    for rank, warp in ((0, 0), (0, 5), (blocks - 1, 7)):
        sums = np.zeros((2, 32, 4))
        for k in range(units // 16):
            b = buffer.reshape(-1, 32, 4, 2)[k // 2][:, 2 * (k % 2) : 2 * (k % 2) + 2]
            for tile in range(2):
                sums[tile] += tensor_core(fragments[rank, warp, 2 * k + tile], b)
        for gate in range(4):
            for j in range(2):
                unit, row = rank * 64 + warp * 8 + LANES // 4, 2 * (LANES % 4) + j
                found = sums[gate // 2][:, 2 * (gate % 2) + j]
                np.testing.assert_allclose(found, expected[row, gate * units + unit], atol=1e-9)


@SIZES
def test_backward_fragments_send_every_block_the_gradients_of_its_own_units(units: int) -> None:
    rng, blocks, tiles = np.random.default_rng(units), units // 64, units // 128
    recurrent, d_gates = rng.standard_normal((1, units, 4 * units)), rng.standard_normal((8, 4, units))
    fragments = np.asarray(layout.backward_fragments(recurrent, blocks)).reshape(blocks, 8, -1, 32, 4, 2)
    partial = np.zeros((blocks, blocks, 4, 32, 4))  # Owner, sender, tile, lane.
    for rank in range(blocks):
        for warp in range(8):
            for other in range(8):
                unit = rank * 64 + other * 8 + 2 * (LANES % 4)
                b = np.stack([d_gates[LANES // 4, :, unit + n] for n in range(2)], axis=-1)
                for pair in range(2):
                    for n in range(tiles):
                        fragment = fragments[rank, warp, (2 * other + pair) * tiles + n]
                        owner, tile = divmod(warp * tiles + n, 4)
                        partial[owner, rank, tile] += tensor_core(fragment, b[:, 2 * pair : 2 * pair + 2])
    expected = d_gates.reshape(8, -1) @ recurrent[0].T
    for owner in range(blocks):
        for warp in range(8):
            for j in range(2):
                found = partial[owner, :, warp // 2, :, 2 * (warp % 2) + j].sum(axis=0)
                unit, row = owner * 64 + warp * 8 + LANES // 4, 2 * (LANES % 4) + j
                np.testing.assert_allclose(found, expected[row, unit], atol=1e-9)


def test_rows_and_mask_bits_lie_where_a_cluster_reads_them() -> None:
    rng = np.random.default_rng(0)
    rows, kept = rng.standard_normal((3, 2, 11, 5)), rng.random((3, 2, 11, 128)) < 0.5
    packed, bits = np.asarray(layout.cluster_rows(rows)), np.asarray(layout.cluster_mask(kept))
    wide = np.asarray(layout.gradient_rows(rows, "float32")).reshape(4, 3, 8, 8)
    assert not wide[:, :, 5:].any()
    np.testing.assert_array_equal(wide[:, :, :5].reshape(packed.shape), packed)
    assert packed.shape == (4, 3, 40)
    assert bits.shape == (4, 2, 3, 64)
    for time, side, row, unit in ((0, 0, 0, 0), (2, 1, 10, 127), (1, 1, 7, 64), (1, 0, 8, 63)):
        cluster, line = 2 * side + row // 8, row % 8
        np.testing.assert_allclose(packed[cluster, time].reshape(5, 8)[:, line], rows[time, side, row], rtol=1e-6)
        byte = bits[cluster, unit // 64, time, unit % 64 // 8 * 8 + line]
        assert bool(byte >> unit % 8 & 1) == kept[time, side, row, unit]


@pytest.mark.parametrize("keep", [0.9, None])
@pytest.mark.parametrize("products", ["float32", "bfloat16"])
@SIZES
def test_the_jax_installed_still_lowers_the_kernels(
    units: int, products: str, keep: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "_infer_arch", lambda: (9, 0))
    (rows, *others), kept, d_outputs = lstm.example(5, 2, 11, units, 0.9)

    def loss(others: list, kept: object) -> object:
        dropout = None if keep is None else steps.Dropout(kept, keep)
        return (lstm.lstm(rows, *others, dropout, products) * d_outputs).sum()

    def kernels_in(function: object) -> int:
        lowered = jax.jit(function).trace(others, kept).lower(lowering_platforms=("cuda",))
        return lowered.as_text().count("mosaic_gpu_v2")

    assert kernels_in(jax.grad(loss)) == 2
    assert kernels_in(loss) == 1


@pytest.mark.parametrize("keep", [0.9, 1.0])
def test_the_oracle_of_the_check_agrees_with_the_scan(keep: float) -> None:
    (rows, *others), kept, d_outputs = lstm.example(4, 2, 3, 128, keep)
    dropout = None if keep == 1.0 else steps.Dropout(kept, keep)
    outputs, pull = jax.vjp(lambda *x: on_jax.lstm(rows, *x, dropout, "float32"), *others)
    expected = lstm.plain([rows, *others], dropout, d_outputs)
    for found, truth in zip([outputs, *pull(d_outputs)], expected, strict=True):
        assert lstm.relative_error(found, truth) < 1e-5


def test_long_sequences_go_to_the_scan() -> None:
    problem = layout.Problem(300, 1, 100, 512, "f16", 0.9)
    assert layout.fits(problem)
    assert not layout.fits(dataclasses.replace(problem, time=400))
    assert not layout.fits(dataclasses.replace(problem, units=192))
    assert choice.has_room(HParams(), 300)
    assert not choice.has_room(HParams(), 400)
    (rows, *others), kept, _ = lstm.example(1000, 1, 1, 128, 0.9)
    outputs = lstm.lstm(rows, *others, steps.Dropout(kept, 0.9), "float32")
    np.testing.assert_array_equal(outputs, on_jax.lstm(rows, *others, steps.Dropout(kept, 0.9), "float32"))


HOPPER = [SimpleNamespace(compute_capability="9.0")]


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({}, "compute capability 9.0"),
        ({"dec_model": "layer_norm"}, "lstm cells"),
        ({"gate_activation": "hard_sigmoid"}, "sigmoid"),
    ],
)
def test_a_machine_or_model_without_the_kernel_says_what_it_needs(changes: dict, needs: str) -> None:
    assert needs in choice.unsuited(HParams(**changes))


def test_sizes_without_a_layout_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "devices", lambda: HOPPER)
    assert choice.unsuited(HParams()) == ""
    assert "128, 256, 384, 512" in choice.unsuited(HParams(dec_rnn_size=500))
    assert choice.unsuited(HParams(enc_rnn_size=500, conditional=False)) == ""


@pytest.fixture
def on_hopper(monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX's engine, and a device that claims to be Hopper."""
    monkeypatch.setattr(jax, "devices", lambda: HOPPER)
    monkeypatch.setattr(kernels, "engine", lambda: on_jax)
    choice._check.cache_clear()
    yield
    choice._check.cache_clear()


def test_a_kernel_that_fails_its_check_leaves_the_scan_and_a_line(
    on_hopper: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kernels.chosen(HParams(kernel="scan")) == "scan"
    refused = kernels.choice(HParams())  # A CPU runs no such kernel: JAX raises.
    assert refused.name == "scan"
    assert refused.reason.startswith("hopper failed: ")
    choice._check.cache_clear()
    monkeypatch.setattr(lstm, "check", lambda *sizes: "512 units: off by 1.0e+00")
    assert kernels.choice(HParams(kernel="hopper")).reason == (
        "hopper 512 units: off by 1.0e+00; scan computes the same"
    )


def test_a_kernel_that_passes_its_check_is_taken_once_checked(on_hopper: None, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[tuple] = []

    def check(*sizes: object) -> str:
        checked.append(sizes)
        return ""

    monkeypatch.setattr(lstm, "check", check)
    for _ in range(2):
        assert kernels.chosen(HParams()) == "hopper"
    assert checked == [(2, 256, "float32", 0.9), (1, 512, "float32", 0.9)]
    assert kernels.fused_lstm(HParams()) is lstm.lstm
    assert kernels.padded_time(83, HParams()) == 83
    assert "TF32" in kernels.choice(HParams()).reason


def test_a_wrong_result_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(*arrays: object, **settings: object) -> object:
        return wrong * on_jax.lstm(*arrays, **settings)

    monkeypatch.setattr(lstm, "lstm", scan)
    wrong = 1.0
    assert lstm.check(1, 128, "float32", 0.9) == ""
    wrong = 1.01
    assert "128 units: off by" in lstm.check(1, 128, "float32", 1.0)
    wrong = float("nan")
    assert "off by nan" in lstm.check(1, 128, "bfloat16", 0.9)
