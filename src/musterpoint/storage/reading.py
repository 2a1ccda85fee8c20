"""One consistent view of the registry, and everything that can be asked of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from musterpoint.errors import NotFound, RequestConflict
from musterpoint.identifiers import EncounterId, RequestId, SubjectId
from musterpoint.registry import (
    Answer,
    Case,
    CaseCandidate,
    Encounter,
    Outcome,
    Reference,
    Subject,
)
from musterpoint.storage import dialects, finding, rows, tables
from musterpoint.storage.log_reading import LogView, Select
from musterpoint.storage.rows import IndexRow
from musterpoint.storage.sealing import record_of, request_scope, unpacked_request
from musterpoint.storage.translation import sound, translated
from musterpoint.storage.vault import KeyScope

ERASED_OUTCOME: Final = '{"erased":true}'
"""What is left of a stored outcome after the person it was about was erased."""

# Made once: SQLAlchemy then knows it when it sees it again.
_ERASED_SUBJECT: Final = sa.select(tables.erased_subject.c.subject_id).where(
    tables.erased_subject.c.subject_id == sa.bindparam("sought")
)
_REQUEST: Final = sa.select(tables.request).where(tables.request.c.request_id == sa.bindparam("sought"))
_CHANGED: Final = (
    sa.select(tables.index_change.c.encounter_id)
    .where(tables.index_change.c.position > sa.bindparam("since"))
    .distinct()
)

_ROWS_A_LOAD: Final = 20_000


class Snapshot(LogView):
    """The registry as it was when the transaction began.

    All methods raise Corrupt where the file is damaged. What one returns stays valid afterwards, but for
    the iterator of `index_rows`, which must be used up inside of the transaction.
    """

    def is_whole(self) -> bool:
        """Whether pages, indexes and references between tables are whole; reads everything."""
        with translated():
            return dialects.is_sound(self._connection)

    def outcome_of(self, request_id: RequestId, digest: str) -> str | None:
        """The stored outcome of a request as JSON, or None where it was never made.

        It is `ERASED_OUTCOME` after the person was erased. Raises RequestConflict where the identifier
        was used for a request of another digest.
        """
        request = tables.request
        found = self.fetch(_REQUEST, lambda row: row, sought=request_id)
        if not found:
            return None
        row = found[0]
        if row.is_erased:
            # Erasing removes the digest too: it was made of the person's images.
            return ERASED_OUTCOME
        record = record_of(request.c.content, row.number)
        with sound():
            packed = self.vault.open(request_scope(row.encounter_id), record, row.content)
            stored_digest, outcome = unpacked_request(packed)
        if stored_digest != digest:
            raise RequestConflict(
                expected="a new identifier for a new request",
                found="the identifier of another request",
                hint="Repeat a request with the same content, or make a new identifier",
            )
        return outcome

    def galleries(self) -> tuple[str, ...]:
        """Names of all galleries in alphabetical order."""
        name = tables.gallery.c.name
        return self.fetch(sa.select(name).order_by(name), lambda row: str(row.name))

    def people(self, galleries: Collection[str] | None = None) -> int:
        """People that a search of these galleries can find; None means all galleries.

        An encounter whose subject is undecided counts as a person of its own. Who has no reference at all
        is not counted: no search can find them.
        """
        encounter = tables.encounter.c
        person = sa.func.coalesce(encounter.subject_id, encounter.encounter_id)
        has_reference = sa.exists().where(tables.reference.c.encounter_number == encounter.number)
        statement = sa.select(sa.func.count(person.distinct())).where(has_reference, *_within(galleries))
        return int(self.value_of(statement))

    def index_rows(
        self,
        galleries: Collection[str] | None = None,
        *,
        since: int = 0,
        encounters: Collection[EncounterId] | None = None,
    ) -> Iterator[IndexRow]:
        """References committed after journal position `since`, in order of commit; streamed.

        encounters  only references of these

        Of an encounter that is erased meanwhile there are none: its key is gone before this view ends.
        """
        statement = _index_statement(None if galleries is None else tuple(sorted(galleries)))
        if encounters is not None:
            statement = statement.where(tables.encounter.c.encounter_id.in_(sorted(encounters)))
        make = rows.index_row_maker()
        for part in self.parts(statement, _ROWS_A_LOAD, since=since):
            with sound():
                found = self.vault.open_many([rows.index_record(row) for row in part])
                made = [
                    make(row, opened) for row, opened in zip(part, found, strict=True) if opened is not None
                ]
            yield from made

    def encounter(self, encounter_id: EncounterId) -> Encounter:
        """One encounter. Raises NotFound."""
        found = self._encounters(tables.encounter.c.encounter_id == encounter_id)
        if not found:
            raise self._missing("encounter", encounter_id, tables.erased_encounter.c.encounter_id)
        return found[0]

    def encounters(
        self,
        *,
        subject_id: SubjectId | None = None,
        purpose: str | None = None,
        site: str | None = None,
        limit: int | None = None,
    ) -> tuple[Encounter, ...]:
        """Encounters in order of time; with `limit`, the latest so many."""
        wanted = {"subject_id": subject_id, "purpose": purpose, "site": site}
        column = tables.encounter.c
        conditions = [column[name] == value for name, value in wanted.items() if value is not None]
        return self._encounters(*conditions, limit=limit)[::-1]

    def _encounters(
        self, *conditions: sa.ColumnElement[bool], limit: int | None = None
    ) -> tuple[Encounter, ...]:
        """The latest first."""
        encounter, detail = tables.encounter, tables.encounter_detail
        statement = sa.select(encounter, detail.c.detail).join(detail, detail.c.number == encounter.c.number)
        latest_first = (encounter.c.occurred_at.desc(), encounter.c.encounter_id.desc())
        found = self.fetch(statement.where(*conditions).order_by(*latest_first).limit(limit), lambda row: row)
        record = partial(record_of, detail.c.detail)
        opened = self.vault.open_many(
            [(KeyScope.encounter(row.encounter_id), record(row.number), row.detail) for row in found]
        )
        with sound():
            return tuple(
                [
                    rows.encounter_of(row, one)
                    for row, one in zip(found, opened, strict=True)
                    if one is not None
                ]
            )

    def references(self, encounter_id: EncounterId) -> tuple[Reference, ...]:
        """References of an encounter with their images, in the order they were added. Raises NotFound."""
        reference, encounter = tables.reference, tables.encounter
        template, image = tables.reference_template, tables.reference_image
        statement = (
            sa.select(reference, encounter.c.encounter_id, template.c.template, image.c.image)
            .join(encounter, encounter.c.number == reference.c.encounter_number)
            .join(template, template.c.number == reference.c.number)
            .outerjoin(image, image.c.number == reference.c.number)
            .where(encounter.c.encounter_id == encounter_id)
            .order_by(reference.c.number)
        )
        found = self.fetch(statement, lambda row: row)
        if not found:
            self.encounter(encounter_id)
        scope = KeyScope.encounter(encounter_id)
        sealed = [(scope, record_of(template.c.template, row.number), row.template) for row in found]
        sealed += [
            (scope, record_of(image.c.image, row.number), row.image) for row in found if row.image is not None
        ]
        opened = iter(self.vault.open_many(sealed))
        templates = [next(opened) for _ in found]
        with sound():
            made = [
                rows.reference_of(row, one, None if row.image is None else next(opened))
                for row, one in zip(found, templates, strict=True)
                if one is not None
            ]
        return tuple(made)

    def subject(self, subject_id: SubjectId) -> Subject:
        """One subject. Raises NotFound, also after its erasure."""
        found = self._subjects(sa.select(tables.subject).where(tables.subject.c.subject_id == subject_id))
        if not found:
            raise self._missing("subject", subject_id, tables.erased_subject.c.subject_id)
        return found[0]

    def subjects(self, *, limit: int | None = None) -> tuple[Subject, ...]:
        """Subjects in order of their identifiers, which is that of creation; the latest `limit`."""
        latest = sa.select(tables.subject).order_by(tables.subject.c.subject_id.desc()).limit(limit)
        return self._subjects(latest)[::-1]

    def _subjects(self, statement: Select) -> tuple[Subject, ...]:
        chosen = statement.with_only_columns(tables.subject.c.subject_id).subquery()
        encounter = tables.encounter.c
        theirs = sa.select(encounter.subject_id, encounter.encounter_id).join(
            chosen, chosen.c.subject_id == encounter.subject_id
        )
        with translated(), sound():
            found = self._execute(statement).all()
            visits = self._execute(theirs.order_by(encounter.occurred_at, encounter.encounter_id)).all()
            by_subject = rows.grouped(visits, "subject_id")
            return tuple([rows.subject_of(row, by_subject[row.subject_id]) for row in found])

    def is_erased(self, subject_id: SubjectId) -> bool:
        """Whether there was such a subject that was erased."""
        return self.value_of(_ERASED_SUBJECT, sought=subject_id) is not None

    def case(self, number: int) -> Case:
        """The case of a number. Raises NotFound."""
        found = self._cases(tables.adjudication_case.c.number == number)
        if not found:
            raise NotFound(
                expected="the number of a case",
                found="a number that no case has",
                hint="List the cases to see their numbers",
                where="case",
            )
        return found[0]

    def case_of(self, encounter_id: EncounterId) -> Case | None:
        """The case that decides whose encounter this is, open or settled."""
        return next(iter(self._cases(tables.adjudication_case.c.encounter_id == encounter_id)), None)

    def cases(self, *, is_open: bool | None = None) -> tuple[Case, ...]:
        """Cases by number; None means open and settled ones."""
        verdict = tables.adjudication_case.c.verdict
        if is_open is None:
            return self._cases(sa.true())
        return self._cases(verdict.is_(None) if is_open else verdict.is_not(None))

    def _cases(self, condition: sa.ColumnElement[bool]) -> tuple[Case, ...]:
        case, candidate = tables.adjudication_case, tables.adjudication_candidate
        theirs = sa.select(candidate, case.c.encounter_id.label("case_encounter"))
        theirs = theirs.join(case, case.c.number == candidate.c.number).where(condition)
        with translated(), sound():
            found = self._execute(sa.select(case).where(condition).order_by(case.c.number)).all()
            candidates = self._execute(theirs).all()
            opened = self.vault.open_many([rows.candidate_record(row) for row in candidates])
            by_case: defaultdict[int, list[CaseCandidate]] = defaultdict(list)
            for row, strength in zip(candidates, opened, strict=True):
                if strength is not None:
                    by_case[row.number].append(rows.candidate_of(row, strength))
            return tuple([rows.case_of(row, by_case[row.number]) for row in found])

    def find_encounter(self, text: str) -> EncounterId:
        """The encounter whose identifier is, begins or ends with `text`, hyphens and case aside.

        Raises NotFound, and Conflict where several do.
        """
        return EncounterId(self._find("encounter", text, tables.encounter, tables.erased_encounter))

    def find_subject(self, text: str) -> SubjectId:
        """The subject whose identifier is, begins or ends with `text`, hyphens and case aside.

        Raises NotFound, and Conflict where several do.
        """
        return SubjectId(self._find("subject", text, tables.subject, tables.erased_subject))

    def _find(self, noun: str, text: str, live: sa.Table, erased: sa.Table) -> UUID:
        digits = finding.digits(noun, text)
        column = f"{noun}_id"

        def among(table: sa.Table) -> tuple[UUID, ...]:
            return self.fetch(finding.statement(table.c[column], digits), lambda row: UUID(str(row[0])))

        return finding.only_one(noun, among(live), was_erased=lambda: bool(among(erased)))

    def _missing(self, noun: str, record_id: UUID, erased: sa.ColumnElement[UUID]) -> NotFound:
        return finding.missing(
            noun, was_erased=self.value_of(sa.select(erased).where(erased == record_id)) is not None
        )

    def galleries_of(self, encounter_id: EncounterId) -> tuple[str, ...]:
        """Galleries whose searches find the encounter, in alphabetical order."""
        member, encounter = tables.encounter_gallery.c, tables.encounter.c
        statement = sa.select(member.gallery).join(
            tables.encounter, encounter.number == member.encounter_number
        )
        theirs = statement.where(encounter.encounter_id == encounter_id, member.left_position.is_(None))
        return self.fetch(theirs.order_by(member.gallery), lambda row: str(row.gallery))

    def mark(self, position: int) -> str:
        """What tells this history from any other at the same position: the journal's leaf there, in hex."""
        line = tables.journal.c
        found = self.value_of(sa.select(line.leaf_hash).where(line.position == position))
        return "" if found is None else bytes(found).hex()

    def changed_encounters(self, since: int) -> tuple[EncounterId, ...]:
        """Encounters whose references changed after a position otherwise than by being added.

        They went to somebody else, joined or left a gallery, or are gone: what was loaded of them is out
        of date.
        """
        return self.fetch(_CHANGED, lambda row: EncounterId(row.encounter_id), since=since)

    def counts(self) -> Mapping[str, int]:
        """How many there are of each kind of record, of each outcome and of each answer.

        Keys: subjects, encounters, references, open_cases, journal_lines, erased_subjects,
        erasures_with_residue, and `outcome:…` and `answer:…` for every value, with their words.
        """
        counted = {
            "subjects": sa.select(sa.func.count()).select_from(tables.subject),
            "encounters": sa.select(sa.func.count()).select_from(tables.encounter),
            "references": sa.select(sa.func.count()).select_from(tables.reference),
            "open_cases": sa.select(sa.func.count()).where(tables.adjudication_case.c.verdict.is_(None)),
            "erased_subjects": sa.select(sa.func.count()).select_from(tables.erased_subject),
            "erasures_with_residue": sa.select(sa.func.count()).where(tables.erased_subject.c.has_residue),
        }
        totals = sa.select(*(one.scalar_subquery().label(name) for name, one in counted.items()))
        counts = self.fetch(totals, lambda row: dict(row._mapping))[0]
        outcomes = self._tally(tables.encounter.c.outcome)
        answers = self._tally(tables.encounter.c.answer)
        return (
            {name: int(value) for name, value in counts.items()}
            | {"journal_lines": self.position}
            | {f"outcome:{outcome.value}": outcomes.get(outcome.value, 0) for outcome in Outcome}
            | {f"answer:{answer.value}": answers.get(answer.value, 0) for answer in Answer}
        )

    def _tally(self, column: sa.ColumnElement[Any]) -> dict[str, int]:
        return dict(self.fetch(sa.select(column, sa.func.count()).group_by(column), tuple))


@lru_cache(maxsize=16)
def _index_statement(galleries: tuple[str, ...] | None) -> Select:
    """References of galleries after position `since`."""
    return rows.index_statement(_within(galleries))


def _within(galleries: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    member = tables.encounter_gallery.c
    is_member = sa.exists().where(
        member.encounter_number == tables.encounter.c.number, member.left_position.is_(None)
    )
    return [is_member if galleries is None else is_member.where(member.gallery.in_(sorted(galleries)))]
