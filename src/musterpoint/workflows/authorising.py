"""May this seat do this, for this purpose, now? Every workflow asks here before it does anything.

What is refused is journalled: in a unit of work of its own where the workflow only reads, and after the
workflow's own was undone where it writes (see `Station.unit_of_work`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.clock import Clock, Instant, to_text
from musterpoint.errors import (
    AgreementExpired,
    NoAgreement,
    NotFound,
    RateExceeded,
    Refused,
)
from musterpoint.identifiers import AgreementId
from musterpoint.registry.agreements import (
    ANY,
    PRACTICE_AGREEMENT,
    PRACTICE_GALLERY,
    Agreement,
    AgreementState,
    Grant,
    ScreeningRules,
    covering,
    in_force,
)
from musterpoint.registry.rights import NEEDS_PURPOSE, READING, Act, Extent, may, needs_two
from musterpoint.registry.seats import PRACTICE_PARTY
from musterpoint.registry.thresholds import DAYS_AVERAGED, as_share, target_ppm
from musterpoint.storage import Snapshot, UnitOfWork, agreements, galleries, tables
from musterpoint.workflows.acting import Actor
from musterpoint.workflows.seating import check_second, choose, extent_of, proved, refuse_beyond_practice

if TYPE_CHECKING:
    from musterpoint.comparison import Needed
    from musterpoint.workflows.station import Station

SEARCHES: Final = frozenset({Act.SCREEN, Act.IDENTIFY})
"""Acts of which an agreement limits how many there are in a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What may be done, by whom, under which agreement.

    extent            how far the right of the role goes; `LIMITED` hides what tells people apart
    agreement         None where none is needed and none, or more than one, is live
    grants            those that cover the purpose; empty where no purpose was asked for
    galleries         galleries that may be searched for the purpose
    enrols_into       gallery that takes people who are not known; empty where none does
    searches_per_day  average of the last seven days, this purpose only
    """

    act: Act
    actor: Actor
    extent: Extent
    purpose: str
    agreement: Agreement | None
    grants: tuple[Grant, ...] = ()
    galleries: frozenset[str] = frozenset()
    enrols_into: str = ""
    target_fpir_ppm: int = 0
    searches_per_day: float = 0.0
    is_practice: bool = False
    no_list: bool = False

    @property
    def agreement_id(self) -> AgreementId | None:
        """The agreement's identifier."""
        return self.agreement.agreement_id if self.agreement else None

    @property
    def grant(self) -> Grant | None:
        """The grant of the gallery that takes people who are not known, or the first."""
        enrolling = [one for one in self.grants if one.enrols]
        return next(iter((*enrolling, *self.grants)), None)

    @property
    def target_fpir(self) -> float:
        """Candidates that chance may produce in a search, on average."""
        return as_share(self.target_fpir_ppm)

    @property
    def keeps_images(self) -> bool:
        """Whether impressions are kept beside their templates: only where every grant says so."""
        return bool(self.grants) and all(one.keeps_images for one in self.grants)

    @property
    def sees_candidates(self) -> bool:
        """Whether the seat may see candidates, ranks and strengths at all."""
        return may(self.actor.seat.role, Act.SEE_CANDIDATES)

    @property
    def screening(self) -> ScreeningRules:
        """How people are screened under the agreement."""
        return self.agreement.version.screening if self.agreement else ScreeningRules()

    def facts(self, needed: Needed, calibration: int) -> dict[str, str | int]:
        """What the journal says of a search: the agreement, its target, and what followed from it.

        needed       what the search asked of a candidate
        calibration  by which calibration, see `Found`
        """
        return {
            "agreement": str(self.agreement_id or ""),
            "agreement_version": self.agreement.version.version if self.agreement else 0,
            "target_fpir_ppm": self.target_fpir_ppm,
            "calibration": calibration,
            "threshold_millinats": needed.strength,
            "expected_false_per_search_ppm": round(needed.expected * 1_000_000),
            "expected_false_per_day_ppm": round(needed.expected * self.searches_per_day * 1_000_000),
        }

    def confirmed(
        self, facts: Mapping[str, str | int | Sequence[str]], kind: str
    ) -> dict[str, str | int | Sequence[str]]:
        """The facts with the signatures of the seats, where the agreement asks for them.

        kind  what is recorded, one of the words of `ScreeningRules.confirmed_by_key`

        A second person always signs.
        """
        signed = dict(facts)
        if kind in self.screening.confirmed_by_key:
            signed["confirmation"] = self.actor.signature_of(facts)
        if self.actor.second is not None:
            signed["second"] = self.actor.second.seat.name
            signed["second_confirmation"] = self.actor.second.signature_of(facts)
        return signed


