"""What both kernels share: where a thread stands, its weights, the cluster's barriers, and how a kernel is made."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax._src.interpreters import mlir
from jax.experimental.mosaic import gpu as mosaic
from jax.experimental.mosaic.gpu import utils
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import llvm

from sketchrnn_cli.model.kernels.hopper import layout, ptx
from sketchrnn_cli.model.kernels.hopper.layout import Problem
from sketchrnn_cli.model.kernels.hopper.ptx import Value, constant

PAIR = range(2)
"""A lane's two rows of the batch."""


class Thread(NamedTuple):
    """Where a thread stands."""

    number: Value
    """In its block."""
    warp: Value
    lane: Value
    u: Value
    """The lane's unit of the warp's 8."""
    q: Value
    """The lane's pair of the cluster's 8 rows."""
    block: Value
    """Of the grid."""
    rank: Value
    """The block's place in its cluster."""
    cluster: Value
    direction: Value
    first_row: Value
    """The cluster's first row of the batch."""
    unit: Value
    """The lane's unit of all."""
    is_first: Value
    """1 in one thread of the block, else 0."""

    def row(self, offset: Value, problem: Problem) -> tuple[Value, Value]:
        """Return a row of the batch, 0 where it is beyond the last, and 1 where it is not, else 0."""
        row = self.first_row + offset
        inside = row.less(problem.batch)
        return inside.select(row, constant(0, "r")), inside

    def pair(self, problem: Problem) -> tuple[list[Value], list[Value]]:
        """Return, for each of the lane's rows, its (direction, row) counted through, and whether it is inside."""
        rows = [self.row(self.q * 2 + j, problem) for j in PAIR]
        return [self.direction * problem.batch + row for row, _ in rows], [inside for _, inside in rows]


def locate(problem: Problem) -> Thread:
    """Return where the thread stands."""
    index, rank, block = (ptx.special(name) for name in ("tid.x", "cluster_ctarank", "ctaid.x"))
    warp, lane = index >> 5, index & 31
    cluster = block // problem.blocks
    return Thread(
        number=index,
        warp=warp,
        lane=lane,
        u=lane >> 2,
        q=lane & 3,
        block=block,
        rank=rank,
        cluster=cluster,
        direction=cluster // problem.tiles,
        first_row=cluster % problem.tiles * layout.ROWS,
        unit=rank * layout.BLOCK_UNITS + warp * 8 + (lane >> 2),
        is_first=index.equals(0),
    )


class Fragments:
    """A warp's fragments of the recurrent kernel, in registers and shared memory."""

    def __init__(self, source: Value, shared: Value, thread: Thread, problem: Problem, backward: bool) -> None:
        """Load them from the array that `layout` permuted; each lane reads back only what it wrote itself."""
        every, count = layout.shared_every(problem, backward), problem.fragments
        warp = (thread.direction * problem.blocks + thread.rank) * layout.WARPS + thread.warp
        lane = source + ((warp * (count * 32) + thread.lane) * 16).wide()
        self._shared = (
            shared + thread.warp * (layout.fragment_bytes(problem, backward) // layout.WARPS) + thread.lane * 16
        )
        self._every, self._registers = every, {}
        for n in range(count):
            values = ptx.load_fragment(lane, n * layout.FRAGMENT)
            if every and n % every == every - 1:
                ptx.store_shared(self._shared, values, n // every * layout.FRAGMENT)
            else:
                self._registers[n] = values

    def __getitem__(self, n: int) -> list[Value]:
        if n in self._registers:
            return self._registers[n]
        return ptx.load_shared(self._shared, "rrrr", n // self._every * layout.FRAGMENT)


class Barriers:
    """The two barriers of a block, used in turn: round n of the loop waits at barrier n mod 2."""

    def __init__(self, address: Value, size: int, thread: Thread) -> None:
        """Make both and expect `size` bytes in the first round of each."""
        self._address, self._size, self._thread = address, size, thread
        for n in range(2):
            ptx.init_barrier(address + n * 8, thread.is_first)
        ptx.publish_barriers()
        for n in range(2):
            ptx.expect(address + n * 8, size, thread.is_first)

    def of(self, turn: Value) -> Value:
        """Return the address of a barrier, 0 or 1."""
        return self._address + turn * 8

    def wait(self, number: Value) -> None:
        """Wait for the bytes of a round."""
        ptx.wait(self.of(number & 1), (number >> 1) & 1)

    def rearm(self, number: Value) -> None:
        """Expect the bytes of the round after the next, at the barrier of this one."""
        ptx.expect(self.of(number & 1), self._size, self._thread.is_first)


def copy_region(to: Value, source: Value, size: int, thread: Thread) -> None:
    """Begin to copy `size` bytes into shared memory, 16 a thread and round."""
    mine = thread.number * 16
    for first in range(0, size, layout.THREADS * 16):
        ptx.copy_async(to + mine, source + mine.wide(), 16, mine.less(size - first), first)


def mask_pair(address: Value, time: Value, thread: Thread, keep: float) -> list[Value]:
    """Return the mask, 0 or 1 / keep, of a lane's two entries at a step."""
    bits = ptx.load_shared_u16(address + time * (layout.WARPS * layout.ROWS) + thread.warp * 8 + thread.q * 2)
    scale, nothing = constant(1.0 / keep, "f"), constant(0.0, "f")
    return [((bits >> (thread.u + 8 * j)) & 1).select(scale, nothing) for j in PAIR]


def make(
    emit: Callable,
    name: str,
    problem: Problem,
    inputs: Sequence[jax.ShapeDtypeStruct],
    outputs: Sequence[jax.ShapeDtypeStruct],
    shared_bytes: int,
) -> Callable:
    """Return a function of arrays that runs a kernel.

    Args:
        emit: writes the kernel, given the addresses of inputs and outputs in a list and that of shared memory.
        name: the kernel's, for profilers.
        problem: its sizes.
        inputs: shapes and types.
        outputs: likewise.
        shared_bytes: shared memory of a block.
    """

    def body(context: Any, *references: Any) -> None:
        *arrays, shared = references
        addresses = [Value(llvm.ptrtoint(ptx.mlir_type("l"), utils.memref_ptr(array)), "l") for array in arrays]
        emit(addresses, Value(llvm.ptrtoint(ptx.mlir_type("r"), utils.memref_ptr(shared)), "r"))

    with mlir.make_ir_context(), ir.Location.unknown():
        return mosaic.as_gpu_kernel(
            body,
            grid=(problem.grid, 1, 1),
            block=(layout.THREADS, 1, 1),
            in_shape=tuple(inputs),
            out_shape=tuple(outputs),
            smem_scratch_shape=jax.ShapeDtypeStruct((shared_bytes,), jnp.uint8),
            cluster=(problem.blocks, 1, 1),
            kernel_name=name,
        )
