"""Erasure of a person: every encounter, reference and image goes; the fact that it went stays."""

from __future__ import annotations

from musterpoint.identifiers import SubjectId
from musterpoint.storage import Database


def erase(database: Database, subject_id: SubjectId) -> int:
    """Erase a subject. Returns the journal position of the erasure.

    Raises NotFound or AlreadyErased. Backups made before still hold the person until they are
    destroyed; that is for whoever keeps them.
    """
    with database.unit_of_work() as work:
        work.erase_subject(subject_id)
        position = work.append_journal("subject.erased", {"subject": str(subject_id)})
        work.commit()
    return position
