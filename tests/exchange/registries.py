"""Small registries with everything in them that goes over, and every question that can be asked of one."""

from __future__ import annotations

import dataclasses
import random
import uuid
from typing import Any

from tests.storage.records import Person, open_case, record, record_visit

from musterpoint import templates
from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, RequestId, SubjectId
from musterpoint.registry import Reference, Verdict
from musterpoint.registry.adjudication import Mark, Opinion, Side
from musterpoint.registry.biographic import Biography
from musterpoint.registry.retention import HoldReason
from musterpoint.storage import Database, UnitOfWork, adjudication, biographic, exchanging, retention
from musterpoint.templates import FingerPosition, Impression, Minutiae, Template
from musterpoint.workflows.erasure import Erasable, erase
from musterpoint.workflows.station import Station


def template_of(seed: random.Random, position: FingerPosition) -> Template:
    """A template as an extractor would make it, with directions that the standard's record cannot hold."""
    import numpy as np

    count = seed.randint(0, 12)
    return Template(
        minutiae=Minutiae(
            x=np.array([seed.randrange(300) for _ in range(count)], np.int16),
            y=np.array([seed.randrange(300) for _ in range(count)], np.int16),
            direction=np.array([seed.randrange(65536) for _ in range(count)], np.uint16),
            kind=np.array([seed.randrange(3) for _ in range(count)], np.uint8),
            quality=np.array([seed.randrange(256) for _ in range(count)], np.uint8),
        ),
        width_px=300,
        height_px=300,
        position=position,
        impression=Impression.LIVE_PLAIN,
        quality=seed.choice([None, 0, 57, 100]),
        extractor=seed.choice(["leader-1", "other-7"]),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Visitor(Person):
    """Somebody with templates that can be read."""

    seed: int = 0

    @property
    def references(self) -> tuple[Reference, ...]:
        """Two fingers with real templates, the first one with an image."""
        chance = random.Random(self.seed)
        return tuple(
            dataclasses.replace(one, template=templates.encode(template_of(chance, one.position)))
            for one in super().references
        )


def fill(station: Station, seed: int, *, holds: bool = True) -> list[Visitor]:
    """People, visits, cases, verdicts, holds, requests, a second gallery and erased people, by chance."""
    chance = random.Random(seed)
    people: list[Visitor] = []
    for number in range(chance.randint(1, 5)):
        with station.database.unit_of_work() as work:
            person = _somebody(chance, number, people)
            if person.subject_id in {one.subject_id for one in people} and person.subject_id:
                record_visit_in(work, person)
            else:
                record(work, person)
            if chance.random() < 0.3:
                work.add_gallery_if_missing("second")
                work.join_gallery(person.encounter_id, "second")
            if people and not person.subject_id:
                _decide(work, chance, person, chance.sample(people, min(len(people), 2)))
            if chance.random() < 0.3:
                biographic.add(work, person.encounter_id, Biography(name=f"Name {number} ü"))
            if holds and chance.random() < 0.3:
                until = Instant(person.occurred_at + 10**15)
                retention.hold(work, [person.encounter_id], HoldReason.APPEAL, author="seat", until=until)
            if chance.random() < 0.3:
                retention.request_erasure(work, [person.encounter_id], author="seat")
            work.commit()
        people.append(person)
    if chance.random() < 0.5:
        erase_one(station, chance, people)
    return people


def _decide(work: UnitOfWork, chance: random.Random, person: Visitor, candidates: list[Visitor]) -> None:
    """A case with pairs, some of which were shown, judged with marks, or decided."""
    case = open_case(work, person, candidates)
    at = Instant(person.occurred_at + 1)
    for candidate in candidates:
        pair = adjudication.add_pair(work, person.encounter_id, candidate.encounter_id)
        if chance.random() < 0.7:
            adjudication.show(work, pair, "seat", at)
            said = Opinion(
                seat="seat",
                verdict=chance.choice(list(Verdict)),
                is_arbiter=False,
                reason="ridges",
                marks=(Mark(side=Side.LEFT, finger=0, x=12, y=34),),
                shown_at=at,
                given_at=Instant(at + 5),
            )
            adjudication.add_opinion(work, pair, said)
    if chance.random() < 0.5:
        verdict = chance.choice([Verdict.DIFFERENT, Verdict.CANNOT_TELL])
        adjudication.settle(work, case, verdict, at, "seat")


def _somebody(chance: random.Random, number: int, people: list[Visitor]) -> Visitor:
    known = [one.subject_id for one in people if one.subject_id]
    choices: list[SubjectId | None] = [SubjectId(uuid.UUID(int=chance.getrandbits(128), version=4)), None]
    if known:
        choices.append(chance.choice(known))
    return Visitor(
        encounter_id=EncounterId(uuid.UUID(int=chance.getrandbits(128), version=4)),
        request_id=RequestId(uuid.UUID(int=chance.getrandbits(128), version=4)),
        subject_id=chance.choice(choices),
        gallery=chance.choice(["gate", "camp"]),
        occurred_at=1_800_000_000_000_000 + number,
        mark=f"person {number} ü",
        seed=chance.getrandbits(32),
        repetitions=2,
    )


def record_visit_in(work: UnitOfWork, person: Visitor) -> None:
    """Another visit, to a gallery that may be new."""
    work.add_gallery_if_missing(person.gallery)
    record_visit(work, person)


def erase_one(station: Station, chance: random.Random, people: list[Visitor]) -> None:
    """Erase somebody of whom nothing is held back."""
    with station.database.read() as snapshot:
        subjects = [one for one in snapshot.subjects() if one.encounters]
        held = {one.encounter_id for one in retention.records(snapshot) if one.facts.held_until}
    free = [one for one in subjects if not held & set(one.encounters)]
    if free:
        gone = chance.choice(free)
        erase(station, Erasable(subject_id=gone.subject_id, encounters=gone.encounters))


def everything(database: Database) -> dict[str, Any]:
    """All that can be read of a registry, but for its log and for how long it lasted."""
    with database.read() as snapshot:
        encounters = snapshot.encounters()
        counts = dict(snapshot.counts())
        counts.pop("journal_lines")
        galleries = [*snapshot.galleries(), None]
        return {
            "counts": counts,
            "galleries": snapshot.galleries(),
            "encounters": encounters,
            "members": {one.encounter_id: snapshot.galleries_of(one.encounter_id) for one in encounters},
            "references": {one.encounter_id: snapshot.references(one.encounter_id) for one in encounters},
            "subjects": snapshot.subjects(),
            "people": [snapshot.people([one] if one else None) for one in galleries],
            "index": sorted(
                (
                    (one.reference_id, one.encounter_id, str(one.subject_id), one.position, one.template)
                    for one in snapshot.index_rows()
                ),
            ),
            "cases": [
                one for one in snapshot.cases() if one.encounter_id in {e.encounter_id for e in encounters}
            ],
            "requests": list(exchanging.requests_of(snapshot)),
            "retention": retention.records(snapshot),
            "rows": {
                one.name: [
                    {name: value for name, value in row.items() if name != one.own}
                    for row in exchanging.rows_of(snapshot, one)
                ]
                for one in (*exchanging.EXCHANGED, *exchanging.AFTER_ENCOUNTERS)
            },
        }
