"""Searching outside of a transaction, recording inside of one: once for each request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from musterpoint.errors import RegistryBusy, VersionMismatch
from musterpoint.limits import SEARCH_ATTEMPTS_MAX
from musterpoint.registry.rights import Act
from musterpoint.storage import UnitOfWork
from musterpoint.templates import Template
from musterpoint.workflows.authorising import Permission, authorise, count_search, galleries_searched
from musterpoint.workflows.searching import Found
from musterpoint.workflows.station import Station

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked of a search.

    gallery       where a person who is not known is enrolled; empty for the one that the agreement names
    galleries     what is searched; None for all that the agreement allows
    allowed       what was authorised a moment ago and is searched, so that it is not asked again at once
    accepts_part  a gallery that this version cannot compare is left out, and `Found.galleries` says so
    """

    act: Act
    purpose: str
    gallery: str = ""
    galleries: frozenset[str] | None = None
    accepts_part: bool = False
    allowed: tuple[Permission, frozenset[str]] | None = None


def search_and_record(
    station: Station,
    asked: Search,
    probe: Sequence[Template],
    answered: Callable[[UnitOfWork], Outcome | None],
    record: Callable[[UnitOfWork, Found, Permission], Outcome],
) -> Outcome:
    """Search as the agreement allows, and record what is made of the result, in one transaction.

    answered  what the request came to, if somebody answered it meanwhile
    record    writes what follows from the search; it is committed when `record` returns

    Whether it is allowed is asked before the search and again in the transaction, since an agreement may
    expire, and a day's searches be used up, in between. Raises what `authorise` raises, RateExceeded,
    VersionMismatch for a gallery that cannot be compared, unless a part is accepted, and RegistryBusy where
    too much arrives during `SEARCH_ATTEMPTS_MAX` searches.
    """
    for attempt in range(SEARCH_ATTEMPTS_MAX):
        if asked.allowed is not None and attempt == 0:
            before, galleries = asked.allowed
        else:
            with station.database.read() as snapshot:
                before = authorise(station, snapshot, asked.act, purpose=asked.purpose, gallery=asked.gallery)
                galleries = galleries_searched(station, snapshot, before, asked.galleries)
        try:
            index = station.index(galleries)
            found = index.search(station.database, probe, before.target_fpir)
        except VersionMismatch:
            if not asked.accepts_part:
                raise
            galleries = _comparable(station, galleries)
            index = station.index(galleries)
            found = index.search(station.database, probe, before.target_fpir)
        with station.unit_of_work() as work:
            stored = answered(work)
            if stored is not None:
                return stored
            now = authorise(station, work, asked.act, purpose=asked.purpose, gallery=asked.gallery)
            if (now.galleries, now.target_fpir_ppm) != (before.galleries, before.target_fpir_ppm):
                continue
            current = index.search_newcomers(work, probe, now.target_fpir, found)
            if current is None:
                continue
            count_search(station, work, now)
            outcome = record(work, replace(current, galleries=galleries), now)
            work.commit()
        return outcome
    raise RegistryBusy(
        expected="a registry that changes slowly enough to be searched",
        found=f"too many changes during {SEARCH_ATTEMPTS_MAX} searches",
        hint="Try again",
    )


def _comparable(station: Station, galleries: frozenset[str]) -> frozenset[str]:
    """Those of which this version can compare everything."""
    able = set()
    for name in galleries:
        with suppress(VersionMismatch):
            station.index(frozenset({name})).follow(station.database)
            able.add(name)
    return frozenset(able)
