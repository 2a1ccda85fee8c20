"""Arrays of a segment, or of the people, as bytes and back: `docs/reference/file-formats.md`, "Snapshot".

magic (4) | format (2) | 0 (2) | CRC-32 of everything after it (4) | length of the header (4)
| header, JSON | zeros up to a multiple of 64 | arrays, each beginning at a multiple of 64
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MAGIC: Final = b"MPS\x1a"
FORMAT: Final = 1

_FRAME: Final = struct.Struct("<4sHHII")
_ALIGNED: Final = 64
_DTYPES: Final = frozenset({"<u2", "<u4", "<u8", "<i2", "<i4", "<i8", "|u1"})

Arrays = Mapping[str, npt.NDArray[Any]]


def packed(facts: Mapping[str, object], arrays: Arrays) -> bytes:
    """Facts that JSON can hold, and arrays, as bytes."""
    directory = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    header = json.dumps({"facts": facts, "arrays": directory}, separators=(",", ":")).encode()
    pieces: list[bytes | memoryview[int]] = [header, _zeros(_FRAME.size + len(header))]
    for array in arrays.values():
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        pieces += [content, _zeros(len(content))]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return b"".join((_FRAME.pack(MAGIC, FORMAT, 0, checksum, len(header)), *pieces))


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """What was packed; the arrays are read-only views of the bytes. Raises ValueError."""
    if len(data) < _FRAME.size:
        raise ValueError("no whole frame")
    magic, version, _, checksum, length = _FRAME.unpack_from(data)
    if magic != MAGIC or version != FORMAT:
        raise ValueError("another format")
    if zlib.crc32(memoryview(data)[_FRAME.size :]) != checksum:
        raise ValueError("a wrong checksum")
    header = json.loads(data[_FRAME.size : _FRAME.size + length])
    at = _aligned(_FRAME.size + length)
    arrays = {}
    for name, (dtype, shape) in header["arrays"].items():
        if dtype not in _DTYPES:
            raise ValueError("an array of another kind")
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(data, dtype, count, at).reshape(shape)
        at = _aligned(at + arrays[name].nbytes)
    if at != len(data):
        raise ValueError("bytes after the last array")
    return header["facts"], arrays


def _aligned(place: int) -> int:
    return -(-place // _ALIGNED) * _ALIGNED


def _zeros(place: int) -> bytes:
    return bytes(_aligned(place) - place)
