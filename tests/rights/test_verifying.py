"""Verification compares with what the agreement reaches, and tells a gate no strength."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.rights.installations import DEPARTURE, Installation, agree, grant, version
from tests.rights.test_agreements import _captures, _screen

from musterpoint.comparison import STANDARD
from musterpoint.errors import NotFound, RoleMissing, TargetUnsupported, VersionMismatch
from musterpoint.identifiers import SubjectId
from musterpoint.workflows.identification import person_of, verify


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


def test_under_no_list_only_who_sees_candidates_verifies(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(no_list=True)))
    officer, supervisor = seated.acting("officer"), seated.acting("supervisor")
    screened = _screen(officer, 1)
    subject, probe = _subject(screened.subject), _captures(officer, 1, 2)

    for attempt in (
        lambda: verify(officer, probe, subject, purpose=DEPARTURE, target_fmr=1e-4),
        lambda: person_of(officer, screened.encounter, purpose=DEPARTURE),
    ):
        before = seated.position()
        with pytest.raises(RoleMissing, match="no list"):
            attempt()
        assert seated.kinds(since=before) == ["act.denied"]
    assert person_of(supervisor, screened.encounter, purpose=DEPARTURE) == subject
    assert verify(supervisor, probe, subject, purpose=DEPARTURE, target_fmr=1e-4).is_similar


def test_a_rate_that_no_data_support_is_refused(real: Installation) -> None:
    officer = real.acting("officer")
    subject = _subject(_screen(officer, 1).subject)
    probe = _captures(officer, 1, 2)
    least = [STANDARD.least_target(1, fingers) for fingers in (1, 2)]

    with pytest.raises(TargetUnsupported, match="Capture two fingers"):
        verify(officer, probe[:1], subject, purpose=DEPARTURE, target_fmr=least[0] / 2)
    assert verify(officer, probe[:1], subject, purpose=DEPARTURE, target_fmr=1.01 * least[0]).is_similar
    with pytest.raises(TargetUnsupported, match="a higher rate"):
        verify(officer, probe, subject, purpose=DEPARTURE, target_fmr=least[1] / 2)
    assert "verified" in real.kinds()


def test_a_person_of_many_visits_is_compared_with_the_strongest(
    real: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = real.acting("officer")
    subject = _subject(_screen(officer, 1).subject)
    probe = _captures(officer, 1, 2)
    all_of_them = verify(real.acting("supervisor"), probe, subject, purpose=DEPARTURE, target_fmr=1e-4)

    monkeypatch.setattr("musterpoint.workflows.identification.FINGERS_MAX", 1)
    one = verify(real.acting("supervisor"), probe, subject, purpose=DEPARTURE, target_fmr=1e-4)

    assert (all_of_them.fingers_compared, one.fingers_compared) == (2, 1)
    assert one.is_similar


def test_references_that_this_version_cannot_compare_are_refused(
    real: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = real.acting("officer")
    subject = _subject(_screen(officer, 1).subject)
    probe = _captures(officer, 1, 2)

    monkeypatch.setattr("musterpoint.workflows.versions.COMPARABLE", frozenset())
    monkeypatch.setattr("musterpoint.workflows.versions.SYNTHETIC", "no such extractor")
    with pytest.raises(VersionMismatch):
        verify(officer, probe, subject, purpose=DEPARTURE, target_fmr=1e-4)
