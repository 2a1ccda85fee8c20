"""Logs in memory, of several stations, and their exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.transparency.keys import COSIGNER, LOG, ORIGIN, SECONDS

from musterpoint.transparency.canonical import Payload, canonical
from musterpoint.transparency.checkpoints import Checkpoint
from musterpoint.transparency.commitments import field_commitment, payload_commitment
from musterpoint.transparency.event_kinds import EventClass
from musterpoint.transparency.events import FIRST_PREV, Event, StationKey
from musterpoint.transparency.hashing import leaf_hash
from musterpoint.transparency.notes import Note
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proofs import root_at
from musterpoint.transparency.publishing import FieldOpening, Opening, log_files, station_lines
from musterpoint.transparency.tiles import Tree

KEYS = [StationKey.of(Ed25519PrivateKey.from_private_bytes(bytes([9] * 31 + [n]))) for n in range(1, 4)]
STATIONS = [f"{n:032x}" for n in range(1, 4)]
POLICY = Policy((LOG.key,), {"w1": COSIGNER.key}, {}, "w1")


def presented(what: str) -> Payload:
    """A payload about somebody who came."""
    return {"kind": "presented", "what": what}


def provisioned(station: int, key: int) -> Payload:
    """A payload that says by which key a station signs."""
    public_key = KEYS[key].private.public_key().public_bytes_raw().hex()
    facts = {"public_key": public_key, "station": STATIONS[station]}
    return {"facts": facts, "kind": "station.provisioned"}


class Log(Tree):
    """A log with its entries, and an event of each station in turn."""

    def __init__(self, count: int = 0, name: str = "") -> None:
        super().__init__()
        self.all: list[bytes] = []
        self.last: dict[int, Event] = {}
        for index in range(count):
            self.add(self.event(index % len(STATIONS), f"{name}{index}"))

    def event(self, station: int, what: str, payload: Payload | None = None) -> Event:
        """The next event of a station."""
        last = self.last.get(station)
        event = Event(
            movement="movement-1",
            station=STATIONS[station],
            seq=last.seq + 1 if last else 1,
            prev=last.event_id() if last else FIRST_PREV,
            clock=len(self.all) + 1,
            kind=EventClass.PERSON,
            ops=payload_commitment(bytes(32), canonical(payload or presented(what))),
            author="officer-1",
            key=KEYS[station].key_id,
            fields=(field_commitment(bytes(32), "what", what),),
        )
        self.last[station] = event.signed(KEYS[station])
        return self.last[station]

    def add(self, event: Event) -> None:
        """Append an event."""
        self.all.append(event.entry())
        self.append(leaf_hash(event.entry()))

    def log_size(self) -> int:
        """Number of entries."""
        return len(self.all)

    def entries(self, begin: int, end: int) -> Iterator[bytes]:
        """Entries of a range."""
        return iter(self.all[begin:end])

    def checkpoint(self, size: int, *, is_cosigned: bool = True) -> Note:
        """A signed checkpoint over the first entries."""
        text = Checkpoint(ORIGIN, size, root_at(self, size)).text
        signers = (LOG, COSIGNER) if is_cosigned else (LOG,)
        return Note(text).signed_by(*[one.sign(text, SECONDS) for one in signers])


@cache
def log_of(count: int, name: str = "") -> Log:
    """A log that no test changes."""
    return Log(count, name)


def export(log: Log, folder: Path, *, earlier: tuple[int, ...] = ()) -> Path:
    """Write a log with everything that may lie beside it."""
    files = dict(log_files(log, log.log_size()))
    files["checkpoint"] = log.checkpoint(log.log_size()).to_bytes()
    files["policy"] = POLICY.to_bytes()
    files["stations"] = station_lines(
        {name: key.private.public_key().public_bytes_raw() for name, key in zip(STATIONS, KEYS, strict=True)}
    )
    files |= {f"checkpoints/{n}": log.checkpoint(n, is_cosigned=False).to_bytes() for n in earlier}
    opened = (0, log.log_size() - 1)
    files["openings"] = b"".join(
        Opening(n, "ops", bytes(32), presented(f"{n}")).line()
        + FieldOpening(n, "what", f"{n}", bytes(32)).line()
        for n in opened
    )
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def resigned(event: Event, station: int, **changes: object) -> Event:
    """An event with other content, signed by the same station."""
    return replace(event, **changes, sig="").signed(KEYS[station])  # type: ignore[arg-type]  # by name
