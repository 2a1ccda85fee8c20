"""Whom a case or an appeal waits for, so that nothing waits silently for somebody who is not there.

Who judged a pair is told to nobody; only how many seats of the role are kept from it, and by what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId
from musterpoint.registry.adjudication import OPINIONS, Pair, Standing
from musterpoint.registry.appeals import Appeal
from musterpoint.registry.awaited import Awaited, WhyNot
from musterpoint.registry.seats import Role, Seat
from musterpoint.storage import Snapshot, adjudication, agreements, decisions, seats
from musterpoint.workflows.adjudication import wanted_pairs
from musterpoint.workflows.seeing import sees_record

_Keeps = Callable[[Seat], WhyNot | None]

_ADVICE: Final = (
    "Have an administrator grant a seat to somebody else: musterpoint seat add NAME={} --party PARTY"
)
_PRACTICE_ADVICE: Final = "No seat is added for practice: practise this in a new folder, with --data"


def by_encounter(snapshot: Snapshot, now: Instant) -> dict[EncounterId, Awaited]:
    """Whom each case waits for whose pairs are still to be judged, by the encounter that was searched."""
    found: dict[EncounterId, Awaited] = {}
    for pair in wanted_pairs(snapshot):
        one = _of_pair(snapshot, pair, now)
        known = found.get(pair.probe_id)
        # The pair that lacks most decides when the case goes on.
        if known is None or (one.missing, one.wanted) > (known.missing, known.wanted):
            found[pair.probe_id] = one
    return found


def of_appeal(snapshot: Snapshot, appeal: Appeal, now: Instant, *, is_ready: bool) -> Awaited | None:
    """Whom an open appeal waits for; None where it is closed.

    is_ready  no pair is left to be judged, so that a supervisor may close it
    """
    if appeal.outcome is not None:
        return None
    if not is_ready:
        return by_encounter(snapshot, now).get(appeal.encounter_id)
    made = {
        name
        for one in decisions.of_encounter(snapshot, appeal.encounter_id)
        for name in (one.author, one.approver)
    }
    return _awaited(
        snapshot,
        Role.SUPERVISOR,
        1,
        now,
        [appeal.encounter_id],
        lambda seat: WhyNot.HAS_DECIDED if seat.name in made else None,
    )


def _of_pair(snapshot: Snapshot, pair: Pair, now: Instant) -> Awaited:
    encounters = [pair.probe_id, pair.candidate_id]
    judges = adjudication.judges_of(snapshot, pair)
    authors = adjudication.authors_of(snapshot, encounters)
    given = len(adjudication.opinions(snapshot, pair))

    def keeps(seat: Seat) -> WhyNot | None:
        if seat.name in judges:
            return WhyNot.HAS_JUDGED
        return WhyNot.HAS_CAPTURED if seat.name in authors else None

    wanted = 1 if pair.standing is Standing.WANTS_ARBITER else max(1, OPINIONS - given)
    return _awaited(snapshot, Role.ADJUDICATOR, wanted, now, [pair.probe_id], keeps)


def _awaited(
    snapshot: Snapshot,
    role: Role,
    wanted: int,
    now: Instant,
    encounters: Collection[EncounterId],
    keeps: _Keeps,
) -> Awaited:
    is_real = agreements.has_real(snapshot)
    # Where an agreement was signed, practice is over, and its seats count for nothing.
    chosen = [one for one in seats.seats(snapshot) if one.role is role and not (is_real and one.is_practice)]
    reasons = [_why_not(snapshot, one, now, encounters, keeps) for one in chosen]
    able = reasons.count(None)
    advice = _ADVICE.format(role.value.replace(" ", "-")) if is_real else _PRACTICE_ADVICE
    return Awaited(
        role=role,
        wanted=wanted,
        able=able,
        why_not=dict(sorted(Counter(one for one in reasons if one is not None).items())),
        advice=advice if able < wanted else "",
    )


def _why_not(
    snapshot: Snapshot, seat: Seat, now: Instant, encounters: Collection[EncounterId], keeps: _Keeps
) -> WhyNot | None:
    if not seat.is_live(now):
        return WhyNot.NOT_LIVE
    is_seen = sees_record(snapshot, seat)
    if not any(is_seen(one) for one in encounters):
        return WhyNot.OTHER_PARTY
    return keeps(seat)
