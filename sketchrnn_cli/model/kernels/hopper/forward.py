"""The forward kernel."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import scf

from sketchrnn_cli.model.kernels.hopper import layout, ptx
from sketchrnn_cli.model.kernels.hopper.cluster import (
    PAIR,
    Barriers,
    Fragments,
    Thread,
    copy_region,
    locate,
    make,
    mask_pair,
)
from sketchrnn_cli.model.kernels.hopper.layout import BLOCK_UNITS, FEATURES, THREADS, Problem
from sketchrnn_cli.model.kernels.hopper.ptx import Value, constant

Shape = jax.ShapeDtypeStruct
GATE_TILES = range(2)
"""A warp's 32 gate rows are two tiles of 16: i over f, candidate over o, 8 units each."""


def residuals(problem: Problem) -> list[jax.ShapeDtypeStruct]:
    """Return the shapes of what the forward kernel keeps for the backward pass.

    h before each step in the factors' type; activated i, f, candidate, o as float16, and c, in the kernel's own order:
    [time, thread of the grid], for each gate the lane's two rows in a word.
    """
    before = (problem.directions, problem.time, problem.batch, problem.units)
    lanes = problem.time * problem.grid * THREADS
    return [Shape(before, problem.dtype), Shape((lanes, 4), jnp.uint32), Shape((lanes, 2), jnp.float32)]


@functools.cache
def kernel(problem: Problem, keep_residuals: bool) -> Callable:
    """Return the forward kernel.

    It takes rows and mask (the latter only with dropout) as `layout` orders them, the constant part of the gates,
    `[directions, batch, 4 * units]`, the rows' kernel `[directions, 5, 4 * units]`, the fragments, flat, and the
    initial h and c, `[directions, batch, units]`. It returns every h, `[time, directions, batch, units]`, and the
    residuals.
    """
    state = Shape((problem.directions, problem.batch, problem.units), jnp.float32)
    clusters = problem.directions * problem.tiles
    inputs = [
        Shape((clusters, problem.time, FEATURES * layout.ROWS), jnp.float32),
        Shape((problem.directions, problem.batch, 4 * problem.units), jnp.float32),
        Shape((problem.directions, FEATURES, 4 * problem.units), jnp.float32),
        Shape((problem.directions * problem.units * 4 * problem.units,), problem.dtype),
        state,
        state,
    ]
    if problem.keep is not None:
        inputs.append(Shape((clusters, problem.blocks, problem.time, layout.WARPS * layout.ROWS), jnp.uint8))
    outputs = [Shape((problem.time, *state.shape), jnp.float32)]
    if keep_residuals:
        outputs += residuals(problem)

    def emit(arrays: list[Value], shared: Value) -> None:
        _emit(arrays[: len(inputs)], arrays[len(inputs) :], shared, problem)

    return make(emit, "lstm_forward", problem, inputs, outputs, layout.forward_regions(problem)[1])


def _emit(inputs: list[Value], outputs: list[Value], shared: Value, problem: Problem) -> None:
    rows, fixed, row_kernel, fragments, h, c, *mask = inputs
    all_h, *kept = outputs
    at = {name: shared + offset for name, offset in layout.forward_regions(problem)[0].items()}
    thread = locate(problem)
    entries, inside = thread.pair(problem)
    weights = Fragments(fragments, at["fragments"], thread, problem, backward=False)
    barriers = Barriers(at["barriers"], problem.units * layout.ROWS * 2, thread)
    my_constant = at["constant"] + thread.number * 16
    _load_constant(my_constant, fixed, entries, inside, thread, problem)
    _load_row_kernel(at["kernel"], row_kernel, thread, problem)
    row_bytes = problem.time * FEATURES * layout.ROWS * 4
    copy_region(at["rows"], rows + thread.cluster.wide() * row_bytes, row_bytes, thread)
    if mask:
        source = mask[0] + (thread.cluster * problem.blocks + thread.rank).wide() * problem.mask_bytes
        copy_region(at["mask"], source, problem.mask_bytes, thread)
    ptx.commit()
    ptx.wait_copies(0)
    places = [(entry * problem.units + thread.unit).wide() * 4 for entry in entries]
    state = [ptx.load(c + place, ok) for place, ok in zip(places, inside, strict=True)]
    ptx.sync_block()
    ptx.sync_cluster()
    initial = [ptx.load(h + place, ok) for place, ok in zip(places, inside, strict=True)]
    zero = constant(0, "r")
    _spread(initial, zero, at["h"], barriers, kept, thread, problem)

    loop = scf.ForOp(zero.value, constant(problem.time, "r").value, constant(1, "r").value, [x.value for x in state])
    with ir.InsertionPoint(loop.body):
        time = Value(loop.induction_variable, "r")
        state = [Value(x, "f") for x in loop.inner_iter_args]
        factor = mask_pair(at["mask"], time, thread, problem.keep) if problem.keep is not None else None
        sums = _input_gates(my_constant, at, time, thread)
        barriers.wait(time)
        barriers.rearm(time)
        gates = _recurrent_gates(sums, weights, at["h"] + (time & 1) * (problem.units * 16) + thread.lane * 16, problem)
        activated, new_h = [], []
        for j in PAIR:
            i, f, o = (ptx.sigmoid(gates[n][j]) for n in (0, 1, 3))
            candidate = ptx.tanh(gates[2][j])
            update = i * candidate if factor is None else i * candidate * factor[j]
            state[j] = f * state[j] + update
            new_h.append(o * ptx.tanh(state[j]))
            activated.append((i, f, candidate, o))
        _spread(new_h, time + 1, at["h"], barriers, kept, thread, problem)
        for j in PAIR:
            step_bytes = problem.directions * problem.batch * problem.units * 4
            ptx.store(all_h + time.wide() * step_bytes + places[j], [new_h[j]], inside[j])
        if kept:
            lane = time.wide() * (problem.grid * THREADS) + (thread.block * THREADS + thread.number).wide()
            pairs = [ptx.pack(low, high, "f16") for low, high in zip(*activated, strict=True)]
            ptx.store(kept[1] + lane * 16, pairs)
            ptx.store(kept[2] + lane * 8, state)
        scf.yield_([x.value for x in state])
    barriers.wait(constant(problem.time, "r"))
    ptx.sync_cluster()


