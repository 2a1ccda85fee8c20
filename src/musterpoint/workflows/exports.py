"""What was exported: when, by whom, why, and whether a copy may still be about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from musterpoint.clock import Instant
from musterpoint.registry import JournalLine
from musterpoint.registry.rights import Act, Extent
from musterpoint.storage import Snapshot, erasing
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.station import Station

_LINES_A_FETCH: Final = 5000

KINDS: Final[Mapping[str, str]] = {
    "export": "registry",
    "export.log": "log",
}
"""Kinds of lines that tell of an export, and what each is of where the line does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportView:
    """One export, as the journal tells it.

    position  its line
    what      registry, person or log; of whom is not said
    second    the second seat that took part; may be empty
    copy      `about` while erasures wait for it, `gone` once it was said to be no more, else `not followed`
    """

    position: int
    exported_at: Instant
    what: str
    purpose: str
    seat: str
    second: str
    copy: str


def list_exports(station: Station) -> tuple[ExportView, ...]:
    """Everything that was exported, in order; with limits, what the acting seat exported itself.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_EXPORTS)
        about = {one.name for one in erasing.holders(snapshot, station.clock.now())}
        found = tuple(_view(line, about) for line in _lines(snapshot))
    if permission.extent is Extent.FULL:
        return found
    return tuple(one for one in found if one.seat == permission.actor.seat.name)


def _lines(snapshot: Snapshot) -> Iterator[JournalLine]:
    position, end = 0, snapshot.position
    while position < end:
        for line in snapshot.journal(since=position, limit=_LINES_A_FETCH):
            if line.kind in KINDS:
                yield line
            position = line.position


def _view(line: JournalLine, about: set[str]) -> ExportView:
    facts: dict[str, Any] = json.loads(line.body)
    holder = str(facts.get("holder", ""))
    is_followed = "about" if holder in about else "gone"
    return ExportView(
        position=line.position,
        exported_at=line.occurred_at,
        what=str(facts.get("what", "")) or KINDS[line.kind],
        purpose=str(facts.get("purpose", "")),
        seat=line.author,
        second=str(facts.get("second", "")),
        copy=is_followed if holder else "not followed",
    )
