"""The journal: signed events, one after another, which are the leaves of a transparency log (RFC 6962).

An event is written in the transaction of the facts that it stands for. Its entry holds no identity, score
or template, only commitments to two payloads, which are sealed beside it: `ops` under the key of the
agreement, `person` under the key of the encounter. Destroying such a key breaks neither chain nor log.

Positions, sequence numbers and the hybrid clock go up whatever the machine's clock does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from musterpoint.clock import Clock, Instant, to_text
from musterpoint.identifiers import AgreementId, EncounterId
from musterpoint.limits import JOURNAL_LINE_CHARACTERS_MAX
from musterpoint.registry import JournalLine
from musterpoint.storage import rows, sealing, tables
from musterpoint.storage.rows import Row
from musterpoint.storage.vault import Vault
from musterpoint.transparency.canonical import Payload, canonical
from musterpoint.transparency.commitments import SALT_BYTES, new_salt, payload_commitment
from musterpoint.transparency.event_kinds import class_of
from musterpoint.transparency.events import FIRST_PREV, Event, StationKey
from musterpoint.transparency.hashing import Frontier, leaf_hash
from musterpoint.transparency.hybrid_clock import next_clock
from musterpoint.transparency.tiles import Tree, widths

Fact = str | int | Sequence[str]
Facts = Mapping[str, Fact]

MACHINE: Final = "station"
"""The author of what no seat has done."""


_OPS: Final = sealing.record_of(tables.journal.c.ops)
_PERSON: Final = sealing.record_of(tables.journal.c.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the next line continues.

    size      lines so far
    station_id  the station that wrote last; empty before the first line
    seq       of this station's last event, 0 without one
    previous  identifier of that event in hexadecimal
    clock     hybrid logical clock of the last event
    """

    size: int
    frontier: Frontier
    station_id: str
    seq: int
    previous: str
    clock: int


@dataclass(frozen=True, slots=True)
class Signer:
    """The station that signs, and its key."""

    station_id: str
    key: StationKey


