"""Searching outside of a transaction, recording inside of one: once for each request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from musterpoint.errors import RegistryBusy
from musterpoint.limits import SEARCH_ATTEMPTS_MAX
from musterpoint.storage import UnitOfWork
from musterpoint.templates import Template
from musterpoint.workflows.searching import Found
from musterpoint.workflows.station import Station

Outcome = TypeVar("Outcome")


def search_and_record(
    station: Station,
    galleries: frozenset[str] | None,
    probe: Sequence[Template],
    answered: Callable[[UnitOfWork], Outcome | None],
    record: Callable[[UnitOfWork, Found], Outcome],
) -> Outcome:
    """Search these galleries and record what is made of the result, in one transaction.

    answered  what the request came to, if somebody answered it meanwhile
    record    writes what follows from the search; it is committed when `record` returns

    Raises RegistryBusy where too much arrives during `SEARCH_ATTEMPTS_MAX` searches.
    """
    index = station.index(galleries)
    for _ in range(SEARCH_ATTEMPTS_MAX):
        found = index.search(station.database, probe, station.target_fpir)
        with station.database.unit_of_work() as work:
            stored = answered(work)
            if stored is not None:
                return stored
            current = index.search_newcomers(work, probe, station.target_fpir, found)
            if current is None:
                continue
            outcome = record(work, current)
            work.commit()
        return outcome
    raise RegistryBusy(
        expected="a registry that changes slowly enough to be searched",
        found=f"too many changes during {SEARCH_ATTEMPTS_MAX} searches",
        hint="Try again",
    )
