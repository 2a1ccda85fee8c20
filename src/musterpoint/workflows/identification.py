"""Identification (1:N) and verification (1:1): nothing is stored but the journal line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musterpoint.comparison import (
    COMPARATOR_VERSION,
    Fused,
    compare,
    fingers_among,
    fuse,
    insist_on_comparable,
    prepare,
)
from musterpoint.errors import NotFound, RoleMissing, TargetUnsupported
from musterpoint.identifiers import SubjectId
from musterpoint.limits import FINGERS_MAX
from musterpoint.registry import Reference
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot
from musterpoint.templates import Template, decode
from musterpoint.workflows.authorising import (
    Permission,
    authorise,
    count_search,
    galleries_searched,
    refuse_more_than_agreed,
    refused,
)
from musterpoint.workflows.calibrated import InForce, in_force
from musterpoint.workflows.capturing import Capture
from musterpoint.workflows.searching import Found
from musterpoint.workflows.station import Station
from musterpoint.workflows.versions import comparable


def identify(
    station: Station, captures: Sequence[Capture], *, purpose: str, galleries: frozenset[str] | None = None
) -> Found:
    """Search the person of these captures; the search is journalled, nothing else is kept.

    galleries  None for all that the agreement allows

    Raises RateExceeded, and what `authorise` and `galleries_searched` raise.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.IDENTIFY, purpose=purpose)
        refuse_more_than_agreed(station, snapshot, permission)
        searched = galleries_searched(station, snapshot, permission, galleries)
    probe = [one.template for one in captures]
    found = station.index(searched).search(station.database, probe, permission.target_fpir)
    with station.unit_of_work() as work:
        # What the search found is told only if it is still allowed when it is recorded.
        authorise(station, work, Act.IDENTIFY, purpose=purpose)
        count_search(station, work, permission)
        work.append_journal(
            "identified",
            {
                "purpose": purpose,
                "galleries": sorted(searched),
                "people": found.people,
                "references": found.references,
                "position": found.position,
                "comparator": found.comparator,
                **permission.facts(found.needed, found.calibration),
            },
        )
        work.commit()
    return found


