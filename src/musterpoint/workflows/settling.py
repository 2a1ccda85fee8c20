"""From pairs to people: what decided pairs make of a case, and of whom its encounter is.

A case opens one pair for each candidate. It is settled when its pairs allow it, and settled anew when one
of them changes: a provisional decision that the second opinion does not bear out, or an appeal. Whoever
was joined by the earlier decision is then moved by a change that can be undone.
"""

from __future__ import annotations

from collections.abc import Sequence

from musterpoint.clock import Instant
from musterpoint.identifiers import CaseId, EncounterId, SubjectId, new_uuid
from musterpoint.registry import Answer, Case, CaseCandidate, Verdict, answer_after_verdict
from musterpoint.registry.adjudication import (
    DecidedPair,
    Judgement,
    Pair,
    Settling,
    Standing,
    settling,
)
from musterpoint.registry.subjects import merge, move, split
from musterpoint.storage import Snapshot, UnitOfWork, adjudication, appeals, decisions, subjects
from musterpoint.workflows.changing import record_change

DECIDED_BY = "adjudication"
"""Stands in a case that opinions settled; who gave them is in the opinions."""

DECIDED_BY_NOBODY = "no candidate is left"
"""Stands in a case all of whose candidates were erased."""


def open_case(
    work: UnitOfWork,
    encounter_id: EncounterId,
    people: int,
    candidates: Sequence[CaseCandidate],
    opened_at: Instant,
) -> Case:
    """Open a case with a pair for each candidate. Raises as `UnitOfWork.open_case`."""
    case = work.open_case(CaseId(new_uuid()), encounter_id, people, candidates, opened_at)
    work.append_journal("case.opened", {"case": case.number, "encounter": str(encounter_id)})
    for candidate in case.candidates:
        open_pair(work, encounter_id, candidate.encounter_id)
    return case


def open_pair(
    work: UnitOfWork, probe_id: EncounterId, candidate_id: EncounterId, *, round_number: int = 0
) -> Pair:
    """Open one pair of two encounters."""
    opened = adjudication.add_pair(work, probe_id, candidate_id, round_number=round_number)
    facts = {"pair": str(opened.pair_id), "records": [str(probe_id), str(candidate_id)]}
    work.append_journal("pair.opened", facts | {"round": round_number})
    return opened


def resolve(work: UnitOfWork, encounter_id: EncounterId) -> None:
    """Settle the case of an encounter as far as its pairs allow, and then those that wait for it."""
    waiting = [encounter_id]
    while waiting:
        one = waiting.pop()
        _fill_in_remembered(work, one)
        if _settle(work, one):
            waiting.extend(
                pair.probe_id for pair in adjudication.pairs_with(work, one) if pair.verdict is Verdict.SAME
            )


def resolve_after_erasure(work: UnitOfWork) -> tuple[int, ...]:
    """Settle the open cases that wait for nobody any more, as if the erased had never been found.

    Returns their numbers.
    """
    before = work.cases(is_open=True)
    for case in before:
        resolve(work, case.encounter_id)
    still_open = {case.number for case in work.cases(is_open=True)}
    return tuple(case.number for case in before if case.number not in still_open)


def _settle(work: UnitOfWork, encounter_id: EncounterId) -> bool:
    case = work.case_of(encounter_id)
    if case is None or appeals.open_of(work, encounter_id) is not None:
        return False
    found = settled_by_pairs(work, encounter_id, appeals.round_in_force(work, encounter_id))
    before = case.verdict
    if found is None:
        if before is None:
            return False
        _reopen(work, case)
        return True
    if before is found.verdict and _is_in_place(work, encounter_id, found):
        return False
    apply_settling(work, case, found)
    return True


def settled_by_pairs(snapshot: Snapshot, encounter_id: EncounterId, round_number: int) -> Settling | None:
    """What the pairs of one round come to, or None while that is open."""
    every = adjudication.pairs_of(snapshot, encounter_id)
    return settling([_decided(snapshot, pair) for pair in every if pair.round == round_number])


def _fill_in_remembered(work: UnitOfWork, encounter_id: EncounterId) -> None:
    """Who is the same as somebody is none of those who are remembered to be somebody else."""
    every = adjudication.pairs_of(work, encounter_id)
    pairs = [pair for pair in every if pair.round == max(one.round for one in every)]
    same = [pair.candidate_id for pair in pairs if pair.verdict is Verdict.SAME]
    asked = [pair for pair in pairs if pair.verdict is None]
    if not same or not asked:
        return
    apart = adjudication.different_pairs(work, [*same, *(pair.candidate_id for pair in asked)])
    judgement = Judgement(standing=Standing.DECIDED, verdict=Verdict.DIFFERENT)
    for pair in asked:
        if any((one, pair.candidate_id) in apart for one in same):
            adjudication.set_judgement(work, pair, judgement, work.now())
            journal_decision(work, pair, judgement, is_remembered=True)


