"""Damage, the same on every run: a mutation is named by its seed file and a number."""

from __future__ import annotations

import os
import random
from typing import Final

SCALE: Final = float(os.environ.get("MUSTERPOINT_FUZZ_SCALE", "1"))
"""How many times more mutations than in the normal suite."""

_WORDS: Final = (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\1\0")
_HEAD_BYTES: Final = 256


def count(normal: int) -> int:
    """Mutations to try where the normal suite tries `normal`."""
    return max(1, round(normal * SCALE))


def mutated(data: bytes, name: str, number: int) -> bytes:
    """The mutation `number` of a file: cut, flipped, overwritten, shortened, lengthened or spliced."""
    chance = random.Random(f"{name}/{number}")
    damaged = bytearray(data)
    at = chance.randrange(len(damaged))
    kind = chance.randrange(7)
    if kind == 0:
        return bytes(damaged[:at])
    if kind == 1:
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    elif kind == 2:
        for _ in range(chance.choice((1, 2, 8))):
            place = chance.randrange(min(len(damaged), _HEAD_BYTES))
            damaged[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    elif kind == 3:
        del damaged[at : at + chance.randrange(1, 40)]
    elif kind == 4:
        damaged[at:at] = chance.randbytes(chance.randrange(1, 40))
    elif kind == 5:
        place = chance.randrange(min(len(damaged), _HEAD_BYTES))
        damaged[place : place + 4] = chance.choice(_WORDS)
    else:
        source = chance.randrange(len(damaged))
        piece = damaged[source : source + chance.randrange(1, 64)]
        damaged[at : at + len(piece)] = piece
    return bytes(damaged)
