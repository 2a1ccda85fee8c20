"""Erases again, in a restored registry, whoever was erased after its backup was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.storage import erasing, retention, tables
from musterpoint.storage.vault import KeyKind

if TYPE_CHECKING:
    from musterpoint.storage import UnitOfWork
    from musterpoint.storage.graves import Graves


def erase_again(work: UnitOfWork, graves: Iterable[Graves]) -> int:
    """Erase everybody of these graves, without the commit; returns how many people were here.

    An encounter whose key is gone, here or there, is erased too, even where nothing else is known of it.
    """
    people = 0
    scopes = {
        UUID(bytes=identifier)
        for identifier in work.vault.destroyed(KeyKind.ENCOUNTER)
        | {scope.identifier for one in graves for scope in one.scopes if scope.kind is KeyKind.ENCOUNTER}
    }
    for one in graves:
        for subject_id, encounters in one.subjects.items():
            people += _erase(work, subject_id, encounters)
        _destroy_ops(work, one)
    for encounter_id in sorted(scopes & set(_live(work, scopes))):
        work.erase_subject(retention.set_apart(work, [EncounterId(encounter_id)]))
        people += 1
    return people


def _live(work: UnitOfWork, wanted: Iterable[UUID]) -> tuple[EncounterId, ...]:
    column, meant = tables.encounter.c.encounter_id, set(wanted)
    every = work.fetch(sa.select(column), lambda row: EncounterId(row.encounter_id))
    return tuple(one for one in every if one in meant)


def _erase(work: UnitOfWork, subject_id: SubjectId, encounters: Sequence[EncounterId]) -> int:
    """Erase one person of another copy; 1 where anything of them was here."""
    if work.is_erased(subject_id):
        return 0
    here = _live(work, encounters)
    subject = tables.subject.c.subject_id
    is_known = work.value_of(sa.select(subject).where(subject == subject_id)) is not None
    theirs = set(work.subject(subject_id).encounters) if is_known else set()
    if is_known and theirs <= set(encounters):
        column = tables.encounter.c.encounter_id
        work.change(sa.update(tables.encounter).where(column.in_(here)).values(subject_id=subject_id))
        work.erase_subject(subject_id)
    elif here:
        # Since the backup the subject was split, or the encounters were given to it: only they go.
        work.erase_subject(retention.set_apart(work, here))
    _bury(work, subject_id, encounters)
    return int(bool(here or is_known))


def _bury(work: UnitOfWork, subject_id: SubjectId, encounters: Sequence[EncounterId]) -> None:
    """Leave a grave for what never was here, so that no import brings it back."""
    if not work.is_erased(subject_id) and not _is_alive(work, subject_id):
        work.insert(tables.erased_subject, work.stamped({"subject_id": subject_id, "has_residue": True}))
    if not work.is_erased(subject_id):
        return
    column = tables.erased_encounter.c.encounter_id
    buried = set(work.fetch(sa.select(column), lambda row: row.encounter_id))
    fresh = [{"encounter_id": one, "subject_id": subject_id} for one in encounters if one not in buried]
    work.insert(tables.erased_encounter, *fresh)


def _is_alive(work: UnitOfWork, subject_id: SubjectId) -> bool:
    column = tables.subject.c.subject_id
    return work.value_of(sa.select(column).where(column == subject_id)) is not None


def _destroy_ops(work: UnitOfWork, graves: Graves) -> None:
    for scope in graves.scopes:
        if scope.kind is KeyKind.AGREEMENT:
            erasing.erase_ops(work, UUID(bytes=scope.identifier))
