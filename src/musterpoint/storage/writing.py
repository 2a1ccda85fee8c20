"""A unit of work: changes that come to be together, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import AlreadyErased, Conflict
from musterpoint.identifiers import CaseId, EncounterId, RequestId, SubjectId
from musterpoint.registry import (
    Answer,
    Case,
    CaseCandidate,
    Encounter,
    EncounterKind,
    Outcome,
    Reference,
)
from musterpoint.storage import erasing, retention, rows, tables
from musterpoint.storage.journal import Desk
from musterpoint.storage.sealing import packed_request, packed_template, record_of, request_scope
from musterpoint.storage.transacting import Transaction
from musterpoint.storage.translation import translated
from musterpoint.storage.vault import KeyScope

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)

_NUMBERED: Final = (
    tables.encounter_detail,
    tables.encounter_gallery,
    tables.reference_template,
    tables.request,
)
"""Tables in which an encounter is likely to have rows."""

_ERASED_ENCOUNTER: Final = sa.select(tables.erased_encounter.c.encounter_id).where(
    tables.erased_encounter.c.encounter_id == sa.bindparam("sought")
)


class UnitOfWork(Transaction):
    """Changes of people, encounters, references, cases and stored outcomes in one transaction."""

    def __init__(self, connection: sa.Connection, desk: Desk) -> None:
        super().__init__(connection, desk)
        self._encounter_numbers: dict[EncounterId, int] = {}
        self._own: set[UUID] = set()
        self._own_encounter: EncounterId | None = None

    def mark_changed(self, *encounters: EncounterId) -> None:
        """Note encounters whose references are no longer what was loaded before."""
        change = tables.index_change
        for encounter_id in encounters:
            values = {"number": self.next_number(change), "encounter_id": encounter_id}
            self.insert(change, self.stamped(values))

    def add_gallery_if_missing(self, name: str) -> None:
        """Have a gallery of this name."""
        column = tables.gallery.c.name
        if self.value_of(sa.select(column).where(column == name)) is None:
            self.insert(tables.gallery, self.stamped({"name": name}))

    def add_subject(self, subject_id: SubjectId) -> None:
        """Add a subject without encounters. Raises AlreadyErased, Conflict where it is there."""
        self._refuse_erased(subject_id)
        self.insert(tables.subject, self.stamped({"subject_id": subject_id, "status": rows.ACTIVE}))
        self._own.add(subject_id)

    def make_keys(self, *encounters: EncounterId) -> None:
        """Make the data keys of encounters that are added next: one wait for the disk instead of many."""
        self.vault.new_key(*map(KeyScope.encounter, encounters))
        self._with_key.update(encounters)

    def add_encounter(self, encounter: Encounter) -> None:
        """Add an encounter to its gallery, with the fingers that were not captured and a data key.

        The key is lasting before anything is sealed with it: should this unit not be committed, a key
        that opens nothing stays behind.

        Raises NotFound where its subject or gallery is not there, AlreadyErased where its subject or
        itself was erased, Conflict where it is there.
        """
        if encounter.subject_id not in self._own:
            self._refuse_erased(encounter.subject_id)
        if self.value_of(_ERASED_ENCOUNTER, sought=encounter.encounter_id) is not None:
            raise _already_erased("encounter")
        self.look_up_numbers(*_NUMBERED)
        number = self.next_number(tables.encounter_detail)
        if encounter.encounter_id not in self._with_key:
            self.make_keys(encounter.encounter_id)
        with translated():
            detail = rows.detail_of(encounter)
        column = tables.encounter_detail.c.detail
        self.insert(column.table, self._sealed(column, number, encounter.encounter_id, detail))
        self.insert(tables.encounter, self.stamped(rows.encounter_row(encounter) | {"number": number}))
        self._join(number, encounter.gallery)
        retention.give_dates(self, encounter.encounter_id, encounter.gallery, encounter.occurred_at)
        self._own.add(encounter.encounter_id)
        self._own_encounter = encounter.encounter_id
        self._encounter_numbers[encounter.encounter_id] = number

    def _sealed(
        self, column: sa.Column[bytes], number: int, encounter_id: EncounterId, plain: bytes
    ) -> dict[str, object]:
        """The row of a table that has a number and one sealed column."""
        with translated():
            sealed = self.vault.seal(KeyScope.encounter(encounter_id), record_of(column, number), plain)
        return {"number": number, column.name: sealed}

    def _join(self, encounter_number: int, gallery: str) -> None:
        member = tables.encounter_gallery
        values = {"number": self.next_number(member), "encounter_number": encounter_number}
        self.insert(member, self.stamped(values | {"gallery": gallery}))

    def join_gallery(self, encounter_id: EncounterId, gallery: str) -> None:
        """Have searches of a gallery find the encounter too. Raises NotFound."""
        if gallery in self.galleries_of(encounter_id):
            return
        self._join(self._number_of(encounter_id), gallery)
        self.mark_changed(encounter_id)

    def leave_gallery(self, encounter_id: EncounterId, gallery: str) -> None:
        """Have searches of a gallery no longer find the encounter. Raises NotFound."""
        member = tables.encounter_gallery
        theirs = member.c.encounter_number == self._number_of(encounter_id)
        leave = sa.update(member).where(theirs, member.c.gallery == gallery, member.c.left_position.is_(None))
        self.change(leave.values(left_position=self._stamp))
        self.mark_changed(encounter_id)

    def add_reference(self, *references: Reference) -> None:
        """Add references of encounters. Raises NotFound, Conflict where one is there."""
        kept, templates, images = [], [], []
        for one in references:
            number, encounter_id = self.next_number(tables.reference_template), one.encounter_id
            row = {"encounter_number": self._number_of(encounter_id), "reference_id": one.reference_id}
            kept.append(self.stamped(row | {"number": number}))
            packed = packed_template(one.position, one.quality, one.template)
            column = tables.reference_template.c.template
            templates.append(self._sealed(column, number, encounter_id, packed))
            if one.image is not None:
                column = tables.reference_image.c.image
                images.append(self._sealed(column, number, encounter_id, one.image))
        self.insert(tables.reference_template, *templates)
        self.insert(tables.reference, *kept)
        self.insert(tables.reference_image, *images)

    def _number_of(self, encounter_id: EncounterId) -> int:
        known = self._encounter_numbers.get(encounter_id)
        if known is not None:
            return known
        column = tables.encounter.c
        number = self.value_of(sa.select(column.number).where(column.encounter_id == encounter_id))
        if number is None:
            raise self._missing("encounter", encounter_id, tables.erased_encounter.c.encounter_id)
        return int(number)

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
        made = [rows.candidate_row(number, encounter_id, candidate, self.vault) for candidate in candidates]
        self.insert(tables.adjudication_candidate, *made)
        return self.case(number)

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
        self.mark_changed(encounter_id)

    def move(self, encounter_id: EncounterId, subject_id: SubjectId) -> None:
        """Give an encounter to a subject, whosever it is now. Raises NotFound, AlreadyErased."""
        self._refuse_erased(subject_id)
        self.subject(subject_id)
        self._number_of(encounter_id)
        self._update_encounter(encounter_id, {"subject_id": subject_id})
        self.mark_changed(encounter_id)

    def set_status(
        self, subject_id: SubjectId, *, is_active: bool, merged_into: SubjectId | None = None
    ) -> None:
        """Say whether a subject is anybody still, and into whom it was merged. Raises NotFound."""
        self.subject(subject_id)
        status = rows.ACTIVE if is_active else rows.INACTIVE
        change = sa.update(tables.subject).where(tables.subject.c.subject_id == subject_id)
        self.change(change.values(status=status, merged_into=merged_into))

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
        self._encounter_numbers.clear()
        self.mark_changed(*encounters)
        with translated():
            return erasing.erase(
                self._connection,
                self.vault,
                subject_id,
                encounters,
                position=self._stamp,
                erased_at=self._desk.clock.now(),
            )

    def store_outcome(self, request_id: RequestId, digest: str, outcome_json: str) -> None:
        """Keep what a request came to, so that its repetition is answered without being carried out.

        outcome_json  names records by their identifiers, since that is how an erasure finds it. It is
                      about the subjects and encounters added since the unit's previous outcome

        Raises Conflict where the request has an outcome.
        """
        number, content = self.next_number(tables.request), tables.request.c.content
        own, self._own = self._own, set()
        encounter_id, self._own_encounter = self._own_encounter, None
        with translated():
            packed = packed_request(digest, outcome_json)
            sealed = self.vault.seal(request_scope(encounter_id), record_of(content, number), packed)
        request = {"number": number, "request_id": request_id, "encounter_id": encounter_id}
        self.insert(tables.request, self.stamped(request | {"is_erased": False, "content": sealed}))
        mentioned = own | {UUID(text) for text in _IDENTIFIER.findall(outcome_json)}
        mentions = [
            {"record_id": one, "request_number": number, "is_own": one in own} for one in sorted(mentioned)
        ]
        self.insert(tables.request_mention, *mentions)


def _already_erased(noun: str) -> AlreadyErased:
    return AlreadyErased(
        expected=f"the identifier of {'an' if noun[0] in 'aeiou' else 'a'} {noun} that was not erased",
        found=f"one whose {noun} was erased before",
        hint="What was erased does not come back; use a new identifier",
        where=noun,
    )
