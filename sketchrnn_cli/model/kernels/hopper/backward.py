"""The backward kernel."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import arith, scf

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
from sketchrnn_cli.model.kernels.hopper.forward import residuals
from sketchrnn_cli.model.kernels.hopper.layout import BLOCK_UNITS, FRAGMENT, STAGES, THREADS, WARPS, Problem
from sketchrnn_cli.model.kernels.hopper.ptx import Value, constant

Shape = jax.ShapeDtypeStruct
SENDER = BLOCK_UNITS * layout.ROWS * 4
"""Bytes that a block gets of each sender in a step."""
LARGEST_F16 = 65504.0
"""Gradients are clipped there, so that one that grows beyond float16 is large, and not infinite."""


@functools.cache
def kernel(problem: Problem) -> Callable:
    """Return the backward kernel.

    It takes the gradients of every h, `[time, directions, batch, units]`, a factor `[1]` on them, gates and states of
    the forward kernel, the initial c, the fragments, flat, the rows, and the mask with dropout. It returns the
    gradients, times the factor: of all gates, `[directions, time, batch, 4 * units]` in the factors' type; of the
    initial h and c; of the constant part, `[directions, batch, 4 * units]`; and each cluster's share of that of the
    rows' kernel, `[directions, clusters, 8, 4 * units]`, five of the eight filled.
    """
    state = Shape((problem.directions, problem.batch, problem.units), jnp.float32)
    inputs = [
        Shape((problem.time, *state.shape), jnp.float32),
        Shape((1,), jnp.float32),
        *residuals(problem)[1:],
        state,
        Shape((problem.directions * problem.units * 4 * problem.units,), problem.dtype),
    ]
    clusters = problem.directions * problem.tiles
    inputs.append(Shape((clusters, problem.time, layout.COLUMNS * layout.ROWS), problem.dtype))
    if problem.keep is not None:
        inputs.append(Shape((clusters, problem.blocks, problem.time, WARPS * layout.ROWS), jnp.uint8))
    d_gates = (problem.directions, problem.time, problem.batch, 4 * problem.units)
    d_constant = (problem.directions, problem.batch, 4 * problem.units)
    d_kernel = (problem.directions, problem.tiles, layout.COLUMNS, 4 * problem.units)
    outputs = [Shape(d_gates, problem.dtype), state, state, *(Shape(x, jnp.float32) for x in (d_constant, d_kernel))]

    def emit(arrays: list[Value], shared: Value) -> None:
        _emit(arrays[: len(inputs)], arrays[len(inputs) :], shared, problem)

    return make(emit, "lstm_backward", problem, inputs, outputs, layout.backward_regions(problem)[1])


class _Slopes(NamedTuple):
    """What a step's gradients are multiplied with, for one entry: known before those of the next step come."""

    f: Value
    c: Value
    """Gradient of c from that of h."""
    gates: tuple[Value, Value, Value, Value]
    """Of the gates before activation: the first three from that of c, o's from that of h."""