def signer_of(vault: Vault) -> Signer:
    """This station, as the vault knows it."""
    return Signer(vault.station_id().hex, StationKey.of(vault.station_key()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where somebody writes: whose seat it is, under which agreement, and what is at hand there.

    author     name of the seat, or `MACHINE`
    agreement  None for what belongs to the installation
    signer     opens the station's name and key when they are first needed
    """

    clock: Clock
    vault: Vault
    author: str = MACHINE
    agreement: AgreementId | None = None
    signer: Callable[[], Signer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is to be written; `ops` and `person` are canonical JSON."""

    kind: str
    occurred_at: int
    ops: bytes
    person: bytes | None
    encounter_id: EncounterId | None
    agreement: AgreementId | None


def head_of(row: Iterable[Any]) -> Head:
    """The head from its row."""
    _, size, frontier, station_id, seq, previous, clock = row
    return Head(
        size=size,
        frontier=Frontier.from_bytes(frontier),
        station_id=station_id or "",
        seq=seq,
        previous=previous,
        clock=clock,
    )


def head_values(head: Head) -> dict[str, object]:
    """The columns of the head that change."""
    return {
        "size": head.size,
        "station_id": head.station_id or None,
        "frontier": head.frontier.to_bytes(),
        "seq": head.seq,
        "previous": head.previous,
        "clock": head.clock,
    }


def first_head() -> dict[str, object]:
    """The row of the head of a log without entries."""
    return {"number": 1} | head_values(no_lines())


def no_lines() -> Head:
    """The head of a log without entries."""
    return Head(size=0, frontier=Frontier(), station_id="", seq=0, previous=FIRST_PREV, clock=0)


def line_of(kind: str, facts: Facts, *, occurred_at: int, person: Facts | None = None) -> Line:
    """A line with its payloads checked. Raises TypeError or ValueError."""
    payload: Payload = {"at": to_text(Instant(occurred_at)), "facts": _checked(facts), "kind": kind}
    text = canonical(payload)
    if len(text) > JOURNAL_LINE_CHARACTERS_MAX:
        raise ValueError(f"a journal line may have {JOURNAL_LINE_CHARACTERS_MAX} bytes")
    return Line(
        kind=kind,
        occurred_at=occurred_at,
        ops=text,
        person=None if person is None else canonical(_checked(person)),
        encounter_id=None,
        agreement=None,
    )


def _checked(facts: Facts) -> dict[str, str | int | list[str]]:
    return {name: value if isinstance(value, str | int) else _texts(value) for name, value in facts.items()}


def _texts(values: Sequence[str]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a journal line holds texts, whole numbers and lists of texts")
    return list(values)


def continued(head: Head, signer: Signer) -> Head:
    """The head as the station that signs goes on from it: another one begins with its own first event."""
    if head.station_id == signer.station_id:
        return head
    return replace(head, station_id=signer.station_id, seq=0, previous=FIRST_PREV)


def written(
    head: Head, lines: Iterable[Line], desk: Desk, signer: StationKey
) -> tuple[Head, list[dict[str, object]]]:
    """The rows of new lines, in order, and the head after them."""
    made = []
    for line in lines:
        head, row = _written(head, line, desk, signer)
        made.append(row)
    return head, made


def _written(head: Head, line: Line, desk: Desk, signer: StationKey) -> tuple[Head, dict[str, object]]:
    position, clock = head.size + 1, next_clock(head.clock, line.occurred_at // 1000)
    ops = new_salt() + line.ops
    person = None if line.person is None else new_salt() + line.person
    agreement = None if line.agreement is None else line.agreement.hex
    seq = head.seq + 1
    entry, event_id = Event(
        movement=agreement or head.station_id,
        station=head.station_id,
        seq=seq,
        prev=head.previous,
        clock=clock,
        kind=class_of(line.kind),
        ops=_commitment(ops),
        author=desk.author,
        key=signer.key_id,
        person=None if person is None else _commitment(person),
    ).recorded(signer)
    leaf = leaf_hash(entry)
    row: dict[str, object] = {
        "position": position,
        "occurred_at": line.occurred_at,
        "station_id": head.station_id,
        "seq": seq,
        "leaf_hash": leaf,
        "entry": entry,
        "agreement": agreement,
        "encounter_id": line.encounter_id,
        "ops": desk.vault.seal(sealing.payload_scope(agreement), ops_record(position), ops),
        "person": None if person is None else _sealed_person(desk.vault, line, position, person),
    }
    head = replace(
        head,
        size=position,
        frontier=head.frontier.append(leaf),
        seq=seq,
        previous=event_id,
        clock=clock,
    )
    return head, row


def _commitment(salted: bytes) -> str:
    return payload_commitment(salted[:SALT_BYTES], salted[SALT_BYTES:])


def tile_rows(lines: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """The rows of all tiles above the leaves of a whole journal."""
    tree = Tree()
    for line in lines:
        tree.append(bytes(cast("bytes", line["leaf_hash"])))
    return [
        {"level": level, "number": number, "hashes": tree.tile(level, number)}
        for level, full, partial in widths(len(lines))
        for number in range(full + bool(partial))
        if level
    ]


def ops_record(position: int) -> str:
    """The name of a line's sealed pseudonymous payload."""
    return f"{_OPS}/{position}"


def person_record(position: int) -> str:
    """The name of a line's sealed payload about a person."""
    return f"{_PERSON}/{position}"


def _sealed_person(vault: Vault, line: Line, position: int, person: bytes) -> bytes:
    scope = sealing.request_scope(line.encounter_id)
    return vault.seal(scope, person_record(position), person)


def journal_line_of(row: Row, opened: bytes | None) -> JournalLine:
    """A line from its row and its opened pseudonymous payload, or without one."""
    envelope = json.loads(row.entry)
    kind, facts = envelope["kind"], "{}"
    if opened is not None:
        payload = json.loads(opened[SALT_BYTES:])
        kind, facts = payload["kind"], rows.canonical_json(payload["facts"])
    return JournalLine(
        position=row.position,
        occurred_at=Instant(row.occurred_at),
        kind=kind,
        body=facts,
        author=envelope["author"],
    )


def is_by(author: str, entry: bytes) -> bool:
    """Whether a seat wrote an entry; it need not be read whole, since no text holds a bare quotation mark."""
    return canonical({"author": author})[1:-1] in entry


def opened_ops(lines: Sequence[Row], vault: Vault) -> list[bytes | None]:
    """Salt and pseudonymous payload of each line; None where it is gone, or its key."""
    sealed = [
        (sealing.payload_scope(row.agreement), ops_record(row.position), row.ops)
        for row in lines
        if row.ops is not None
    ]
    opened = iter(vault.open_many(sealed))
    return [None if row.ops is None else next(opened) for row in lines]


def opened_person(row: Row, vault: Vault) -> bytes:
    """Salt and payload about the person of a line."""
    return vault.open(sealing.request_scope(row.encounter_id), person_record(row.position), row.person)
