"""Verification compares with what the agreement reaches, and tells a gate no strength."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.rights.installations import DEPARTURE, Installation, agree, grant, version
from tests.rights.test_agreements import _captures, _screen

from musterpoint.errors import NotFound
from musterpoint.identifiers import SubjectId
from musterpoint.workflows.identification import verify


def _subject(text: str | None) -> SubjectId:
    return SubjectId(UUID(text or ""))


def test_an_officer_learns_similar_or_not_and_a_supervisor_how_much(real: Installation) -> None:
    officer, supervisor = real.acting("officer"), real.acting("supervisor")
    subject = _subject(_screen(officer, 1).subject)
    probe = _captures(officer, 1, 2)

    told = verify(officer, probe, subject, purpose=DEPARTURE, target_fmr=1e-4)
    seen = verify(supervisor, probe, subject, purpose=DEPARTURE, target_fmr=1e-4)

    assert told.is_similar is seen.is_similar is True
    assert (told.strength, told.false_match_rate) == (None, None)
    assert seen.strength is not None
    assert seen.strength > 5000


def test_references_of_another_purpose_are_not_compared_with(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(), grant("registration", "camp")))
    officer = seated.acting("officer")
    subject = _subject(_screen(officer, 1, purpose="registration").subject)

    with pytest.raises(NotFound):
        verify(officer, _captures(officer, 1, 2), subject, purpose=DEPARTURE, target_fmr=1e-4)
    assert verify(
        officer, _captures(officer, 1, 2), subject, purpose="registration", target_fmr=1e-4
    ).is_similar
