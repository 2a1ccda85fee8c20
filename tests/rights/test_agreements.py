"""Agreements: what they allow, from when and until when, and how parties sign or refuse them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from tests.conftest import record
from tests.rights.installations import (
    AGENCY,
    COUNCIL,
    DAY_US,
    DEPARTURE,
    DEPARTURES,
    Installation,
    agree,
    grant,
    version,
)
from tests.workflows.requests import screening

from musterpoint.clock import Instant
from musterpoint.errors import (
    AgreementExpired,
    Conflict,
    NoAgreement,
    NotFound,
    RateExceeded,
    SecondPersonMissing,
    UnusableInput,
)
from musterpoint.identifiers import RequestId, new_uuid
from musterpoint.registry import NotCapturedReason
from musterpoint.registry.agreements import PRACTICE_AGREEMENT, AgreementState, AnswerKind
from musterpoint.registry.rights import Act
from musterpoint.registry.seats import Role
from musterpoint.registry.thresholds import threshold
from musterpoint.storage import agreements
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.workflows.agreements import (
    add_version,
    answer_agreement,
    end_agreement,
    set_target,
    sign_answer,
    view_agreement,
    view_agreements,
)
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.capturing import Capture, Submission, capture
from musterpoint.workflows.enrolment import EnrolmentRequest, enrol
from musterpoint.workflows.galleries import attach_gallery, list_galleries
from musterpoint.workflows.identification import identify
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station


def _permission(station: Station, act: Act = Act.SCREEN, purpose: str = DEPARTURE) -> Permission:
    with station.database.read() as snapshot:
        return authorise(station, snapshot, act, purpose=purpose)


def _screen(station: Station, seed: int, *, purpose: str = DEPARTURE, number: int = 1) -> ScreeningOutcome:
    return screen(
        station,
        ScreeningRequest(
            request_id=RequestId(new_uuid()),
            submissions=(Submission(name="file", data=record(seed, number=number)),),
            purpose=purpose,
            site="Gate 1",
        ),
    )


def _captures(station: Station, seed: int, number: int = 1) -> tuple[Capture, ...]:
    return capture(station.extractor, (Submission(name="file", data=record(seed, number=number)),))


def _denied(installation: Installation, since: int) -> list[str]:
    return [kind for kind in installation.kinds(since=since) if kind.endswith(".denied")]


def test_a_new_registry_practises_at_once_and_says_so(empty: Installation) -> None:
    permission = _permission(empty.station)

    assert permission.is_practice
    assert permission.agreement_id == PRACTICE_AGREEMENT
    assert permission.actor.seat.name == "practice-officer"
    assert _screen(empty.station, 1).answer == "not known"


def test_a_search_without_a_covered_purpose_is_refused_and_journalled(real: Installation) -> None:
    officer = real.acting("officer")
    before = real.position()

    with pytest.raises(NoAgreement):
        _screen(officer, 1, purpose="tax")

    assert _denied(real, before) == ["act.denied"]
    assert real.position() == before + 1


def test_nothing_is_allowed_before_every_party_has_acknowledged(seated: Installation) -> None:
    made = version(seated.party_keys, seated.clock.now(), grant())
    supervisor, officer = seated.acting("supervisor"), seated.acting("officer")
    add_version(supervisor, made)
    with pytest.raises(NoAgreement):
        _permission(officer)

    first = sign_answer(made, AGENCY, seated.party_keys[AGENCY], AnswerKind.ACKNOWLEDGED)
    assert answer_agreement(supervisor, first) is AgreementState.UNSIGNED
    with pytest.raises(NoAgreement):
        _permission(officer)

    second = sign_answer(made, COUNCIL, seated.party_keys[COUNCIL], AnswerKind.ACKNOWLEDGED)
    assert answer_agreement(supervisor, second) is AgreementState.LIVE
    assert _permission(officer).galleries == {DEPARTURES}


def test_a_party_may_refuse_with_a_statement_and_change_its_mind(real: Installation) -> None:
    supervisor = real.acting("supervisor")
    [made] = [one for one in view_agreements(supervisor) if not one.agreement.version.is_practice]
    words = made.agreement.version

    no = sign_answer(
        words, COUNCIL, real.party_keys[COUNCIL], AnswerKind.REFUSED, "The route was never agreed"
    )
    assert answer_agreement(supervisor, no) is AgreementState.REFUSED
    with pytest.raises(NoAgreement, match="a party refused"):
        _permission(real.acting("officer"))
    shown = view_agreement(supervisor, words.name).agreement.answers
    assert [one.statement for one in shown if one.party == COUNCIL] == ["The route was never agreed"]

    yes = sign_answer(words, COUNCIL, real.party_keys[COUNCIL], AnswerKind.ACKNOWLEDGED)
    assert answer_agreement(supervisor, yes) is AgreementState.LIVE


def test_nobody_signs_for_a_party(seated: Installation) -> None:
    made = version(seated.party_keys, seated.clock.now(), grant())
    supervisor = seated.acting("supervisor")
    add_version(supervisor, made)
    honest = sign_answer(made, AGENCY, seated.party_keys[AGENCY], AnswerKind.ACKNOWLEDGED)

    with pytest.raises(UnusableInput, match="another key"):
        sign_answer(made, COUNCIL, SigningKey.generate(), AnswerKind.ACKNOWLEDGED)
    with pytest.raises(UnusableInput, match="another signature"):
        answer_agreement(supervisor, replace(honest, party=COUNCIL))
    with pytest.raises(UnusableInput, match="another signature"):
        answer_agreement(supervisor, replace(honest, statement="and more"))
    with pytest.raises(UnusableInput, match="other words"):
        answer_agreement(supervisor, replace(honest, digest="0" * 64))


def test_an_agreement_that_expires_in_a_batch_refuses_the_rest_and_loses_nothing(
    seated: Installation,
) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(), days=1))
    officer = seated.acting("officer")
    done = [_screen(officer, seed) for seed in (1, 2)]
    seated.clock.move(DAY_US)

    for seed in (3, 4):
        with pytest.raises(AgreementExpired, match="expired"):
            _screen(officer, seed)

    with officer.database.read() as snapshot:
        assert {str(one.encounter_id) for one in snapshot.encounters()} == {one.encounter for one in done}


def test_an_agreement_that_expires_between_search_and_record_records_nothing(
    seated: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(), days=1))
    officer = seated.acting("officer")
    original = Station.index

    def slow(self: Station, galleries: frozenset[str] | None) -> object:
        seated.clock.move(DAY_US)
        return original(self, galleries)

    monkeypatch.setattr(Station, "index", slow)
    before = seated.position()

    with pytest.raises(AgreementExpired):
        _screen(officer, 1)

    assert seated.kinds(since=before) == ["act.denied"]


def test_a_clock_that_jumps_back_revives_nothing(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(), days=1))
    officer = seated.acting("officer")
    seated.clock.move(2 * DAY_US)
    with pytest.raises(AgreementExpired):
        _permission(officer)

    seated.clock.move(-2 * DAY_US)

    with pytest.raises(AgreementExpired, match="If the clock is wrong, set it right"):
        _permission(officer)


def test_an_agreement_that_is_not_valid_yet_is_said_so(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, Instant(seated.clock.now() + DAY_US), grant()))

    with pytest.raises(AgreementExpired, match="first day has not come"):
        _permission(seated.acting("officer"))


def test_an_ended_agreement_allows_nothing(real: Installation) -> None:
    end_agreement(real.acting("supervisor"), "", "The movement is over")

    with pytest.raises(AgreementExpired, match="ended"):
        _permission(real.acting("officer"))


def test_a_new_version_takes_nothing_from_the_last_before_it_is_acknowledged(real: Installation) -> None:
    supervisor, officer = real.acting("supervisor"), real.acting("officer")
    first = view_agreement(supervisor, "").agreement.version
    second = replace(first, version=2, grants=(grant(target_fpir_ppm=500),))
    add_version(supervisor, second)
    assert _permission(officer).target_fpir_ppm == 10_000

    for name, key in real.party_keys.items():
        answer_agreement(supervisor, sign_answer(second, name, key, AnswerKind.ACKNOWLEDGED))
    assert _permission(officer).target_fpir_ppm == 500

    with pytest.raises(Conflict, match="version 2"):
        add_version(supervisor, second)


def test_membership_in_one_gallery_never_decides_another_purpose(seated: Installation) -> None:
    agree(
        seated,
        version(seated.party_keys, seated.clock.now(), grant(), grant("registration", "camp")),
    )
    supervisor, officer = seated.acting("supervisor"), seated.acting("officer")
    camp = EnrolmentRequest(
        request_id=RequestId(new_uuid()),
        submissions=(Submission(name="file", data=record(1)),),
        gallery="camp",
        source_record="4711",
        purpose="registration",
    )
    enrol(supervisor, camp)

    assert _screen(officer, 1, number=2).answer == "not known"
    found = identify(supervisor, _captures(supervisor, 1, 3), purpose="registration")
    assert len(found.candidates) == 1
    with pytest.raises(NoAgreement, match="does not name for this purpose"):
        identify(
            supervisor, _captures(supervisor, 1), purpose=DEPARTURE, galleries=frozenset({"camp", DEPARTURES})
        )
    with pytest.raises(NoAgreement):
        enrol(supervisor, replace(camp, request_id=RequestId(new_uuid()), gallery=DEPARTURES))


def test_a_day_has_as_many_searches_as_were_agreed(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(daily_searches_max=2)))
    officer = seated.acting("officer")
    for seed in (1, 2):
        _screen(officer, seed)

    before = seated.position()
    with pytest.raises(RateExceeded, match="at most 2"):
        _screen(officer, 3)
    assert seated.kinds(since=before) == ["act.denied"]
    for reason in (NotCapturedReason.BANDAGED, NotCapturedReason.LEFT):
        assert screen(officer, screening(reason=reason)).outcome, "nobody is searched, so all are recorded"
    seated.clock.move(DAY_US)
    assert _screen(officer, 3).answer == "not known"


def test_a_collection_takes_nothing_from_the_searches_of_a_day(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(daily_searches_max=1)))
    for seed in (5, 6):
        request = EnrolmentRequest(
            request_id=RequestId(new_uuid()),
            submissions=(Submission(name="file", data=record(seed)),),
            gallery=DEPARTURES,
            source_record=str(seed),
            purpose=DEPARTURE,
        )
        enrol(seated.acting("supervisor"), request)

    assert _screen(seated.acting("officer"), 1).answer == "not known"


def test_stations_that_search_at_one_moment_share_the_searches_of_a_day(seated: Installation) -> None:
    agree(seated, version(seated.party_keys, seated.clock.now(), grant(daily_searches_max=2)))
    officer = seated.acting("officer")
    barrier = threading.Barrier(4)
    came_of_it: list[str] = []

    def arrive(seed: int) -> None:
        barrier.wait()
        try:
            came_of_it.append(_screen(officer, seed).answer or "")
        except RateExceeded:
            came_of_it.append("refused")

    threads = [threading.Thread(target=arrive, args=(seed,)) for seed in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(came_of_it) == ["not known", "not known", "refused", "refused"]


def test_of_several_agreements_one_is_named(real: Installation) -> None:
    other = replace(version(real.party_keys, real.clock.now(), grant(gallery="camp")), name="Camp")
    agree(real, other)
    officer = real.acting("officer")

    with pytest.raises(NoAgreement, match="--agreement"):
        _permission(officer)
    assert _permission(replace(officer, agreement="Camp")).galleries == {"camp"}


def test_practice_never_mixes_with_what_is_real(real: Installation) -> None:
    with pytest.raises(AgreementExpired, match="practice is over"):
        _permission(real.acting("practice-officer"))
    assert _permission(real.acting("officer")).galleries == {DEPARTURES}
    with pytest.raises(Conflict, match="practice"):
        add_version(
            real.acting("supervisor"),
            version(real.party_keys, real.clock.now(), grant("other", "screening")),
        )


def test_no_agreement_allows_everything(seated: Installation) -> None:
    for purpose, gallery in (("*", "camp"), ("other", "*")):
        with pytest.raises(UnusableInput):
            add_version(
                seated.acting("supervisor"),
                version(seated.party_keys, seated.clock.now(), grant(purpose, gallery)),
            )


def test_a_role_that_the_grant_leaves_out_is_not_covered(seated: Installation) -> None:
    only_officers = grant(roles=frozenset({Role.CAPTURE_OFFICER}))
    agree(seated, version(seated.party_keys, seated.clock.now(), only_officers))

    assert _permission(seated.acting("officer")).galleries
    with pytest.raises(NoAgreement):
        _permission(seated.acting("supervisor"), Act.IDENTIFY)


def test_a_detached_gallery_is_searched_no_more(real: Installation) -> None:
    supervisor, officer = real.acting("supervisor"), real.acting("officer")
    _screen(officer, 1)
    attach_gallery(supervisor, DEPARTURES, "", is_attached=False)
    with pytest.raises(NoAgreement, match="detached"):
        identify(supervisor, _captures(supervisor, 1, 2), purpose=DEPARTURE)
    # Whoever comes gets an outcome all the same.
    for seed in (1, 2):
        unclear = _screen(officer, seed, number=2)
        assert (unclear.answer, unclear.reason, unclear.people) == ("cannot tell", "gallery", 0)
        assert (unclear.galleries, unclear.galleries_not_searched) == ((), (DEPARTURES,))
        assert (unclear.subject, unclear.case, unclear.decision) == (None, None, "open")
    bandaged = screen(officer, screening(reason=NotCapturedReason.BANDAGED))
    assert (bandaged.outcome, bandaged.decision) == ("failed capture", "open")

    attach_gallery(supervisor, DEPARTURES, "")
    assert _permission(officer).galleries == {DEPARTURES}
    with pytest.raises(Conflict):
        attach_gallery(supervisor, "screening", "")
    owners = {one.name: one.terms.owner for one in list_galleries(supervisor) if one.terms}
    assert owners == {DEPARTURES: AGENCY, "screening": "practice"}


def test_the_threshold_follows_the_target_and_the_living_size(real: Installation) -> None:
    officer, supervisor = real.acting("officer"), real.acting("supervisor")
    target = _permission(officer).target_fpir
    few, more = (threshold(people, target, 0.0).strength_millinats for people in (100, 1_000))
    assert few < more
    for people in (1, 100, 100_000):
        assert threshold(people, target, 0.0).expected_false_per_search <= target

    for seed in range(1, 8):
        _screen(officer, seed)
    [shown] = view_agreement(supervisor, "").purposes
    assert (shown.people, shown.searches_today) == (7, 7)
    assert shown.threshold.expected_false_per_day == pytest.approx(shown.threshold.expected_false_per_search)
    with officer.database.read() as snapshot:
        searched = [line for line in snapshot.journal() if line.kind == "searched"]
    assert '"target_fpir_ppm":10000' in searched[-1].body
    assert '"expected_false_per_day_ppm":' in searched[-1].body
    assert '"threshold_millinats":' in searched[-1].body


def test_a_target_is_set_by_two_persons_within_what_was_agreed(real: Installation) -> None:
    with pytest.raises(SecondPersonMissing):
        set_target(real.acting("supervisor"), DEPARTURE, 100)
    two = real.acting("supervisor", "supervisor 2")
    with pytest.raises(UnusableInput, match="10000"):
        set_target(two, DEPARTURE, 20_000)

    set_target(two, DEPARTURE, 100)

    assert _permission(real.acting("officer")).target_fpir_ppm == 100
    assert real.kinds()[-1] == "threshold.set"


def test_a_limit_of_false_candidates_makes_the_target_stricter(seated: Installation) -> None:
    strict = grant(daily_searches_max=1000, false_candidates_max_ppm=1_000_000)
    agree(seated, version(seated.party_keys, seated.clock.now(), strict))

    assert _permission(seated.acting("officer")).target_fpir_ppm == 1000


def test_what_was_signed_cannot_be_changed_in_the_database(real: Installation) -> None:
    from musterpoint.errors import Corrupt

    with real.station.database.unit_of_work() as work:
        table = agreements.agreement_version
        work.change(table.update().values(document=table.c.document + " "))
        work.append_journal("check.run", {"what": "a test"})
        work.commit()

    with pytest.raises(Corrupt, match="not what was signed"):
        _permission(real.acting("officer"))


def test_an_answer_to_an_agreement_that_is_not_here_is_not_found(seated: Installation) -> None:
    made = version(seated.party_keys, seated.clock.now(), grant())
    answer = sign_answer(made, AGENCY, seated.party_keys[AGENCY], AnswerKind.ACKNOWLEDGED)

    with pytest.raises(NotFound):
        answer_agreement(seated.acting("supervisor"), answer)
