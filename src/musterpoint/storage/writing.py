"""A unit of work: changes that come to be together, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Clock, Instant
from musterpoint.errors import AlreadyErased, AlreadySettled, Conflict
from musterpoint.identifiers import CaseId, EncounterId, RequestId, SubjectId
from musterpoint.limits import JOURNAL_LINE_CHARACTERS_MAX
from musterpoint.registry import (
    Answer,
    Case,
    CaseCandidate,
    Encounter,
    EncounterKind,
    Outcome,
    Reference,
    Verdict,
)
from musterpoint.storage import erasing, retention, rows, tables
from musterpoint.storage.reading import ERASED_OUTCOME, Result, Snapshot
from musterpoint.storage.translation import translated

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


@cache
def _insert_into(table: sa.Table) -> sa.Insert:
    """Made once: SQLAlchemy compiles a statement when it first sees it."""
    return sa.insert(table)


class UnitOfWork(Snapshot):
    """Changes in one transaction that writes; nobody else writes meanwhile.

    Its reading methods see the changes made so far. Every row that is added carries the position of the
    unit's first journal line, so `commit` insists on at least one line where anything changed.
    """

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self._is_over = False
        self._has_changed = False
        self.has_erased = False
        self._lines = self.position
        self._stamp = self._lines + 1
        self._numbers: dict[str, int] = {}
        self._own: set[UUID] = set()

    def _execute(
        self, statement: sa.Executable, values: Sequence[Mapping[str, object]] | None = None
    ) -> Result:
        self._insist_on_being_open()
        return super()._execute(statement, values)

    def _insist_on_being_open(self) -> None:
        super()._insist_on_being_open()
        if self._is_over:
            raise RuntimeError("a unit of work ends with its commit")

    def now(self) -> Instant:
        """The present, by the clock of the registry."""
        return self._clock.now()

    def change(self, statement: sa.Executable) -> None:
        """Carry out an update or a deletion; `commit` then insists on a journal line."""
        self._has_changed = True
        with translated():
            self._execute(statement)

    def insert(self, table: sa.Table, *values: Mapping[str, object]) -> None:
        """Add rows; `commit` then insists on a journal line. Raises Conflict, NotFound."""
        if not values:
            return
        self._has_changed = True
        with translated():
            self._execute(_insert_into(table), values)

    def next_number(self, table: sa.Table) -> int:
        """The next number of a table from which nothing is ever deleted."""
        last = self._numbers.get(table.name)
        if last is None:
            last = int(self.value_of(sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0))))
        self._numbers[table.name] = last + 1
        return last + 1

    def stamped(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """The row with the position of this unit's first journal line."""
        return {**values, "position": self._stamp}

    def add_gallery_if_missing(self, name: str) -> None:
        """Have a gallery of this name."""
        column = tables.gallery.c.name
        if self.value_of(sa.select(column).where(column == name)) is None:
            self.insert(tables.gallery, self.stamped({"name": name}))

    def add_subject(self, subject_id: SubjectId) -> None:
        """Add a subject without encounters. Raises AlreadyErased, Conflict where it is there."""
        self._refuse_erased(subject_id)
        self.insert(tables.subject, self.stamped({"subject_id": subject_id}))
        self._own.add(subject_id)

    def add_encounter(self, encounter: Encounter) -> None:
        """Add an encounter and the fingers that were not captured.

        Raises NotFound where its subject or gallery is not there, AlreadyErased where its subject or
        itself was erased, Conflict where it is there.
        """
        self._refuse_erased(encounter.subject_id)
        erased = tables.erased_encounter.c.encounter_id
        if self.value_of(sa.select(erased).where(erased == encounter.encounter_id)) is not None:
            raise _already_erased("encounter")
        number = self.next_number(tables.encounter_detail)
        self.insert(tables.encounter_detail, {"number": number, "detail": rows.detail_of(encounter)})
        self.insert(tables.encounter, self.stamped(rows.encounter_row(encounter) | {"number": number}))
        retention.give_dates(self, encounter.encounter_id, encounter.gallery, encounter.occurred_at)
        self._own.add(encounter.encounter_id)

    def add_reference(self, reference: Reference) -> None:
        """Add a reference of an encounter. Raises NotFound, Conflict where it is there."""
        column = tables.encounter.c
        encounter = sa.select(column.number).where(column.encounter_id == reference.encounter_id)
        encounter_number = self.value_of(encounter)
        if encounter_number is None:
            self.encounter(reference.encounter_id)
        number = self.next_number(tables.reference_template)
        numbers = {"number": number, "encounter_number": encounter_number}
        self.insert(tables.reference_template, {"number": number, "template": reference.template})
        self.insert(tables.reference, self.stamped(rows.reference_row(reference) | numbers))
        if reference.image is not None:
            self.insert(tables.reference_image, {"number": number, "image": reference.image})

    def _refuse_erased(self, subject_id: SubjectId | None) -> None:
        if subject_id is not None and self.is_erased(subject_id):
            raise _already_erased("subject")

    def open_case(
        self,
        case_id: CaseId,
        encounter_id: EncounterId,
        people: int,
        candidates: Sequence[CaseCandidate],
        opened_at: Instant,
    ) -> Case:
        """Open a case with the next number; candidates are put in order, strongest first.

        Raises NotFound where an encounter is not there, Conflict where this one has a case or is among
        its own candidates.
        """
        for one in {encounter_id, *(candidate.encounter_id for candidate in candidates)}:
            self.encounter(one)
        if encounter_id in {candidate.encounter_id for candidate in candidates}:
            raise Conflict(
                expected="candidates other than the encounter itself",
                found="the encounter among its own candidates",
                hint="Search before the encounter is added",
                where="case",
            )
        number = self.next_number(tables.adjudication_case)
        case: dict[str, object] = {
            "number": number,
            "case_id": case_id,
            "encounter_id": encounter_id,
            "people": people,
        }
        case |= {"opened_at": opened_at, "decided_by": ""}
        self.insert(tables.adjudication_case, self.stamped(case))
        strongest_first = sorted(candidates, key=lambda candidate: -candidate.strength)
        self.insert(tables.adjudication_candidate, *rows.candidate_rows(number, strongest_first))
        return self.case(number)

    def settle_case(
        self,
        number: int,
        verdict: Verdict,
        *,
        same_as: EncounterId | None,
        decided_by: str,
        decided_at: Instant,
    ) -> Case:
        """Settle a case for good.

        same_as  the candidate that is the same person, given exactly where the verdict is SAME

        DIFFERENT and CANNOT_TELL hold for every candidate. SAME holds for the named candidate and those
        of the same subject; of the others nothing was said, so they keep no verdict.

        Raises NotFound, AlreadySettled, and Conflict where `same_as` is no candidate.
        """
        if (same_as is None) == (verdict is Verdict.SAME):
            raise ValueError("the verdict 'same' names a candidate, other verdicts do not")
        case = self.case(number)
        if case.verdict is not None:
            raise AlreadySettled(
                expected="an open case",
                found="one that was settled before",
                hint="A verdict stands; look at the case to see it",
                where=f"case {number}",
            )
        candidate = tables.adjudication_candidate.c
        meant = [candidate.number == number]
        if same_as is not None:
            meant.append(candidate.encounter_id.in_(self._same_person(case, same_as)))
        decided = {"verdict": verdict.value, "decided_by": decided_by, "decided_at": decided_at}
        settle = sa.update(tables.adjudication_case).where(tables.adjudication_case.c.number == number)
        self.change(settle.values(decided))
        self.change(sa.update(tables.adjudication_candidate).where(*meant).values(verdict=verdict.value))
        return self.case(number)

    def _same_person(self, case: Case, same_as: EncounterId) -> list[EncounterId]:
        among = [candidate.encounter_id for candidate in case.candidates]
        if same_as not in among:
            raise Conflict(
                expected="a candidate of the case",
                found="an encounter that is none",
                hint="Look at the case to see its candidates",
                where=f"case {case.number}",
            )
        subject_id = self.encounter(same_as).subject_id
        if subject_id is None:
            return [same_as]
        encounter = tables.encounter.c
        theirs = sa.select(encounter.encounter_id).where(encounter.subject_id == subject_id)
        return list(self.fetch(theirs.where(encounter.encounter_id.in_(among)), lambda row: row.encounter_id))

    def assign(self, encounter_id: EncounterId, subject_id: SubjectId) -> None:
        """Say whose encounter it is. Raises NotFound, AlreadyErased, Conflict where it is another's."""
        self._refuse_erased(subject_id)
        self.subject(subject_id)
        holder = self.encounter(encounter_id).subject_id
        if holder not in {None, subject_id}:
            raise Conflict(
                expected="an encounter of which nobody has decided whose it is",
                found="one that belongs to another subject",
                hint="Look at the encounter to see whose it is",
                where="encounter",
            )
        self._update_encounter(encounter_id, {"subject_id": subject_id})

    def set_answer(self, encounter_id: EncounterId, answer: Answer) -> None:
        """Say what the screening came to. Raises NotFound, Conflict where no search was made for it."""
        found = self.encounter(encounter_id)
        if found.kind is not EncounterKind.SCREENING or found.outcome is not Outcome.SCREENED:
            raise Conflict(
                expected="the encounter of a screening that was searched",
                found="one without a search",
                hint="Only a search has an answer",
                where="encounter",
            )
        self._update_encounter(encounter_id, {"answer": answer.value})

    def _update_encounter(self, encounter_id: EncounterId, values: Mapping[str, object]) -> None:
        encounter = tables.encounter
        self.change(sa.update(encounter).where(encounter.c.encounter_id == encounter_id).values(values))

    def erase_subject(self, subject_id: SubjectId) -> tuple[int, ...]:
        """Erase a person; returns the numbers of open cases that have no candidate left by it.

        All that is left are random identifiers: that there was such a subject with such encounters, that
        they had cases, and what the journal says. The module `erasing` says what happens to each record.
        Raises NotFound, AlreadyErased.
        """
        self._refuse_erased(subject_id)
        encounters = self.subject(subject_id).encounters
        self._has_changed = self.has_erased = True
        with translated():
            return erasing.erase(
                self._connection, subject_id, encounters, position=self._stamp, erased_at=self._clock.now()
            )

    def append_journal(self, kind: str, body: Mapping[str, str | int | Sequence[str]]) -> int:
        """Append a line with the present time; returns its position.

        body  facts without biometric data, scores or names; stored as canonical JSON (RFC 8785)
        """
        text = rows.canonical_json(_checked(body))
        if len(text) > JOURNAL_LINE_CHARACTERS_MAX:
            raise ValueError(f"a journal line may have {JOURNAL_LINE_CHARACTERS_MAX} characters")
        line = {"position": self._lines + 1, "occurred_at": self._clock.now(), "kind": kind, "body": text}
        self.insert(tables.journal, line)
        self._lines += 1
        return self._lines

    def store_outcome(self, request_id: RequestId, digest: str, outcome_json: str) -> None:
        """Keep what a request came to, so that its repetition is answered without being carried out.

        outcome_json  names records by their identifiers, since that is how an erasure finds it. It is
                      about the subjects and encounters added since the unit's previous outcome

        Raises Conflict where the request has an outcome.
        """
        number = self.next_number(tables.request)
        request = {"number": number, "request_id": request_id, "digest": digest}
        # Wide enough for what an erasure would leave, which must not move the row.
        request |= {"outcome": outcome_json.ljust(len(ERASED_OUTCOME))}
        self.insert(tables.request, self.stamped(request))
        own, self._own = self._own, set()
        mentioned = own | {UUID(text) for text in _IDENTIFIER.findall(outcome_json)}
        mentions = [
            {"record_id": one, "request_number": number, "is_own": one in own} for one in sorted(mentioned)
        ]
        self.insert(tables.request_mention, *mentions)

    def commit(self) -> None:
        """Make everything so far lasting; when it returns, it survives the loss of power.

        Raises RuntimeError where something changed without a journal line.
        """
        if self._has_changed and self._lines < self._stamp:
            raise RuntimeError("every change needs a line in the journal")
        with translated():
            self._connection.commit()
        self._is_over = True


def _checked(body: Mapping[str, str | int | Sequence[str]]) -> dict[str, str | int | list[str]]:
    return {name: value if isinstance(value, str | int) else _texts(value) for name, value in body.items()}


def _texts(values: Sequence[str]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a journal line holds texts, whole numbers and lists of texts")
    return list(values)


def _already_erased(noun: str) -> AlreadyErased:
    return AlreadyErased(
        expected=f"the identifier of {'an' if noun[0] in 'aeiou' else 'a'} {noun} that was not erased",
        found=f"one whose {noun} was erased before",
        hint="What was erased does not come back; use a new identifier",
        where=noun,
    )
