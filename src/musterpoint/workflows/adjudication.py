"""Adjudication: a person says of two encounters at a time whether they are of one person.

Whoever is asked sees the fingers of both, left and right in an order that means nothing, and nothing else:
no score, rank, station or biography, neither how many candidates there are nor what others said. An
arbiter, who is asked where two opinions do not decide, also sees the marks that were made, not by whom.
Known-answer pairs are mixed in and look the same.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from musterpoint.errors import AlreadySettled, UnusableInput
from musterpoint.identifiers import EncounterId, new_uuid
from musterpoint.limits import (
    MARKS_MAX,
    PAIRS_DRAWN_FROM,
    REASON_CHARACTERS_MAX,
)
from musterpoint.registry import Verdict
from musterpoint.registry.adjudication import (
    AdjudicationPolicy,
    Judgement,
    Mark,
    Opinion,
    Pair,
    Side,
    Standing,
    judge,
    may_judge,
)
from musterpoint.registry.known_answers import SHARE, Impression
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, adjudication, appeals, known_answers, seats
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.seeing import sees_record
from musterpoint.workflows.settling import journal_decision, resolve, settled_by_pairs
from musterpoint.workflows.shown_pairs import (
    ShownFinger,
    Sides,
    in_common,
    in_likeness,
    laid_out,
    likeness_of,
)
from musterpoint.workflows.station import Station

SEEDS_TRIED: Final = 8
"""Known answers that are looked at for one with as many fingers as the pair in whose place it stands."""

_CHANCE: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A pair as an adjudicator is shown it.

    marks  what the others pointed at, for an arbiter; empty for anybody else
    """

    pair_id: UUID
    is_arbiter: bool
    fingers: tuple[ShownFinger, ...]
    marks: tuple[Mark, ...] = ()


def next_task(station: Station, *, chance: random.Random = _CHANCE) -> Task | None:
    """The pair that the acting seat is to judge now, or None while there is none.

    The same until it is judged. Drawn at random among the oldest that the seat may judge; now and then it
    is a known-answer pair instead, but only while real ones wait. Raises what `authorise` raises.
    """
    with station.unit_of_work() as work:
        seat = authorise(station, work, Act.JUDGE).actor.seat.name
        shown = _shown_before(work, seat)
        if shown is None:
            shown = _draw(work, seat, chance)
            if shown is None:
                return None
            adjudication.show(work, shown, seat, work.now())
            work.append_journal("pair.shown", {"pair": str(shown.pair_id), "seat": seat})
            work.commit()
    with station.database.read() as snapshot:
        return _task(snapshot, shown, seat)


def _shown_before(work: UnitOfWork, seat: str) -> Pair | None:
    """The pair that the seat was shown last and may still judge; others it had are put away."""
    wanted = {pair.number for pair in wanted_pairs(work)}
    found = None
    for pair in adjudication.shown_to(work, seat):
        is_asked = pair.number in wanted or adjudication.known_answer_of(work, pair.number)
        if is_asked and _may_judge(work, pair, seat):
            found = pair
        else:
            adjudication.put_away(work, pair, seat, work.now())
    return found


def wanted_pairs(snapshot: Snapshot) -> list[Pair]:
    """Pairs of which somebody is to be asked; an appeal whose outcome is clear asks no more."""
    wanted = adjudication.wanted(snapshot, appeals=appeals.open_numbers(snapshot))
    rounds = {(pair.probe_id, pair.round) for pair in wanted if pair.round}
    clear = {one for one in rounds if settled_by_pairs(snapshot, *one) is not None}
    return [pair for pair in wanted if (pair.probe_id, pair.round) not in clear]


def _may_judge(snapshot: Snapshot, pair: Pair, seat: str) -> bool:
    return may_judge(
        seat,
        authors=adjudication.authors_of(snapshot, [pair.probe_id, pair.candidate_id]),
        judges=adjudication.judges_of(snapshot, pair),
    )


def _draw(work: UnitOfWork, seat: str, chance: random.Random) -> Pair | None:
    wanted = wanted_pairs(work)
    urgent = [pair for pair in wanted if pair.standing is not Standing.PROVISIONAL]
    for group in (urgent, [pair for pair in wanted if pair not in urgent]):
        eligible = _first_eligible(work, group, seat)
        if eligible:
            drawn = chance.choice(eligible)
            seeded = _draw_known_answer(work, seat, drawn, chance) if chance.random() < SHARE else None
            return seeded or drawn
    return None