def _load_constant(
    to: Value, fixed: Value, entries: list[Value], inside: list[Value], thread: Thread, problem: Problem
) -> None:
    """Put the constant part of a lane's gates into shared memory, in the order of its sums."""
    for j in PAIR:
        place = fixed + (entries[j] * (4 * problem.units) + thread.unit).wide() * 4
        for gate in range(4):
            value = ptx.load(place + gate * problem.units * 4, inside[j])
            tile, half = divmod(gate, 2)
            ptx.store_shared(to, [value], tile * (THREADS * 16) + half * 8 + j * 4)


def _load_row_kernel(to: Value, row_kernel: Value, thread: Thread, problem: Problem) -> None:
    """Put the block's part of the rows' kernel into shared memory as [feature, unit, gate]; a thread takes one gate."""
    gate, unit = thread.number >> 6, thread.number & 63
    column = gate * problem.units + thread.rank * BLOCK_UNITS + unit
    for n in range(FEATURES):
        place = ((thread.direction * FEATURES + n) * (4 * problem.units) + column).wide() * 4
        value = ptx.load(row_kernel + place, constant(1, "r"))
        ptx.store_shared(to + unit * 16 + gate * 4, [value], n * (BLOCK_UNITS * 16))


def _input_gates(my_constant: Value, at: dict[str, Value], time: Value, thread: Thread) -> list[list[Value]]:
    """Return what input and z give to a lane's gates, as the sums of its two gate tiles."""
    sums = [ptx.load_shared(my_constant, "ffff", tile * (THREADS * 16)) for tile in GATE_TILES]
    now = at["rows"] + time * (FEATURES * layout.ROWS * 4) + thread.q * 8
    columns = at["kernel"] + (thread.warp * 8 + thread.u) * 16
    for n in range(FEATURES):
        pair = ptx.load_shared(now, "ff", n * layout.ROWS * 4)
        of_gates = ptx.load_shared(columns, "ffff", n * (BLOCK_UNITS * 16))
        for gate in range(4):
            tile, half = divmod(gate, 2)
            for j in PAIR:
                sums[tile][2 * half + j] = ptx.fma(of_gates[gate], pair[j], sums[tile][2 * half + j])
    return sums


def _recurrent_gates(sums: list[list[Value]], weights: Fragments, h: Value, problem: Problem) -> Any:
    """Add the product with h; return the lane's gates as [gate][row].

    Even and odd k tiles have sums of their own, so that one product need not wait for the last.
    """
    odd = [[constant(0.0, "f")] * 4 for _ in GATE_TILES]
    for k in range(0, problem.units // 16, 2):
        b = ptx.load_shared(h, "rrrr", k // 2 * layout.FRAGMENT)
        for tile in GATE_TILES:
            sums[tile] = ptx.multiply_add(sums[tile], weights[2 * k + tile], b[:2], problem.factors)
        for tile in GATE_TILES:
            odd[tile] = ptx.multiply_add(odd[tile], weights[2 * (k + 1) + tile], b[2:], problem.factors)
    return [
        [sums[tile][2 * half + j] + odd[tile][2 * half + j] for j in PAIR] for tile in GATE_TILES for half in range(2)
    ]


def _spread(
    h: list[Value],
    number: Value,
    buffers: Value,
    barriers: Barriers,
    kept: list[Value],
    thread: Thread,
    problem: Problem,
) -> None:
    """Send a warp's 8 units x 8 rows of h, the input of step `number`, to all blocks; keep them for its gradient."""
    turned = ptx.transpose(ptx.pack(h[0], h[1], problem.factors))
    row = thread.lane & 7
    units = [ptx.from_lane(turned, row * 4 + n) for n in range(4)]
    turn = number & 1
    place = buffers + turn * (problem.units * 16) + layout.h_offset(thread.rank * 8 + thread.warp, row)
    for first in range(0, problem.blocks, 4):
        rank = (thread.lane >> 3) + first
        when = rank.less(problem.blocks) if first + 4 > problem.blocks else None
        if when is not None:
            rank = when.select(rank, constant(0, "r"))
        ptx.send(ptx.in_block(place, rank), units, ptx.in_block(barriers.of(turn), rank), when=when)
    if kept:
        batch_row, inside = thread.row(row, problem)
        line = ((thread.direction * problem.time + number) * problem.batch + batch_row).wide() * problem.units
        column = (thread.rank * BLOCK_UNITS + thread.warp * 8).wide()
        wanted = inside & number.less(problem.time) & thread.lane.less(layout.ROWS)
        ptx.store(kept[0] + (line + column) * 2, units, wanted)
