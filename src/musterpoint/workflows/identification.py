"""Identification (1:N) and verification (1:1): nothing is stored but the journal line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musterpoint import templates
from musterpoint.comparison import (
    COMPARATOR_VERSION,
    compare,
    expected_false_positives,
    fingers_among,
    fuse,
    prepare,
)
from musterpoint.errors import NotFound
from musterpoint.identifiers import SubjectId
from musterpoint.registry.rights import Act
from musterpoint.workflows.authorising import authorise, count_search, galleries_searched
from musterpoint.workflows.capturing import Capture
from musterpoint.workflows.searching import Found
from musterpoint.workflows.station import Station


def identify(
    station: Station, captures: Sequence[Capture], *, purpose: str, galleries: frozenset[str] | None = None
) -> Found:
    """Search the person of these captures; the search is journalled, nothing else is kept.

    galleries  None for all that the agreement allows

    Raises what `authorise` and `galleries_searched` raise.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.IDENTIFY, purpose=purpose)
        searched = galleries_searched(station, snapshot, permission, galleries)
    probe = [one.template for one in captures]
    found = station.index(searched).search(station.database, probe, permission.target_fpir)
    with station.unit_of_work() as work:
        # What the search found is told only if it is still allowed when it is recorded.
        authorise(station, work, Act.IDENTIFY, purpose=purpose)
        count_search(work, permission)
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


def person_of(station: Station, text: str) -> SubjectId:
    """The subject of an identifier, or of the identifier of an encounter, as it stands on a receipt.

    Raises NotFound, and Conflict where digits are of several; what `authorise` raises is left to `verify`.
    """
    with station.database.read() as snapshot:
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
    """

    subject: SubjectId | None
    is_similar: bool
    strength: int | None
    false_match_rate: float | None
    fingers_compared: int


def verify(
    station: Station, captures: Sequence[Capture], subject_id: SubjectId, *, purpose: str, target_fmr: float
) -> Verification:
    """Compare captures with the references of one subject; journalled. `person_of` finds the subject.

    Only references of galleries that the agreement reaches for this purpose count. Raises NotFound, also
    where there are none, and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.VERIFY, purpose=purpose)
        subject = snapshot.subject(subject_id)
        held = [
            one
            for encounter in subject.encounters
            if permission.galleries.intersection(snapshot.galleries_of(encounter))
            for one in snapshot.references(encounter)
        ]
    if not held:
        raise NotFound(
            expected="a person with fingers on record",
            found="a person without any",
            hint="Choose a subject that was enrolled with fingers",
        )
    probes = [prepare(one.template) for one in captures]
    others = [prepare(templates.decode(one.template)) for one in held]
    scores = np.array([[compare(a, b).score for b in others] for a in probes], np.int32)
    positions = [one.template.position for one in captures]
    fused = fuse(
        scores,
        positions,
        [one.position for one in held],
        probe_fingers=fingers_among(probes, positions),
    )
    rate = expected_false_positives(fused.strength, 1)
    with station.unit_of_work() as work:
        authorise(station, work, Act.VERIFY, purpose=purpose)
        work.append_journal(
            "verified",
            {"purpose": purpose, "subject": str(subject_id), "comparator": COMPARATOR_VERSION},
        )
        work.commit()
    return Verification(
        subject=subject_id if permission.sees_candidates else None,
        is_similar=rate <= target_fmr,
        strength=fused.strength if permission.sees_candidates else None,
        false_match_rate=rate if permission.sees_candidates else None,
        fingers_compared=len(fused.pairs),
    )
