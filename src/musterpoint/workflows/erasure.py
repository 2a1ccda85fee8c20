"""Erasure of a person: first the intent, then the keys, then every store answers, then the receipt.

1. one unit of work: rows and index entries deleted, the erasure with all stores that must answer written,
   journal line `erasure.begun`. From here no search sees the person.
2. the keys of every encounter destroyed. 3. the bytes of the rows wiped from the log of the database.
4. one unit of work: own stores have answered; `erasure.complete` where nobody is outstanding.

A crash at any arrow is resumed by `resume` at the next opening, before the first request: each step can
be done twice. Step 1 is a transaction of the registry, so two who erase or search the same person at once
are served one after the other, and the second is told that the person was erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from musterpoint.clock import Instant, to_text
from musterpoint.errors import AlreadyErased, Conflict, NotFound
from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.registry.erasure import (
    OWN_STORES,
    Erasure,
    RefusalReason,
    Store,
    StoreKind,
    Why,
    backups_expire_at,
    commit_to,
    key_digest,
    new_salt,
)
from musterpoint.registry.retention import State, not_before, state_of, step
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, UnitOfWork, erasing, finding, retention
from musterpoint.storage.vault import KeyScope
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.searching import forget_erased
from musterpoint.workflows.seeing import require_seen
from musterpoint.workflows.settling import resolve_after_erasure
from musterpoint.workflows.station import Station

OWN_NAMES = {kind: kind.value for kind in OWN_STORES}
"""What the stores of this installation are called in a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasable:
    """Somebody who can be erased: a subject, or an encounter that was never decided."""

    subject_id: SubjectId | None
    encounters: tuple[EncounterId, ...]

    @property
    def record_id(self) -> UUID:
        """What a receipt commits to."""
        return self.subject_id or self.encounters[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did.

    salt         with it and the record's identifier the commitment can be checked; it is stored nowhere
    cases_empty  cases of others that waited for nobody else, and were settled by it
    """

    erasure: Erasure
    record_id: UUID
    salt: bytes
    encounters: int
    cases_empty: tuple[int, ...]


def find(station: Station, text: str, act: Act = Act.ERASE) -> Erasable:
    """The person of an identifier, for a seat that may do this with them. Raises as `authorise` does."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, act)
        # Who asks at a gate has the number of their encounter, and nobody there knows another.
        person = find_erasable(snapshot, text, by_encounter=act is Act.REQUEST_ERASURE)
        require_seen(snapshot, permission.actor.seat, person.encounters)
        return person


def find_erasable(snapshot: Snapshot, text: str, *, by_encounter: bool = False) -> Erasable:
    """The subject, or the encounter without one, of an identifier or enough of its end.

    by_encounter  an encounter stands for the whole person whose it is

    Raises NotFound, and Conflict where an encounter belongs to a subject.
    """
    try:
        subject = snapshot.subject(snapshot.find_subject(text))
        while subject.merged_into is not None:
            # Somebody merged into another is that other: erasing an empty subject would erase nobody.
            subject = snapshot.subject(subject.merged_into)
        return Erasable(subject_id=subject.subject_id, encounters=subject.encounters)
    except NotFound as no_subject:
        try:
            encounter = snapshot.encounter(snapshot.find_encounter(text))
        except NotFound:
            raise no_subject from None
    if encounter.subject_id is not None and by_encounter:
        return find_erasable(snapshot, str(encounter.subject_id))
    if encounter.subject_id is not None:
        raise Conflict(
            expected="a subject, or an encounter that belongs to nobody yet",
            found="an encounter of a subject",
            hint="Name the subject, the whole person; a supervisor sees it with: musterpoint encounters",
        )
    return Erasable(subject_id=None, encounters=(encounter.encounter_id,))


def request(station: Station, person: Erasable) -> State:
    """Record that somebody asks to be erased; the clock runs. Raises Conflict where it is under way."""
    author = authorised(station, Act.REQUEST_ERASURE)
    with station.unit_of_work() as work:
        state = state_of_person(work, person.encounters, work.now())
        if state not in {State.HELD, State.ERASE_REQUESTED, State.DUE}:
            step(state, State.ERASE_REQUESTED)
        if state is State.ERASE_REQUESTED:
            raise _asked_before()
        retention.request_erasure(work, person.encounters, author=author)
        work.append_journal("erasure.requested", named(person))
        work.commit()
    with station.database.read() as snapshot:
        return state_of_person(snapshot, person.encounters, station.clock.now())


def refuse(station: Station, person: Erasable, reason: RefusalReason) -> State:
    """Refuse a request, with a reason and an author. Raises Conflict where nobody asked."""
    author = authorised(station, Act.ERASE)
    with station.unit_of_work() as work:
        ended = retention.end_marks(
            work,
            person.encounters,
            retention.REQUEST,
            ended_as=retention.REFUSED,
            author=author,
            reason=reason.value,
        )
        if not ended:
            raise Conflict(
                expected="somebody who asked to be erased",
                found="nobody who did, or who was answered before",
                hint="List requests with: musterpoint retention show",
            )
        work.append_journal("erasure.refused", named(person) | {"reason": reason.value})
        work.commit()
    with station.database.read() as snapshot:
        return state_of_person(snapshot, person.encounters, station.clock.now())


def erase(station: Station, person: Erasable, *, why: Why = Why.REQUESTED, salt: bytes = b"") -> Erased:
    """Erase somebody for good.

    salt  32 bytes that the receipt already holds, so that a crash cannot lose them; fresh ones without

    Raises NotFound, AlreadyErased, which names the erasure, where somebody else was quicker, and Conflict
    where a hold stands or the request is under way.
    """
    salt = salt or new_salt()
    try:
        # Not under an agreement: its lines are readable when those of the agreement have gone.
        with station.writing(authorised(station, Act.ERASE)) as work:
            begun = begin(work, person, why=why, salt=salt)
            work.commit()
    except (AlreadyErased, NotFound):
        _refuse_erased(station, person)
        raise
    finished = finish(station, begun.erasure.erasure_id)
    return replace(begun, erasure=finished)


def _refuse_erased(station: Station, person: Erasable) -> None:
    """Raise AlreadyErased, naming the erasure, where the person was erased; nothing otherwise."""
    with station.database.read() as snapshot:
        made = erasing.erasure_about(snapshot, person.record_id)
    if made is not None:
        raise AlreadyErased(
            expected="somebody whom nobody else has erased",
            found=f"erasure {made.erasure_id}, begun in journal line {made.begun}",
            hint=f"See it: musterpoint erase --status {str(made.erasure_id)[-12:]}. "
            "There is one receipt of it, which whoever was quicker has",
            where="person",
        )


def committed(station: Station, commitment: str) -> Erasure | None:
    """The erasure whose line holds a commitment, if there is one. Raises as `authorise` does."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_ERASURES)
        return next((one for one in erasing.erasures(snapshot) if one.commitment == commitment), None)


def begin(work: UnitOfWork, person: Erasable, *, why: Why, salt: bytes) -> Erased:
    """The first step, without its commit: the intent, and everything that the registry itself holds."""
    encounters = _encounters_now(work, person)
    before = state_of_person(work, encounters, work.now())
    if before in {State.ACTIVE, State.REFUSED}:
        before = step(before, State.ERASE_REQUESTED)
    step(before, State.ERASING)
    moment = not_before(work.now(), retention.last_seen(work))
    subject_id = person.subject_id
    if subject_id is None:
        # An encounter that was never decided is a person of its own, and is erased as one.
        subject_id = retention.set_apart(work, encounters)
    # What is overwritten below has no digest of its own afterwards, so its keys are named first.
    keys = tuple(sorted(key_digest(str(one)) for one in encounters))
    work.erase_subject(subject_id)
    emptied = resolve_after_erasure(work)
    own = [Store(name=name, kind=kind, asked_at=moment.at) for kind, name in OWN_NAMES.items()]
    made = Erasure(
        erasure_id=new_uuid(),
        subject_id=subject_id,
        why=why,
        commitment=commit_to(person.record_id, salt),
        keys=keys,
        begun_at=moment.at,
        begun=0,
        complete=None,
        stores=(*own, *(replace(one, asked_at=moment.at) for one in erasing.holders(work, moment.at))),
    )
    position = work.append_journal("erasure.begun", _begun(made))
    made = replace(made, begun=position)
    erasing.add_erasure(work, made)
    retention.remember_time(work, moment.at)
    return Erased(
        erasure=made,
        record_id=person.record_id,
        salt=salt,
        encounters=len(encounters),
        cases_empty=emptied,
    )


def _encounters_now(work: UnitOfWork, person: Erasable) -> tuple[EncounterId, ...]:
    """Their encounters as they are inside of the transaction: others may have added or erased some."""
    if person.subject_id is not None:
        return work.subject(person.subject_id).encounters
    encounter = work.encounter(person.encounters[0])
    if encounter.subject_id is not None:
        raise Conflict(
            expected="an encounter that belongs to nobody yet",
            found="one that was given to a subject meanwhile",
            hint="Erase the whole person",
        )
    return (encounter.encounter_id,)


def _begun(made: Erasure) -> dict[str, str | int | list[str]]:
    expiry = backups_expire_at(made.stores)
    return {
        "erasure": str(made.erasure_id),
        "commitment": made.commitment,
        "keys": list(made.keys),
        "why": made.why.value,
        "at": to_text(made.begun_at),
        "stores": [store.name for store in made.stores],
        "backups_expire": to_text(expiry) if expiry else "",
    }


def finish(station: Station, erasure_id: UUID) -> Erasure:
    """Carry an erasure on from wherever it stands; what was done is done again without harm."""
    with station.database.read() as snapshot:
        made = erasure_of(snapshot, erasure_id)
        encounters = erasing.erased_encounters(snapshot, made.subject_id)
    if made.state is State.ERASED and made.complete is not None:
        return made
    _destroy_keys(station, encounters)
    answered = {OWN_NAMES[StoreKind.KEYS]}
    forget_erased(station.database, station.indexes)
    answered.add(OWN_NAMES[StoreKind.INDEX])
    if station.database.wipe_residue():
        answered.add(OWN_NAMES[StoreKind.REGISTRY])
    return _record_answers(station, erasure_id, answered)


def _destroy_keys(station: Station, encounters: Sequence[EncounterId]) -> None:
    """Destroy the data keys of encounters; a key that is gone already is no error."""
    station.database.vault.destroy(*map(KeyScope.encounter, encounters))


def _record_answers(station: Station, erasure_id: UUID, names: set[str], *, author: str = "") -> Erasure:
    with station.writing(author) as work:
        now = not_before(work.now(), retention.last_seen(work)).at
        made = erasure_of(work, erasure_id)
        expired = {
            store.name
            for store in made.outstanding
            if store.kind is StoreKind.BACKUP and store.expires_at and store.expires_at <= now
        }
        fresh = sorted({store.name for store in made.outstanding} & (names | expired))
        if not fresh and (made.outstanding or made.complete is not None):
            return made
        if fresh:
            erasing.answer(work, erasure_id, fresh, now)
            work.append_journal("erasure.confirmed", {"erasure": str(erasure_id), "stores": fresh})
        made = erasure_of(work, erasure_id)
        if not made.outstanding and made.complete is None:
            position = work.append_journal(
                "erasure.complete",
                {
                    "erasure": str(erasure_id),
                    "commitment": made.commitment,
                    "stores": [store.name for store in made.stores],
                },
            )
            erasing.complete(work, erasure_id, position)
        work.commit()
    with station.database.read() as snapshot:
        return erasure_of(snapshot, erasure_id)


def resume(station: Station) -> int:
    """Carry on every erasure that is not complete; returns how many own steps were left over.

    It is called at each opening, before the first request: whoever was being erased when the process
    died is erased before anybody can ask.
    """
    with station.database.read() as snapshot:
        waiting = erasing.to_finish(snapshot, station.clock.now())
        here = sum(erasure_of(snapshot, one).state is State.ERASING for one in waiting)
    for one in waiting:
        finish(station, one)
    return here


def confirm(station: Station, erasure_id: UUID, name: str) -> Erasure:
    """Record that a store has forgotten. Raises NotFound, and Conflict where it is not its turn."""
    author = authorised(station, Act.CONFIRM_ERASURE)
    with station.database.read() as snapshot:
        made = erasure_of(snapshot, erasure_id)
    asked = {store.name: store for store in made.stores}
    if name not in asked:
        raise NotFound(
            expected="one of the stores " + ", ".join(sorted(asked)),
            found="a name that was not asked",
            hint="List them with: musterpoint erase --status",
            where="store",
        )
    if asked[name].kind in OWN_STORES:
        raise Conflict(
            expected="a station, an export or a backup",
            found="a store of this installation, which answers for itself",
            hint="Nothing is to be confirmed: what is left here is done when the registry is opened next",
            where="store",
        )
    return _record_answers(station, erasure_id, {name}, author=author)


def has_copy(station: Station, name: str, expires_at: Instant | None = None) -> None:
    """Remember that a station has a copy of the registry as it is now: erasures from now on wait for it."""
    authorised(station, Act.MANAGE_STATION)
    with station.unit_of_work() as work:
        erasing.add_holder(work, name, StoreKind.STATION, expires_at=expires_at)
        work.append_journal(
            "retention.copy", {"holder": name, "until": to_text(expires_at) if expires_at else ""}
        )
        work.commit()


def copy_gone(station: Station, name: str) -> int:
    """Remember that a copy is no more, and answer every erasure for it; returns how many.

    Raises NotFound where nobody of that name has one.
    """
    author = authorised(station, Act.CONFIRM_ERASURE)
    with station.unit_of_work() as work:
        erasing.holder_gone(work, name)
        work.append_journal("retention.copy_gone", {"holder": name})
        work.commit()
    with station.database.read() as snapshot:
        waiting = erasing.waiting_for(snapshot, name)
    for one in waiting:
        _record_answers(station, one, {name}, author=author)
    return len(waiting)


def look_up(station: Station, text: str, act: Act = Act.READ_ERASURES) -> Erasure:
    """The erasure of an identifier, for a seat that may do this. Raises as `authorise` does, NotFound."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, act)
        return find_erasure(snapshot, text)


def find_erasure(snapshot: Snapshot, text: str) -> Erasure:
    """The erasure of an identifier, of enough of its end, or of its subject's. Raises NotFound, Conflict."""
    digits = finding.digits("erasure", text)
    every = erasing.erasures(snapshot)
    found = [one for one in every if any(_is_meant(who, digits) for who in (one.erasure_id, one.subject_id))]
    if len(found) == 1:
        return found[0]
    if found:
        raise Conflict(
            expected="digits that one erasure has",
            found="digits of several erasures",
            hint="Give more of the identifier",
            where="erasure",
        )
    raise unknown_erasure()


def _is_meant(identifier: UUID, digits: str) -> bool:
    return identifier.hex.startswith(digits) or identifier.hex.endswith(digits)


def erasure_of(snapshot: Snapshot, erasure_id: UUID) -> Erasure:
    """One erasure, as far as it has come. Raises NotFound."""
    found = erasing.erasures(snapshot, one=erasure_id)
    if not found:
        raise unknown_erasure()
    return found[0]


def state_of_person(snapshot: Snapshot, encounters: Sequence[EncounterId], now: Instant) -> State:
    """The state of a person: a hold of any encounter holds all of them."""
    at = not_before(now, retention.last_seen(snapshot)).at
    states = {state_of(one.facts, at) for one in retention.records(snapshot, encounters)}
    for state in (State.HELD, State.ERASE_REQUESTED, State.REFUSED, State.ACTIVE):
        if state in states:
            return state
    return State.DUE


def named(person: Erasable) -> dict[str, str]:
    """How a journal line names a person: by pseudonyms alone."""
    if person.subject_id is not None:
        return {"subject": str(person.subject_id)}
    return {"encounter": str(person.encounters[0])}


def authorised(station: Station, act: Act) -> str:
    """The name of the seat that acts, where it may. Raises as `authorise` does."""
    with station.database.read() as snapshot:
        return authorise(station, snapshot, act).actor.seat.name


def _asked_before() -> Conflict:
    return Conflict(
        expected="somebody who has not asked yet",
        found="a request that waits for its answer",
        hint="Answer it with: musterpoint erase, or musterpoint erase refuse",
    )


def unknown_erasure() -> NotFound:
    """The error for an erasure that is not there."""
    return NotFound(
        expected="the identifier of an erasure",
        found="one that no erasure has",
        hint="Look at the receipt for it",
        where="erasure",
    )
