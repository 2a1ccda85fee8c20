"""How kernels are compiled, and machine instructions that Numba has no name for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


def kernel(signature: Any, **options: Any) -> Any:
    """Compile a function for a signature, once and for all, without Python's lock.

    Nor does it count who refers to which array: between kernels that hand over a dozen arrays that costs more
    than most of them. Such a function must not make arrays, nor return them.
    """
    options |= {"nogil": True, "cache": True, "_nrt": False}
    return njit(signature, **options)


@intrinsic
def count_ones(_context: Any, word: Any) -> Any:
    """Number of set bits of a uint64."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def lowest_one(_context: Any, word: Any) -> Any:
    """Position of the lowest set bit of a uint64 that is not zero."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        zero_is_undefined = ir.Constant(ir.IntType(1), 1)
        return builder.cttz(arguments[0], zero_is_undefined)

    return types.uint64(types.uint64), generate


@intrinsic
def fetch_ahead(_context: Any, array: Any, place: Any) -> Any:
    """Ask memory for the cache line of an array's place that will soon be read; any place may be named."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], form)
        to_read, everywhere, data = (ir.Constant(flag, number) for number in (0, 3, 1))
        builder.call(function, [address, to_read, everywhere, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate
