"""The tree of RFC 6962 as its text defines it: slow, and obviously right."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def split(count: int) -> int:
    """The largest power of two below a count."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def root(entries: Sequence[bytes]) -> bytes:
    """MTH of 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + root(entries[:k]) + root(entries[k:])).digest()


def path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH of 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), root(entries[k:])]
    return [*path(index - k, entries[k:]), root(entries[:k])]


def proof(old: int, entries: Sequence[bytes]) -> list[bytes]:
    """PROOF of 2.1.2."""
    return _subproof(old, entries, True)


def _subproof(old: int, entries: Sequence[bytes], is_whole: bool) -> list[bytes]:
    if old == len(entries):
        return [] if is_whole else [root(entries)]
    k = split(len(entries))
    if old <= k:
        return [*_subproof(old, entries[:k], is_whole), root(entries[k:])]
    return [*_subproof(old - k, entries[k:], False), root(entries[:k])]
