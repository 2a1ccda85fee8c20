"""Appeals: by or for the person, at any time; other people look again, and whoever relied on it is named.

Where adjudicators had decided, their pairs are asked anew, of people who had no part in it; what they say
decides, and a supervisor closes the appeal. Where nobody had compared anything, a supervisor decides who
did not make the decision that is appealed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, RoleMissing, UnusableInput
from musterpoint.limits import APPEAL_HOLD_DAYS, REASON_CHARACTERS_MAX
from musterpoint.registry import Answer, Case, Encounter
from musterpoint.registry.appeals import Appeal, AppealedBy, AppealOutcome, Consumer, outcome_of
from musterpoint.registry.awaited import Awaited
from musterpoint.registry.outcomes import shown_answer
from musterpoint.registry.retention import HoldReason
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, appeals, decisions, retention
from musterpoint.workflows.authorising import Permission, authorise, refused
from musterpoint.workflows.seeing import hides_candidates, require_seen
from musterpoint.workflows.settling import apply_settling, open_pair, settled_by_pairs
from musterpoint.workflows.station import Station
from musterpoint.workflows.waiting import of_appeal

OWN_KINDS = frozenset(
    {
        "case.settled",
        "case.reopened",
        "pair.opened",
        "pair.shown",
        "pair.released",
        "pair.opinion",
        "pair.decided",
        "pair.reopened",
    }
)
"""Lines that belong to deciding, not to relying on what was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealView:
    """An appeal and how far it has come.

    pairs      pairs that are asked anew; 0 where a supervisor decides alone
    is_ready   it can be closed now
    needed     whom it waits for; None once it is closed
    consumers  who relied on the earlier decision, as the journal shows
    """

    appeal: Appeal
    pairs: int
    is_ready: bool
    needed: Awaited | None
    consumers: tuple[Consumer, ...]


def open_appeal(station: Station, encounter: str, by: AppealedBy, *, reason: str = "") -> Appeal:
    """Open an appeal against what was decided about an encounter, and have other people look again.

    Raises NotFound, Conflict where an appeal is open or nothing was decided yet, UnusableInput, and what
    `authorise` raises.
    """
    if len(reason) > REASON_CHARACTERS_MAX:
        raise UnusableInput(
            expected=f"a reason of at most {REASON_CHARACTERS_MAX} characters",
            found=f"{len(reason)} characters",
            hint="Shorten it",
        )
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.OPEN_APPEAL)
        about = work.encounter(work.find_encounter(encounter))
        require_seen(work, permission.actor.seat, [about.encounter_id])
        _refuse_what_would_tell(station, work, permission, about)
        _refuse_what_is_open(work, about)
        case = work.case_of(about.encounter_id)
        number = appeals.next_number(work)
        made = Appeal(
            number=number,
            encounter_id=about.encounter_id,
            appealed_by=by,
            reason=reason,
            opened_by=permission.actor.seat.name,
            opened_at=work.now(),
            stays=permission.screening.appeal_stays,
            position=work.position,
            earlier_answer=about.answer,
            earlier_verdict=case.verdict if case else None,
            earlier_subject=about.subject_id,
        )
        work.append_journal(
            "appeal.opened",
            {
                "appeal": number,
                "encounter": str(about.encounter_id),
                "by": by.value,
                "stays": int(made.stays),
                "about": about.answer.value if about.answer else about.outcome.value,
            },
            person={"reason": reason},
            encounter_id=about.encounter_id,
        )
        appeals.add(work, made)
        until = Instant(work.now() + APPEAL_HOLD_DAYS * 86_400 * 1_000_000)
        retention.hold(
            work, [about.encounter_id], HoldReason.APPEAL, author=permission.actor.seat.name, until=until
        )
        for candidate in case.candidates if case else ():
            open_pair(work, about.encounter_id, candidate.encounter_id, round_number=number)
        if made.stays and about.answer is not None:
            work.set_answer(about.encounter_id, Answer.BEING_DECIDED)
        work.commit()
    return made


