"""An exported log: static files for any web server or stick (C2SP tlog-tiles), with what opens them.

checkpoint              the latest, signed, with its cosignatures
policy                  C2SP tlog-policy; a verifier should have its own from elsewhere
checkpoints/SIZE        earlier ones
tile/LEVEL/…            hashes
tile/entries/…          entries: each with its length in 2 bytes, big-endian, before it
openings                a JSON object a line: payloads with their salts, by entry
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from musterpoint.transparency.canonical import Payload, PayloadValue, canonical
from musterpoint.transparency.hashing import HASH_BYTES
from musterpoint.transparency.tiles import TILE_WIDTH, LeafSource, path_of, widths

CHECKPOINT: Final = "checkpoint"
"""Path of the latest checkpoint."""

POLICY: Final = "policy"
"""Path of the policy."""

OPENINGS: Final = "openings"
"""Path of what is opened of the payloads."""

STATIONS: Final = "stations"
"""Path of the keys of stations."""

CHECKPOINTS: Final = "checkpoints"
"""Folder of earlier checkpoints."""

ENTRIES: Final = "entries"
"""What stands for the level in the paths of entries."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A payload of an entry with its salt, so that whoever has it can test the commitment.

    index    of the entry, from 0
    part     `ops` or `person`
    """

    index: int
    part: str
    salt: bytes
    payload: Payload

    def line(self) -> bytes:
        """As it stands in the file of openings."""
        return _line({"index": self.index, self.part: self.payload, "salt": self.salt.hex()})


@dataclass(frozen=True, slots=True)
class FieldOpening:
    """One field of an entry with its salt."""

    index: int
    name: str
    value: PayloadValue
    salt: bytes

    def line(self) -> bytes:
        """As it stands in the file of openings."""
        return _line({"index": self.index, "field": [self.name, self.value], "salt": self.salt.hex()})


def log_files(source: LeafSource, size: int) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of all tiles and bundles of the first `size` entries."""
    for level, full, rest in widths(size):
        for number in range(full + (rest > 0)):
            width = TILE_WIDTH if number < full else rest
            yield path_of(level, number, width), source.tile(level, number)[: width * HASH_BYTES]
            if level == 0:
                begin = number * TILE_WIDTH
                yield path_of(ENTRIES, number, width), bundle(source.entries(begin, begin + width))


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each behind its length."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def _line(value: Payload) -> bytes:
    return canonical(value) + b"\n"


def station_lines(stations: Mapping[str, bytes]) -> bytes:
    """The file of stations: each identifier with its public key."""
    return "".join([f"{name} {key.hex()}\n" for name, key in sorted(stations.items())]).encode()
