"""Taking in an export: checked as a whole first, then added in parts, each of which is whole.

Identifiers stay what they are, so taking in the same export again adds nothing, and one that was
interrupted goes on. Who was erased here is dropped at once and counted, whatever the export says. What
is here already stays as it is here: an old export overwrites nothing.

Practice and what is real never mix: a seat for practice takes in what was exported in practice, and nothing
else; any other seat what was exported under a real agreement.

The log of the other registry is not continued: its line `export` and this one's line `import` name the
same manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from musterpoint.errors import Conflict, NoAgreement, NotFound, RecordError
from musterpoint.identifiers import EncounterId, ReferenceId
from musterpoint.registry import Encounter, Reference
from musterpoint.registry.rights import Act
from musterpoint.storage import (
    Snapshot,
    UnitOfWork,
    agreements,
    erasing,
    exchanging,
    galleries,
    retention,
    tables,
)
from musterpoint.storage.exchanging import Exchanged, Incoming, Taken
from musterpoint.storage.vault import KeyScope
from musterpoint.templates import FingerPosition
from musterpoint.workflows.authorising import Permission, authorise, refused
from musterpoint.workflows.exchange_files import MANIFEST, Finished, opened
from musterpoint.workflows.exporting import CASES, ENCOUNTERS, FORMAT, KIND, REAL, REFERENCES, REQUESTS
from musterpoint.workflows.station import Station

ENCOUNTERS_A_UNIT: Final = 100
"""Encounters that become visible together; others write in between."""

Advance = Callable[[int, int], object]
Row = dict[str, Any]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    digest   SHA-256 of the manifest
    added    rows that came in, by what they are
    there    rows that were here already
    kept     rows that are otherwise here, and stay so
    erased   rows about somebody who was erased here, dropped
    """

    digest: str
    added: Mapping[str, int]
    there: int
    kept: int
    erased: int


@dataclass(slots=True)
class _Tally:
    """Counts what became of rows, and remembers what numbers are here."""

    counts: Counter[tuple[Taken, str]] = field(default_factory=Counter)
    numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, taken: Taken, what: str) -> None:
        self.counts[taken, what] += 1

    def total(self, taken: Taken) -> int:
        return sum(count for (which, _), count in self.counts.items() if which is taken)


