"""The demonstration: synthetic people arrive at a gate and are screened by the real use cases.

Everything happens in a folder that the caller removes afterwards: a registry with keys of its own, under
its practice agreement, and image files as a sensor would hand them in. An officer screens, two adjudicators
judge, a supervisor decides. Only the fingers are made up.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from musterpoint import imaging
from musterpoint.errors import MusterpointError
from musterpoint.extraction import Extraction, Extractor
from musterpoint.identifiers import EncounterId, RequestId, new_uuid
from musterpoint.imaging import FingerImage
from musterpoint.registry import Answer, NotCaptured, NotCapturedReason, Verdict
from musterpoint.registry.decisions import DecisionState
from musterpoint.storage import Database, adjudication, keyfiles
from musterpoint.storage.vault import KeySources
from musterpoint.synthetic import Finger, Grade, cloth, person
from musterpoint.templates import FingerPosition
from musterpoint.transparency import verifier
from musterpoint.workflows.acting import HeldKeys
from musterpoint.workflows.adjudication import give_opinion, next_task
from musterpoint.workflows.capturing import Capture, Submission, capture
from musterpoint.workflows.deciding import DecisionRequest, decide
from musterpoint.workflows.enrolment import EnrolmentRequest, enrol
from musterpoint.workflows.log_export import export_log
from musterpoint.workflows.practice import begin_practice
from musterpoint.workflows.receipts import Receipt, make_receipt
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station

COLLECTION = "earlier registry"
COLLECTION_PEOPLE = 12
FIRST_SEED = 20_260_000
INDEX_FINGERS = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
OTHER_FINGERS = (FingerPosition.RIGHT_RING, FingerPosition.LEFT_RING)
SEED_TO_TRY = FIRST_SEED + 5_000

IN_COLLECTION = FIRST_SEED + 4
"""The person of the collection who arrives at the gate."""

OFFICER, SUPERVISOR = "practice-officer", "practice-supervisor"
ADJUDICATORS = ("practice-adjudicator", "practice-adjudicator-2")
"""Seats that judge every pair, each without knowing what the other says."""

RECEIPT_PROOF = "receipt.tlog-proof"
"""The proof that goes with the receipt, beside the folder of the log."""

Item = TypeVar("Item")
Made = TypeVar("Made")
Advance = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody comes to the gate.

    seed          who it is; the same seed is the same person
    shown         what is shown at the gate, in words
    pictures      the impressions; empty where there is none
    not_captured  the reason where no finger can be captured
    exception     why the supervisor clears somebody without a finger, in the same step
    then, ground  what the supervisor decides afterwards, and why
    """

    seed: int
    shown: str
    pictures: tuple[tuple[FingerPosition, FingerImage], ...] = ()
    not_captured: tuple[NotCaptured, ...] = ()
    exception: str = ""
    then: DecisionState | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What happened to one arrival.

    outcome   None where the images could not be used; `refusal` says why
    decided   the answer after people decided the case, where there was one
    decision  cleared, denied, referred or open, at the end
    ground    why, where somebody else than the officer decided
    """

    arrival: Arrival
    person_number: int
    outcome: ScreeningOutcome | None
    refusal: str = ""
    decided: str = ""
    decision: str = ""
    ground: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """All that happened, and what is needed to show one comparison of it.

    compared  two impressions of one finger, with their templates
    receipt   the receipt of the first person who was not known
    entries   entries of the log, all of them verified
    seconds   time from the first image to the last answer
    """

    screened: tuple[Screened, ...]
    compared: tuple[tuple[FingerImage, Extraction], tuple[FingerImage, Extraction]]
    people_enrolled: int
    receipt: Receipt
    entries: int
    seconds: float
    seconds_of_screening: float


def demonstrate(folder: Path, log: Path, advance: Advance) -> Demonstration:
    """Screen the arrivals of the demonstration with a registry in `folder`, which must be empty.

    log  where the journal is published as a log, for anybody to verify
    """
    began = time.monotonic()
    gate = _Gate(station=_station(folder), folder=folder)
    _load_collection(gate, advance)
    arrivals = []
    for number, arrival in enumerate(_on_all_cores(lambda make: make(), _arrivals()), start=1):
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
    receipt = _receipt(gate, screened)
    entries = _publish(gate, log, receipt)
    advance("entries of the log verified", entries, entries)
    gate.station.close()
    return Demonstration(
        screened=tuple(screened),
        compared=_compared(gate.station),
        people_enrolled=people,
        receipt=receipt,
        entries=entries,
        seconds=ended - began,
        seconds_of_screening=ended - screening_began,
    )


def prints_to_try() -> dict[str, bytes]:
    """PNG files by name: one finger of a synthetic person who is not in the demonstration, on two days."""
    finger = person(SEED_TO_TRY)[FingerPosition.RIGHT_INDEX]
    names = ("monday.png", "tuesday.png")
    drawn = _on_all_cores(lambda number: imaging.to_png(finger.impression(number).image), (1, 2))
    return dict(zip(names, drawn, strict=True))


def _on_all_cores(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """What is made of each item, in order; drawing and extracting let other threads run."""
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="draw") as pool:
        yield from pool.map(make, items)


def _station(folder: Path) -> Station:
    """A station whose keys lie in the folder too: nothing of whoever tries it is touched."""
    registry = folder / "registry"
    database = Database.open(registry, sources=KeySources(key_folder=folder / "keys"))
    practice = registry / keyfiles.PRACTICE_FOLDER
    begin_practice(database, practice)
    return Station(database=database, extractor=Extractor(), keys=HeldKeys(files=keyfiles.held(practice)))


def _receipt(gate: _Gate, screened: Sequence[Screened]) -> Receipt:
    outcomes = [one.outcome for one in screened if one.outcome is not None]
    first = next(one for one in outcomes if one.answer == Answer.NOT_KNOWN.value)
    return make_receipt(gate.station.acting_as(OFFICER), first.encounter, ("en", "ar"))


def _remove_earlier(log: Path) -> None:
    """Make room where an earlier demonstration has published its log; nothing else is removed."""
    checkpoint = log / "checkpoint"
    if checkpoint.is_file() and checkpoint.read_bytes().startswith(b"musterpoint/"):
        shutil.rmtree(log)


def _publish(gate: _Gate, log: Path, receipt: Receipt) -> int:
    """Publish the log and verify it as a stranger would, receipt included; returns its entries."""
    _remove_earlier(log)
    made = export_log(gate.station.acting_as(SUPERVISOR), log)
    proof = log.parent / RECEIPT_PROOF
    proof.write_bytes(receipt.proof.to_bytes())
    asked = verifier.arguments().parse_args([str(log), "--signatures", "--proof", str(proof)])
    report = verifier.Verification(asked).run()
    assert not report.bad, "the demonstration's own log holds"
    return made.size


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
    def taken(number: int) -> tuple[EnrolmentRequest, tuple[Capture, ...]]:
        fingers = person(FIRST_SEED + number)
        pictures = tuple((position, fingers[position].impression(1).image) for position in INDEX_FINGERS)
        record = f"record-{number + 1:03d}"
        request = EnrolmentRequest(
            request_id=RequestId(new_uuid()),
            submissions=_files(gate.folder / "collection" / record, pictures),
            gallery=COLLECTION,
            source_record=record,
        )
        return request, capture(gate.station.extractor, request.submissions)

    for number, (request, captures) in enumerate(_on_all_cores(taken, range(COLLECTION_PEOPLE))):
        gate.seeds[enrol(gate.station, request, captures).encounter] = FIRST_SEED + number
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


Fingers = dict[FingerPosition, Finger]

ARRIVALS = 11
NEWCOMERS = FIRST_SEED + 1000


def _arrivals() -> Sequence[Callable[[], Arrival]]:
    """Who comes, in order; each is drawn when it is called."""
    first, second = person(NEWCOMERS), person(NEWCOMERS + 1)
    return (*_first_arrivals(first, second), *_later_arrivals(first, second))


def _first_arrivals(first: Fingers, second: Fingers) -> Sequence[Callable[[], Arrival]]:
    third = person(NEWCOMERS + 3)
    return (
        lambda: Arrival(
            seed=IN_COLLECTION,
            shown="Both index fingers. Has a record in the earlier registry",
            pictures=_press(person(IN_COLLECTION), INDEX_FINGERS, 2),
            then=DecisionState.CLEARED,
            ground="returns; the earlier record is in order",
        ),
        lambda: Arrival(seed=NEWCOMERS, shown="Both index fingers", pictures=_press(first, INDEX_FINGERS, 1)),
        lambda: Arrival(
            seed=NEWCOMERS + 1, shown="Both index fingers", pictures=_press(second, INDEX_FINGERS, 1)
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 2,
            shown="Has no fingers to give: both hands are bandaged",
            not_captured=_all(NotCapturedReason.BANDAGED),
            exception="both hands bandaged; seen by the medic",
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 3,
            shown="One index finger, smudged",
            pictures=((FingerPosition.RIGHT_INDEX, third[FingerPosition.RIGHT_INDEX].smudged(1).image),),
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 3,
            shown="The same person, captured again after cleaning the sensor",
            pictures=_press(third, INDEX_FINGERS, 2),
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 4,
            shown="Not a finger at all: the sensor was covered with cloth",
            pictures=((FingerPosition.RIGHT_INDEX, cloth(FIRST_SEED)),),
        ),
    )


def _later_arrivals(first: Fingers, second: Fingers) -> Sequence[Callable[[], Arrival]]:
    fourth = person(NEWCOMERS + 6)
    return (
        lambda: Arrival(
            seed=NEWCOMERS,
            shown="Comes a second time, both index fingers",
            pictures=_press(first, INDEX_FINGERS, 2, grade="fair"),
            then=DecisionState.DENIED,
            ground="has left with an earlier convoy",
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 1,
            shown="Comes a second time, with other fingers: both ring fingers",
            pictures=_press(second, OTHER_FINGERS, 2),
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 5,
            shown="Does not want to give fingerprints",
            not_captured=_all(NotCapturedReason.REFUSED),
            then=DecisionState.REFERRED,
            ground="wants to speak to the legal adviser first",
        ),
        lambda: Arrival(
            seed=NEWCOMERS + 6,
            shown="One index finger, the other is amputated",
            pictures=_press(fourth, (FingerPosition.RIGHT_INDEX,), 1),
            not_captured=(
                NotCaptured(position=FingerPosition.LEFT_INDEX, reason=NotCapturedReason.AMPUTATED),
            ),
        ),
    )


def _press(
    fingers: Fingers,
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
        exception=arrival.exception,
    )
    station = gate.station.acting_as(OFFICER, SUPERVISOR if arrival.exception else "")
    try:
        outcome = screen(station, request)
    except MusterpointError as error:
        return Screened(arrival=arrival, person_number=person_number, outcome=None, refusal=str(error))
    gate.seeds[outcome.encounter] = arrival.seed
    is_open = outcome.answer == Answer.BEING_DECIDED.value
    decided = _decide(gate, EncounterId(UUID(outcome.encounter))) if is_open else ""
    decision, ground = outcome.decision, arrival.exception
    if arrival.then is not None:
        decision, ground = arrival.then.value, arrival.ground
        wanted = DecisionRequest(encounter=outcome.encounter, state=arrival.then, ground=ground)
        decide(gate.station.acting_as(SUPERVISOR), wanted)
    return Screened(
        arrival=arrival,
        person_number=person_number,
        outcome=outcome,
        decided=decided,
        decision=decision,
        ground=ground,
    )


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