def journal_decision(
    work: UnitOfWork, pair: Pair, judgement: Judgement, *, is_remembered: bool = False
) -> None:
    """Say in the journal what was decided of a pair."""
    facts: dict[str, str | int | list[str]] = {
        "pair": str(pair.pair_id),
        "records": [str(pair.probe_id), str(pair.candidate_id)],
        "round": pair.round,
    }
    if judgement.verdict is None:
        work.append_journal("pair.reopened", facts)
        return
    work.append_journal(
        "pair.decided",
        facts
        | {
            "verdict": judgement.verdict.value,
            "is_provisional": int(judgement.standing is Standing.PROVISIONAL),
            "is_remembered": int(is_remembered),
        },
    )


def _decided(snapshot: Snapshot, pair: Pair) -> DecidedPair:
    subject_id = snapshot.encounter(pair.candidate_id).subject_id
    case = snapshot.case_of(pair.candidate_id)
    return DecidedPair(
        candidate_id=pair.candidate_id,
        verdict=pair.verdict,
        subject_id=subject_id,
        is_waiting=subject_id is None and case is not None and case.verdict is None,
    )


def _is_in_place(work: UnitOfWork, encounter_id: EncounterId, found: Settling) -> bool:
    if found.same_as is None:
        return True
    return work.encounter(encounter_id).subject_id == work.encounter(found.same_as).subject_id


def apply_settling(work: UnitOfWork, case: Case, found: Settling) -> None:
    """Give the encounter of a case to whom its pairs say it belongs, and say what the answer is."""
    before = case.verdict
    presented = decisions.presentation_of(work, case.encounter_id)
    answer = answer_after_verdict(found.verdict, presented.reason if presented else None)
    _place(work, case, found, is_enrolled=answer is Answer.NOT_KNOWN)
    decided_by = DECIDED_BY if case.candidates else DECIDED_BY_NOBODY
    adjudication.settle(work, case, found.verdict, work.now(), decided_by)
    subject_id = work.encounter(case.encounter_id).subject_id
    work.set_answer(case.encounter_id, answer)
    work.append_journal(
        "case.settled",
        {
            "case": case.number,
            "verdict": found.verdict.value,
            "answer": answer.value,
            "encounter": str(case.encounter_id),
            "subject": str(subject_id) if subject_id else "",
            "joined": [str(one) for one in found.joined],
            "before": before.value if before else "",
        },
    )


def _place(work: UnitOfWork, case: Case, found: Settling, *, is_enrolled: bool) -> None:
    encounter_id = case.encounter_id
    if found.verdict is Verdict.SAME:
        assert found.same_as is not None
        target = work.encounter(found.same_as).subject_id or _new_subject(work)
        for one in dict.fromkeys((found.same_as, *found.joined)):
            if work.encounter(one).subject_id is None:
                work.assign(one, target)
        _join(work, encounter_id, case.verdict, target)
    elif case.verdict is Verdict.SAME:
        _set_apart(work, encounter_id)
    elif is_enrolled and work.encounter(encounter_id).subject_id is None:
        work.assign(encounter_id, _new_subject(work))


def _join(work: UnitOfWork, encounter_id: EncounterId, before: Verdict | None, target: SubjectId) -> None:
    holder = work.encounter(encounter_id).subject_id
    if holder is None:
        work.assign(encounter_id, target)
    elif holder != target:
        people = subjects.people(work, [holder, target])
        if before is Verdict.SAME:
            record_change(work, move(people, encounter_id=encounter_id, to=target))
        else:
            # Who was found to be the same as this encounter since goes along.
            record_change(work, merge(people, kept=target, merged=holder))


def _set_apart(work: UnitOfWork, encounter_id: EncounterId) -> None:
    holder = work.encounter(encounter_id).subject_id
    if holder is None:
        return
    people = subjects.people(work, [holder])
    if people.encounters_of(holder) != (encounter_id,):
        fresh = SubjectId(new_uuid())
        record_change(work, split(people, subject_id=holder, encounters=[encounter_id], fresh=fresh))


def _reopen(work: UnitOfWork, case: Case) -> None:
    """A decision on which a case rested did not hold, and its other pairs are still to be asked."""
    if case.verdict is Verdict.SAME:
        _set_apart(work, case.encounter_id)
    adjudication.reopen(work, case)
    work.set_answer(case.encounter_id, Answer.BEING_DECIDED)
    work.append_journal("case.reopened", {"case": case.number, "encounter": str(case.encounter_id)})


def _new_subject(work: UnitOfWork) -> SubjectId:
    subject_id = SubjectId(new_uuid())
    work.add_subject(subject_id)
    return subject_id
