"""The instructions of the kernels: numbers of a thread with Python's operators, and PTX by name.

A kind is the letter that inline PTX has for it: r (32 bits, integer or packed), l (64 bits), f (float32).
"""

from collections.abc import Callable, Sequence
from typing import Any, Union

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import arith, llvm

Number = Union["Value", int, float]


def mlir_type(kind: str) -> Any:
    """Return MLIR's type of a kind."""
    if kind == "f":
        return ir.F32Type.get()
    return ir.IntegerType.get_signless({"r": 32, "l": 64}[kind])


class Value:
    """A number of a thread."""

    def __init__(self, value: Any, kind: str) -> None:
        """Wrap an MLIR value of a kind."""
        self.value, self.kind = value, kind

    def _apply(self, other: Number, integers: Callable, floats: Callable | None = None) -> "Value":
        operation = floats if self.kind == "f" and floats is not None else integers
        return Value(operation(self.value, constant(other, self.kind).value), self.kind)

    def __add__(self, other: Number) -> "Value":
        return self._apply(other, arith.addi, arith.addf)

    def __sub__(self, other: Number) -> "Value":
        return self._apply(other, arith.subi, arith.subf)

    def __rsub__(self, other: Number) -> "Value":
        return constant(other, self.kind) - self

    def __mul__(self, other: Number) -> "Value":
        return self._apply(other, arith.muli, arith.mulf)

    def __and__(self, other: Number) -> "Value":
        return self._apply(other, arith.andi)

    def __rshift__(self, other: Number) -> "Value":
        return self._apply(other, arith.shrui)

    def __mod__(self, other: Number) -> "Value":
        return self._apply(other, arith.remui)

    def __floordiv__(self, other: Number) -> "Value":
        return self._apply(other, arith.divui)

    def less(self, other: Number) -> "Value":
        """Return 1 where a signed integer is less, else 0."""
        compared = arith.cmpi(arith.CmpIPredicate.slt, self.value, constant(other, self.kind).value)
        return Value(arith.extui(mlir_type("r"), compared), "r")

    def equals(self, other: Number) -> "Value":
        """Return 1 where an integer is the same, else 0."""
        compared = arith.cmpi(arith.CmpIPredicate.eq, self.value, constant(other, self.kind).value)
        return Value(arith.extui(mlir_type("r"), compared), "r")

    def select(self, yes: "Value", no: "Value") -> "Value":
        """Return `yes` where this is not 0, else `no`."""
        chosen = arith.cmpi(arith.CmpIPredicate.ne, self.value, constant(0, self.kind).value)
        return Value(arith.select(chosen, yes.value, no.value), yes.kind)

    def wide(self) -> "Value":
        """Return an integer that is not negative with 64 bits."""
        return Value(arith.extui(mlir_type("l"), self.value), "l")


def constant(x: Number, kind: str) -> Value:
    """Return a constant of a kind; a `Value` stays what it is."""
    if isinstance(x, Value):
        return x
    of = mlir_type(kind)
    attribute = ir.FloatAttr.get(of, x) if kind == "f" else ir.IntegerAttr.get(of, x)
    return Value(arith.constant(of, attribute), kind)


def asm(outputs: str, text: str, *inputs: Value, pure: bool = False, memory: bool = False) -> Any:
    """Emit inline PTX.

    Args:
        outputs: a letter for each result.
        text: instructions; $0, $1, ... are the results, then the inputs.
        inputs: what it reads.
        pure: whether it may be moved, merged or dropped.
        memory: whether loads and stores must not be moved past it.

    Returns:
        None, a `Value`, or a list of them, after the number of outputs.
    """
    kinds = [mlir_type(kind) for kind in outputs]
    result = None if not kinds else kinds[0] if len(kinds) == 1 else llvm.StructType.get_literal(kinds)
    constraints = [f"={kind}" for kind in outputs] + [x.kind for x in inputs] + (["~{memory}"] if memory else [])
    made = llvm.inline_asm(result, [x.value for x in inputs], text, ",".join(constraints), has_side_effects=not pure)
    if not kinds:
        return None
    if len(kinds) == 1:
        return Value(made if isinstance(made, ir.Value) else made.result, outputs)
    return [Value(llvm.extractvalue(of, made, [n]), outputs[n]) for n, of in enumerate(kinds)]


