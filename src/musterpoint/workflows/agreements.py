"""Agreements on their way: added by a supervisor, answered by each party with its own key, ended, shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, NotFound, UnusableInput
from musterpoint.registry.agreement_documents import digest_of, signed_bytes
from musterpoint.registry.agreements import (
    ANY,
    PRACTICE_AGREEMENT,
    Agreement,
    AgreementState,
    AgreementVersion,
    AnswerKind,
    Party,
    PartyAnswer,
    in_force,
)
from musterpoint.registry.rights import Act, Extent
from musterpoint.registry.seats import PRACTICE_PARTY, is_signed_by
from musterpoint.registry.thresholds import DAYS_AVERAGED, Threshold, as_share, target_ppm, threshold
from musterpoint.storage import Snapshot, UnitOfWork, agreements, galleries, retention
from musterpoint.storage.agreements import TargetSetting
from musterpoint.storage.galleries import GalleryTerms
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.storage.vault import KeyScope
from musterpoint.workflows.authorising import authorise, latest
from musterpoint.workflows.practice import record_answer
from musterpoint.workflows.station import Station
from musterpoint.workflows.targets import calibrated, fingers_of, refuse_target, refuse_unsupported

WHERE: Final = "agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedVersion:
    """A version as it was added: what the parties sign, and the journal line that says so."""

    version: AgreementVersion
    digest: str
    position: int


def add_version(station: Station, version: AgreementVersion) -> AddedVersion:
    """Add an agreement, or the next version of one, for the parties to answer.

    Galleries that it names are made where there are none, and attached to it. Raises Conflict where the
    version does not follow the last one or names a gallery for practice, UnusableInput where it would
    allow any purpose or gallery, and what `authorise` raises.
    """
    _refuse_unbounded(version)
    station.database.vault.new_key(KeyScope.agreement(version.agreement_id))
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.ADD_AGREEMENT)
        _refuse_gap(work, version)
        refuse_unsupported(work, version)
        digest = agreements.add_version(work, version)
        facts: dict[str, str | int | Sequence[str]] = {
            "agreement": str(version.agreement_id),
            "version": version.version,
            "digest": digest,
            "name": version.name,
            "parties": [one.name for one in version.parties],
        }
        position = work.append_journal("agreement.version", permission.confirmed(facts, "correction"))
        for name in sorted(version.galleries()):
            _attach(work, name, version, permission.actor.seat.party)
        work.commit()
    return AddedVersion(version=version, digest=digest, position=position)


def _refuse_unbounded(version: AgreementVersion) -> None:
    names = {name for one in version.grants for name in (one.purpose, one.gallery)}
    if version.is_practice or ANY in names or version.party(PRACTICE_PARTY) is not None:
        raise UnusableInput(
            expected="purposes, galleries and parties by their names",
            found="the purpose or gallery '*', or the party 'practice', which only practice may have",
            hint="Name each purpose, gallery and party in the file",
            where=WHERE,
        )


def _refuse_gap(work: UnitOfWork, version: AgreementVersion) -> None:
    known = [one.version for one in agreements.agreements(work)]
    last = max((one.version for one in known if one.agreement_id == version.agreement_id), default=0)
    if version.version != last + 1:
        raise Conflict(
            expected=f"version {last + 1}",
            found=f"version {version.version}",
            hint=f"What was added stays as it was signed; write version = {last + 1} for what changes",
            where=WHERE,
        )
    if any(one.name == version.name and one.agreement_id != version.agreement_id for one in known):
        raise Conflict(
            expected="a name that no other agreement has",
            found="the name of another agreement",
            hint="Choose another name, or make it the next version of that agreement",
            where=WHERE,
        )


def _attach(work: UnitOfWork, name: str, version: AgreementVersion, owner: str) -> None:
    known = {one.name: one for one in galleries.terms(work)}
    if (found := known.get(name)) is not None and found.is_practice:
        raise Conflict(
            expected="galleries of real people",
            found=f"the gallery {name}, which is for practice",
            hint="Name another gallery; what was practised never mixes with what is real",
            where=WHERE,
        )
    if found is None and name in work.galleries():
        raise Conflict(
            expected="galleries whose owner is known",
            found=f"the gallery {name}, of which nobody has said whose it is",
            hint=f"Say it first: musterpoint gallery add {name!r} --owner PARTY --purpose PURPOSE",
            where=WHERE,
        )
    if found is None:
        purpose = next(one.purpose for one in version.grants if one.gallery == name)
        galleries.add(work, GalleryTerms(name=name, owner=owner, purpose=purpose))
    if found is None or version.agreement_id not in found.agreements:
        galleries.attach(work, name, version.agreement_id)
        work.append_journal("gallery.attached", {"gallery": name, "agreement": str(version.agreement_id)})


def party_named(version: AgreementVersion, name: str, *, where: str = WHERE) -> Party:
    """The party of that name. Raises NotFound where the agreement has none."""
    found = version.party(name)
    if found is None:
        raise NotFound(
            expected="one of the parties " + ", ".join(one.name for one in version.parties),
            found="another name",
            hint="Name the party as the agreement does",
            where=where,
        )
    return found


def sign_answer(
    version: AgreementVersion, party: str, key: SigningKey, answer: AnswerKind, statement: str = ""
) -> PartyAnswer:
    """What a party says to a version, signed with its key; it needs no registry.

    Raises NotFound where the agreement has no such party, UnusableInput where the key is another's.
    """
    found = party_named(version, party)
    if key.public_key != found.public_key:
        raise UnusableInput(
            expected="the key that the agreement names for the party",
            found="another key",
            hint="Sign where the party's key is kept",
            where=WHERE,
        )
    unsigned = PartyAnswer(
        agreement_id=version.agreement_id,
        version=version.version,
        digest=digest_of(version),
        party=party,
        answer=answer,
        statement=statement,
        signature=b"",
    )
    return replace(unsigned, signature=key.sign(signed_bytes(unsigned)))


def answer_agreement(station: Station, answer: PartyAnswer) -> AgreementState:
    """Record what a party said, from here or elsewhere; returns where the version stands then.

    The same answer twice is recorded once. When the last acknowledgement arrives, the retention rules of
    the version begin to hold. Raises NotFound, UnusableInput where the signature is not the party's, and
    what `authorise` raises.
    """
    with station.unit_of_work() as work:
        authorise(station, work, Act.RECORD_ACKNOWLEDGEMENT)
        known = _version_of(work, answer)
        party = known.version.party(answer.party)
        if party is None or not is_signed_by(party.public_key, signed_bytes(answer), answer.signature):
            raise UnusableInput(
                expected="an answer signed with the key that the agreement names for the party",
                found="another signature",
                hint="Let the party sign this version again: musterpoint agreement sign",
                where=WHERE,
            )
        now = latest(work, station.clock)
        if answer in known.answers:
            return known.state(now)
        record_answer(work, answer)
        after = _version_of(work, answer)
        if known.outstanding() and not after.outstanding():
            retention.follow(work, after)
        work.commit()
    return after.state(now)


def _version_of(snapshot: Snapshot, answer: PartyAnswer) -> Agreement:
    for one in agreements.agreements(snapshot):
        if one.agreement_id == answer.agreement_id and one.version.version == answer.version:
            if one.digest == answer.digest:
                return one
            raise UnusableInput(
                expected="an answer to the version that was added here",
                found="an answer to other words under the same number",
                hint="Compare the documents: musterpoint agreement show --document",
                where=WHERE,
            )
    raise NotFound(
        expected="an answer to an agreement that was added",
        found="an answer to a version that was not added here",
        hint="Add it first: musterpoint agreement add FILE",
        where=WHERE,
    )


def end_agreement(station: Station, name: str, reason: str) -> int:
    """End an agreement now; returns the journal line.

    Raises NotFound, Conflict, and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.END_AGREEMENT)
        known = find_agreement(work, name, latest(work, station.clock))
        if known.agreement_id == PRACTICE_AGREEMENT or known.ended_at is not None:
            raise Conflict(
                expected="an agreement that the parties made, and that has not ended",
                found="the agreement for practice" if known.ended_at is None else "one that was ended before",
                hint="Nothing is left to do; practice is over when parties have acknowledged an agreement",
                where=WHERE,
            )
        ended_at = work.now()
        agreements.end(work, known.agreement_id, ended_at)
        retention.follow(work, replace(known, ended_at=ended_at))
        facts = {"agreement": str(known.agreement_id), "reason": reason}
        position = work.append_journal("agreement.ended", permission.confirmed(facts, "correction"))
        work.commit()
    return position