def _refuse_what_would_tell(
    station: Station, work: UnitOfWork, permission: Permission, about: Encounter
) -> None:
    """Under *no list* whoever sees no candidates would learn from the answer that there are some."""
    if not hides_candidates(permission, decisions.presentation_of(work, about.encounter_id)):
        return
    if shown_answer(about.answer, no_list=True) is not Answer.CANNOT_TELL:
        return
    refusal = RoleMissing(
        expected="a seat that may see candidates, since under no list nobody else is told why",
        found=f"a {permission.actor.seat.role.value}",
        hint="Ask a supervisor to open the appeal",
        where="appeal",
    )
    raise refused(station, work, Act.OPEN_APPEAL, refusal)


def _refuse_what_is_open(work: UnitOfWork, about: Encounter) -> None:
    case = work.case_of(about.encounter_id)
    if appeals.open_of(work, about.encounter_id) is not None:
        raise Conflict(
            expected="an encounter without an open appeal",
            found="one about which an appeal is open",
            hint="See how far it has come: musterpoint appeal list",
            where="appeal",
        )
    if case is not None and case.verdict is None:
        raise Conflict(
            expected="an encounter of which something was decided",
            found="one that is still being decided",
            hint="Wait for the decision, or see it: musterpoint adjudicate list",
            where="appeal",
        )


def decide_appeal(
    station: Station, number: int, outcome: AppealOutcome | None = None
) -> tuple[Appeal, tuple[Consumer, ...]]:
    """Close an appeal; returns it, and where it was reversed whoever relied on the earlier decision.

    outcome  only where nobody compared anything; else it follows from what the adjudicators say

    Raises NotFound, Conflict where it is closed, not ready, or the seat made the earlier decision,
    UnusableInput where an outcome is missing or not to be given, and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.DECIDE_APPEAL)
        seat = permission.actor.seat.name
        appeal = _open_appeal(work, number)
        _refuse_own(work, appeal, seat)
        ended = _outcome(work, appeal, outcome)
        relied = consumers(work, appeal) if ended is AppealOutcome.REVERSED else ()
        work.append_journal(
            "appeal.decided",
            {
                "appeal": number,
                "encounter": str(appeal.encounter_id),
                "outcome": ended.value,
                "consumers": [f"{one.position} {one.kind} {one.author}" for one in relied],
            },
        )
        closed = appeals.decide(work, number, ended, seat, work.now())
        retention.release(work, [appeal.encounter_id], HoldReason.APPEAL, author=seat)
        work.commit()
    return closed, relied


def _open_appeal(work: UnitOfWork, number: int) -> Appeal:
    appeal = appeals.of_number(work, number)
    if appeal.outcome is not None:
        raise Conflict(
            expected="an open appeal",
            found="one that was closed before",
            hint="Whoever does not accept it may appeal again: musterpoint appeal open",
            where=f"appeal {number}",
        )
    return appeal


def _refuse_own(snapshot: Snapshot, appeal: Appeal, seat: str) -> None:
    made = {one.author for one in decisions.of_encounter(snapshot, appeal.encounter_id)}
    made |= {one.approver for one in decisions.of_encounter(snapshot, appeal.encounter_id)}
    if seat in made:
        raise Conflict(
            expected="somebody who had no part in the decision that is appealed",
            found="the seat that made it",
            hint="Let another supervisor close the appeal",
            where=f"appeal {appeal.number}",
        )


def _outcome(work: UnitOfWork, appeal: Appeal, given: AppealOutcome | None) -> AppealOutcome:
    case = work.case_of(appeal.encounter_id)
    if case is None or appeal.earlier_verdict is None:
        return _given(work, appeal, given)
    if given is not None:
        raise UnusableInput(
            expected="no outcome: it follows from what the adjudicators say",
            found=f"the outcome {given.value}",
            hint="Leave --outcome out",
        )
    found = settled_by_pairs(work, appeal.encounter_id, appeal.number)
    if found is None:
        raise Conflict(
            expected="an appeal whose pairs are decided",
            found="one that adjudicators are still judging",
            hint="Wait for them: musterpoint appeal show " + str(appeal.number),
            where=f"appeal {appeal.number}",
        )
    apply_settling(work, case, found)
    now = work.encounter(appeal.encounter_id).subject_id
    return outcome_of(
        earlier=appeal.earlier_verdict, found=found.verdict, is_same_subject=now == appeal.earlier_subject
    )


def _given(work: UnitOfWork, appeal: Appeal, given: AppealOutcome | None) -> AppealOutcome:
    if given is None:
        raise UnusableInput(
            expected="the outcome of an appeal that no adjudicator judges",
            found="none",
            hint="Give --outcome confirmed, reversed or cannot-tell",
        )
    if appeal.earlier_answer is not None:
        is_unsure = given is AppealOutcome.CANNOT_TELL
        answer = Answer.CANNOT_TELL if is_unsure else appeal.earlier_answer
        work.set_answer(appeal.encounter_id, answer)
    return given


def view_appeal(station: Station, number: int) -> AppealView:
    """An appeal, how far it has come, and who relied on the decision. Raises NotFound."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.DECIDE_APPEAL)
        return _view(snapshot, appeals.of_number(snapshot, number), station.clock.now())


