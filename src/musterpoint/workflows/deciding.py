"""Deciding about somebody who was at the gate: cleared, denied, referred."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, NotFound, SecondPersonMissing
from musterpoint.identifiers import EncounterId, new_uuid
from musterpoint.registry import Encounter, Outcome
from musterpoint.registry.biographic import Biography
from musterpoint.registry.decisions import (
    Decided,
    Decision,
    DecisionState,
    Event,
    Expired,
    OutcomeRecorded,
    Presentation,
    Proposal,
    check_proposal,
    fold,
    needs_second,
)
from musterpoint.registry.outcomes import NextStep, next_step, shown_answer
from musterpoint.registry.rights import Act, Extent, may
from musterpoint.storage import Snapshot, UnitOfWork, appeals, biographic, decisions
from musterpoint.storage.decisions import GateFacts, StoredPresentation
from musterpoint.workflows.authorising import Permission, authorise, insist_on_part, refused
from musterpoint.workflows.children import check_carer
from musterpoint.workflows.gate_events import GateJournal
from musterpoint.workflows.seeing import hides_candidates, require_seen, sees
from musterpoint.workflows.station import Station

_ACTS = {DecisionState.CLEARED: Act.CLEAR, DecisionState.DENIED: Act.DENY, DecisionState.REFERRED: Act.REFER}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """What somebody wants to decide.

    encounter     the encounter, or at least 8 digits of the end of its identifier
    ground        why; may be left out only where somebody not known is cleared
    is_exception  the ground is the reason for departing from a rule
    carer         the encounter of the grown-up who answers for a child; may be empty
    """

    encounter: str
    state: DecisionState
    ground: str = ""
    is_exception: bool = False
    expires_at: Instant | None = None
    carer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """Somebody who was at the gate, as far as the seat may see.

    presentation  with an answer that the seat may know
    decisions     in their order, those that expired included; without ground and carer where the seat
                  sees no more than a state
    biography     None where the seat may not read it, or nothing was told
    """

    encounter: Encounter
    presentation: Presentation
    next_step: NextStep
    decisions: tuple[Decision, ...]
    biography: Biography | None

    @property
    def is_waiting(self) -> bool:
        """Whether something is to be decided."""
        state = self.presentation
        return state.decision is DecisionState.OPEN and state.outcome is not Outcome.LEFT


def view(station: Station, encounter: str) -> GateView:
    """Look at an encounter. Raises NotFound, Refused."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_ENCOUNTERS)
        found = snapshot.encounter(snapshot.find_encounter(encounter))
        require_seen(snapshot, permission.actor.seat, [found.encounter_id])
        return _view(snapshot, permission, found, station.clock.now())


