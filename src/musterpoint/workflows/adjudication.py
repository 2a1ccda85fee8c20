"""Adjudication: a person decides whether two encounters belong to one person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musterpoint import templates
from musterpoint.clock import Clock
from musterpoint.comparison import compare as compare_prepared
from musterpoint.comparison import expected_false_positives, fuse, prepare
from musterpoint.errors import Conflict, NotFound, UnusableInput
from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.registry import ANSWER_OF_VERDICT, Case, Reference, Verdict
from musterpoint.storage import Database, Snapshot, UnitOfWork

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFingers:
    """Two references side by side: indices into the lists of a view, and what the engine thinks.

    score  milli-nats of this comparison
    pairs  (k, 2) indices of corresponding minutiae, as a tuple of pairs
    """

    probe: int
    reference: int
    score: int
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    """One candidate of a case as an adjudicator sees it.

    label                     A, B, C …: an order that says nothing about strength
    references                the candidate's fingers
    compared                  which fingers lie side by side
    strength                  milli-nats at the time of the search
    expected_false_positives  people of a gallery of that size who would look this similar by chance
    """

    label: str
    encounter_id: EncounterId
    subject_id: SubjectId | None
    references: tuple[Reference, ...]
    compared: tuple[ComparedFingers, ...]
    strength: int
    expected_false_positives: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case with everything that is needed to show it."""

    case: Case
    references: tuple[Reference, ...]
    candidates: tuple[CandidateView, ...]


def view_case(database: Database, number: int) -> CaseView:
    """A case with the fingers of both sides. Raises NotFound."""
    with database.read() as snapshot:
        case = snapshot.case(number)
        probe = snapshot.references(case.encounter_id)
        ordered = _blind_order(case)
        candidates = tuple(
            _candidate_view(snapshot, case, label, encounter_id, probe)
            for label, encounter_id in zip(LABELS, ordered, strict=False)
        )
    return CaseView(case=case, references=probe, candidates=candidates)


def _blind_order(case: Case) -> list[EncounterId]:
    """Candidates in an order that is always the same and says nothing about rank."""
    return sorted(
        (candidate.encounter_id for candidate in case.candidates),
        key=lambda encounter_id: hashlib.sha256(case.case_id.bytes + encounter_id.bytes).digest(),
    )


def _candidate_view(
    snapshot: Snapshot, case: Case, label: str, encounter_id: EncounterId, probe: Sequence[Reference]
) -> CandidateView:
    strength = next(c.strength for c in case.candidates if c.encounter_id == encounter_id)
    found = snapshot.references(encounter_id)
    return CandidateView(
        label=label,
        encounter_id=encounter_id,
        subject_id=snapshot.encounter(encounter_id).subject_id,
        references=found,
        compared=compare_fingers(probe, found),
        strength=strength,
        expected_false_positives=expected_false_positives(strength, case.people),
    )


def compare_fingers(
    probe: Sequence[Reference], reference: Sequence[Reference]
) -> tuple[ComparedFingers, ...]:
    """Lay the fingers of two encounters side by side, as the search paired them."""
    if not probe or not reference:
        return ()
    probes = [prepare(templates.decode(one.template)) for one in probe]
    others = [prepare(templates.decode(one.template)) for one in reference]
    compared = [[compare_prepared(a, b) for b in others] for a in probes]
    scores = np.array([[one.score for one in row] for row in compared], np.int32)
    fused = fuse(scores, [one.position for one in probe], [one.position for one in reference])
    return tuple(
        ComparedFingers(
            probe=pair.probe,
            reference=pair.reference,
            score=pair.score,
            pairs=tuple((int(a), int(b)) for a, b in compared[pair.probe][pair.reference].pairs),
        )
        for pair in sorted(fused.pairs, key=lambda pair: pair.probe)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a settled case came to: whose encounter it is, if that could be told."""

    case: int
    verdict: Verdict
    answer: str
    encounter: EncounterId
    subject: SubjectId | None
    is_new_subject: bool


def settle(
    database: Database,
    clock: Clock,
    number: int,
    verdict: Verdict,
    *,
    same_as: str | None = None,
    decided_by: str,
) -> Settlement:
    """Settle a case: one candidate is the same, all are different, or it cannot be told.

    same_as  label of the candidate, where the verdict is SAME

    Raises NotFound, AlreadySettled, UnusableInput where label and verdict do not fit, and Conflict
    where the chosen candidate waits for a decision of its own.
    """
    with database.unit_of_work() as work:
        case = work.case(number)
        chosen = _chosen(case, verdict, same_as)
        settled = work.settle_case(
            number, verdict, same_as=chosen, decided_by=decided_by, decided_at=clock.now()
        )
        subject_id, is_new = _subject(work, verdict, chosen)
        if subject_id is not None:
            work.assign(settled.encounter_id, subject_id)
        answer = ANSWER_OF_VERDICT[verdict]
        work.set_answer(settled.encounter_id, answer)
        work.append_journal(
            "case.settled",
            {
                "case": number,
                "verdict": verdict.value,
                "encounter": str(settled.encounter_id),
                "subject": str(subject_id) if subject_id else "",
            },
        )
        work.commit()
    return Settlement(
        case=number,
        verdict=verdict,
        answer=answer.value,
        encounter=settled.encounter_id,
        subject=subject_id,
        is_new_subject=is_new,
    )


def _chosen(case: Case, verdict: Verdict, same_as: str | None) -> EncounterId | None:
    if verdict is not Verdict.SAME:
        return None
    labelled = dict(zip(LABELS, _blind_order(case), strict=False))
    if not labelled:
        raise Conflict(
            expected="a case with candidates",
            found="one of which no candidate is left",
            hint=f"Settle it otherwise: musterpoint adjudicate {case.number} --different",
            where=f"case {case.number}",
        )
    chosen = labelled.get((same_as or "").upper())
    if chosen is None:
        raise UnusableInput(
            expected=f"one of the candidates {', '.join(labelled)}",
            found=repr(same_as) if same_as else "none",
            hint=f"Look at the case first: musterpoint adjudicate {case.number}",
            where=f"case {case.number}",
        )
    return chosen


def _subject(work: UnitOfWork, verdict: Verdict, chosen: EncounterId | None) -> tuple[SubjectId | None, bool]:
    """Whose encounter it is from now on, and whether that subject is new."""
    if verdict is Verdict.CANNOT_TELL:
        return None, False
    if chosen is None:
        return _new_subject(work), True
    existing = work.encounter(chosen).subject_id
    if existing is not None:
        return existing, False
    waiting = _open_case_of(work, chosen)
    if waiting is not None:
        raise Conflict(
            expected="a candidate whose own case is settled",
            found=f"one that waits in case {waiting}",
            hint=f"Settle case {waiting} first: musterpoint adjudicate {waiting}",
        )
    subject_id = _new_subject(work)
    work.assign(chosen, subject_id)
    return subject_id, True


def _new_subject(work: UnitOfWork) -> SubjectId:
    subject_id = SubjectId(new_uuid())
    work.add_subject(subject_id)
    return subject_id


def _open_case_of(work: UnitOfWork, encounter_id: EncounterId) -> int | None:
    case = work.case_of(encounter_id)
    return case.number if case is not None and case.verdict is None else None


def require_case(text: str) -> int:
    """The number of a case as a person types it: `7` or `#7`. Raises NotFound."""
    digits = text.lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        return int(digits)
    raise NotFound(
        expected="the number of a case", found=repr(text), hint="List the open ones: musterpoint adjudicate"
    )
