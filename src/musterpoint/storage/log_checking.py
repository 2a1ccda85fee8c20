"""Checks the journal: every entry, the chain and signatures of each station, the tree, and the payloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from musterpoint.errors import Corrupt, LogFormatError, MusterpointError, NotProven
from musterpoint.storage import stations, tables
from musterpoint.storage.journal import ops_record, person_record
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.sealing import payload_scope, request_scope
from musterpoint.storage.vault import KeyScope
from musterpoint.transparency.commitments import SALT_BYTES, verify_opening
from musterpoint.transparency.events import FIRST_PREV, Event, key_id_of, parse_event
from musterpoint.transparency.hashing import Frontier, leaf_hash
from musterpoint.transparency.tiles import Tree

_LINES_A_FETCH: Final = 1000

Fault = tuple[str, int]
"""What is wrong, and the position of the line."""


@dataclass(slots=True)
class _Chain:
    """How far one station's events have been followed."""

    key: Ed25519PublicKey
    key_id: str
    seq: int = 0
    previous: str = FIRST_PREV


@dataclass(slots=True)
class _Follower:
    """Follows the journal line by line.

    revoked  the line by which a station was revoked
    """

    chains: dict[str, _Chain]
    checks_signatures: bool
    revoked: Mapping[str, int]
    tree: Tree = field(default_factory=Tree)
    clock: int = -1
    position: int = 0

    def faults_of(self, row: Row) -> Iterator[str]:
        """What is wrong with the next line."""
        if row.position != self.position + 1:
            yield "a line is missing before this one"
        self.position = row.position
        leaf = leaf_hash(row.entry)
        self.tree.append(leaf)
        if leaf != row.leaf_hash:
            yield "the entry is not the one that was hashed"
        try:
            event = parse_event(row.entry)
        except LogFormatError:
            yield "the entry is no event"
            return
        yield from self._faults_of_event(row, event)

    def _faults_of_event(self, row: Row, event: Event) -> Iterator[str]:
        if (event.station, event.seq) != (row.station_id, row.seq):
            yield "the row names another event than its entry"
        if row.position > self.revoked.get(event.station, row.position):
            yield "the station of the event had been revoked"
        if event.clock <= self.clock:
            yield "the clock of the event goes back"
        self.clock = max(self.clock, event.clock)
        chain = self.chains.get(event.station)
        if chain is None:
            yield "the station of the event is not known"
            return
        if (event.seq, event.prev) != (chain.seq + 1, chain.previous):
            yield "the event does not continue the chain of its station"
        chain.seq, chain.previous = event.seq, event.event_id()
        if event.key != chain.key_id:
            yield "the event names another key than its station's"
        if self.checks_signatures:
            try:
                event.verify(chain.key)
            except (NotProven, MusterpointError):
                yield "the signature of the event does not verify"


def faults_of_log(snapshot: Snapshot, *, signatures: bool) -> Iterator[Fault]:
    """Everything that is wrong with the journal.

    signatures  whether each signature is verified, some 100 us a line
    """
    chains = {name: _chain(key) for name, key in snapshot.stations().items()}
    revoked = {one.station_id: one.revoked for one in stations.known(snapshot) if one.revoked is not None}
    follower = _Follower(chains=chains, checks_signatures=signatures, revoked=revoked)
    statement = sa.select(tables.journal).order_by(tables.journal.c.position)
    for part in snapshot.parts(statement, _LINES_A_FETCH):
        for row in part:
            for fault in follower.faults_of(row):
                yield fault, row.position
        yield from _faults_of_payloads(snapshot, part)
    yield from _faults_of_head(snapshot, follower)
    for (level, number), hashes in _stored_tiles(snapshot).items():
        try:
            is_right = follower.tree.tile(level, number) == hashes
        except KeyError:
            is_right = False
        if not is_right:
            yield "a tile of the tree is not the one that the entries make", 0


def _chain(key: bytes) -> _Chain:
    return _Chain(key=Ed25519PublicKey.from_public_bytes(key), key_id=key_id_of(key))


def _faults_of_head(snapshot: Snapshot, follower: _Follower) -> Iterator[Fault]:
    head = snapshot.fetch(sa.select(tables.journal_head), lambda row: row)[0]
    if head.size != follower.position:
        yield "lines are missing at the end of the journal", int(head.size)
    if Frontier.from_bytes(head.frontier).root() != follower.tree.frontier.root():
        yield "the root of the tree is not the one that the entries make", int(head.size)
    last = follower.chains.get(head.station_id or "")
    if last is not None and (head.seq, head.previous) != (last.seq, last.previous):
        yield "what the next line would continue is not the last one", int(head.size)


def _stored_tiles(snapshot: Snapshot) -> Mapping[tuple[int, int], bytes]:
    tile = tables.journal_tile
    return dict(snapshot.fetch(sa.select(tile), lambda row: ((row.level, row.number), bytes(row.hashes))))


def _faults_of_payloads(snapshot: Snapshot, part: Sequence[Row]) -> Iterator[Fault]:
    """Payloads that open and are not what the entry commits to; what does not open is told elsewhere."""
    for name, records in (("ops", _ops(part)), ("person", _people(part))):
        try:
            opened = snapshot.vault.open_many([record for _, record in records])
        except Corrupt:
            continue
        for (row, _), salted in zip(records, opened, strict=True):
            if salted is None:
                continue
            try:
                commitment = getattr(parse_event(row.entry), name)
                verify_opening(commitment or "", salted[:SALT_BYTES], salted[SALT_BYTES:])
            except MusterpointError:
                yield f"the payload {name} is not the one that the entry commits to", row.position


def _ops(part: Sequence[Row]) -> list[tuple[Row, tuple[KeyScope, str, bytes]]]:
    return [
        (row, (payload_scope(row.agreement), ops_record(row.position), row.ops))
        for row in part
        if row.ops is not None
    ]


def _people(part: Sequence[Row]) -> list[tuple[Row, tuple[KeyScope, str, bytes]]]:
    return [
        (row, (request_scope(row.encounter_id), person_record(row.position), row.person))
        for row in part
        if row.person is not None
    ]
