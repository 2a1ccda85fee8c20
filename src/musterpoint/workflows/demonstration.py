"""The demonstration: synthetic people arrive at a gate and are screened by the real use cases.

Everything happens in a folder that the caller removes afterwards: a registry of its own, image
files as a sensor would hand them in. Only the fingers are made up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from musterpoint import imaging
from musterpoint.errors import MusterpointError
from musterpoint.extraction import Extraction
from musterpoint.identifiers import EncounterId, RequestId, new_uuid
from musterpoint.imaging import FingerImage
from musterpoint.registry import Answer, NotCaptured, NotCapturedReason, Verdict
from musterpoint.storage import adjudication
from musterpoint.synthetic import Finger, Grade, cloth, person
from musterpoint.templates import FingerPosition
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.enrolment import EnrolmentRequest, enrol
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station, open_station

COLLECTION = "earlier registry"
COLLECTION_PEOPLE = 12
FIRST_SEED = 20_260_000
INDEX_FINGERS = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
OTHER_FINGERS = (FingerPosition.RIGHT_RING, FingerPosition.LEFT_RING)
IN_COLLECTION = FIRST_SEED + 4
"""The person of the collection who arrives at the gate."""

ADJUDICATORS = ("practice-adjudicator", "practice-adjudicator-2")
"""Seats that judge every pair, each without knowing what the other says."""

Advance = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody comes to the gate.

    seed          who it is; the same seed is the same person
    shown         what is shown at the gate, in words
    pictures      the impressions; empty where there is none
    not_captured  the reason where no finger can be captured
    """

    seed: int
    shown: str
    pictures: tuple[tuple[FingerPosition, FingerImage], ...] = ()
    not_captured: tuple[NotCaptured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What happened to one arrival.

    outcome  None where the images could not be used; `refusal` says why
    decided  the answer after a person decided the case, where there was one
    """

    arrival: Arrival
    person_number: int
    outcome: ScreeningOutcome | None
    refusal: str = ""
    decided: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """All that happened, and what is needed to show one comparison of it.

    compared  two impressions of one finger, with their templates
    seconds   time from the first image to the last answer
    """

    screened: tuple[Screened, ...]
    compared: tuple[tuple[FingerImage, Extraction], tuple[FingerImage, Extraction]]
    people_enrolled: int
    seconds: float
    seconds_of_screening: float


def demonstrate(folder: Path, advance: Advance) -> Demonstration:
    """Screen the arrivals of the demonstration with a registry in `folder`, which must be empty."""
    began = time.monotonic()
    gate = _Gate(station=open_station(folder / "registry"), folder=folder)
    _load_collection(gate, advance)
    arrivals = []
    for number, arrival in enumerate(_arrivals(), start=1):
        arrivals.append(arrival)
        advance("people drawn", number, ARRIVALS)
    screening_began = time.monotonic()
    screened = []
    for number, arrival in enumerate(arrivals, start=1):
        screened.append(_screen(gate, arrival))
        advance("people screened", number, len(arrivals))
    ended = time.monotonic()
    with gate.station.database.read() as snapshot:
        people = snapshot.people()
    return Demonstration(
        screened=tuple(screened),
        compared=_compared(gate.station),
        people_enrolled=people,
        seconds=ended - began,
        seconds_of_screening=ended - screening_began,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """The gate, and what only the demonstration knows: who is who.

    seeds    whose encounter it is, by the encounter's identifier
    numbers  what people are called, in the order in which they came
    """

    station: Station
    folder: Path
    seeds: dict[str, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)


def _load_collection(gate: _Gate, advance: Advance) -> None:
    for number in range(COLLECTION_PEOPLE):
        seed = FIRST_SEED + number
        fingers = person(seed)
        pictures = tuple((position, fingers[position].impression(1).image) for position in INDEX_FINGERS)
        record = f"record-{number + 1:03d}"
        request = EnrolmentRequest(
            request_id=RequestId(new_uuid()),
            submissions=_files(gate.folder / "collection" / record, pictures),
            gallery=COLLECTION,
            source_record=record,
        )
        gate.seeds[enrol(gate.station, request).encounter] = seed
        advance("records of the earlier registry loaded", number + 1, COLLECTION_PEOPLE)


def _files(folder: Path, pictures: Sequence[tuple[FingerPosition, FingerImage]]) -> tuple[Submission, ...]:
    """Write the pictures as a sensor would, and read them back as they would be handed in."""
    folder.mkdir(parents=True)
    submissions = []
    for position, image in pictures:
        path = folder / f"{position.label}.png"
        path.write_bytes(imaging.to_png(image))
        submissions.append(Submission(name=path.name, data=path.read_bytes(), position=position))
    return tuple(submissions)


ARRIVALS = 11


def _arrivals() -> Iterator[Arrival]:
    newcomers = FIRST_SEED + 1000
    first, second, third, fourth = (person(newcomers + number) for number in (0, 1, 3, 6))
    yield Arrival(
        seed=IN_COLLECTION,
        shown="Both index fingers. Has a record in the earlier registry",
        pictures=_press(person(IN_COLLECTION), INDEX_FINGERS, 2),
    )
    yield Arrival(seed=newcomers, shown="Both index fingers", pictures=_press(first, INDEX_FINGERS, 1))
    yield Arrival(seed=newcomers + 1, shown="Both index fingers", pictures=_press(second, INDEX_FINGERS, 1))
    yield Arrival(
        seed=newcomers + 2,
        shown="Has no fingers to give: both hands are bandaged",
        not_captured=_all(NotCapturedReason.BANDAGED),
    )
    yield Arrival(
        seed=newcomers + 3,
        shown="One index finger, smudged",
        pictures=((FingerPosition.RIGHT_INDEX, third[FingerPosition.RIGHT_INDEX].smudged(1).image),),
    )
    yield Arrival(
        seed=newcomers + 3,
        shown="The same person, captured again after cleaning the sensor",
        pictures=_press(third, INDEX_FINGERS, 2),
    )
    yield Arrival(
        seed=newcomers + 4,
        shown="Not a finger at all: the sensor was covered with cloth",
        pictures=((FingerPosition.RIGHT_INDEX, cloth(FIRST_SEED)),),
    )
    yield Arrival(
        seed=newcomers,
        shown="Comes a second time, both index fingers",
        pictures=_press(first, INDEX_FINGERS, 2, grade="fair"),
    )
    yield Arrival(
        seed=newcomers + 1,
        shown="Comes a second time, with other fingers: both ring fingers",
        pictures=_press(second, OTHER_FINGERS, 2),
    )
    yield Arrival(
        seed=newcomers + 5,
        shown="Does not want to give fingerprints",
        not_captured=_all(NotCapturedReason.REFUSED),
    )
    yield Arrival(
        seed=newcomers + 6,
        shown="One index finger, the other is amputated",
        pictures=_press(fourth, (FingerPosition.RIGHT_INDEX,), 1),
        not_captured=(NotCaptured(position=FingerPosition.LEFT_INDEX, reason=NotCapturedReason.AMPUTATED),),
    )


def _press(
    fingers: dict[FingerPosition, Finger],
    positions: Sequence[FingerPosition],
    number: int,
    grade: Grade = "good",
) -> tuple[tuple[FingerPosition, FingerImage], ...]:
    return tuple(
        (position, fingers[position].impression(number, grade=grade).image) for position in positions
    )


def _all(reason: NotCapturedReason) -> tuple[NotCaptured, ...]:
    return (NotCaptured(position=FingerPosition.UNKNOWN, reason=reason),)


def _screen(gate: _Gate, arrival: Arrival) -> Screened:
    person_number = gate.numbers.setdefault(arrival.seed, len(gate.numbers) + 1)
    request_id = RequestId(new_uuid())
    request = ScreeningRequest(
        request_id=request_id,
        submissions=_files(gate.folder / "arrivals" / str(request_id), arrival.pictures),
        purpose="demonstration",
        site="Gate 1",
        not_captured=arrival.not_captured,
    )
    try:
        outcome = screen(gate.station, request)
    except MusterpointError as error:
        return Screened(arrival=arrival, person_number=person_number, outcome=None, refusal=str(error))
    gate.seeds[outcome.encounter] = arrival.seed
    is_open = outcome.answer == Answer.BEING_DECIDED.value
    decided = _decide(gate, EncounterId(UUID(outcome.encounter))) if is_open else ""
    return Screened(arrival=arrival, person_number=person_number, outcome=outcome, decided=decided)


def _decide(gate: _Gate, encounter_id: EncounterId) -> str:
    """Decide as two adjudicators who are never wrong: the demonstration knows who is who."""
    for seat in ADJUDICATORS:
        station = gate.station.acting_as(seat)
        while (task := next_task(station)) is not None:
            with station.database.read() as snapshot:
                pair = adjudication.pair(snapshot, task.pair_id)
            is_same = gate.seeds[str(pair.probe_id)] == gate.seeds[str(pair.candidate_id)]
            give_opinion(station, str(task.pair_id), Verdict.SAME if is_same else Verdict.DIFFERENT)
    with gate.station.database.read() as snapshot:
        answer = snapshot.encounter(encounter_id).answer
    return answer.value if answer else ""


def _compared(
    station: Station,
) -> tuple[tuple[FingerImage, Extraction], tuple[FingerImage, Extraction]]:
    finger = person(IN_COLLECTION)[FingerPosition.RIGHT_INDEX]
    first, second = (finger.impression(number).image for number in (2, 1))
    return (
        (first, station.extractor.extract(first, FingerPosition.RIGHT_INDEX)),
        (second, station.extractor.extract(second, FingerPosition.RIGHT_INDEX)),
    )
