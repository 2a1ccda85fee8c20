"""The log as a folder of static files, for observers, a web server or a stick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musterpoint.errors import StorageFull, UnusableInput
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot
from musterpoint.storage.journal import Facts
from musterpoint.transparency.canonical import parse_canonical
from musterpoint.transparency.checkpoints import checkpoint_of
from musterpoint.transparency.commitments import SALT_BYTES
from musterpoint.transparency.event_kinds import EventClass
from musterpoint.transparency.publishing import (
    CHECKPOINT,
    CHECKPOINTS,
    OPENINGS,
    POLICY,
    STATIONS,
    Opening,
    log_files,
    station_lines,
)
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.transparency import checkpoints_to_publish, policy_of

if TYPE_CHECKING:
    from musterpoint.workflows.station import Station

ABOUT_PEOPLE = frozenset({EventClass.PERSON, EventClass.PAIR, EventClass.ERASURE})
"""Classes whose payloads speak of people, by their pseudonyms."""

_AT_A_TIME = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExport:
    """What was written.

    openings  payloads that were opened
    erased    payloads of the chosen classes whose key was destroyed
    """

    size: int
    witnesses: tuple[str, ...]
    openings: int
    erased: int


def export_log(
    station: Station,
    folder: Path,
    *,
    opened: frozenset[EventClass] = frozenset(),
    is_cosigned: bool = False,
) -> LogExport:
    """Write the log into a folder, and a line about it into the journal.

    opened       classes whose pseudonymous payloads are opened for whoever gets the folder; those about
                 people are an export of the registry, and need the same right
    is_cosigned  up to the newest checkpoint with a cosignature, instead of the present state

    Raises Refused, UnusableInput for a folder that holds something else, StorageFull.
    """
    acts = [Act.EXPORT_REGISTRY] if opened & ABOUT_PEOPLE else []
    with station.database.read() as snapshot:
        for act in [*acts, Act.EXPORT_LOG]:
            authorise(station, snapshot, act)
    note, earlier = checkpoints_to_publish(station, is_cosigned=is_cosigned)
    policy = policy_of(station, note)
    _insist_on_own_folder(folder, checkpoint_of(note.text).origin)
    with station.database.read() as snapshot:
        size = checkpoint_of(note.text).size
        for name, data in log_files(snapshot, size):
            _write(folder / name, data)
        openings, erased = _openings(snapshot, size, opened)
        _write(folder / OPENINGS, b"".join([one.line() for one in openings]))
        _write(folder / STATIONS, station_lines(snapshot.stations()))
    _write(folder / POLICY, policy.to_bytes())
    for one in earlier:
        _write(folder / CHECKPOINTS / str(checkpoint_of(one.text).size), one.to_bytes())
    # Last: it says that all the rest is there.
    _write(folder / CHECKPOINT, note.to_bytes())
    with station.unit_of_work() as work:
        facts: Facts = {"entries": size, "opened": sorted(one.value for one in opened)}
        work.append_journal("export.log", facts)
        work.commit()
    seen = policy.accept(note).witnesses
    return LogExport(size=size, witnesses=tuple(seen), openings=len(openings), erased=erased)


def _openings(snapshot: Snapshot, size: int, opened: frozenset[EventClass]) -> tuple[list[Opening], int]:
    """The openings of the chosen classes, and how many there are no more.

    What says by which keys stations sign is always opened: it is about nobody.
    """
    found: list[Opening] = []
    erased = 0
    for begin in range(0, size, _AT_A_TIME):
        end = min(begin + _AT_A_TIME, size)
        classes = [_class_of(entry) for entry in snapshot.entries(begin, end)]
        if not opened.intersection(classes) and EventClass.SETUP not in classes:
            continue
        for (index, salted), of in zip(snapshot.ops_openings(begin, end), classes, strict=True):
            if salted is None:
                erased += of in opened
            elif of in opened or of is EventClass.SETUP:
                payload = parse_canonical(salted[SALT_BYTES:])
                if of in opened or payload["kind"] == "station.provisioned":
                    found.append(Opening(index, "ops", salted[:SALT_BYTES], payload))
    return found, erased


def _class_of(entry: bytes) -> EventClass:
    # No other member can hold these characters unescaped; taking the entry apart takes ten times as long.
    _, _, rest = entry.partition(b'"kind":"')
    return EventClass(rest.partition(b'"')[0].decode())


def _insist_on_own_folder(folder: Path, origin: str) -> None:
    """The folder is new, empty, or holds an older export of this log."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    path = folder / CHECKPOINT
    if path.is_file() and path.read_bytes().startswith(f"{origin}\n".encode()):
        return
    raise UnusableInput(
        expected="a new folder, or one with an older export of this log",
        found="a folder with other files",
        hint="Name another folder",
        where=str(folder),
    )


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StorageFull(
            expected="a folder that can be written",
            found=(error.strerror or "an error").lower(),
            hint="Make room, or name another folder, and export again",
            where=str(path),
        ) from error
