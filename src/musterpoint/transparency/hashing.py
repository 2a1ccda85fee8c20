"""Hashes of a Merkle tree as in RFC 6962, 2.1, and the frontier from which the next root is made."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from musterpoint.errors import LogFormatError

HASH_BYTES: Final = 32
"""Bytes of every hash here: SHA-256."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""

SIZE_MAX: Final = 2**63 - 1
"""Leaves of a tree: larger numbers are refused before anything is computed from them."""

_COUNT_BYTES: Final = 8


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf that holds this entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: bytes) -> bytes:
    """Root over hashes that stand one after another, as in a tile.

    hashes  a whole number of 32 bytes each; none at all makes the empty root

    Raises ValueError where a hash is cut.
    """
    if len(hashes) % HASH_BYTES:
        raise ValueError("hashes have 32 bytes each")
    if not hashes:
        return EMPTY_ROOT
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        # The odd one out goes up unchanged: the split at the largest power of two, bottom up.
        odd = row[len(row) & ~1 :]
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)] + odd
    return row[0]


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that the next root needs of a tree: its size, and the roots of its full subtrees.

    size    leaves
    hashes  one for each bit that is set in the size, the largest subtree first
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX or self.size.bit_count() != len(self.hashes):
            raise ValueError("a frontier has one hash for each bit that is set in its size")
        if any(len(one) != HASH_BYTES for one in self.hashes):
            raise ValueError("hashes have 32 bytes each")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one leaf more.

        leaf  its hash, see `leaf_hash`
        """
        hashes = list(self.hashes)
        size = self.size
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        return Frontier(self.size + 1, (*hashes, leaf))

    def root(self) -> bytes:
        """Root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = sha256(b"\x01" + left + root).digest()
        return root

    def to_bytes(self) -> bytes:
        """The size in 8 bytes, big-endian, then the hashes."""
        return self.size.to_bytes(_COUNT_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """The frontier that `to_bytes` wrote. Raises LogFormatError for any other bytes."""
        size, rest = int.from_bytes(data[:_COUNT_BYTES], "big"), data[_COUNT_BYTES:]
        if len(data) < _COUNT_BYTES or size > SIZE_MAX or len(rest) != size.bit_count() * HASH_BYTES:
            raise LogFormatError(
                expected="8 bytes of size and 32 bytes for each bit set in it",
                found=f"{len(data)} bytes that are no frontier",
                hint="Rebuild the tree from the entries",
            )
        return cls(size, tuple([rest[at : at + HASH_BYTES] for at in range(0, len(rest), HASH_BYTES)]))
