"""A change of subjects as the registry and its journal keep it, whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musterpoint.registry.subjects import SubjectChange, SubjectStatus
from musterpoint.storage import UnitOfWork, subjects
from musterpoint.workflows.authorising import Permission

BY_ADJUDICATION: Final = "adjudication"
"""Stands in place of a seat where a change follows from what adjudicators decided."""


def record_change(
    work: UnitOfWork, change: SubjectChange, permission: Permission | None = None
) -> subjects.RecordedChange:
    """Carry out a change of subjects, keep it in the history, and say so in the journal.

    permission  of the seats that asked for it, who sign it; None where it follows from adjudication
    """
    actor = permission.actor if permission else None
    second = actor.second.seat.name if actor and actor.second else ""
    seat = actor.seat.name if actor else BY_ADJUDICATION
    made = subjects.record(work, change, seat=seat, second=second)
    facts: dict[str, str | int | Sequence[str]] = {
        "change": made.number,
        "what": change.kind.value,
        "encounters": [str(one.encounter_id) for one in change.moved],
        "from": sorted({str(one.before) for one in change.moved}),
        "to": sorted({str(one.after) for one in change.moved}),
        "inactive": [
            str(one.subject_id) for one in change.states if one.after.status is SubjectStatus.INACTIVE
        ],
        "undoes": change.undoes or 0,
        "second": second,
    }
    work.append_journal("subject.changed", permission.confirmed(facts, "correction") if permission else facts)
    return made
