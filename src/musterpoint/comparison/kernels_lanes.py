"""Vectors of 16, 32 or 8 lanes inside of kernels, which Numba has no name for.

They are LLVM's own: whatever the processor's registers hold, each lane is computed by itself and rounded as a
single number would be. So a kernel gives the same bits with AVX-512, with AVX2 and with SSE.

    f32x16(array, place)  16 numbers of a contiguous array from a flat place on; so i32x16, i16x32, u64x8
    fill_f32x16(number)   one number in all lanes; likewise i32, i16, u64
    + - * / & >> < <= > >= == !=   lane by lane, of vectors of one type
    ones(mask)            the lanes that hold, as bits of a uint64
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs
# mypy: allow-subclassing-any

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import errors
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model


class Lanes(types.Type):
    """The type of a vector: what a lane holds, and how many there are."""

    def __init__(self, kind: str, count: int) -> None:
        self.kind = kind
        self.count = count
        super().__init__(f"Lanes({kind} x {count})")

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.count

    @property
    def is_float(self) -> bool:
        return self.kind == "f32"

    @property
    def vector(self) -> ir.VectorType:
        element = ir.FloatType() if self.is_float else ir.IntType(int(self.kind[1:]))
        return ir.VectorType(element, self.count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


F32 = Lanes("f32", 16)
I32 = Lanes("i32", 16)
I16 = Lanes("i16", 32)
U64 = Lanes("u64", 8)
SCALARS = {"f32": types.float32, "i32": types.int32, "i16": types.int16, "u64": types.uint64}


def _mask_of(lanes: Lanes) -> Lanes:
    return Lanes("b1", lanes.count)


def _binary(symbol: Any, floating: str | None, integer: str) -> None:
    """Teach Numba an operation of two vectors of one type."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and isinstance(args[0], Lanes) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    @lower_builtin(symbol, Lanes, Lanes)
    def _lower(context, builder, sig, args):
        name = floating if sig.args[0].is_float else integer
        if name is None:
            raise errors.TypingError(f"{symbol} of {sig.args[0]}")
        return getattr(builder, name)(*args)


def _comparison(symbol: Any, sign: str) -> None:
    """Teach Numba a comparison of two vectors of one type; signed but for bits."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and isinstance(args[0], Lanes) and args[0] == args[1]:
                return signature(_mask_of(args[0]), *args)
            return None

    @lower_builtin(symbol, Lanes, Lanes)
    def _lower(context, builder, sig, args):
        if sig.args[0].is_float:
            return builder.fcmp_ordered(sign, *args)
        if sig.args[0].kind == "u64":
            return builder.icmp_unsigned(sign, *args)
        return builder.icmp_signed(sign, *args)


_binary(operator.add, "fadd", "add")
_binary(operator.sub, "fsub", "sub")
_binary(operator.mul, "fmul", "mul")
_binary(operator.truediv, "fdiv", "udiv")
_binary(operator.and_, None, "and_")
_binary(operator.or_, None, "or_")
_binary(operator.rshift, None, "ashr")
for _symbol, _sign in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    _comparison(_symbol, _sign)


def _place(context: Any, builder: Any, signature_: Any, args: Any, lanes: Lanes) -> Any:
    """Address of `lanes` in an array from a flat place on; checked where Numba was told to check bounds."""
    array = context.make_array(signature_.args[0])(context, builder, args[0])
    if config.BOUNDSCHECK:  # type: ignore[attr-defined]  # set when Numba is imported
        past = builder.add(args[1], ir.Constant(args[1].type, lanes.count))
        is_before = builder.icmp_signed("<", args[1], ir.Constant(args[1].type, 0))
        is_outside = builder.or_(is_before, builder.icmp_signed(">", past, array.nitems))
        with builder.if_then(is_outside, likely=False):
            context.call_conv.return_user_exc(builder, IndexError, ("lanes outside of an array",))
    address = builder.gep(array.data, [args[1]])
    return builder.bitcast(address, lanes.vector.as_pointer())


def _bytes(lanes: Lanes) -> int:
    return int(lanes.kind[1:]) // 8


def _loader(lanes: Lanes) -> Callable[..., Any]:
    @intrinsic
    def load(_context, array, place):
        def generate(context, builder, sig, args):
            return builder.load(_place(context, builder, sig, args, lanes), align=_bytes(lanes))

        return lanes(array, types.intp), generate

    return load


def _storer(lanes: Lanes) -> Callable[..., Any]:
    @intrinsic
    def store(_context, array, place, value):
        def generate(context, builder, sig, args):
            builder.store(args[2], _place(context, builder, sig, args, lanes), align=_bytes(lanes))
            return context.get_dummy_value()

        return types.void(array, types.intp, lanes), generate

    return store


def _filler(lanes: Lanes) -> Callable[..., Any]:
    scalar = SCALARS[lanes.kind]

    @intrinsic
    def fill(_context, value):
        def generate(_target, builder, _sig, args):
            one = builder.insert_element(
                ir.Constant(lanes.vector, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0)
            )
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None)
            return builder.shuffle_vector(one, ir.Constant(lanes.vector, ir.Undefined), zeros)

        return lanes(scalar), generate

    return fill


f32x16, store_f32x16, fill_f32x16 = _loader(F32), _storer(F32), _filler(F32)
i32x16, store_i32x16, fill_i32x16 = _loader(I32), _storer(I32), _filler(I32)
i16x32, fill_i16x32 = _loader(I16), _filler(I16)
u64x8, fill_u64x8 = _loader(U64), _filler(U64)


@intrinsic
def ones(_context, mask):
    """The lanes of a mask that hold, as bits of a uint64."""

    def generate(_target, builder, sig, args):
        word = builder.bitcast(args[0], ir.IntType(sig.args[0].count))
        return builder.zext(word, ir.IntType(64)) if sig.args[0].count < 64 else word

    return types.uint64(mask), generate


@intrinsic
def lanes_of(_context, bits):
    """The mask of 16 lanes whose bits of a uint64 are set, from the lowest on."""

    def generate(_target, builder, _sig, args):
        word = builder.trunc(args[0], ir.IntType(16))
        return builder.bitcast(word, ir.VectorType(ir.IntType(1), 16))

    return Lanes("b1", 16)(types.uint64), generate


@intrinsic
def choose(_context, mask, yes, no):
    """`yes` in the lanes that hold, `no` in the others."""

    def generate(_target, builder, _sig, args):
        return builder.select(*args)

    return yes(mask, yes, no), generate


@intrinsic
def least_of(_context, one, other):
    """The smaller one, lane by lane."""

    def generate(_target, builder, sig, args):
        is_float = sig.args[0].is_float
        compare = builder.fcmp_ordered if is_float else builder.icmp_signed
        return builder.select(compare("<", *args), *args)

    return one(one, other), generate


def _called(name: str, returned: Lanes) -> Callable[..., Any]:
    """One of LLVM's own functions of a vector of the type that it returns."""

    @intrinsic
    def call(_context, value):
        def generate(_target, builder, _sig, args):
            kind = ir.FunctionType(returned.vector, [returned.vector])
            letter = "f" if returned.is_float else "i"
            full = f"llvm.{name}.v{returned.count}{letter}{returned.kind[1:]}"
            function = builder.module.globals.get(full) or ir.Function(builder.module, kind, full)
            return builder.call(function, args)

        return returned(returned), generate

    return call