def person_of(station: Station, text: str, *, purpose: str) -> SubjectId:
    """The subject of an identifier, or of the identifier of an encounter, as it stands on a receipt.

    purpose  of the verification; who may not verify for it learns nothing of the identifier either

    Raises NotFound, Conflict where digits are of several, and what `verify` raises of permission.
    """
    with station.database.read() as snapshot:
        _permitted(station, snapshot, purpose)
        try:
            return snapshot.find_subject(text)
        except NotFound as no_subject:
            try:
                encounter = snapshot.encounter(snapshot.find_encounter(text))
            except NotFound:
                raise no_subject from None
    if encounter.subject_id is None:
        raise NotFound(
            expected="the identifier of a person, or of an encounter that belongs to one",
            found="an encounter of which nobody has decided whose it is",
            hint="Wait until it is decided: musterpoint encounters",
        )
    return encounter.subject_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The result of comparing captures with one subject.

    subject           None for seats that see no subjects
    is_similar        whether the strength reaches what the false match rate asks for
    strength          milli-nats, see `musterpoint.comparison.fuse`; None for seats that see no strengths
    false_match_rate  how often somebody else would be this similar; None as the strength
    is_extrapolated   no comparison that was measured says anything of so low a rate; None as the strength
    calibration       by which number of calibration; 0 for the one that comes with the program
    """

    subject: SubjectId | None
    is_similar: bool
    strength: int | None
    false_match_rate: float | None
    is_extrapolated: bool | None
    calibration: int
    fingers_compared: int


def verify(
    station: Station, captures: Sequence[Capture], subject_id: SubjectId, *, purpose: str, target_fmr: float
) -> Verification:
    """Compare captures with the references of one subject; journalled. `person_of` finds the subject.

    Only references of galleries that the agreement reaches for this purpose count, and scores mean what
    they mean in a search of these galleries: under the cohort and the calibration that are in force there.

    Raises NotCapturable for captures of which nothing can be found; NotFound, also where there are no
    references; TargetUnsupported for a rate that no data support; VersionMismatch for references that this
    version cannot compare; RoleMissing under *no list* for a seat that sees no candidates; and what
    `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = _permitted(station, snapshot, purpose)
        insist_on_comparable(prepare(one.template) for one in captures)
        held = _held(snapshot, permission, subject_id)
        counts = in_force(snapshot, permission.galleries)
    fused = _compared([one.template for one in captures], held, counts, target_fmr)
    # What a finger says is capped at what was measured; two captures of which one counted are one finger.
    fingers = len(fused.pairs)
    rate = counts.calibration.expected(fused.strength, 1, fingers)
    chance = counts.calibration.map_for(fingers)
    with station.unit_of_work() as work:
        _permitted(station, work, purpose)
        work.append_journal(
            "verified",
            {
                "purpose": purpose,
                "subject": str(subject_id),
                "comparator": COMPARATOR_VERSION,
                "calibration": counts.calibration.number,
            },
        )
        work.commit()
    sees = permission.sees_candidates
    return Verification(
        subject=subject_id if sees else None,
        is_similar=rate <= target_fmr,
        strength=fused.strength if sees else None,
        false_match_rate=rate if sees else None,
        is_extrapolated=chance.is_extrapolated(chance.nats_of(fused.strength)) if sees else None,
        calibration=counts.calibration.number,
        fingers_compared=fingers,
    )


def _permitted(station: Station, snapshot: Snapshot, purpose: str) -> Permission:
    """The permission to verify. Under *no list* it is only of those who see candidates.

    Who may not could compare somebody with one encounter after another, and so find the candidate.
    """
    permission = authorise(station, snapshot, Act.VERIFY, purpose=purpose)
    if not permission.no_list or permission.sees_candidates:
        return permission
    refusal = RoleMissing(
        expected="a seat that may see candidates, since the purpose or a gallery of it is under no list",
        found=f"a {permission.actor.seat.role.value}",
        hint="Ask a supervisor to verify, or screen the person: musterpoint screen",
    )
    raise refused(station, snapshot, Act.VERIFY, refusal, purpose=purpose)


def _held(snapshot: Snapshot, permission: Permission, subject_id: SubjectId) -> list[Reference]:
    """The references of a subject that count. Raises NotFound where there are none."""
    held = [
        one
        for encounter in snapshot.subject(subject_id).encounters
        if permission.galleries.intersection(snapshot.galleries_of(encounter))
        for one in snapshot.references(encounter)
    ]
    if not held:
        raise NotFound(
            expected="a person with fingers on record",
            found="a person without any",
            hint="Choose a subject that was enrolled with fingers",
        )
    return held


def _compared(
    probe: Sequence[Template], held: Sequence[Reference], counts: InForce, target_fmr: float
) -> Fused:
    """What all captures and all references say together, under the cohort in force."""
    ready = counts.cohort.prepare if counts.cohort else prepare
    probes = [ready(one) for one in probe]
    others = [ready(comparable(decode(one.template))) for one in held]
    positions = [one.position for one in probe]
    fingers = fingers_among(probes, positions)
    _refuse_rate(counts, target_fmr, len(set(fingers)))
    scores = np.array([[compare(a, b).score for b in others] for a in probes], np.int32)
    # More references than people have fingers twice over: the strongest are as many as can be fused.
    kept = np.sort(np.argsort(-scores.max(axis=0), kind="stable")[:FINGERS_MAX])
    return fuse(
        np.ascontiguousarray(scores[:, kept]),
        positions,
        [held[k].position for k in kept],
        probe_fingers=fingers,
    )


def _refuse_rate(counts: InForce, target_fmr: float, fingers: int) -> None:
    """Raise TargetUnsupported for a rate that no strength of so many fingers is known to have."""
    least = counts.calibration.least_target(1, fingers)
    if target_fmr < least:
        raise TargetUnsupported(
            expected=f"a false match rate of {least:.2g} or more",
            found=f"{target_fmr:.2g}, which neither comparisons that were made nor their tail support",
            hint="Capture two fingers" if fingers == 1 else "Ask for a higher rate",
            where="--fmr",
        )
