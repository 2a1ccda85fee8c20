"""Erasure of a person: every encounter, reference and image goes; the fact that it went stays."""

from __future__ import annotations

from dataclasses import dataclass

from musterpoint.errors import Conflict, NotFound
from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.storage import Database, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasable:
    """Somebody who can be erased: a subject, or an encounter that was never decided."""

    subject_id: SubjectId | None
    encounters: tuple[EncounterId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure did.

    position     journal line that says that somebody was erased
    cases_empty  open cases of others that have no candidate left by it
    """

    subject_id: SubjectId
    encounters: int
    position: int
    cases_empty: tuple[int, ...]


def find_erasable(snapshot: Snapshot, text: str) -> Erasable:
    """The subject, or the encounter without one, of an identifier or enough of its end.

    Raises NotFound, and Conflict where an encounter belongs to a subject.
    """
    try:
        subject = snapshot.subject(snapshot.find_subject(text))
        return Erasable(subject_id=subject.subject_id, encounters=subject.encounters)
    except NotFound as no_subject:
        try:
            encounter = snapshot.encounter(snapshot.find_encounter(text))
        except NotFound:
            raise no_subject from None
    if encounter.subject_id is not None:
        raise Conflict(
            expected="a subject, or an encounter that belongs to nobody yet",
            found="an encounter of a subject",
            hint=f"Erase the whole person: {encounter.subject_id}",
        )
    return Erasable(subject_id=None, encounters=(encounter.encounter_id,))


def erase(database: Database, person: Erasable) -> Erasure:
    """Erase somebody for good. Raises NotFound, AlreadyErased.

    Backups made before still hold the person until they are destroyed; that is for whoever keeps
    them.
    """
    with database.unit_of_work() as work:
        subject_id = person.subject_id
        if subject_id is None:
            # An encounter that was never decided is a person of its own, and is erased as one.
            subject_id = SubjectId(new_uuid())
            work.add_subject(subject_id)
            for encounter_id in person.encounters:
                work.assign(encounter_id, subject_id)
        emptied = work.erase_subject(subject_id)
        position = work.append_journal("subject.erased", {"subject": str(subject_id)})
        work.commit()
    return Erasure(
        subject_id=subject_id,
        encounters=len(person.encounters),
        position=position,
        cases_empty=emptied,
    )