def authorise(
    station: Station, snapshot: Snapshot, act: Act, *, purpose: str = "", gallery: str = ""
) -> Permission:
    """The permission of the acting seat to do something now.

    purpose  why; acts that search need one, and with others it has to be one of a live agreement
    gallery  the gallery concerned, where it is one

    Raises NoAgreement, AgreementExpired, RoleMissing or SecondPersonMissing, and
    UnusableInput where several seats of this machine might act. The refusal is journalled.
    """
    try:
        permission = _authorise(station, snapshot, act, purpose, gallery)
    except Refused as error:
        raise refused(station, snapshot, act, error, purpose=purpose, gallery=gallery) from None
    station.turn.agreement_id = permission.agreement_id
    if isinstance(snapshot, UnitOfWork):
        snapshot.act_as(permission.actor.seat.name)
    return permission


def insist_on_part(station: Station, snapshot: Snapshot, actor: Actor, act: Act) -> None:
    """Raise what `authorise` raises where another seat that takes part may not do its part of it.

    The acting seat stays the one that writes.
    """
    other = station.acting_as(actor)
    try:
        _authorise(other, snapshot, act, "", "")
    except Refused as error:
        raise refused(other, snapshot, act, error) from None


def journal_refusal(station: Station, error: Refused) -> None:
    """Say in the journal that something was asked and refused, unless it says so already."""
    if not error.facts:
        return
    facts, error.facts = dict(error.facts), {}
    known = {name: text for name, text in facts.items() if text}
    with station.writing(facts["seat"]) as work:
        if Act(facts["act"]) in READING:
            work.append_journal("view.denied", known)
        else:
            work.append_journal("act.denied", known)
        work.commit()


def latest(snapshot: Snapshot, clock: Clock) -> Instant:
    """Now, or the time of the last journal line where the clock has jumped back behind it.

    Else a clock that is set back would bring an expired agreement to life.
    """
    return Instant(max(clock.now(), snapshot.value_of(_LAST_LINE) or 0))


_LAST_LINE: Final = (
    sa.select(tables.journal.c.occurred_at).order_by(tables.journal.c.position.desc()).limit(1)
)


def _authorise(station: Station, snapshot: Snapshot, act: Act, purpose: str, gallery: str) -> Permission:
    now = latest(snapshot, station.clock)
    known = in_force(agreements.agreements(snapshot), now)
    is_real = agreements.has_real(snapshot)
    actor = station.actor or choose(snapshot, station.keys, act, now, is_real=is_real)
    station.name(actor)
    seat = proved(snapshot, actor, act, now)
    if seat.is_practice:
        refuse_beyond_practice(snapshot, act, is_real=is_real)
    found = extent_of(snapshot, seat, act, now)
    if needs_two(act):
        check_second(snapshot, actor, act, now)
    station.turn.actor = actor
    asked = Permission(act=act, actor=actor, extent=found, purpose=purpose, agreement=None)
    if act in NEEDS_PURPOSE or purpose:
        return _under_agreement(station, snapshot, known, now, asked, gallery)
    live = [one for one in known if one.is_live(now) and one.version.party(seat.party)]
    return replace(asked, agreement=live[0] if len(live) == 1 else None, is_practice=seat.is_practice)


def _under_agreement(
    station: Station,
    snapshot: Snapshot,
    known: Sequence[Agreement],
    now: Instant,
    asked: Permission,
    gallery: str,
) -> Permission:
    seat = asked.actor.seat
    if not asked.purpose:
        raise NoAgreement(
            expected="a purpose that a live agreement covers",
            found="no purpose",
            hint="Give it with --purpose",
        )
    role = seat.role if asked.act in NEEDS_PURPOSE else None
    covered = covering(known, purpose=asked.purpose, gallery=gallery, role=role, party=seat.party)
    if station.agreement:
        covered = tuple(one for one in covered if _is_named(one[0], station.agreement))
    live = [one for one in covered if one[0].is_live(now)]
    if not live:
        raise _not_covered(known, [one[0] for one in covered], asked, now, station.clock.now())
    if len(live) > 1:
        names = ", ".join(one[0].version.name for one in live)
        raise NoAgreement(
            expected="one live agreement that covers the purpose",
            found=f"{len(live)} of them: {names}",
            hint="Name one with --agreement",
        )
    return _with_galleries(snapshot, now, asked, *live[0])


def _is_named(agreement: Agreement, name: str) -> bool:
    identifier = str(agreement.agreement_id)
    return name in {agreement.version.name, identifier} or (len(name) >= 8 and identifier.endswith(name))