def import_all(station: Station, path: Path, *, advance: Advance | None = None) -> Imported:
    """Take in a finished export.

    Raises as `authorise` and `exchange_files.opened` do, NoAgreement where the export is of real people and
    this registry for practice or the other way round, RecordError for rows that are no records of ours, and
    Conflict where an identifier names something else here; nothing was taken in then.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.IMPORT)
    folder = opened(path, FORMAT)
    _refuse_mixing(station, permission, folder)
    references = _by_encounter(folder)
    with station.database.read() as snapshot:
        _check(snapshot, folder, references)
    tally = _Tally()
    _take_rows(station, folder, exchanging.EXCHANGED, tally)
    _take_encounters(station, folder, references, tally, advance or _silent)
    _take_rows(station, folder, exchanging.AFTER_ENCOUNTERS, tally, with_cases=True)
    return Imported(
        digest=folder.digest,
        added={what: count for (taken, what), count in sorted(tally.counts.items()) if taken is Taken.ADDED},
        there=tally.total(Taken.THERE),
        kept=tally.total(Taken.KEPT),
        erased=tally.total(Taken.ERASED),
    )


def _silent(_done: int, _total: int) -> None:
    return None


def _refuse_mixing(station: Station, permission: Permission, folder: Finished) -> None:
    """Raise NoAgreement, journalled, where real people would come to practice, or synthetic ones to real."""
    is_real = _is_real(folder)
    if is_real is not permission.is_practice:
        return
    if is_real:
        refusal = NoAgreement(
            expected="an export of a registry for practice, since this one holds synthetic people only",
            found="an export of real people",
            hint="Set this registry up for them first, with seats and an agreement: musterpoint seat add",
            where=MANIFEST,
        )
    else:
        refusal = NoAgreement(
            expected="an export of people who were screened under a real agreement",
            found="an export of a registry for practice",
            hint="Take it into a folder of its own, which begins for practice: --data FOLDER",
            where=MANIFEST,
        )
    with station.database.read() as snapshot:
        raise refused(station, snapshot, Act.IMPORT, refusal)


def _is_real(folder: Finished) -> bool:
    """Whether real people are in an export; one of an older version says it by its rows only."""
    has_agreement = next(folder.lines(f"{agreements.agreement.name}.jsonl"), None) is not None
    terms = folder.lines(f"{galleries.gallery_term.name}.jsonl")
    return has_agreement or folder.facts.get(KIND) == REAL or not all(one.get("is_practice") for one in terms)


def _by_encounter(folder: Finished) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in folder.lines(REFERENCES):
        found.setdefault(str(row.get("encounter_id")), []).append(row)
    return found


def _check(snapshot: Snapshot, folder: Finished, references: Mapping[str, Sequence[Row]]) -> None:
    """Read every record once, and refuse one that is other than what is here under its identifier."""
    there = {one.encounter_id: one for one in snapshot.encounters()}
    known = set()
    for row in folder.lines(ENCOUNTERS):
        encounter = _made(exchanging.encounter_of, row, ENCOUNTERS)
        known.add(str(encounter.encounter_id))
        theirs = [
            _made(_reference(folder), one, REFERENCES) for one in references.get(row["encounter_id"], ())
        ]
        mine = there.get(encounter.encounter_id)
        if mine is not None:
            _refuse_other(snapshot, mine, encounter, theirs)
    if not known >= set(references):
        raise _no_record(REFERENCES)
    for row in folder.lines(CASES):
        _made(lambda one: (UUID(one["case_id"]), UUID(one["encounter_id"]), one["candidates"]), row, CASES)


def _refuse_other(
    snapshot: Snapshot, mine: Encounter, theirs: Encounter, references: Sequence[Reference]
) -> None:
    def lasting(encounter: Encounter) -> Row:
        row = exchanging.encounter_row(encounter)
        return {name: value for name, value in row.items() if name not in {"subject_id", "answer"}}

    kept = {one.reference_id: one.template for one in snapshot.references(mine.encounter_id)}
    is_same = all(kept.get(one.reference_id, one.template) == one.template for one in references)
    if lasting(mine) != lasting(theirs) or not is_same:
        raise Conflict(
            expected="records that are the same here and there, or new",
            found="an encounter of the same identifier with other content",
            hint="One of the two was changed: compare both registries' logs before anything is taken in",
        )


def _made(make: Callable[[Row], Made], row: Row, where: str) -> Made:
    try:
        return make(row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_record(where) from error


def _no_record(where: str) -> RecordError:
    return RecordError(
        expected="records as an export writes them",
        found="a line that is no record, or that belongs to no encounter in the export",
        hint="Export again with this version; nothing was taken in",
        where=where,
    )


def _reference(folder: Finished) -> Callable[[Row], Reference]:
    def made(row: Row) -> Reference:
        return Reference(
            reference_id=ReferenceId(UUID(row["reference_id"])),
            encounter_id=EncounterId(UUID(row["encounter_id"])),
            position=FingerPosition.from_label(row["position"]),
            template=folder.read(row["template"]),
            quality=row["quality"],
            image=folder.read(row["image"]) if row["image"] else None,
        )

    return made


def _take_rows(
    station: Station,
    folder: Finished,
    tables_in_order: Sequence[Exchanged],
    tally: _Tally,
    *,
    with_cases: bool = False,
) -> None:
    with station.unit_of_work() as work:
        _begin(work, folder)
        incoming = Incoming(work, tally.numbers)
        if with_cases:
            _take_cases(work, incoming, folder, tally)
        for exchanged in tables_in_order:
            for row in folder.lines(f"{exchanged.name}.jsonl"):
                taken = _made(partial(incoming.take, exchanged), row, exchanged.name)
                tally.count(taken, exchanged.name)
        if with_cases:
            for row in folder.lines(REQUESTS):
                if incoming.names_erased({name: str(one) for name, one in _mentioned(row)}):
                    tally.count(Taken.ERASED, "requests")
                    continue
                tally.count(_made(partial(exchanging.add_request, work), row, REQUESTS), "requests")
        _commit(work, folder, tally, is_last=with_cases)


def _mentioned(row: Row) -> Iterator[tuple[str, str]]:
    yield "encounter", str(row.get("encounter_id"))
    for number, (record_id, _) in enumerate(row.get("mentions", ())):
        yield str(number), str(record_id)


def _take_cases(work: UnitOfWork, incoming: Incoming, folder: Finished, tally: _Tally) -> None:
    case = tables.adjudication_case.c
    for row in folder.lines(CASES):
        if incoming.names_erased(row):
            tally.count(Taken.ERASED, "cases")
            continue
        there = work.value_of(sa.select(case.number).where(case.case_id == UUID(row["case_id"])))
        if there is not None:
            tally.count(Taken.THERE, "cases")
            continue
        left = [one for one in row["candidates"] if not incoming.names_erased(one)]
        _made(partial(exchanging.add_case, work), row | {"candidates": left}, CASES)
        tally.count(Taken.ADDED, "cases")


def _take_encounters(
    station: Station,
    folder: Finished,
    references: Mapping[str, Sequence[Row]],
    tally: _Tally,
    advance: Advance,
) -> None:
    rows = list(folder.lines(ENCOUNTERS))
    for begin in range(0, len(rows), ENCOUNTERS_A_UNIT):
        part = rows[begin : begin + ENCOUNTERS_A_UNIT]
        _make_keys(station, part)
        with station.unit_of_work() as work:
            _begin(work, folder)
            incoming = Incoming(work, tally.numbers)
            for row in part:
                taken = _take_encounter(work, incoming, folder, row, references.get(row["encounter_id"], ()))
                tally.count(taken, "encounters")
            _commit(work, folder, tally)
        advance(min(begin + len(part), len(rows)), len(rows))


def _make_keys(station: Station, rows: Sequence[Row]) -> None:
    """Make the keys of encounters that will come in at once: one by one, each waits for the disk."""
    with station.database.read() as snapshot:
        erased = erasing.erased_ids(snapshot)
        wanted = [UUID(row["encounter_id"]) for row in rows if not exchanging.names(row, erased)]
    vault = station.database.vault
    scopes = [KeyScope.encounter(one) for one in wanted]
    vault.new_key(*[scope for scope in scopes if not vault.has(scope)])


def _take_encounter(
    work: UnitOfWork, incoming: Incoming, folder: Finished, row: Row, references: Sequence[Row]
) -> Taken:
    if incoming.names_erased(row):
        return Taken.ERASED
    encounter = exchanging.encounter_of(row)
    try:
        mine = work.encounter(encounter.encounter_id)
    except NotFound:
        work.add_encounter(encounter)
        # Its dates come with it, in a table of their own.
        retention.forget_dates(work, [encounter.encounter_id])
        for gallery in row["galleries"]:
            work.join_gallery(encounter.encounter_id, gallery)
        if encounter.gallery not in row["galleries"]:
            work.leave_gallery(encounter.encounter_id, encounter.gallery)
        work.add_reference(*map(_reference(folder), references))
        return Taken.ADDED
    return Taken.THERE if mine == encounter else Taken.KEPT


def _begin(work: UnitOfWork, folder: Finished) -> None:
    """The first line of a part, before its rows, which name it: looking for them afterwards takes long."""
    work.append_journal("import.begun", _named(folder))


def _named(folder: Finished) -> dict[str, str | int]:
    return {"manifest": folder.digest, "export": str(folder.facts.get("export", ""))}


def _commit(work: UnitOfWork, folder: Finished, tally: _Tally, *, is_last: bool = False) -> None:
    """Commit what came in; where nothing did, nothing is written, the journal included."""
    if not work.has_changed:
        return
    work.append_journal(
        "import",
        _named(folder)
        | {
            "added": tally.total(Taken.ADDED),
            "erased": tally.total(Taken.ERASED),
            "complete": int(is_last),
        },
    )
    work.commit()
