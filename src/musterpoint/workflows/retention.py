"""What is kept for how long: dates that are shown, held, released, and kept to.

`run` deletes what is due and nothing else. It reads the time once, as the later of the clock and of the
last time that was seen: a clock that was set back neither brings a date forward nor puts one off. A clock
far ahead of everything that was ever seen is more likely wrong than right, and wants a confirmation.

Each person is an erasure of its own, with an intent, destroyed keys and answers of stores: a run that is
killed has erased some people completely and others not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from musterpoint.clock import Instant, to_text
from musterpoint.errors import Conflict, NotFound
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.limits import CLOCK_DOUBTED_FROM_S
from musterpoint.registry.erasure import Why, new_salt
from musterpoint.registry.retention import HoldReason, Moment, State, not_before, state_of, step
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, erasing, retention
from musterpoint.storage.sweeping import sweep_keys
from musterpoint.storage.vault import KeyScope
from musterpoint.workflows import erasure
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.erasure import Erasable
from musterpoint.workflows.station import Station

_DOUBTED_DAYS: Final = CLOCK_DOUBTED_FROM_S // 86_400

Advance = Callable[[int, int], object]
"""Told after each person: how many are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What must go now.

    encounters  visits whose date has come and that nobody holds
    images      visits whose impressions must go while the visit stays
    agreements  agreements whose own date has come: their facts in the journal become unreadable
    """

    encounters: tuple[EncounterId, ...]
    images: tuple[EncounterId, ...]
    agreements: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run did, or would do.

    at           the time that counted
    went_back_s  seconds by which the clock lay behind the last time seen
    """

    at: Instant
    went_back_s: int
    is_dry: bool
    erased: int
    images: int
    agreements: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The state of everything that has a date.

    states  how many records are in each state
    next    the earliest date that is still to come
    """

    at: Instant
    went_back_s: int
    states: Mapping[str, int]
    due: Due
    next: Instant | None
    held: tuple[tuple[EncounterId, Instant], ...]
    requested: tuple[EncounterId, ...]
    holders: tuple[str, ...]
    unfinished: tuple[UUID, ...]


def moment(station: Station, snapshot: Snapshot) -> Moment:
    """The present as retention sees it."""
    return not_before(station.clock.now(), retention.last_seen(snapshot))


def show(station: Station, until: Instant | None = None) -> Shown:
    """What is kept, in which state, and what is due now or by `until`."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_RETENTION)
        now = moment(station, snapshot)
        at = Instant(max(now.at, until)) if until is not None else now.at
        records = retention.records(snapshot)
        states = [state_of(one.facts, at) for one in records]
        unfinished = erasing.erasures(snapshot, is_complete=False)
        to_come = [one.facts.retain_until for one in records if one.facts.retain_until > at]
        holds = [one for one, state in zip(records, states, strict=True) if state is State.HELD]
        asked = [one for one, state in zip(records, states, strict=True) if state is State.ERASE_REQUESTED]
        counted = {state.value: states.count(state) for state in State}
        for one in erasing.erasures(snapshot):
            counted[one.state.value] += 1
        return Shown(
            at=at,
            went_back_s=now.went_back_s,
            states=counted,
            due=_due(snapshot, at),
            next=Instant(min(to_come)) if to_come else None,
            held=tuple((one.encounter_id, one.facts.held_until or at) for one in holds),
            requested=tuple(one.encounter_id for one in asked),
            holders=tuple(one.name for one in erasing.holders(snapshot, now.at)),
            unfinished=tuple(one.erasure_id for one in unfinished),
        )


def _due(snapshot: Snapshot, at: Instant) -> Due:
    records = retention.records(snapshot, due=at)
    states = {one.encounter_id: state_of(one.facts, at) for one in records}
    return Due(
        encounters=tuple(one for one, state in states.items() if state is State.DUE),
        images=tuple(
            one.encounter_id
            for one in records
            if one.has_images
            and one.images_until is not None
            and one.images_until <= at
            and states[one.encounter_id] not in {State.DUE, State.HELD}
        ),
        agreements=retention.due_ops(snapshot, at),
    )


