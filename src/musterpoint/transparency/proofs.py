"""Proofs that an entry is in a tree, and that one tree continues another (RFC 6962 2.1; RFC 9162 2.1).

Making one reads tiles. Verifying one raises where it does not hold: a result that must not be ignored.
Every hash is 32 bytes, nothing is left over, and no number is used before it is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NoReturn

from musterpoint.errors import Corrupt, NotProven
from musterpoint.transparency.hashing import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from musterpoint.transparency.tiles import TILE_BYTES, TileSource, index_within


class _EachOnce:
    """A source of which each tile is asked for once: all of a path but its top lies in one tile."""

    def __init__(self, source: TileSource) -> None:
        self._source = source
        self._tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        place = (level, number)
        if place not in self._tiles:
            self._tiles[place] = self._source.tile(level, number)
        return self._tiles[place]


def root_at(source: TileSource, size: int) -> bytes:
    """Root of the tree over the first `size` leaves. Raises Corrupt where a tile is too short."""
    if not 0 <= size <= SIZE_MAX:
        raise ValueError("a size below 2^63 is wanted")
    return _root(_subtrees(0, size), _EachOnce(source)) if size else EMPTY_ROOT


def inclusion_proof(source: TileSource, index: int, size: int) -> tuple[bytes, ...]:
    """Hashes that prove that leaf `index`, from 0, is in the tree over the first `size` leaves.

    Raises ValueError for an index outside of the tree, Corrupt where a tile is too short.
    """
    if not 0 <= index < size <= SIZE_MAX:
        raise ValueError("a leaf of the tree is wanted")
    source, begin, end = _EachOnce(source), 0, size
    proof: list[bytes] = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_root(_subtrees(middle, end), source))
            end = middle
        else:
            proof.append(_root(_subtrees(begin, middle), source))
            begin = middle
    return tuple(reversed(proof))


def consistency_proof(source: TileSource, old: int, new: int) -> tuple[bytes, ...]:
    """Hashes that prove that the tree of `new` leaves continues the one of `old` leaves.

    Empty where the sizes are equal or the old tree has no leaf: then there is nothing to prove. Raises
    ValueError where the sizes are no such pair, Corrupt where a tile is too short.
    """
    if not 0 <= old <= new <= SIZE_MAX:
        raise ValueError("a size and one not below it are wanted")
    if old in {0, new}:
        return ()
    source, begin, end, is_known = _EachOnce(source), 0, new, True
    proof: list[bytes] = []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_root(_subtrees(middle, end), source))
            end = middle
        else:
            proof.append(_root(_subtrees(begin, middle), source))
            begin, is_known = middle, False
    if not is_known:
        proof.append(_root(_subtrees(begin, end), source))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Insist that a leaf is at `index` of the tree with this size and root. Raises NotProven.

    leaf  its hash, see `leaf_hash`
    """
    _insist_on_hashes(leaf, root, *proof)
    if not 0 <= index < size <= SIZE_MAX:
        _refuse("the index of a leaf of the tree", "an index outside of it")
    place, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            _refuse("a proof as long as the tree is high", "hashes that are left over")
        if place & 1 or place == last:
            found = sha256(b"\x01" + one + found).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + one).digest()
        place, last = place >> 1, last >> 1
    if last or found != root:
        _refuse("a proof that leads to the root", "one that leads elsewhere")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Insist that the tree of `new` leaves continues the tree of `old` leaves. Raises NotProven.

    Trees of the same size must be equal and the proof empty. An old tree without leaves is refused: nothing
    is proved by it.
    """
    _insist_on_hashes(old_root, new_root, *proof)
    if not 0 < old <= new <= SIZE_MAX:
        _refuse("a size from 1, and one not below it", "sizes that are no such pair")
    if old == new:
        if proof or old_root != new_root:
            _refuse("equal roots of trees of one size, without a proof", "something else")
        return
    hashes = iter(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    # A full subtree of the old tree is known to whoever verifies, and is not in the proof.
    first = next(hashes, None) if place else old_root
    if first is None:
        _refuse("a proof of at least one hash", "an empty one")
    if (_climb(place, last, first, hashes)) != (old_root, new_root):
        _refuse("a proof that leads to both roots", "one that leads elsewhere")


def _climb(place: int, last: int, first: bytes, hashes: Iterator[bytes]) -> tuple[bytes, bytes]:
    old = new = first
    for one in hashes:
        if last == 0:
            _refuse("a proof as long as the tree is high", "hashes that are left over")
        if place & 1 or place == last:
            old, new = sha256(b"\x01" + one + old).digest(), sha256(b"\x01" + one + new).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + one).digest()
        place, last = place >> 1, last >> 1
    if last:
        _refuse("a proof as long as the tree is high", "a shorter one")
    return old, new


def _insist_on_hashes(*hashes: bytes) -> None:
    # An empty "root" would equal an empty "leaf" in a tree of one.
    if any(len(one) != HASH_BYTES for one in hashes):
        _refuse("hashes of 32 bytes", "one of another length")


def _refuse(expected: str, found: str) -> NoReturn:
    raise NotProven(
        expected=expected,
        found=found,
        hint="Keep both files as they are and ask whoever runs the log to explain",
    )


def _split(count: int) -> int:
    """The largest power of two below a count of at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Bits and index of the full subtrees that make up the leaves from begin to end, left to right.

    begin  a multiple of the largest power of two below or at `end - begin`
    """
    while begin < end:
        bits = (end - begin).bit_length() - 1
        yield bits, begin >> bits
        begin += 1 << bits


def _root(subtrees: Iterable[tuple[int, int]], source: TileSource) -> bytes:
    roots = [_subtree_root(bits, index, source) for bits, index in subtrees]
    root = roots.pop()
    while roots:
        root = sha256(b"\x01" + roots.pop() + root).digest()
    return root


def _subtree_root(bits: int, index: int, source: TileSource) -> bytes:
    level, number, first = index_within(index, bits)
    count = 1 << bits % 8
    hashes = source.tile(level, number)
    if len(hashes) < (first + count) * HASH_BYTES or len(hashes) > TILE_BYTES:
        raise Corrupt(
            expected=f"{first + count} hashes or more in tile {number} of level {level}",
            found=f"{len(hashes)} bytes",
            hint="Rebuild the tiles from the entries",
            where="transparency log",
        )
    layer = _layers(hashes)[bits % 8]
    at = first // count * HASH_BYTES
    return layer[at : at + HASH_BYTES]


@lru_cache(maxsize=256)
def _layers(hashes: bytes) -> tuple[bytes, ...]:
    """The roots of the full subtrees of 1, 2, 4 … 256 hashes of a tile, one after another.

    Remembered, since the tiles near the root are in every proof: 16 kB for each of the last 256 tiles.
    """
    layers = [hashes]
    while len(below := layers[-1]) >= 2 * HASH_BYTES:
        pairs = range(0, len(below) // (2 * HASH_BYTES) * 2 * HASH_BYTES, 2 * HASH_BYTES)
        layers.append(b"".join([sha256(b"\x01" + below[at : at + 2 * HASH_BYTES]).digest() for at in pairs]))
    return tuple(layers)