def _first_eligible(snapshot: Snapshot, pairs: Sequence[Pair], seat: str) -> list[Pair]:
    eligible: list[Pair] = []
    is_seen = sees_record(snapshot, seats.of_name(snapshot, seat))
    for pair in pairs:
        if _may_judge(snapshot, pair, seat) and is_seen(pair.probe_id) and not _can_rest(snapshot, pair):
            eligible.append(pair)
        if len(eligible) >= PAIRS_DRAWN_FROM:
            break
    return eligible


def _can_rest(snapshot: Snapshot, pair: Pair) -> bool:
    """Whether another pair of the case is to be judged before, since it may answer this one as well.

    Two candidates who are remembered to be different cannot both be the person: the more similar one is
    asked first, and if it is the same, nobody asks about the other. Whoever judges sees neither.
    """
    case = snapshot.case_of(pair.probe_id)
    ranked = [one.encounter_id for one in case.candidates] if case else []
    if pair.standing is Standing.PROVISIONAL or pair.candidate_id not in ranked[1:]:
        return False
    every = adjudication.pairs_of(snapshot, pair.probe_id)
    undecided = {one.candidate_id for one in every if one.round == pair.round and one.verdict is None}
    before = [one for one in ranked[: ranked.index(pair.candidate_id)] if one in undecided]
    apart = adjudication.different_pairs(snapshot, [pair.candidate_id, *before])
    return any((pair.candidate_id, one) in apart for one in before)


def _draw_known_answer(work: UnitOfWork, seat: str, drawn: Pair, chance: random.Random) -> Pair | None:
    """A pair of a known answer that the seat has never seen, in the place of the one that was drawn.

    None where it has seen all of them, and where there is nothing to be seen of the pair that was drawn.
    """
    seen = {adjudication.known_answer_of(work, number) for number in adjudication.was_shown(work, seat)}
    fresh = [number for number in known_answers.numbers(work) if number not in seen]
    if not fresh:
        return None
    likeness = likeness_of(_fingers(work, drawn))
    if not likeness.positions:
        return None
    tried = chance.sample(fresh, min(len(fresh), SEEDS_TRIED))
    shows = {number: len(known_answers.of_number(work, number).probe) for number in tried}
    chosen = max(tried, key=lambda number: min(shows[number], len(likeness.positions)))
    nobody, nobody_else = EncounterId(new_uuid()), EncounterId(new_uuid())
    return adjudication.add_pair(work, nobody, nobody_else, known_answer=chosen, likeness=likeness)


def _task(snapshot: Snapshot, pair: Pair, seat: str) -> Task:
    is_arbiter = pair.standing is Standing.WANTS_ARBITER
    opinions = adjudication.opinions(snapshot, pair) if is_arbiter else ()
    marks = tuple(mark for opinion in opinions for mark in opinion.marks)
    is_turned = _is_turned(pair, seat)
    return Task(
        pair_id=pair.pair_id,
        is_arbiter=is_arbiter,
        fingers=laid_out(_fingers(snapshot, pair), is_turned=is_turned),
        marks=tuple(_turned(mark) if is_turned else mark for mark in marks),
    )


def _is_turned(pair: Pair, seat: str) -> bool:
    """Whether the candidate is on the left for this seat: always the same, and it means nothing."""
    return bool(hashlib.sha256(pair.pair_id.bytes + seat.encode()).digest()[0] & 1)


def _turned(mark: Mark) -> Mark:
    return replace(mark, side=Side.RIGHT if mark.side is Side.LEFT else Side.LEFT)


def _fingers(snapshot: Snapshot, pair: Pair) -> tuple[Sides, ...]:
    seed = adjudication.known_answer_of(snapshot, pair.number)
    if seed:
        likeness = adjudication.likeness_of(snapshot, pair.number)
        return in_likeness(known_answers.of_number(snapshot, seed), likeness)
    return in_common(_impressions(snapshot, pair.probe_id), _impressions(snapshot, pair.candidate_id))


def _impressions(snapshot: Snapshot, encounter_id: EncounterId) -> tuple[Impression, ...]:
    return tuple(
        Impression(position=one.position, template=one.template, image=one.image)
        for one in snapshot.references(encounter_id)
    )