def waiting(station: Station) -> tuple[GateView, ...]:
    """Everybody who came and of whom something is to be decided.

    First who was never decided, then whose decision has expired, then whose decision an appeal keeps from
    holding; not who left before anything was done. Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.LIST_ENCOUNTERS)
        is_seen, now = sees(snapshot, permission.actor.seat), station.clock.now()
        candidates = (
            *decisions.undecided(snapshot),
            *decisions.expired(snapshot, now),
            *appeals.appealed(snapshot),
        )
        found = []
        for one in dict.fromkeys(candidates):
            # Of who was erased nothing is left to decide.
            with suppress(NotFound):
                encounter = snapshot.encounter(one)
                if is_seen(encounter):
                    found.append(_view(snapshot, permission, encounter, now))
    return tuple(one for one in found if one.is_waiting)


def _view(snapshot: Snapshot, permission: Permission, found: Encounter, now: Instant) -> GateView:
    stored = decisions.presentation_of(snapshot, found.encounter_id)
    made = decisions.of_encounter(snapshot, found.encounter_id)
    is_resting = bool(made) and appeals.is_resting(snapshot, found.encounter_id, made[-1].decided_at)
    presentation = presentation_of(found, stored, made, now, is_resting=is_resting)
    no_list = hides_candidates(permission, stored)
    may_read = may(permission.actor.seat.role, Act.READ_PERSON)
    shown = replace(presentation, answer=shown_answer(presentation.answer, no_list=no_list))
    return GateView(
        encounter=found,
        # A rule that was departed from may be that candidates were being decided.
        presentation=replace(shown, exception_of=None) if no_list else shown,
        next_step=next_step(presentation, reason=stored.reason if stored else None, no_list=no_list),
        decisions=made
        if permission.extent is Extent.FULL
        else tuple([_bare(one, no_list=no_list) for one in made]),
        biography=biographic.of_encounter(snapshot, found.encounter_id) if may_read else None,
    )


def insist_on_carer(station: Station, snapshot: Snapshot, permission: Permission, carer: EncounterId) -> None:
    """Raise NotFound for a carer who never came, or not for this seat; UnusableInput, see `check_carer`."""
    found = snapshot.encounter(carer)
    require_seen(snapshot, permission.actor.seat, [carer])
    state = _view(snapshot, permission, found, station.clock.now()).presentation
    check_carer(snapshot, carer, permission.screening, state)


def _bare(made: Decision, *, no_list: bool) -> Decision:
    bare = replace(made, ground="", carer=None)
    return replace(bare, exception_of=None) if no_list else bare


def presentation_of(
    encounter: Encounter,
    stored: StoredPresentation | None,
    made: tuple[Decision, ...],
    now: Instant,
    *,
    is_resting: bool = False,
) -> Presentation:
    """The state of somebody who was at the gate, from what was recorded.

    is_resting  an appeal keeps what was decided from holding
    """
    facts = (stored.facts if stored else None) or GateFacts()
    events: list[Event] = [
        OutcomeRecorded(
            outcome=encounter.outcome, answer=encounter.answer, is_unaccompanied=facts.is_unaccompanied
        )
    ]
    events.extend(
        Decided(state=one.state, exception_of=one.exception_of, has_carer=one.carer is not None)
        for one in made
    )
    if made and (is_resting or (made[-1].expires_at is not None and made[-1].expires_at <= now)):
        events.append(Expired())
    return fold(events)


def decide(station: Station, request: DecisionRequest) -> Decision:
    """Decide about somebody who was at the gate.

    Raises NotFound, Conflict where the state does not allow it, UnusableInput where a ground, exception
    or carer is missing, and Refused where the seat may not, or not alone.
    """
    with station.unit_of_work() as work:
        encounter_id = work.find_encounter(request.encounter)
        stored = decisions.presentation_of(work, encounter_id)
        if stored is None:
            raise Conflict(
                expected="somebody who came to a gate",
                found="a record that was loaded from a collection",
                hint="Decide about people who are screened",
            )
        made = decisions.of_encounter(work, encounter_id)
        now = station.clock.now()
        is_resting = bool(made) and appeals.is_resting(work, encounter_id, made[-1].decided_at)
        presentation = presentation_of(work.encounter(encounter_id), stored, made, now, is_resting=is_resting)
        permission = authorise(station, work, _act(request.state, presentation))
        require_seen(work, permission.actor.seat, [encounter_id])
        carer = work.find_encounter(request.carer) if request.carer else _carer(stored)
        if request.carer and carer is not None:
            insist_on_carer(station, work, permission, carer)
        proposal = Proposal(
            state=request.state,
            author=permission.actor.seat.name,
            ground=request.ground,
            is_exception=request.is_exception,
            approver=_approver(station, work, permission),
            expires_at=request.expires_at or _still_due(made, now),
            has_carer=carer is not None,
        )
        try:
            decision = _checked(presentation, proposal, permission, encounter_id, now)
        except SecondPersonMissing as error:
            raise refused(station, work, permission.act, error) from None
        decision = replace(decision, carer=carer)
        decisions.add(work, decision)
        GateJournal(work, encounter_id, permission.agreement_id).decided(permission, decision)
        work.commit()
    return decision


def _act(state: DecisionState, presentation: Presentation) -> Act:
    if state is DecisionState.CLEARED and presentation.may_officer_clear:
        return Act.CLEAR_NOT_KNOWN
    return _ACTS.get(state, Act.REFER)


def _carer(stored: StoredPresentation) -> EncounterId | None:
    return stored.facts.carer if stored.facts else None


def _still_due(made: tuple[Decision, ...], now: Instant) -> Instant | None:
    """A child stays due to be decided again, whatever was decided since."""
    times = [one.expires_at for one in made if one.expires_at is not None and one.expires_at > now]
    return min(times, default=None)


def _approver(station: Station, work: UnitOfWork, permission: Permission) -> str:
    """The second person's seat, once it is sure that it may confirm. Raises Refused."""
    second = permission.actor.second
    if second is None:
        return ""
    insist_on_part(station, work, second, Act.CONFIRM_EXCEPTION)
    return second.seat.name


