"""Tiles of 256 hashes (C2SP tlog-tiles), the form in which a tree is stored, published and read.

Tile `number` of `level` holds the roots of the subtrees of 256^level leaves that begin at leaf
`(number * 256 + i) * 256^level`, for i = 0, 1, 2 …; the last tile of a level may hold fewer than 256.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from musterpoint.transparency.hashing import HASH_BYTES, SIZE_MAX, Frontier, root_of

TILE_WIDTH: Final = 256
"""Hashes of a full tile, and entries of a full bundle."""

TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
"""Bytes of a full tile."""

_BITS: Final = 8


class TileSource(Protocol):
    """Where the hashes of a tree come from: a registry, a folder, or memory."""

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile, one after another: all that there are by now, 1 to 256.

        Raises Corrupt, LogFormatError or KeyError where a tile of the tree is not there.
        """
        ...


class LeafSource(TileSource, Protocol):
    """A whole log: its entries, and the hashes over them."""

    def log_size(self) -> int:
        """Number of entries."""
        ...

    def entries(self, begin: int, end: int) -> Iterator[bytes]:
        """Entries from index `begin`, which counts from 0, to before `end`."""
        ...


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile with its place."""

    level: int
    number: int
    hashes: bytes


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, number of full tiles, and hashes of the partial tile (0 to 255) of a tree of this size."""
    if not 0 <= size <= SIZE_MAX:
        raise ValueError("a size below 2^63 is wanted")
    level = 0
    while size:
        yield level, size // TILE_WIDTH, size % TILE_WIDTH
        size //= TILE_WIDTH
        level += 1


def tiles_above(source: TileSource, begin: int, end: int) -> Iterator[Tile]:
    """The tiles above level 0 that differ between trees of `begin` and of `end` leaves, lowest first.

    Whoever stores a tree stores each leaf hash, and these: one tile after every 256th leaf, some more after
    every 65,536th. `source` is asked for full tiles of level 0 that have become full since `begin`, and for
    the tiles above as they were.
    """
    level = 0
    below: dict[int, bytes] = {}
    while (begin := begin // TILE_WIDTH) < (end := end // TILE_WIDTH):
        level += 1
        made: dict[int, bytes] = {}
        for number in range(begin // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
            first = max(begin, number * TILE_WIDTH)
            known = first % TILE_WIDTH * HASH_BYTES
            children = range(first, min(end, (number + 1) * TILE_WIDTH))
            full = [below[child] if child in below else source.tile(level - 1, child) for child in children]
            made[number] = (source.tile(level, number)[:known] if known else b"") + b"".join(
                map(root_of, full)
            )
            yield Tile(level, number, made[number])
        below = made


def path_of(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """The path of a tile below the prefix of a log.

    level  or `entries`, for bundles
    width  hashes or entries in it, 1 to 256

    >>> path_of(0, 1234067)
    'tile/0/x001/x234/067'
    >>> path_of("entries", 273, 112)
    'tile/entries/273.p/112'
    """
    if not 1 <= width <= TILE_WIDTH or number < 0:
        raise ValueError("a tile has 1 to 256 hashes and a number from 0")
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


class Tree:
    """A tree in memory that grows: a source of tiles for tests, and for logs that are read as a whole."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self._tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile. Raises KeyError where it has none."""
        return self._tiles[level, number]

    def append(self, leaf: bytes) -> int:
        """Take in the hash of one more leaf; returns its index."""
        index = self.frontier.size
        place = (0, index // TILE_WIDTH)
        self._tiles[place] = self._tiles.get(place, b"") + leaf
        self.frontier = self.frontier.append(leaf)
        for tile in tiles_above(self, index, index + 1):
            self._tiles[tile.level, tile.number] = tile.hashes
        return index


def index_within(index: int, bits: int) -> tuple[int, int, int]:
    """Where the root of a full subtree of 2^bits leaves is found: level, tile, and first hash in the tile.

    index  of the subtree among those of its size
    """
    level, inner = divmod(bits, _BITS)
    first = index << inner
    return level, first // TILE_WIDTH, first % TILE_WIDTH