def find_agreement(snapshot: Snapshot, name: str, now: Instant) -> Agreement:
    """The agreement of a name, an identifier or the end of one, in the version that counts now.

    An empty name means the only real one. Raises NotFound.
    """
    known = in_force(agreements.agreements(snapshot), now)
    if name:
        found = [
            one
            for one in known
            if name in {one.version.name, str(one.agreement_id)}
            or (len(name) >= 8 and str(one.agreement_id).endswith(name))
        ]
    else:
        real = [one for one in known if not one.version.is_practice]
        found = real or list(known)
    if len(found) != 1:
        raise NotFound(
            expected="the name of one agreement: " + ", ".join(one.version.name for one in known),
            found="none of this name" if not found else f"{len(found)} of them",
            hint="List them with: musterpoint agreement list",
            where=WHERE,
        )
    return found[0]


def newest_version(station: Station, name: str) -> Agreement:
    """The newest version of an agreement, whether it counts yet or not.

    Raises as `find_agreement` does, and NotFound where parties have no agreement here to answer to.
    """
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.READ_AGREEMENT)
        if all(one.version.is_practice for one in agreements.agreements(snapshot)):
            raise NotFound(
                expected="an agreement that was added, for its parties to answer",
                found="only the agreement for practice",
                hint="Add it first: musterpoint agreement add FILE; if that failed, do what it said",
                where=WHERE,
            )
        found = find_agreement(snapshot, name, latest(snapshot, station.clock))
        every = [one for one in agreements.agreements(snapshot) if one.agreement_id == found.agreement_id]
        return max(every, key=lambda one: one.version.version)