def _checked(
    presentation: Presentation,
    proposal: Proposal,
    permission: Permission,
    encounter_id: EncounterId,
    now: Instant,
) -> Decision:
    departed = check_proposal(
        presentation, proposal, now=now, second_person=permission.screening.second_person
    )
    return Decision(
        decision_id=new_uuid(),
        encounter_id=encounter_id,
        state=proposal.state,
        ground=proposal.ground or "not known",
        author=proposal.author,
        decided_at=now,
        exception_of=departed,
        approver=proposal.approver,
        expires_at=proposal.expires_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtGate:
    """What the gate wants to decide in the same step as the screening.

    exception   reason for clearing somebody of whom no finger was captured; may be empty
    expires_at  when a child is decided again
    """

    permission: Permission
    presentation: Presentation
    exception: str = ""
    stays_open: bool = False
    expires_at: Instant | None = None
    carer: EncounterId | None = None


def decide_at_gate(
    station: Station, work: UnitOfWork, journal: GateJournal, wanted: AtGate
) -> Decision | None:
    """Decide what the gate can decide at once, in the unit of work of the screening; None leaves it open.

    A child alone is referred, unless that takes a second person who is not there. Who is not known is cleared
    by the officer. Whoever gave no finger is cleared where a supervisor takes part, as the acting seat or as
    the second one; else the reason is recorded and the decision stays open. Raises Refused, UnusableInput.
    """
    proposal = _proposal(station, work, wanted)
    if proposal is None:
        return None
    now = station.clock.now()
    decision = _checked(wanted.presentation, proposal, wanted.permission, journal.encounter_id, now)
    decision = replace(decision, carer=wanted.carer)
    decisions.add(work, decision)
    journal.decided(wanted.permission, decision)
    return decision


def _proposal(station: Station, work: UnitOfWork, wanted: AtGate) -> Proposal | None:
    presentation, permission = wanted.presentation, wanted.permission
    author = permission.actor.seat.name
    if presentation.outcome is Outcome.LEFT:
        return None
    if presentation.is_unaccompanied:
        approver = _approver(station, work, permission)
        if not approver and needs_second(DecisionState.REFERRED, None, permission.screening.second_person):
            return None
        return Proposal(
            state=DecisionState.REFERRED,
            author=author,
            ground="a child without a carer",
            approver=approver,
            expires_at=wanted.expires_at,
        )
    if presentation.may_officer_clear:
        return None if wanted.stays_open else _plain_clearance(station, work, wanted)
    if wanted.exception and presentation.rule_departed_from is not None:
        return _exception(station, work, wanted)
    return None


def _plain_clearance(station: Station, work: UnitOfWork, wanted: AtGate) -> Proposal | None:
    """Nobody was found, and the officer says so; where two have to, they both take part, or it stays open."""
    permission = wanted.permission
    approver = _approver(station, work, permission)
    if not may(permission.actor.seat.role, Act.CLEAR_NOT_KNOWN):
        return None
    if not approver and needs_second(DecisionState.CLEARED, None, permission.screening.second_person):
        return None
    return Proposal(
        state=DecisionState.CLEARED,
        author=permission.actor.seat.name,
        ground="not known",
        approver=approver,
        expires_at=wanted.expires_at,
        has_carer=wanted.carer is not None,
    )


def _exception(station: Station, work: UnitOfWork, wanted: AtGate) -> Proposal:
    """Cleared where somebody who may takes part; else the reason is kept for whoever decides later."""
    permission, departed = wanted.permission, wanted.presentation.rule_departed_from
    officer = permission.actor.seat.name
    supervisor = _supervisor(station, work, permission)
    approver = officer if supervisor != officer else _approver(station, work, permission)
    is_enough = approver or not needs_second(
        DecisionState.CLEARED, departed, permission.screening.second_person
    )
    if not supervisor or not is_enough:
        return Proposal(state=DecisionState.OPEN, author=officer, ground=wanted.exception)
    return Proposal(
        state=DecisionState.CLEARED,
        author=supervisor,
        ground=wanted.exception,
        is_exception=True,
        approver=approver,
        expires_at=wanted.expires_at,
        has_carer=wanted.carer is not None,
    )


def _supervisor(station: Station, work: UnitOfWork, permission: Permission) -> str:
    """The seat that may clear by exception: the acting one, or the second. Raises Refused."""
    actor = permission.actor
    if may(actor.seat.role, Act.CLEAR):
        insist_on_part(station, work, actor, Act.CLEAR)
        return actor.seat.name
    if actor.second is None or not may(actor.second.seat.role, Act.CLEAR):
        return ""
    insist_on_part(station, work, actor.second, Act.CLEAR)
    insist_on_part(station, work, actor, Act.CONFIRM_EXCEPTION)
    return actor.second.seat.name
