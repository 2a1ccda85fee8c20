"""One consistent view of the registry, and everything that can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa

from musterpoint.errors import NotFound, RequestConflict
from musterpoint.identifiers import EncounterId, RequestId, SubjectId
from musterpoint.registry import Answer, Case, Encounter, JournalLine, Outcome, Reference, Subject
from musterpoint.storage import finding, rows, tables
from musterpoint.storage.rows import IndexRow, Row
from musterpoint.storage.translation import sound, translated

Value = TypeVar("Value")
Select: TypeAlias = sa.Select[*tuple[Any, ...]]
Result: TypeAlias = sa.CursorResult[*tuple[Any, ...]]

ERASED_OUTCOME: Final = '{"erased":true}'
"""What is left of a stored outcome after the person it was about was erased."""

_ROWS_A_FETCH: Final = 1000


class Snapshot:
    """The registry as it was when the transaction began.

    All methods raise Corrupt where the file is damaged. What one returns stays valid afterwards, but for
    the iterator of `index_rows`, which must be used up inside of the transaction.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def _execute(
        self, statement: sa.Executable, values: Sequence[Mapping[str, object]] | None = None
    ) -> Result:
        return self._connection.execute(statement, values)

    def _insist_on_being_open(self) -> None:
        # An iterator of a closed connection just ends: a search would miss people and not know it.
        if self._connection.closed:
            raise RuntimeError("a snapshot ends with its block")

    def fetch(self, statement: sa.Executable, make: Callable[[Row], Value]) -> tuple[Value, ...]:
        """What `make` makes of each row of the result, in its order. Raises Corrupt."""
        with translated(), sound():
            return tuple([make(row) for row in self._execute(statement).all()])

    def value_of(self, statement: sa.Executable) -> Any:
        """The first value of the first row, or None without one."""
        with translated():
            return self._execute(statement).scalar()

    @property
    def position(self) -> int:
        """Number of journal lines: the registry's one clock."""
        return int(self.value_of(sa.select(sa.func.coalesce(sa.func.max(tables.journal.c.position), 0))))

    def outcome_of(self, request_id: RequestId, digest: str) -> str | None:
        """The stored outcome of a request as JSON, or None where it was never made.

        It is `ERASED_OUTCOME` after the person was erased. Raises RequestConflict where the identifier
        was used for a request of another digest.
        """
        statement = sa.select(tables.request.c.digest, tables.request.c.outcome)
        found = self.fetch(statement.where(tables.request.c.request_id == request_id), tuple)
        if not found:
            return None
        stored_digest, outcome = found[0]
        outcome = str(outcome).rstrip(" ")
        # Erasing removes the digest too: it was made of the person's images.
        if outcome != ERASED_OUTCOME and stored_digest != digest:
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

    def index_rows(self, galleries: Collection[str] | None = None, *, since: int = 0) -> Iterator[IndexRow]:
        """References committed after journal position `since`, in order of commit; streamed."""
        statement = rows.index_statement(since, _within(galleries)).execution_options(yield_per=_ROWS_A_FETCH)
        make = rows.index_row_maker()
        with translated():
            parts = self._execute(statement).partitions()
        while True:
            self._insist_on_being_open()
            with translated(), sound():
                part = [make(row) for row in next(parts, ())]
            if not part:
                return
            yield from part

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
        return self.fetch(
            statement.where(*conditions).order_by(*latest_first).limit(limit), rows.encounter_of
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
        found = self.fetch(statement, rows.reference_of)
        if not found:
            self.encounter(encounter_id)
        return found

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
        erased = tables.erased_subject.c.subject_id
        return self.value_of(sa.select(erased).where(erased == subject_id)) is not None

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
        theirs = sa.select(candidate).join(case, case.c.number == candidate.c.number).where(condition)
        with translated(), sound():
            found = self._execute(sa.select(case).where(condition).order_by(case.c.number)).all()
            candidates = self._execute(theirs.order_by(candidate.c.ordinal)).all()
            by_case = rows.grouped(candidates, "number")
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

    def journal(self, *, since: int = 0, limit: int | None = None) -> tuple[JournalLine, ...]:
        """Lines after position `since`, in order; the first `limit` of them."""
        position = tables.journal.c.position
        statement = sa.select(tables.journal).where(position > since).order_by(position).limit(limit)
        return self.fetch(statement, rows.journal_line_of)

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


def _within(galleries: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    return [] if galleries is None else [tables.encounter.c.gallery.in_(sorted(galleries))]
