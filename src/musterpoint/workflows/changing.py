"""A change of subjects as the registry and its journal keep it, whoever asked for it."""

from __future__ import annotations

from typing import Final

from musterpoint.registry.subjects import SubjectChange, SubjectStatus
from musterpoint.storage import UnitOfWork, subjects

BY_ADJUDICATION: Final = "adjudication"
"""Stands in place of a seat where a change follows from what adjudicators decided."""


def record_change(
    work: UnitOfWork, change: SubjectChange, *, seat: str = BY_ADJUDICATION, second: str = ""
) -> subjects.RecordedChange:
    """Carry out a change of subjects, keep it in the history, and say so in the journal."""
    made = subjects.record(work, change, seat=seat, second=second)
    work.append_journal(
        "subject.changed",
        {
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
        },
    )
    return made
