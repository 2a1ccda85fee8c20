"""Pairs that people judge: opinions, decisions, who was shown what, and remembered verdicts.

Guarantees: a seat has one opinion of a pair. What it said, why, and the marks it made are sealed under
the key of the encounter that was compared; whether a pair's answer was known beforehand is sealed under
the installation's. In clear stand random identifiers, seats, times and what was decided.

Not guaranteed: that who can read the file of the registry cannot tell a known-answer pair. The command
line does not show it; the file does, since such a pair names no encounter that is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.errors import AlreadySettled, NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry import Case, Verdict
from musterpoint.registry.adjudication import Judgement, Mark, Opinion, Pair, Side, Standing
from musterpoint.registry.known_answers import Likeness
from musterpoint.storage import sealed_facts, tables
from musterpoint.storage.dialects import INTEGER_64
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row
from musterpoint.storage.vault import KeyScope

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

adjudication_pair = sa.Table(
    "adjudication_pair",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("pair_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("probe_id", sa.Uuid, nullable=False, index=True),
    sa.Column("candidate_id", sa.Uuid, nullable=False, index=True),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("standing", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.Text),
    sa.Column("decided_at", INTEGER_64),
    sa.Column("known_answer", sa.LargeBinary, nullable=False),
    tables.stamp(),
)
"""Two encounters, named without foreign keys: known-answer pairs have none."""

adjudication_showing = sa.Table(
    "adjudication_showing",
    tables.METADATA,
    sa.Column("pair_number", INTEGER_64, sa.ForeignKey("adjudication_pair.number"), primary_key=True),
    sa.Column("seat", sa.Text, primary_key=True, index=True),
    sa.Column("shown_at", INTEGER_64, nullable=False),
    sa.Column("ended_at", INTEGER_64),
    tables.stamp(),
)
"""Who was shown which pair, and when they were done with it."""

adjudication_opinion = sa.Table(
    "adjudication_opinion",
    tables.METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("pair_number", INTEGER_64, sa.ForeignKey("adjudication_pair.number"), nullable=False),
    sa.Column("seat", sa.Text, nullable=False, index=True),
    sa.Column("is_arbiter", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("shown_at", INTEGER_64, nullable=False),
    sa.Column("given_at", INTEGER_64, nullable=False),
    sa.Column("opinion", sa.LargeBinary, nullable=False),
    tables.stamp(),
    sa.UniqueConstraint("pair_number", "seat"),
)

WANTED: Final = (Standing.WANTS_OPINION, Standing.WANTS_ARBITER, Standing.PROVISIONAL)


def add_pair(
    work: UnitOfWork,
    probe_id: EncounterId,
    candidate_id: EncounterId,
    *,
    round_number: int = 0,
    known_answer: int = 0,
    likeness: Likeness | None = None,
) -> Pair:
    """Add a pair that wants its first opinion.

    known_answer  its number; 0 where it is none
    likeness      how a known answer is shown; None as it is
    """
    if known_answer:
        # The journal seals what is said of it as it does with any other pair.
        work.vault.new_key(KeyScope.encounter(probe_id))
    number = work.next_number(adjudication_pair)
    pair_id = uuid4()
    facts = {"known_answer": known_answer, "likeness": likeness.as_facts() if likeness else {}}
    row = {
        "number": number,
        "pair_id": pair_id,
        "probe_id": probe_id,
        "candidate_id": candidate_id,
        "round": round_number,
        "standing": Standing.WANTS_OPINION.value,
        "known_answer": sealed_facts.seal(work, None, f"pair {number}", facts),
    }
    work.insert(adjudication_pair, work.stamped(row))
    return pair(work, pair_id)


def pair(snapshot: Snapshot, pair_id: UUID) -> Pair:
    """One pair. Raises NotFound."""
    found = _pairs(snapshot, adjudication_pair.c.pair_id == pair_id)
    if not found:
        raise NotFound(
            expected="the identifier of a pair",
            found="one that no pair has",
            hint="Ask for the next pair: musterpoint adjudicate next",
            where="pair",
        )
    return found[0]


def find_pair(snapshot: Snapshot, seat: str, text: str) -> Pair:
    """The pair that was shown to a seat and whose identifier ends with `text`. Raises NotFound."""
    shown = sa.select(adjudication_showing.c.pair_number).where(adjudication_showing.c.seat == seat)
    among = _pairs(snapshot, adjudication_pair.c.number.in_(shown))
    found = [one for one in among if text and str(one.pair_id).endswith(text.lower())]
    if len(found) != 1:
        raise NotFound(
            expected="a pair that was shown to this seat",
            found="none" if not found else "several whose identifiers end alike",
            hint="Ask for the next pair: musterpoint adjudicate next",
            where="pair",
        )
    return found[0]


def pairs_of(snapshot: Snapshot, probe_id: EncounterId) -> tuple[Pair, ...]:
    """All pairs of an encounter that was searched, of every round."""
    return _pairs(snapshot, adjudication_pair.c.probe_id == probe_id)


def pairs_with(snapshot: Snapshot, encounter_id: EncounterId) -> tuple[Pair, ...]:
    """Pairs of others whose candidate this encounter is."""
    return _pairs(snapshot, adjudication_pair.c.candidate_id == encounter_id)


def _pairs(
    snapshot: Snapshot, *conditions: sa.ColumnElement[bool], limit: int | None = None
) -> tuple[Pair, ...]:
    columns = adjudication_pair.c
    statement = sa.select(adjudication_pair).where(*conditions).order_by(columns.number).limit(limit)
    return snapshot.fetch(statement, _pair_of)


def _pair_of(row: Row) -> Pair:
    return Pair(
        number=row.number,
        pair_id=row.pair_id,
        probe_id=EncounterId(row.probe_id),
        candidate_id=EncounterId(row.candidate_id),
        round=row.round,
        standing=Standing(row.standing),
        verdict=None if row.verdict is None else Verdict(row.verdict),
        decided_at=None if row.decided_at is None else Instant(row.decided_at),
    )


def wanted(snapshot: Snapshot, *, appeals: Collection[int]) -> tuple[Pair, ...]:
    """Pairs of real people of which somebody is to be asked, oldest first.

    appeals  numbers of the open appeals, whose rounds are asked although their case is settled

    Of each case only the last round is asked. Those of a settled case are not asked any more, unless the
    case rests on a provisional pair.
    """
    case, column, other = tables.adjudication_case.c, adjudication_pair.c, adjudication_pair.alias()
    last_round = sa.select(sa.func.max(other.c.round)).where(other.c.probe_id == column.probe_id)
    statement = (
        sa.select(adjudication_pair)
        .join(tables.adjudication_case, case.encounter_id == column.probe_id)
        .where(column.standing.in_([one.value for one in WANTED]))
        .where(column.round == last_round.scalar_subquery())
        .where(
            sa.or_(
                case.verdict.is_(None),
                column.standing == Standing.PROVISIONAL.value,
                column.round.in_(sorted(appeals)),
            )
        )
        .order_by(column.number)
    )
    return snapshot.fetch(statement, _pair_of)


def known_answer_of(snapshot: Snapshot, number: int) -> int:
    """The number of the known answer that the pair of a number has, or 0."""
    return int(str(_facts_of(snapshot, number)["known_answer"]))


def likeness_of(snapshot: Snapshot, number: int) -> Likeness | None:
    """How the known answer of a pair is shown; None as it is."""
    facts = _facts_of(snapshot, number).get("likeness")
    return Likeness.of_facts(facts) if facts else None


def _facts_of(snapshot: Snapshot, number: int) -> Mapping[str, Any]:
    sealed = snapshot.value_of(
        sa.select(adjudication_pair.c.known_answer).where(adjudication_pair.c.number == number)
    )
    return sealed_facts.unseal(snapshot, None, f"pair {number}", sealed)


def show(work: UnitOfWork, shown: Pair, seat: str, at: Instant) -> None:
    """Remember that a seat sees a pair from now on."""
    row = {"pair_number": shown.number, "seat": seat, "shown_at": at}
    work.insert(adjudication_showing, work.stamped(row))


def put_away(work: UnitOfWork, shown: Pair, seat: str, at: Instant) -> None:
    """Remember that a seat is done with a pair."""
    column = adjudication_showing.c
    mine = (column.pair_number == shown.number, column.seat == seat)
    work.change(sa.update(adjudication_showing).where(*mine).values(ended_at=at))


def shown_to(snapshot: Snapshot, seat: str) -> tuple[Pair, ...]:
    """Pairs that a seat was shown and has not answered."""
    column = adjudication_showing.c
    mine = sa.select(column.pair_number).where(column.seat == seat, column.ended_at.is_(None))
    return _pairs(snapshot, adjudication_pair.c.number.in_(mine))


def was_shown(snapshot: Snapshot, seat: str) -> frozenset[int]:
    """Numbers of all pairs that a seat was ever shown."""
    column = adjudication_showing.c
    mine = sa.select(column.pair_number).where(column.seat == seat)
    return frozenset(snapshot.fetch(mine, lambda row: int(row.pair_number)))


def shown_at(snapshot: Snapshot, shown: Pair, seat: str) -> Instant:
    """When a seat was shown a pair that it has not answered. Raises NotFound, AlreadySettled."""
    column = adjudication_showing.c
    statement = sa.select(column.shown_at, column.ended_at).where(
        column.pair_number == shown.number, column.seat == seat
    )
    found = snapshot.fetch(statement, lambda row: (Instant(row.shown_at), row.ended_at))
    if not found:
        raise NotFound(
            expected="a pair that was shown to this seat",
            found="one that was not",
            hint="Ask for the next pair: musterpoint adjudicate next",
            where="pair",
        )
    if found[0][1] is not None:
        raise AlreadySettled(
            expected="a pair of which this seat has not said anything",
            found="one that it is done with",
            hint="An opinion stands; ask for the next pair: musterpoint adjudicate next",
            where="pair",
        )
    return found[0][0]


def add_opinion(work: UnitOfWork, judged: Pair, opinion: Opinion) -> None:
    """Keep what a seat said of a pair. Raises Conflict where it said something before."""
    number = work.next_number(adjudication_opinion)
    said = {
        "verdict": opinion.verdict.value,
        "reason": opinion.reason,
        "marks": [[mark.side.value, mark.finger, mark.x, mark.y] for mark in opinion.marks],
    }
    row = {
        "number": number,
        "pair_number": judged.number,
        "seat": opinion.seat,
        "is_arbiter": opinion.is_arbiter,
        "shown_at": opinion.shown_at,
        "given_at": opinion.given_at,
        "opinion": sealed_facts.seal(work, _about(work, judged), f"opinion {number}", said),
    }
    work.insert(adjudication_opinion, work.stamped(row))
    put_away(work, judged, opinion.seat, opinion.given_at)


def opinions(snapshot: Snapshot, judged: Pair) -> tuple[Opinion, ...]:
    """What was said of a pair, in order."""
    column = adjudication_opinion.c
    statement = sa.select(adjudication_opinion).where(column.pair_number == judged.number)
    about = _about(snapshot, judged)
    return snapshot.fetch(statement.order_by(column.number), lambda row: _opinion_of(snapshot, row, about))


def _about(snapshot: Snapshot, judged: Pair) -> EncounterId | None:
    """Whose key seals what is said of a pair; a known answer is about nobody."""
    return None if known_answer_of(snapshot, judged.number) else judged.probe_id


def _opinion_of(snapshot: Snapshot, row: Row, about: EncounterId | None) -> Opinion:
    said = sealed_facts.unseal(snapshot, about, f"opinion {row.number}", row.opinion)
    return Opinion(
        seat=row.seat,
        verdict=Verdict(said["verdict"]),
        is_arbiter=row.is_arbiter,
        reason=str(said["reason"]),
        marks=tuple(Mark(side=Side(side), finger=finger, x=x, y=y) for side, finger, x, y in said["marks"]),
        shown_at=Instant(row.shown_at),
        given_at=Instant(row.given_at),
    )


def judged_by(snapshot: Snapshot, seat: str) -> tuple[Pair, ...]:
    """Every pair of which a seat gave an opinion."""
    mine = sa.select(adjudication_opinion.c.pair_number).where(adjudication_opinion.c.seat == seat)
    return _pairs(snapshot, adjudication_pair.c.number.in_(mine))


def judging_seats(snapshot: Snapshot) -> tuple[str, ...]:
    """Seats that ever gave an opinion, by name."""
    seat = adjudication_opinion.c.seat
    return snapshot.fetch(sa.select(seat).distinct().order_by(seat), lambda row: str(row.seat))


def judges_of(snapshot: Snapshot, judged: Pair) -> frozenset[str]:
    """Seats that gave an opinion of the same two encounters, or of the same case in an earlier round."""
    column = adjudication_pair.c
    same_two = sa.or_(
        sa.and_(column.probe_id == judged.probe_id, column.candidate_id == judged.candidate_id),
        sa.and_(column.probe_id == judged.candidate_id, column.candidate_id == judged.probe_id),
    )
    earlier = sa.and_(column.probe_id == judged.probe_id, column.round < judged.round)
    statement = (
        sa.select(adjudication_opinion.c.seat)
        .join(adjudication_pair, column.number == adjudication_opinion.c.pair_number)
        .where(sa.or_(same_two, earlier))
    )
    return frozenset(snapshot.fetch(statement, lambda row: str(row.seat)))


def authors_of(snapshot: Snapshot, encounters: Collection[EncounterId]) -> frozenset[str]:
    """Seats that recorded these encounters, as the journal names them."""
    column = tables.encounter.c
    statement = sa.select(column.position).where(column.encounter_id.in_(encounters))
    positions = snapshot.fetch(statement, lambda row: int(row.position))
    lines = [line for one in positions for line in snapshot.journal(since=one - 1, limit=1)]
    return frozenset(line.author for line in lines if line.author)


def set_judgement(work: UnitOfWork, judged: Pair, judgement: Judgement, at: Instant) -> None:
    """Say how far the decision of a pair has come, in the pair and in the case it belongs to."""
    verdict = judgement.verdict and judgement.verdict.value
    decided_at = at if judgement.verdict is not None else None
    values = {"standing": judgement.standing.value, "verdict": verdict, "decided_at": decided_at}
    work.change(
        sa.update(adjudication_pair).where(adjudication_pair.c.number == judged.number).values(values)
    )
    case, candidate = tables.adjudication_case.c, tables.adjudication_candidate
    its_case = sa.select(case.number).where(case.encounter_id == judged.probe_id).scalar_subquery()
    mine = (candidate.c.number == its_case, candidate.c.encounter_id == judged.candidate_id)
    work.change(sa.update(candidate).where(*mine).values(verdict=verdict))


def settle(work: UnitOfWork, case: Case, verdict: Verdict, at: Instant, decided_by: str) -> Case:
    """Say what a case came to; a later decision replaces an earlier one, the journal keeps both."""
    values = {"verdict": verdict.value, "decided_by": decided_by, "decided_at": at}
    column = tables.adjudication_case.c
    work.change(sa.update(tables.adjudication_case).where(column.number == case.number).values(values))
    return work.case(case.number)


def people_of(
    snapshot: Snapshot, encounters: Collection[EncounterId]
) -> dict[EncounterId, SubjectId | EncounterId]:
    """The person of each encounter that is there: its subject, or itself while that is undecided."""
    column = tables.encounter.c
    statement = sa.select(column.encounter_id, column.subject_id).where(column.encounter_id.in_(encounters))
    found = snapshot.fetch(statement, tuple)
    return {EncounterId(one): _person(one, who) for one, who in found}


def different_pairs(
    snapshot: Snapshot, encounters: Collection[EncounterId]
) -> frozenset[tuple[EncounterId, EncounterId]]:
    """Which of these encounters people have found to be of different persons, both ways round.

    A verdict about one encounter of a person holds for all of theirs, also after a merge. Only decisions
    that two agreed on, or an arbiter, are remembered; one that an appeal changed is not.
    """
    people = people_of(snapshot, encounters)
    members = _members(snapshot, set(people.values()))
    holder = {one: person for person, theirs in members.items() for one in theirs}
    column = adjudication_pair.c
    statement = sa.select(column.probe_id, column.candidate_id, column.verdict, column.round).where(
        column.standing == Standing.DECIDED.value,
        column.probe_id.in_(list(holder)),
        column.candidate_id.in_(list(holder)),
    )
    latest: dict[frozenset[UUID], str] = {}
    for probe_id, candidate_id, verdict, _ in snapshot.fetch(statement.order_by(column.round), tuple):
        latest[frozenset((probe_id, candidate_id))] = verdict
    apart = {
        frozenset(holder[EncounterId(one)] for one in both)
        for both, verdict in latest.items()
        if verdict == Verdict.DIFFERENT.value
    }
    return frozenset(
        (one, other)
        for one in people
        for other in people
        if people[one] != people[other] and frozenset((people[one], people[other])) in apart
    )


def undecided_people(snapshot: Snapshot) -> frozenset[frozenset[SubjectId | EncounterId]]:
    """Two and two people of whom it is not decided whether they are two: they may be one.

    Those of open cases who are not told apart, also provisionally, and of cases where it could not be told.
    Who was a candidate beside the right one, and was then not judged, is not among them.
    """
    case, candidate = tables.adjudication_case, tables.adjudication_candidate
    probe, other = tables.encounter.alias(), tables.encounter.alias()
    statement = (
        sa.select(probe.c.encounter_id, probe.c.subject_id, other.c.encounter_id, other.c.subject_id)
        .select_from(candidate)
        .join(case, case.c.number == candidate.c.number)
        .join(probe, probe.c.encounter_id == case.c.encounter_id)
        .join(other, other.c.encounter_id == candidate.c.encounter_id)
        .where(
            sa.or_(case.c.verdict.is_(None), case.c.verdict == Verdict.CANNOT_TELL.value),
            sa.or_(candidate.c.verdict.is_(None), candidate.c.verdict != Verdict.DIFFERENT.value),
        )
    )
    found = snapshot.fetch(
        statement, lambda row: frozenset((_person(row[0], row[1]), _person(row[2], row[3])))
    )
    return frozenset(two for two in found if len(two) == 2)


def _person(encounter_id: UUID, subject_id: UUID | None) -> SubjectId | EncounterId:
    return EncounterId(encounter_id) if subject_id is None else SubjectId(subject_id)


def _members(
    snapshot: Snapshot, people: Collection[SubjectId | EncounterId]
) -> dict[SubjectId | EncounterId, frozenset[EncounterId]]:
    column = tables.encounter.c
    statement = sa.select(column.subject_id, column.encounter_id).where(
        sa.or_(column.subject_id.in_(people), column.encounter_id.in_(people))
    )
    found: dict[SubjectId | EncounterId, set[EncounterId]] = {one: set() for one in people}
    for subject_id, encounter_id in snapshot.fetch(statement, tuple):
        found.setdefault(_person(encounter_id, subject_id), set()).add(EncounterId(encounter_id))
    return {one: frozenset(theirs) for one, theirs in found.items()}


def forget(connection: sa.Connection, encounters: Sequence[EncounterId]) -> None:
    """Delete everything that was said about encounters that are being erased."""
    column = adjudication_pair.c
    theirs = sa.or_(column.probe_id.in_(encounters), column.candidate_id.in_(encounters))
    numbers = list(connection.execute(sa.select(column.number).where(theirs)).scalars())
    for table in (adjudication_opinion, adjudication_showing):
        connection.execute(sa.delete(table).where(table.c.pair_number.in_(numbers)))
    connection.execute(sa.delete(adjudication_pair).where(column.number.in_(numbers)))


def reopen(work: UnitOfWork, case: Case) -> None:
    """Have a settled case wait again for its pairs."""
    values = {"verdict": None, "decided_by": "", "decided_at": None}
    column = tables.adjudication_case.c
    work.change(sa.update(tables.adjudication_case).where(column.number == case.number).values(values))