def run(
    station: Station,
    *,
    until: Instant | None = None,
    is_dry: bool = False,
    accepts_clock: bool = False,
    advance: Advance | None = None,
) -> Run:
    """Erase everything whose date has come.

    until          only what was due by then; a date to come is allowed in a dry run alone
    accepts_clock  the clock may lie far ahead of the last time seen

    Raises Conflict where the clock or `until` would erase early.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_RETENTION if is_dry else Act.RUN_RETENTION)
        now = moment(station, snapshot)
        at = now.at if until is None else until
        due = _due(snapshot, at)
        if not is_dry:
            _refuse_early(now, at)
            doubt = _doubt(now, retention.longest_silence(snapshot))
            if doubt and not accepts_clock and (due.encounters or due.images or due.agreements):
                raise doubt
        records = retention.records(snapshot, due=at)
        held = sum(state_of(one.facts, at) is State.HELD for one in records)
        people = _people(snapshot, due.encounters)
    if not is_dry:
        # By a day that has come for sure nothing is said of the present, which stays as doubtful as it was.
        if doubt and accepts_clock and until is None:
            _confirm_clock(station, permission.actor.seat.name, at)
        for done, person in enumerate(people, start=1):
            _erase_due(station, person, at, permission.actor.seat.name)
            (advance or _silent)(done, len(people))
        _carry_out(station, due, at)
        erasure.resume(station)
        sweep_keys(station.database)
    return Run(
        at=at,
        went_back_s=now.went_back_s,
        is_dry=is_dry,
        erased=len(due.encounters),
        images=len(due.images),
        agreements=len(due.agreements),
        held=held,
    )


def _silent(_done: int, _total: int) -> None:
    return None


def _refuse_early(now: Moment, at: Instant) -> None:
    if at > now.at:
        raise Conflict(
            expected=f"a date that has come, {to_text(now.at)} at the latest",
            found=f"a date to come, {to_text(at)}",
            hint="Nothing is erased before its date; add --dry-run to see what will be due then",
            where="--until",
        )


def _doubt(now: Moment, silence: tuple[Instant, Instant] | None) -> Conflict | None:
    """Why the clock is likely wrong, or was: nobody is erased by a date that may not have come."""
    for seconds, where in ((now.ahead_s, "ahead of"), (now.went_back_s, "behind")):
        if seconds > CLOCK_DOUBTED_FROM_S:
            found = f"one that is {seconds // 86_400} days {where} it"
            return _doubted(now, f"a clock within {_DOUBTED_DAYS} days of the last time seen", found)
    before, after = silence or (now.at, now.at)
    apart_s = (after - before) // 1_000_000
    if apart_s > CLOCK_DOUBTED_FROM_S:
        found = f"a line of {to_text(before)[:10]}, and {apart_s // 86_400} days later the next"
        return _doubted(now, f"a journal without a silence of more than {_DOUBTED_DAYS} days", found)
    return None


def _doubted(now: Moment, expected: str, found: str) -> Conflict:
    return Conflict(
        expected=expected,
        found=found,
        hint=f"Set the clock right, or confirm with --accept-clock that it is {to_text(now.at)[:10]}; "
        "to delete only what was due by a day that has come for sure, give it with --until too",
        where="clock",
    )


def _confirm_clock(station: Station, seat: str, at: Instant) -> None:
    with station.writing(seat) as work:
        work.append_journal("retention.clock", {"at": at, "seat": seat})
        retention.confirm_clock(work, at, seat)
        work.commit()


def _people(snapshot: Snapshot, due: Sequence[EncounterId]) -> tuple[Erasable, ...]:
    """Whom to erase: a subject whose every encounter is due, or single encounters of others."""
    by_subject: dict[UUID | None, list[EncounterId]] = {}
    for encounter_id in due:
        by_subject.setdefault(snapshot.encounter(encounter_id).subject_id, []).append(encounter_id)
    people = [Erasable(subject_id=None, encounters=(one,)) for one in by_subject.pop(None, [])]
    for subject_id, encounters in by_subject.items():
        assert subject_id is not None
        subject = snapshot.subject(SubjectId(subject_id))
        whole = set(encounters) == set(subject.encounters)
        people.append(
            Erasable(subject_id=subject.subject_id if whole else None, encounters=tuple(sorted(encounters)))
        )
    return tuple(people)


def _carry_out(station: Station, due: Due, at: Instant) -> None:
    for encounter_id in due.images:
        with station.unit_of_work() as work:
            if _is_due(work, [encounter_id], at, images=True):
                count = erasing.erase_images(work, encounter_id)
                work.append_journal("retention.images", {"encounter": str(encounter_id), "images": count})
                work.commit()
    for agreement_id in due.agreements:
        destroy_ops(station, agreement_id)


def _erase_due(station: Station, person: Erasable, at: Instant, author: str) -> None:
    with station.writing(author) as work:
        # Somebody may have held, moved or erased it since it was listed.
        if not _is_due(work, person.encounters, at):
            return
        if person.subject_id is None:
            # A visit of somebody who has others goes on its own: it becomes a subject, and that is erased.
            whole = retention.set_apart(work, person.encounters)
            person = Erasable(subject_id=whole, encounters=person.encounters)
        elif set(work.subject(person.subject_id).encounters) != set(person.encounters):
            return
        begun = erasure.begin(work, person, why=Why.DATE_REACHED, salt=new_salt())
        work.commit()
    erasure.finish(station, begun.erasure.erasure_id)


def _is_due(
    work: UnitOfWork, encounters: Iterable[EncounterId], at: Instant, *, images: bool = False
) -> bool:
    wanted = tuple(encounters)
    found = retention.records(work, wanted)
    if images:
        return bool(found) and state_of(found[0].facts, at) is not State.HELD
    return len(found) == len(wanted) and all(state_of(one.facts, at) is State.DUE for one in found)


def destroy_ops(station: Station, agreement_id: UUID) -> None:
    """Make an agreement's facts in the journal unreadable for good; what was published stays.

    The date goes last: a run that dies in between does it all again.
    """
    with station.database.unit_of_work() as work:
        count = erasing.erase_ops(work, agreement_id)
        work.append_journal("retention.ops", {"agreement": str(agreement_id), "lines": count})
        work.commit()
    station.database.vault.destroy(KeyScope.agreement(agreement_id))
    with station.database.unit_of_work() as work:
        retention.forget_dates(work, [agreement_id])
        work.append_journal("retention.ops_destroyed", {"agreement": str(agreement_id)})
        work.commit()


def hold(station: Station, person: Erasable, reason: HoldReason, until: Instant) -> State:
    """Keep a person past their date until another date. Raises Conflict where it lies behind."""
    author = erasure.authorised(station, Act.HOLD)
    with station.unit_of_work() as work:
        now = not_before(work.now(), retention.last_seen(work)).at
        if until <= now:
            raise Conflict(
                expected="a date in the future",
                found=f"{to_text(until)}, which is past",
                hint="A hold ends by itself: name the day on which it shall",
                where="--until",
            )
        states = {state_of(one.facts, now) for one in retention.records(work, person.encounters)}
        for state in states - {State.HELD}:
            step(state, State.HELD)
        retention.hold(work, person.encounters, reason, author=author, until=until)
        work.append_journal(
            "retention.held", erasure.named(person) | {"reason": reason.value, "until": to_text(until)}
        )
        work.commit()
    return State.HELD


def release(station: Station, person: Erasable) -> State:
    """End the holds of a person. Raises NotFound without one."""
    author = erasure.authorised(station, Act.HOLD)
    with station.unit_of_work() as work:
        ended = retention.end_marks(
            work,
            person.encounters,
            retention.HOLD,
            ended_as=retention.RELEASED,
            author=author,
        )
        if not ended:
            raise NotFound(
                expected="a person whose record is held",
                found="one without a hold",
                hint="List holds with: musterpoint retention show",
            )
        work.append_journal("retention.released", erasure.named(person))
        work.commit()
    with station.database.read() as snapshot:
        return erasure.state_of_person(snapshot, person.encounters, station.clock.now())