def _emit(inputs: list[Value], outputs: list[Value], shared: Value, problem: Problem) -> None:
    d_outputs, factor, gates, states, c, fragments, rows, *mask = inputs
    d_gates, d_h, d_c, d_constant, d_kernel = outputs
    at = {name: shared + offset for name, offset in layout.backward_regions(problem)[0].items()}
    thread = locate(problem)
    entries, inside = thread.pair(problem)
    places = [(entry * problem.units + thread.unit).wide() * 4 for entry in entries]
    weights = Fragments(fragments, at["fragments"], thread, problem, backward=True)
    barriers = Barriers(at["barriers"], problem.blocks * SENDER, thread)
    ring = _Ring(at, gates, states, d_outputs, places, inside, thread, problem)
    for n in range(STAGES - 1):
        ring.fetch(constant(problem.time - 1 - n, "r"))
    row_bytes = problem.time * layout.ROW_BYTES
    copy_region(at["rows"], rows + thread.cluster.wide() * row_bytes, row_bytes, thread)
    if mask:
        source = mask[0] + (thread.cluster * problem.blocks + thread.rank).wide() * problem.mask_bytes
        copy_region(at["mask"], source, problem.mask_bytes, thread)
    ptx.commit()
    ptx.wait_copies(0)
    scale = ptx.load(factor, constant(1, "r"))
    initial = [ptx.load(c + place, ok) for place, ok in zip(places, inside, strict=True)]
    ptx.sync_block()
    ptx.sync_cluster()
    zero, nothing = constant(0, "r"), constant(0.0, "f")

    def step(number: Value, carried: list[Value], is_first: bool) -> list[Value]:
        """Go one step back, the `number`-th; carry the gradients of c, of the constant part and of the rows' kernel."""
        d_state, sums, shares = carried[:2], carried[2:10], [carried[10:14], carried[14:]]
        time = constant(problem.time - 1, "r") - number
        ptx.wait_copies(STAGES - 3)
        slopes, upstream = ring.read(time, initial, at["mask"])
        ring.fetch(time - (STAGES - 1))
        recurrent = [nothing, nothing]
        if not is_first:
            barriers.wait(number - 1)
            barriers.rearm(number - 1)
            recurrent = _gather(at["partial"], number - 1, thread, problem)
        of_gates, before = [], []
        for j in PAIR:
            here = ptx.fma(upstream[j], scale, recurrent[j])
            of_c = here * slopes[j].c + d_state[j]
            slope = slopes[j].gates
            of_gates.append((of_c * slope[0], of_c * slope[1], of_c * slope[2], here * slope[3]))
            before.append(of_c * slopes[j].f)
        packed = [_rounded(of_gates[0][gate], of_gates[1][gate], problem) for gate in range(4)]
        turned = [ptx.transpose(pair) for pair in packed]
        shared_gates = at["d_gates"] + (number & 1) * (WARPS * FRAGMENT) + thread.lane * 16
        ptx.store_shared(shared_gates + thread.warp * FRAGMENT, turned, memory=True)
        ptx.sync_block()
        _send_partial(shared_gates, at["partial"], number & 1, weights, barriers, thread, problem)
        _store_gates(d_gates, time, turned, thread, problem)
        sums = [x + of_gates[n % 2][n // 2] for n, x in enumerate(sums)]
        now = ptx.load_shared(at["rows"] + time * layout.ROW_BYTES + thread.u * 16 + thread.q * 4, "r")
        shares = [ptx.multiply_add_k8(shares[n], packed[2 * n : 2 * n + 2], now, problem.factors) for n in range(2)]
        return [*before, *sums, *shares[0], *shares[1]]

    carried = step(zero, [nothing] * 18, True)
    one, steps = constant(1, "r"), constant(problem.time, "r")
    loop = scf.ForOp(one.value, steps.value, one.value, [x.value for x in carried])
    with ir.InsertionPoint(loop.body):
        carried = step(Value(loop.induction_variable, "r"), [Value(x, "f") for x in loop.inner_iter_args], False)
        scf.yield_([x.value for x in carried])
    results = [Value(x, "f") for x in loop.results]
    last = constant(problem.time - 1, "r")
    barriers.wait(last)
    recurrent = _gather(at["partial"], last, thread, problem)
    for j in PAIR:
        ptx.store(d_h + places[j], [recurrent[j]], inside[j])
        ptx.store(d_c + places[j], [results[j]], inside[j])
    _store_sums(d_constant, results[2:10], entries, inside, thread, problem)
    _store_shares(d_kernel, results[10:], thread, problem)
    ptx.sync_cluster()


class _Ring:
    """Residuals of the next steps, in shared memory; each thread reads only what it fetched itself."""

    def __init__(
        self,
        at: dict[str, Value],
        gates: Value,
        states: Value,
        d_outputs: Value,
        places: list[Value],
        inside: list[Value],
        thread: Thread,
        problem: Problem,
    ) -> None:
        self._gates, self._states = at["gates"] + thread.number * 16, at["states"] + thread.number * 16
        self._sources = gates, states, d_outputs
        self._places, self._inside, self._thread, self._problem = places, inside, thread, problem

    def fetch(self, time: Value) -> None:
        """Begin to fetch a step, or nothing before the first; make a group of it."""
        gates, states, d_outputs = self._sources
        wanted = constant(1, "r") - time.less(0)
        time = wanted.select(time, constant(0, "r"))
        slot = _slot(time)
        mine = (self._thread.block * THREADS + self._thread.number).wide()
        lane = time.wide() * (self._problem.grid * THREADS) + mine
        step = time.wide() * (self._problem.directions * self._problem.batch * self._problem.units * 4)
        ptx.copy_async(self._gates + slot, gates + lane * 16, 16, wanted)
        ptx.copy_async(self._states + slot, states + lane * 8, 8, wanted)
        for j in PAIR:
            source = d_outputs + step + self._places[j]
            ptx.copy_async_or_zero(self._states + slot, source, wanted, self._inside[j], 8 + 4 * j)
        ptx.commit()

    def read(self, time: Value, initial: list[Value], mask: Value) -> tuple[list[_Slopes], list[Value]]:
        """Return the slopes of a step, and the gradients of its h from above, of the lane's two entries."""
        gates = [ptx.unpack_f16(pair) for pair in ptx.load_shared(self._gates + _slot(time), "rrrr")]
        *c, first, second = ptx.load_shared(self._states + _slot(time), "ffff")
        earlier = Value(arith.maxsi((time - 1).value, constant(0, "r").value), "r")
        before, has_before = ptx.load_shared(self._states + _slot(earlier), "ff"), constant(0, "r").less(time)
        keep = self._problem.keep
        factor = None if keep is None else mask_pair(mask, time, self._thread, keep)
        slopes = []
        for j in PAIR:
            i, f, candidate, o = (gate[j] for gate in gates)
            c_before = has_before.select(before[j], initial[j])
            squashed = ptx.tanh(c[j])
            kept_i, kept_candidate = (i, candidate) if factor is None else (i * factor[j], candidate * factor[j])
            of_gates = (
                kept_candidate * i * (1.0 - i),
                c_before * f * (1.0 - f),
                kept_i * (1.0 - candidate * candidate),
                squashed * o * (1.0 - o),
            )
            slopes.append(_Slopes(f, o * (1.0 - squashed * squashed), of_gates))
        return slopes, [first, second]


def _slot(time: Value) -> Value:
    return (time & (STAGES - 1)) * (THREADS * 16)


def _gather(buffers: Value, number: Value, thread: Thread, problem: Problem) -> list[Value]:
    """Return the gradients of h that the blocks sent in a round for the lane's two entries, added in their order."""
    buffer = buffers + (number & 1) * (problem.blocks * SENDER)
    mine = buffer + (thread.warp >> 1) * FRAGMENT + thread.lane * 16 + (thread.warp & 1) * 8
    sums, *others = [ptx.load_shared(mine, "ff", rank * SENDER) for rank in range(problem.blocks)]
    for other in others:
        sums = [a + b for a, b in zip(sums, other, strict=True)]
    return sums


def _send_partial(
    d_gates: Value,
    buffers: Value,
    turn: Value,
    weights: Fragments,
    barriers: Barriers,
    thread: Thread,
    problem: Problem,
) -> None:
    """Multiply the block's gate gradients into the warp's tiles of 16 units; send each to the block that owns it."""
    tiles = problem.units // 128
    sums = [[constant(0.0, "f")] * 4 for _ in range(tiles)]
    for warp in range(WARPS):
        b = ptx.load_shared(d_gates, "rrrr", warp * FRAGMENT)
        for pair in range(2):
            for n in range(tiles):
                fragment = weights[(2 * warp + pair) * tiles + n]
                sums[n] = ptx.multiply_add(sums[n], fragment, b[2 * pair : 2 * pair + 2], problem.factors)
    place = buffers + turn * (problem.blocks * SENDER) + thread.rank * SENDER + thread.lane * 16
    for n in range(tiles):
        tile = thread.warp * tiles + n
        owner = tile >> 2
        to = ptx.in_block(place + (tile & 3) * FRAGMENT, owner)
        ptx.send(to, sums[n], ptx.in_block(barriers.of(turn), owner))


def _store_gates(d_gates: Value, time: Value, turned: list[Value], thread: Thread, problem: Problem) -> None:
    """Write a step's gate gradients; turned, a lane has row u of the cluster and units 2q, 2q + 1 of the warp."""
    row, inside = thread.row(thread.u, problem)
    line = ((thread.direction * problem.time + time) * problem.batch + row).wide() * (4 * problem.units)
    column = (thread.rank * BLOCK_UNITS + thread.warp * 8 + thread.q * 2).wide()
    for gate in range(4):
        ptx.store(d_gates + (line + column + gate * problem.units) * 2, [turned[gate]], inside)


def _store_sums(
    d_constant: Value,
    sums: list[Value],
    entries: list[Value],
    inside: list[Value],
    thread: Thread,
    problem: Problem,
) -> None:
    """Write the gradients of the constant part of a lane's gates, [gate][row]."""
    for n, x in enumerate(sums):
        gate, j = divmod(n, 2)
        place = (entries[j] * (4 * problem.units) + thread.unit + gate * problem.units).wide() * 4
        ptx.store(d_constant + place, [x], inside[j])


def _store_shares(d_kernel: Value, shares: list[Value], thread: Thread, problem: Problem) -> None:
    """Write the cluster's share of the gradient of the rows' kernel: of each gate, columns 2q and 2q + 1 of unit u."""
    for n, x in enumerate(shares):
        gate, column = divmod(n, 2)
        line = thread.cluster * layout.COLUMNS + thread.q * 2 + column
        place = (line * (4 * problem.units) + thread.unit + gate * problem.units).wide() * 4
        ptx.store(d_kernel + place, [x])


def _rounded(low: Value, high: Value, problem: Problem) -> Value:
    """Pack two gradients, clipped to what the factors' type can hold; NaN stays."""
    if problem.factors == "f16":
        low, high = (ptx.clip(x, LARGEST_F16) for x in (low, high))
    return ptx.pack(low, high, problem.factors)