_NOT_LIVE: Final[Mapping[AgreementState, tuple[str, str]]] = {
    AgreementState.UNSIGNED: (
        "that still waits for a party's acknowledgement",
        "Have each party acknowledge it: musterpoint agreement acknowledge --party PARTY",
    ),
    AgreementState.REFUSED: (
        "that a party refused to acknowledge",
        "Agree on a new version, and add it: musterpoint agreement add FILE",
    ),
    AgreementState.NOT_YET: (
        "whose first day has not come",
        "Wait for the day, or agree on a new version, and add it: musterpoint agreement add FILE",
    ),
    AgreementState.EXPIRED: (
        "that has expired",
        "Agree on a new version, and add it: musterpoint agreement add FILE",
    ),
    AgreementState.ENDED: (
        "that was ended",
        "Agree on a new one, and add it: musterpoint agreement add FILE",
    ),
}
"""What keeps an agreement from being live, and what to do about it."""


def _not_covered(
    known: Sequence[Agreement],
    covered: Sequence[Agreement],
    asked: Permission,
    now: Instant,
    clock: Instant,
) -> Refused:
    expected = f"a live agreement that covers the purpose {asked.purpose}"
    states = sorted({one.state(now) for one in covered} & set(_NOT_LIVE))
    if not states:
        party = asked.actor.seat.party
        mine = [one.version for one in known if one.version.party(party) and one.is_live(now)]
        purposes = ", ".join(sorted({purpose for version in mine for purpose in version.purposes()}))
        return NoAgreement(
            expected=expected,
            found="none that lets this seat do it for this purpose and gallery",
            hint=f"Purposes that are agreed: {purposes or 'none'}. See musterpoint agreement list",
        )
    found = "one " + " and one ".join(_NOT_LIVE[one][0] for one in states)
    has_been = set(states) & {AgreementState.EXPIRED, AgreementState.ENDED, AgreementState.NOT_YET}
    kind = AgreementExpired if has_been else NoAgreement
    if any(one.is_live(clock) for one in covered):
        return kind(expected=expected, found=f"{found} by the journal", hint=_two_days(now, clock))
    return kind(expected=expected, found=found, hint=_NOT_LIVE[states[0]][1])


def _two_days(now: Instant, clock: Instant) -> str:
    """What to do where a clock that was ahead once has left a line of a day that has not come."""
    return (
        f"The newest line is of {to_text(now)[:10]}, and this machine's clock says {to_text(clock)[:10]}. "
        "If the clock is wrong, set it right; if it was ahead once, agree on a version that holds beyond "
        "that line, and add it: musterpoint agreement add FILE"
    )


def _with_galleries(
    snapshot: Snapshot, now: Instant, asked: Permission, agreement: Agreement, grants: tuple[Grant, ...]
) -> Permission:
    known = {one.name: one for one in galleries.terms(snapshot)}
    if agreement.version.is_practice:
        reached = frozenset(name for name, one in known.items() if one.is_practice)
    else:
        reached = frozenset(
            one.gallery
            for one in grants
            if one.gallery in known
            and agreement.agreement_id in known[one.gallery].agreements
            and not known[one.gallery].is_practice
        )
        named, grants = grants, tuple(one for one in grants if one.gallery in reached)
        if not grants and asked.act is Act.SCREEN and any(one.gallery in known for one in named):
            return _with_none(asked, agreement, named)
        if not grants:
            raise NoAgreement(
                expected="a gallery that may be searched under the agreement",
                found="none, since every gallery that it names was detached from it",
                hint="See musterpoint gallery list; its owner may attach it: musterpoint gallery attach",
            )
    version = agreement.version
    targets = agreements.targets(snapshot, version.agreement_id, version.version)
    enrolling = next((one.gallery for one in grants if one.enrols), "")
    week = agreements.searches(snapshot, version.agreement_id, asked.purpose, now, DAYS_AVERAGED)
    return replace(
        asked,
        agreement=agreement,
        grants=grants,
        galleries=reached,
        enrols_into=PRACTICE_GALLERY if enrolling == ANY else enrolling,
        target_fpir_ppm=target_ppm(grants, targets.get(asked.purpose)),
        searches_per_day=week / DAYS_AVERAGED,
        is_practice=version.is_practice,
        no_list=any(one.no_list for one in grants) or any(known[name].no_list for name in reached),
    )