def _when(condition: str, instruction: str) -> str:
    return f"{{ .reg .pred p; setp.ne.s32 p, {condition}, 0; @p {instruction} }}"


def _list(first: int, count: int) -> str:
    return "{" + ",".join(f"${first + n}" for n in range(count)) + "}"


def special(name: str) -> Value:
    """Read a special register."""
    return asm("r", f"mov.u32 $0, %{name};", pure=True)


def load(address: Value, inside: Value) -> Value:
    """Read a float32 of global memory; 0 where not `inside`."""
    return asm("f", "mov.f32 $0, 0f00000000; " + _when("$2", "ld.global.f32 $0, [$1];"), address, inside)


def load_fragment(address: Value, offset: int) -> list[Value]:
    """Read 16 bytes of global memory that nobody writes."""
    return asm("rrrr", f"ld.global.nc.v4.u32 {_list(0, 4)}, [$4+{offset}];", address)


def store(address: Value, values: Sequence[Value], inside: Value | None = None) -> None:
    """Write 1, 2 or 4 numbers to global memory, only where `inside`."""
    kind, count = values[0].kind, len(values)
    of = {"f": "f32", "r": "u32"}[kind]
    vector = f".v{count}.{of} [$0], {_list(1, count)};" if count > 1 else f".{of} [$0], $1;"
    if inside is None:
        asm("", "st.global" + vector, address, *values)
    else:
        asm("", _when(f"${count + 1}", "st.global" + vector), address, *values, inside)


def load_shared(address: Value, kinds: str, offset: int = 0) -> Any:
    """Read numbers of 32 bits from shared memory: a `Value`, or a list."""
    count, of = len(kinds), {"f": "f32", "r": "u32"}[kinds[0]]
    if count == 1:
        return asm(kinds, f"ld.shared.{of} $0, [$1+{offset}];", address)
    return asm(kinds, f"ld.shared.v{count}.{of} {_list(0, count)}, [${count}+{offset}];", address)


def load_shared_u16(address: Value) -> Value:
    """Read 16 bits of shared memory."""
    return asm("r", "{ .reg .b16 h; ld.shared.u16 h, [$1]; cvt.u32.u16 $0, h; }", address)


def store_shared(address: Value, values: Sequence[Value], offset: int = 0, memory: bool = False) -> None:
    """Write 1, 2 or 4 numbers to shared memory."""
    count, of = len(values), {"f": "f32", "r": "u32"}[values[0].kind]
    if count == 1:
        asm("", f"st.shared.{of} [$0+{offset}], $1;", address, *values, memory=memory)
    else:
        asm("", f"st.shared.v{count}.{of} [$0+{offset}], {_list(1, count)};", address, *values, memory=memory)


def copy_async(to: Value, source: Value, size: int, when: Value, offset: int = 0) -> None:
    """Begin to copy 4, 8 or 16 bytes from global to shared memory, where `when`."""
    cache = "cg" if size == 16 else "ca"
    asm("", _when("$2", f"cp.async.{cache}.shared.global [$0+{offset}], [$1+{offset}], {size};"), to, source, when)


def copy_async_or_zero(to: Value, source: Value, when: Value, inside: Value, offset: int) -> None:
    """Begin to copy a float32 from global to shared memory at an offset, where `when`; 0 where not `inside`."""
    copy = f"cp.async.ca.shared.global [$0+{offset}], [$1], 4, $3;"
    asm("", _when("$2", copy), to, source, when, inside * 4)


def commit() -> None:
    """Make a group of the copies begun since the last."""
    asm("", "cp.async.commit_group;")


def wait_copies(pending: int) -> None:
    """Wait until at most so many groups of this thread's copies are under way."""
    asm("", f"cp.async.wait_group {pending};", memory=True)


def tanh(x: Value) -> Value:
    """Return tanh, to 11 bits."""
    return asm("f", "tanh.approx.f32 $0, $1;", x, pure=True)


def sigmoid(x: Value) -> Value:
    """Return the logistic function, to 11 bits."""
    return tanh(x * 0.5) * 0.5 + 0.5


def fma(a: Value, b: Value, c: Value) -> Value:
    """Return a b + c."""
    return asm("f", "fma.rn.f32 $0, $1, $2, $3;", a, b, c, pure=True)


def clip(x: Value, largest: float) -> Value:
    """Clip to ± largest; NaN stays."""
    above = asm("f", "max.NaN.f32 $0, $1, $2;", x, constant(-largest, "f"), pure=True)
    return asm("f", "min.NaN.f32 $0, $1, $2;", above, constant(largest, "f"), pure=True)


