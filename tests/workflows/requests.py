"""Requests as a front end would make them."""

from __future__ import annotations

from musterpoint.identifiers import RequestId, new_uuid
from musterpoint.registry import NotCaptured, NotCapturedReason
from musterpoint.templates import FingerPosition
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.screening import ScreeningRequest


def screening(
    *files: bytes,
    request_id: RequestId | None = None,
    reason: NotCapturedReason | None = None,
    position: FingerPosition = FingerPosition.UNKNOWN,
) -> ScreeningRequest:
    """A screening of these files, or of somebody without fingers for this reason."""
    not_captured = (NotCaptured(position=FingerPosition.UNKNOWN, reason=reason),) if reason else ()
    return ScreeningRequest(
        request_id=request_id or RequestId(new_uuid()),
        submissions=tuple(
            Submission(name=f"file {number}", data=data, position=position)
            for number, data in enumerate(files)
        ),
        purpose="departure",
        site="Gate 1",
        not_captured=not_captured,
    )