def needed_for(station: Station, number: int) -> Awaited | None:
    """Whom an appeal waits for, said to whoever may open one. Raises NotFound.

    None under *no list* for seats that see no candidates: adjudicators are waited for where there were some.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.OPEN_APPEAL)
        appeal = appeals.of_number(snapshot, number)
        if hides_candidates(permission, decisions.presentation_of(snapshot, appeal.encounter_id)):
            return None
        is_ready = _is_clear(snapshot, appeal, snapshot.case_of(appeal.encounter_id))
        return of_appeal(snapshot, appeal, station.clock.now(), is_ready=is_ready)


def list_appeals(station: Station) -> tuple[AppealView, ...]:
    """All appeals, in order."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.DECIDE_APPEAL)
        now = station.clock.now()
        return tuple(_view(snapshot, one, now) for one in appeals.appeals(snapshot))


def _view(snapshot: Snapshot, appeal: Appeal, now: Instant) -> AppealView:
    case = snapshot.case_of(appeal.encounter_id)
    is_clear = _is_clear(snapshot, appeal, case)
    return AppealView(
        appeal=appeal,
        pairs=len(case.candidates) if case and _is_judged(appeal, case) else 0,
        is_ready=appeal.outcome is None and is_clear,
        needed=of_appeal(snapshot, appeal, now, is_ready=is_clear),
        consumers=consumers(snapshot, appeal),
    )


def _is_judged(appeal: Appeal, case: Case | None) -> bool:
    return case is not None and appeal.earlier_verdict is not None


def _is_clear(snapshot: Snapshot, appeal: Appeal, case: Case | None) -> bool:
    """Whether no adjudicator is to be asked any more."""
    if not _is_judged(appeal, case):
        return True
    return settled_by_pairs(snapshot, appeal.encounter_id, appeal.number) is not None


def consumers(snapshot: Snapshot, appeal: Appeal) -> tuple[Consumer, ...]:
    """Lines after the earlier decision that speak of the encounter or of the subject it was given to."""
    begin = _decision_position(snapshot, appeal)
    names = {str(appeal.encounter_id), str(appeal.earlier_subject or appeal.encounter_id)}
    lines = snapshot.journal(since=begin, limit=max(appeal.position - begin, 0))
    return tuple(
        Consumer(position=line.position, kind=line.kind, author=line.author, occurred_at=line.occurred_at)
        for line in lines
        if line.kind not in OWN_KINDS and _names(json.loads(line.body), names)
    )


def _decision_position(snapshot: Snapshot, appeal: Appeal) -> int:
    """The line that settled the case last, or that recorded the encounter where there was no case."""
    wanted = {"case.settled"} if appeal.earlier_verdict is not None else {"outcome", "encounter.recorded"}
    name = str(appeal.encounter_id)
    lines = snapshot.journal(limit=appeal.position)
    found = [line.position for line in lines if line.kind in wanted and _names(json.loads(line.body), {name})]
    return found[-1] if found else appeal.position


def _names(body: dict[str, object], names: set[str]) -> bool:
    said: list[object] = []
    for value in body.values():
        said.extend(value if isinstance(value, list) else [value])
    return any(one in names for one in said if isinstance(one, str))