def pack(low: Value, high: Value, of: str) -> Value:
    """Round two numbers to f16 or bf16, the first in the lower half."""
    return asm("r", f"cvt.rn.{of}x2.f32 $0, $1, $2;", high, low, pure=True)


def unpack_f16(pair: Value) -> list[Value]:
    """Return two float16 as float32, the lower half first."""
    text = "{ .reg .b16 a, b; mov.b32 {a, b}, $2; cvt.f32.f16 $0, a; cvt.f32.f16 $1, b; }"
    return asm("ff", text, pair, pure=True)


def transpose(packed: Value) -> Value:
    """Transpose 8 x 8 numbers of 16 bits that lie across a warp, lane 4i + j holding 2j and 2j + 1 of line i."""
    return asm("r", "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", packed)


def from_lane(x: Value, lane: Value) -> Value:
    """Return another lane's value."""
    return asm("r", "shfl.sync.idx.b32 $0, $1, $2, 31, 0xffffffff;", x, lane)


def multiply_add(sums: list[Value], a: list[Value], b: Sequence[Value], of: str) -> list[Value]:
    """Return A B + sums of a warp: A 16 x 16, B 16 x 8, the factors f16 or bf16."""
    instruction = f"mma.sync.aligned.m16n8k16.row.col.f32.{of}.{of}.f32"
    operands = f"{_list(0, 4)}, {_list(4, 4)}, {_list(8, 2)}, {_list(10, 4)}"
    return asm("ffff", f"{instruction} {operands};", *a, *b, *sums, pure=True)


def multiply_add_k8(sums: list[Value], a: Sequence[Value], b: Value, of: str) -> list[Value]:
    """Return A B + sums of a warp: A 16 x 8, B 8 x 8, the factors f16 or bf16."""
    instruction = f"mma.sync.aligned.m16n8k8.row.col.f32.{of}.{of}.f32"
    operands = f"{_list(0, 4)}, {_list(4, 2)}, {_list(6, 1)}, {_list(7, 4)}"
    return asm("ffff", f"{instruction} {operands};", *a, b, *sums, pure=True)


def in_block(address: Value, rank: Value) -> Value:
    """Return the address, in the cluster, of the same place in another block's shared memory."""
    return asm("r", "mapa.shared::cluster.u32 $0, $1, $2;", address, rank, pure=True)


def send(to: Value, values: list[Value], barrier: Value, offset: int = 0, when: Value | None = None) -> None:
    """Write 16 bytes into a block of the cluster; they count on its barrier when they have come."""
    of = {"f": "f32", "r": "b32"}[values[0].kind]
    store = "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4"
    text = f"{store}.{of} [$0+{offset}], {_list(1, 4)}, [$5];"
    if when is None:
        asm("", text, to, *values, barrier)
    else:
        asm("", _when("$6", text), to, *values, barrier, when)


def init_barrier(barrier: Value, when: Value) -> None:
    """Make a barrier that one arrival and the bytes it expects complete."""
    asm("", _when("$0", "mbarrier.init.shared::cta.b64 [$1], 1;"), when, barrier)


def publish_barriers() -> None:
    """Let the cluster see the barriers made."""
    asm("", "fence.mbarrier_init.release.cluster;")


def expect(barrier: Value, size: int, when: Value) -> None:
    """Arrive, and expect `size` bytes in this phase."""
    asm("", _when("$0", f"mbarrier.arrive.expect_tx.shared::cta.b64 _, [$1], {size};"), when, barrier)


def wait(barrier: Value, parity: Value) -> None:
    """Wait until the phase of a parity is complete.

    Without ``.acquire.cluster``, which would throw away the L1 cache at every step; what is read came by `send`.
    """
    test = "mbarrier.try_wait.parity.shared::cta.b64 p, [$0], $1;"
    asm("", f"{{ .reg .pred p; again: {test} @p bra done; bra again; done: }}", barrier, parity, memory=True)


def sync_block() -> None:
    """Wait for all threads of the block."""
    asm("", "bar.sync 0;", memory=True)


def sync_cluster() -> None:
    """Wait for all threads of the cluster."""
    asm("", "barrier.cluster.arrive.release.aligned; barrier.cluster.wait.acquire.aligned;", memory=True)