def set_target(station: Station, purpose: str, target_fpir_ppm: int) -> TargetSetting:
    """Set how many candidates chance may produce for a purpose, within what was agreed; two persons do it.

    Raises UnusableInput for a target above the agreed one, and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.SET_THRESHOLD, purpose=purpose)
        assert permission.agreement is not None, "a purpose was authorised under an agreement"
        assert permission.actor.second is not None, "a threshold is set by two"
        agreed = target_ppm(permission.grants, None)
        if not 1 <= target_fpir_ppm <= agreed:
            raise UnusableInput(
                expected=f"1 to {agreed} in a million, the most that was agreed",
                found=str(target_fpir_ppm),
                hint="A higher target takes a new version of the agreement",
                where="--target-ppm",
            )
        refuse_target(work, permission.agreement.version, permission.galleries, target_fpir_ppm)
        setting = TargetSetting(
            agreement_id=permission.agreement.agreement_id,
            version=permission.agreement.version.version,
            purpose=purpose,
            target_fpir_ppm=target_fpir_ppm,
            set_by=permission.actor.seat.name,
            second=permission.actor.second.seat.name,
        )
        agreements.set_target(work, setting)
        facts: dict[str, str | int] = {
            "agreement": str(setting.agreement_id),
            "purpose": purpose,
            "before_ppm": permission.target_fpir_ppm,
            "target_fpir_ppm": target_fpir_ppm,
        }
        work.append_journal("threshold.set", permission.confirmed(facts, "correction"))
        work.commit()
    return setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeView:
    """What a purpose comes to now.

    galleries           those that are searched for it
    people              people in them
    target_fpir_ppm     candidates that chance may produce in a million searches
    threshold           for as many fingers as the agreement asks for
    by_fingers          for searches of one finger, and of two
    searches_today      made since midnight, UTC
    daily_searches_max  0 where there is no limit
    """

    purpose: str
    galleries: tuple[str, ...]
    people: int
    target_fpir_ppm: int
    threshold: Threshold
    by_fingers: tuple[Threshold, ...]
    searches_today: int
    daily_searches_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """An agreement as a seat may see it; whoever only screens sees the screening rules and the dates."""

    agreement: Agreement
    state: AgreementState
    purposes: tuple[PurposeView, ...]
    is_limited: bool


def view_agreements(station: Station) -> tuple[AgreementView, ...]:
    """All agreements in the version that counts now. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_AGREEMENT)
        now = latest(snapshot, station.clock)
        is_limited = permission.extent is Extent.LIMITED
        return tuple(
            _view(snapshot, one, now, is_limited) for one in in_force(agreements.agreements(snapshot), now)
        )


def view_agreement(station: Station, name: str) -> AgreementView:
    """One agreement. Raises as `find_agreement` and `authorise` do."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_AGREEMENT)
        now = latest(snapshot, station.clock)
        found = find_agreement(snapshot, name, now)
        return _view(snapshot, found, now, permission.extent is Extent.LIMITED)


def _view(snapshot: Snapshot, agreement: Agreement, now: Instant, is_limited: bool) -> AgreementView:
    return AgreementView(
        agreement=agreement,
        state=agreement.state(now),
        purposes=() if is_limited else purposes_of(snapshot, agreement, now),
        is_limited=is_limited,
    )


def purposes_of(snapshot: Snapshot, agreement: Agreement, now: Instant) -> tuple[PurposeView, ...]:
    """What each purpose of an agreement comes to with the galleries as they are now."""
    known = galleries.terms(snapshot)
    identifier, version = agreement.agreement_id, agreement.version
    targets = agreements.targets(snapshot, identifier, version.version)
    found = []
    for purpose in version.purposes():
        grants = [one for one in version.grants if one.purpose == purpose]
        named = {one.gallery for one in grants}
        reached = tuple(
            one.name
            for one in known
            if (one.is_practice if version.is_practice else one.name in named)
            and identifier in one.agreements
        )
        ppm = target_ppm(grants, targets.get(purpose))
        people = snapshot.people(reached)
        week = agreements.searches(snapshot, identifier, purpose, now, DAYS_AVERAGED)
        counts = calibrated(snapshot, frozenset(reached))
        of_fingers = [
            threshold(people, as_share(ppm), week / DAYS_AVERAGED, fingers=fingers, calibration=counts)
            for fingers in (fingers_of(version), 1, 2)
        ]
        limits = [one.daily_searches_max for one in grants if one.daily_searches_max]
        found.append(
            PurposeView(
                purpose="any" if purpose == ANY else purpose,
                galleries=reached,
                people=people,
                target_fpir_ppm=ppm,
                threshold=of_fingers[0],
                by_fingers=tuple(of_fingers[1:]),
                searches_today=agreements.searches(snapshot, identifier, purpose, now, 1),
                daily_searches_max=min(limits, default=0),
            )
        )
    return tuple(found)