def _with_none(asked: Permission, agreement: Agreement, named: tuple[Grant, ...]) -> Permission:
    """To screen without any gallery: whoever comes gets an outcome, though nothing can be told of them."""
    return replace(
        asked,
        agreement=agreement,
        target_fpir_ppm=target_ppm(named, None),
        is_practice=agreement.version.is_practice,
        no_list=any(one.no_list for one in named),
    )


def refuse_more_than_agreed(station: Station, snapshot: Snapshot, permission: Permission) -> None:
    """Raise RateExceeded, journalled, where the searches that the agreement allows in a day are used up.

    Only who is searched is refused: whoever gave no finger gets an outcome on any day.
    """
    limits = [one.daily_searches_max for one in permission.grants if one.daily_searches_max]
    if permission.agreement_id is None or permission.act not in SEARCHES or not limits:
        return
    now = latest(snapshot, station.clock)
    if agreements.searches(snapshot, permission.agreement_id, permission.purpose, now, 1) < min(limits):
        return
    refusal = RateExceeded(
        expected=f"at most {min(limits)} searches in a day",
        found="as many made today already",
        hint="Go on tomorrow (UTC), or agree on a new version; whoever is at the gate can be recorded "
        "without a search, with --not-captured and a reason, so that a supervisor decides",
    )
    raise refused(station, snapshot, permission.act, refusal, purpose=permission.purpose)


def count_search(station: Station, work: UnitOfWork, permission: Permission) -> None:
    """Count a search under its agreement; in the unit of work that records the search.

    Loading a collection counts as none: it happens once, and its duplicates go to nobody who judges.
    Raises RateExceeded.
    """
    refuse_more_than_agreed(station, work, permission)
    if permission.agreement_id is not None and permission.act in SEARCHES and permission.galleries:
        agreements.add_search(work, permission.agreement_id, permission.purpose, work.now())


def galleries_searched(
    station: Station, snapshot: Snapshot, permission: Permission, wanted: frozenset[str] | None
) -> frozenset[str]:
    """What is searched: what is wanted, or all that the agreement allows where nothing was named.

    Raises NotFound for a gallery that is not there, and NoAgreement, journalled, for one that the
    agreement does not reach for this purpose: who is in it is nobody's business here.
    """
    if wanted is None:
        return permission.galleries
    existing = snapshot.galleries()
    if unknown := sorted(wanted - set(existing)):
        raise NotFound(
            expected=f"one of the galleries {', '.join(existing)}" if existing else "a gallery that exists",
            found=f"no gallery {', '.join(unknown)}",
            hint="List them with: musterpoint gallery list",
        )
    if beyond := sorted(wanted - permission.galleries):
        refusal = NoAgreement(
            expected=f"galleries of the agreement: {', '.join(sorted(permission.galleries)) or 'none'}",
            found=f"{', '.join(beyond)}, which it does not name for this purpose",
            hint="Search what is agreed, or agree on a new version",
        )
        raise refused(station, snapshot, permission.act, refusal, gallery=", ".join(beyond))
    return wanted


def enrolling_gallery(station: Station, work: UnitOfWork, permission: Permission, wanted: str = "") -> str:
    """The gallery that takes a person, made and marked for practice where that is what it is for.

    Raises NoAgreement, journalled, where the agreement names none or another.
    """
    name = wanted or permission.enrols_into
    if permission.is_practice:
        if name in permission.galleries:
            return name
        if name not in work.galleries():
            practice = frozenset({PRACTICE_AGREEMENT})
            work_terms = galleries.GalleryTerms(
                name=name, owner=PRACTICE_PARTY, purpose="practice", is_practice=True, agreements=practice
            )
            galleries.add(work, work_terms)
            work.append_journal("gallery.attached", {"gallery": name, "agreement": str(PRACTICE_AGREEMENT)})
            return name
    elif any(
        one.gallery == name and (one.enrols or permission.act is Act.ENROL) for one in permission.grants
    ):
        return name
    refusal = NoAgreement(
        expected="a gallery that the agreement lets people be enrolled in",
        found=f"the gallery {name}" if name else "none that takes people",
        hint="See what is agreed: musterpoint agreement show",
    )
    raise refused(station, work, permission.act, refusal, gallery=name)


def refused(
    station: Station, snapshot: Snapshot, act: Act, error: Refused, *, purpose: str = "", gallery: str = ""
) -> Refused:
    """The error, once it is sure that the journal says what was asked; for rules of a workflow's own."""
    actor = station.actor or station.turn.actor
    error.facts = {
        "act": act.value,
        "seat": actor.seat.name if actor else "",
        "purpose": purpose,
        "gallery": gallery,
        "reason": error.code,
    }
    if not isinstance(snapshot, UnitOfWork):
        journal_refusal(station, error)
    return error