def give_opinion(
    station: Station, pair: str, verdict: Verdict, *, reason: str = "", marks: Sequence[Mark] = ()
) -> UUID:
    """Say what the acting seat thinks of the pair that it was shown; returns the pair's identifier.

    pair   the end of its identifier
    marks  on the sides as they were shown

    It stands at once, and nothing is said of what others think. Raises NotFound where the seat was not
    shown the pair, AlreadySettled where it said something before or others have decided meanwhile,
    UnusableInput, and what `authorise` raises.
    """
    _check(reason, marks)
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.JUDGE)
        seat = permission.actor.seat.name
        found = adjudication.find_pair(work, seat, pair)
        shown_at = adjudication.shown_at(work, found, seat)
        seed = adjudication.known_answer_of(work, found.number)
        is_late = not seed and found.number not in {one.number for one in wanted_pairs(work)}
        if is_late:
            adjudication.put_away(work, found, seat, work.now())
            work.append_journal("pair.released", {"pair": str(found.pair_id), "seat": seat})
        else:
            is_turned = _is_turned(found, seat)
            opinion = Opinion(
                seat=seat,
                verdict=verdict,
                is_arbiter=found.standing is Standing.WANTS_ARBITER,
                reason=reason,
                marks=tuple(_turned(mark) if is_turned else mark for mark in marks),
                shown_at=shown_at,
                given_at=work.now(),
            )
            if opinion.is_arbiter:
                authorise(station, work, Act.ARBITRATE)
            _record(work, permission, found, opinion, is_seed=bool(seed))
        work.commit()
    if is_late:
        raise AlreadySettled(
            expected="a pair of which an opinion is still wanted",
            found="one that others have decided meanwhile",
            hint="Ask for the next pair: musterpoint adjudicate next",
            where="pair",
        )
    return found.pair_id


def _check(reason: str, marks: Sequence[Mark]) -> None:
    if len(reason) > REASON_CHARACTERS_MAX or len(marks) > MARKS_MAX:
        raise UnusableInput(
            expected=f"a reason of at most {REASON_CHARACTERS_MAX} characters and at most {MARKS_MAX} marks",
            found=f"{len(reason)} characters and {len(marks)} marks",
            hint="Shorten it",
        )


def _record(work: UnitOfWork, permission: Permission, pair: Pair, opinion: Opinion, *, is_seed: bool) -> None:
    work.append_journal(
        "pair.opinion",
        {
            "pair": str(pair.pair_id),
            "records": [str(pair.probe_id), str(pair.candidate_id)],
            "seat": opinion.seat,
            "is_arbiter": int(opinion.is_arbiter),
        },
        person={
            "verdict": opinion.verdict.value,
            "reason": opinion.reason,
            "marks": [f"{mark.side.value} {mark.finger} {mark.x} {mark.y}" for mark in opinion.marks],
        },
        encounter_id=pair.probe_id,
    )
    adjudication.add_opinion(work, pair, opinion)
    if is_seed:
        decided = Judgement(standing=Standing.DECIDED, verdict=opinion.verdict)
        adjudication.set_judgement(work, pair, decided, work.now())
        return
    judgement = judge(adjudication.opinions(work, pair), policy_of(permission, pair))
    adjudication.set_judgement(work, pair, judgement, work.now())
    is_news = judgement.standing in {Standing.PROVISIONAL, Standing.DECIDED} or (
        judgement.verdict is not pair.verdict
    )
    if is_news:
        journal_decision(work, pair, judgement)
        resolve(work, pair.probe_id)


def policy_of(permission: Permission, pair: Pair) -> AdjudicationPolicy:
    """What the agreement says of a pair; an appeal is never decided by one opinion."""
    accepts_one = permission.screening.one_opinion_suffices and pair.round == 0
    return AdjudicationPolicy(accepts_one_opinion=accepts_one)


def is_anything_waiting(station: Station) -> bool:
    """Whether there is a pair for the acting seat; how many there are it does not learn."""
    with station.database.read() as snapshot:
        seat = authorise(station, snapshot, Act.JUDGE).actor.seat.name
        return bool(_first_eligible(snapshot, wanted_pairs(snapshot), seat))