ones_u64x8 = _called("ctpop", U64)
floor_f32x16 = _called("floor", F32)
sqrt_f32x16 = _called("sqrt", F32)


def _reduced(full: str, lanes: Lanes) -> Callable[..., Any]:
    """One of LLVM's own functions that make one number of a vector."""

    @intrinsic
    def call(_context, value):
        def generate(_target, builder, _sig, args):
            kind = ir.FunctionType(lanes.vector.element, [lanes.vector])
            function = builder.module.globals.get(full) or ir.Function(builder.module, kind, full)
            return builder.call(function, args)

        return SCALARS[lanes.kind](lanes), generate

    return call


largest = _reduced("llvm.vector.reduce.fmax.v16f32", F32)
sum_u64x8 = _reduced("llvm.vector.reduce.add.v8i64", U64)


@intrinsic
def to_i32x16(_context, value):
    """Numbers cut to whole ones, towards zero."""

    def generate(_target, builder, _sig, args):
        return builder.fptosi(args[0], I32.vector)

    return I32(F32), generate


@intrinsic
def to_f32x16(_context, value):
    """Whole numbers as numbers."""

    def generate(_target, builder, _sig, args):
        return builder.sitofp(args[0], F32.vector)

    return F32(I32), generate


@intrinsic
def joined(_context, low, high):
    """Twice eight small counts of 64 bits as sixteen of 32."""

    def generate(_target, builder, _sig, args):
        half = ir.VectorType(ir.IntType(32), 8)
        order = ir.Constant(ir.VectorType(ir.IntType(32), 16), list(range(16)))
        return builder.shuffle_vector(builder.trunc(args[0], half), builder.trunc(args[1], half), order)

    return I32(U64, U64), generate


@intrinsic
def store_i16x16(_context, array, place, value):
    """Write sixteen whole numbers into an array of int16."""
    half = Lanes("i16", 16)

    def generate(context, builder, sig, args):
        address = _place(context, builder, sig, args, half)
        builder.store(builder.trunc(args[2], half.vector), address, align=2)
        return context.get_dummy_value()

    return types.void(array, types.intp, I32), generate


class _Addresses(ir.instructions.Instruction):
    """Sixteen addresses from one: `getelementptr` with a vector of places, which llvmlite cannot write."""

    def __init__(self, block: Any, base: Any, places: Any, lanes: Lanes) -> None:
        self.element = lanes.vector.element
        kind = ir.VectorType(base.type, 16)
        super().__init__(block, kind, "getelementptr", [base, places])

    def descr(self, buf: Any) -> None:
        base, places = self.operands
        base, places = (f"{one.type} {one.get_reference()}" for one in (base, places))
        buf.append(f"getelementptr {self.element}, {base}, {places}\n")


def _gatherer(lanes: Lanes) -> Callable[..., Any]:
    """Numbers of an array at sixteen places; the array's elements may be narrower, then several make one."""

    @intrinsic
    def gather(_context, array, places):
        def generate(context, builder, sig, args):
            data = context.make_array(sig.args[0])(context, builder, args[0]).data
            base = builder.bitcast(data, lanes.vector.element.as_pointer())
            pointers = _Addresses(builder.block, base, args[1], lanes)
            builder._insert(pointers)
            mask = ir.VectorType(ir.IntType(1), 16)
            kind = ir.FunctionType(lanes.vector, [pointers.type, ir.IntType(32), mask, lanes.vector])
            letter = "f" if lanes.is_float else "i"
            full = f"llvm.masked.gather.v16{letter}32.v16p0"
            function = builder.module.globals.get(full) or ir.Function(builder.module, kind, full)
            every = ir.Constant(mask, [1] * 16)
            nothing = ir.Constant(lanes.vector, ir.Undefined)
            return builder.call(function, [pointers, ir.Constant(ir.IntType(32), 4), every, nothing])

        return lanes(array, I32), generate

    return gather


gather_f32x16 = _gatherer(F32)
gather_i32x16 = _gatherer(I32)
