"""People and visits for the tests of storage, and a look at the tables behind its back."""

from __future__ import annotations

import os
import sys
import traceback
import uuid
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.registries import behind_its_back

from musterpoint.clock import Instant
from musterpoint.identifiers import CaseId, EncounterId, ReferenceId, RequestId, SubjectId, new_uuid
from musterpoint.registry import (
    Answer,
    Case,
    CaseCandidate,
    Encounter,
    EncounterKind,
    NotCaptured,
    NotCapturedReason,
    Outcome,
    Reference,
)
from musterpoint.storage import UnitOfWork, dialects
from musterpoint.templates import FingerPosition


@dataclass
class SteppingClock:
    """A clock that goes on by one second whenever it is read."""

    seconds: int = 1_800_000_000

    def now(self) -> Instant:
        self.seconds += 1
        return Instant(self.seconds * 1_000_000)


def fixed_uuid(number: int) -> uuid.UUID:
    """An identifier that every run gives."""
    return uuid.UUID(int=0x019A_0000_0000_7000_8000_0000_0000_0000 + number)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody at the gate; by default screened, unknown before, with two fingers."""

    encounter_id: EncounterId = field(default_factory=lambda: EncounterId(new_uuid()))
    subject_id: SubjectId | None = field(default_factory=lambda: SubjectId(new_uuid()))
    request_id: RequestId = field(default_factory=lambda: RequestId(new_uuid()))
    gallery: str = "gate"
    purpose: str = "arrival"
    site: str = "north"
    occurred_at: int = 1_800_000_000_000_000
    fingers: tuple[FingerPosition, ...] = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
    mark: str = "mark"
    repetitions: int = 20

    @property
    def answer(self) -> Answer:
        return Answer.NOT_KNOWN if self.subject_id else Answer.BEING_DECIDED

    @property
    def encounter(self) -> Encounter:
        return Encounter(
            encounter_id=self.encounter_id,
            subject_id=self.subject_id,
            kind=EncounterKind.SCREENING,
            gallery=self.gallery,
            purpose=self.purpose,
            site=self.site,
            occurred_at=Instant(self.occurred_at),
            outcome=Outcome.SCREENED,
            answer=self.answer,
            not_captured=(
                NotCaptured(position=FingerPosition.RIGHT_THUMB, reason=NotCapturedReason.BANDAGED),
                NotCaptured(position=FingerPosition.LEFT_THUMB, reason=NotCapturedReason.MISSING),
            ),
            source_record=f"{self.mark}-record",
        )

    @property
    def references(self) -> tuple[Reference, ...]:
        """References whose bytes say whose they are, the first one with an image."""
        return tuple(
            Reference(
                reference_id=ReferenceId(uuid.uuid5(self.encounter_id, str(number))),
                encounter_id=self.encounter_id,
                position=position,
                template=f"{self.mark}-template-{number}".encode() * self.repetitions,
                quality=(number * 37) % 101,
                image=f"{self.mark}-image-{number}".encode() * (20 * self.repetitions)
                if number == 0
                else None,
            )
            for number, position in enumerate(self.fingers)
        )

    @property
    def digest(self) -> str:
        return f"{self.mark}-digest".ljust(64, "0")

    @property
    def outcome_json(self) -> str:
        return f'{{"encounter":"{self.encounter_id}","note":"{self.mark * self.repetitions}-outcome"}}'


def record(work: UnitOfWork, person: Person) -> int:
    """Everything of a visit but the commit; returns the position of its line."""
    work.add_gallery_if_missing(person.gallery)
    if person.subject_id is not None:
        work.add_subject(person.subject_id)
    return record_visit(work, person)


def record_visit(work: UnitOfWork, person: Person) -> int:
    """A visit of somebody whose subject is there, or is undecided."""
    work.add_encounter(person.encounter)
    for reference in person.references:
        work.add_reference(reference)
    position = work.append_journal("encounter.visit", {"encounter": str(person.encounter_id)})
    work.store_outcome(person.request_id, person.digest, person.outcome_json)
    return position


def open_case(work: UnitOfWork, person: Person, candidates: Sequence[Person]) -> Case:
    """A case of a person, whose first candidate is the strongest; without the commit."""
    work.append_journal("case", {"encounter": str(person.encounter_id)})
    return work.open_case(
        CaseId(uuid.uuid5(person.encounter_id, "case")),
        person.encounter_id,
        len(candidates) + 5,
        [
            CaseCandidate(encounter_id=candidate.encounter_id, strength=9000 - 100 * rank)
            for rank, candidate in enumerate(candidates)
        ],
        Instant(person.occurred_at),
    )


def tables_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, read without our code. The database must be sound."""
    with behind_its_back(folder, is_writer=False) as connection:
        assert dialects.is_sound(connection)
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f'SELECT * FROM "{name}"')), key=repr)
            for name in sorted(sa.inspect(connection).get_table_names())
        }


def files_with(folder: Path, planted: str) -> list[str]:
    """Names of the files that hold a text."""
    return [file.name for file in sorted(folder.iterdir()) if planted.encode() in file.read_bytes()]


def fork(action: Callable[[], object]) -> int:
    """Do something in a forked process; returns its number. No registry may be open here."""
    with warnings.catch_warnings():
        # Libraries may have started threads; the child uses none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    try:
        action()
    except BaseException:  # noqa: BLE001 -- the child must not go on as a second test run
        traceback.print_exc(file=sys.__stderr__)
        os._exit(1)
    os._exit(0)


def ended_by(child: int) -> int:
    """Wait for a process: 0 for success, -9 for one that was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
