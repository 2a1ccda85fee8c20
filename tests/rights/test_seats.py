"""Seats: how the first come to be, who grants the others, and what a key proves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from tests.rights.installations import (
    AGENCY,
    DAY_US,
    DEPARTURE,
    Installation,
    agree,
    grant,
    held,
    version,
    with_seats,
)

from musterpoint.clock import Instant
from musterpoint.errors import (
    AgreementExpired,
    Conflict,
    KeyMissing,
    RoleMissing,
    SecondPersonMissing,
    UnusableInput,
    WrongPassphrase,
)
from musterpoint.registry.rights import Act
from musterpoint.registry.seats import PRACTICE_PARTY, Role, Seat, is_signed_by
from musterpoint.storage import keyfiles
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.workflows.acting import Actor, HeldKeys, confirmation_bytes
from musterpoint.workflows.authorising import Permission, authorise
from musterpoint.workflows.browsing import list_encounters, list_subjects, read_status
from musterpoint.workflows.seats import (
    GLASS_US,
    SeatRequest,
    break_glass,
    grant_seats,
    list_broken_glass,
    list_seats,
    revoke_seat,
)
from musterpoint.workflows.station import Front, Station


def _may(station: Station, act: Act, purpose: str = "") -> Permission:
    with station.database.read() as snapshot:
        return authorise(station, snapshot, act, purpose=purpose)


def _ask(name: str, role: Role = Role.OBSERVER, key: bytes | None = None) -> SeatRequest:
    return SeatRequest(name=name, role=role, party=AGENCY, public_key=key)


def test_a_new_registry_has_no_key_that_another_has(empty: Installation, tmp_path: Path) -> None:
    from tests.rights.installations import open_empty

    other = open_empty(tmp_path / "other", empty.station.extractor)
    mine = {one.public_key for one in list_seats(empty.acting("practice-observer"))}
    theirs = {one.public_key for one in list_seats(other.acting("practice-observer"))}
    other.station.database.close()

    assert len(mine) == len(theirs) >= 11
    assert not mine & theirs


def test_the_first_seats_need_an_administrator(empty: Installation) -> None:
    with pytest.raises(Conflict, match="administrator"):
        grant_seats(empty.station, [_ask("sam", Role.SUPERVISOR)])
    grant_seats(empty.station, [_ask("ada", Role.ADMINISTRATOR), _ask("sam", Role.SUPERVISOR)])

    assert empty.kinds()[-2:] == ["role.granted", "role.granted"]


def test_afterwards_only_an_administrator_grants_seats(seated: Installation) -> None:
    for seat in ("supervisor", "practice-administrator", "observer"):
        with pytest.raises(RoleMissing):
            grant_seats(seated.acting(seat), [_ask("eve", Role.ADMINISTRATOR)])

    [granted] = grant_seats(seated.acting("administrator"), [_ask("olga")])

    assert granted.key_file is not None
    assert granted.key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADJUDICATOR, Role.OBSERVER])
def test_one_key_has_one_seat(seated: Installation, role: Role) -> None:
    administrator = seated.acting("administrator")
    assert administrator.actor is not None
    key = administrator.actor.key.public_key

    with pytest.raises(Conflict, match="key"):
        grant_seats(administrator, [_ask("another", role, key)])


def test_a_revoked_key_forgets_nothing(seated: Installation) -> None:
    administrator = seated.acting("administrator")
    key = SigningKey.generate().public_key
    grant_seats(administrator, [_ask("sue", Role.SUPERVISOR, key)])
    revoke_seat(administrator, "sue")

    with pytest.raises(Conflict, match="supervisor"):
        grant_seats(administrator, [_ask("sue the second", Role.ADJUDICATOR, key)])
    with pytest.raises(Conflict, match="name"):
        grant_seats(administrator, [_ask("sue", Role.OBSERVER)])


def test_whoever_has_not_the_key_is_not_the_seat(seated: Installation) -> None:
    honest = seated.acting("supervisor").actor
    assert honest is not None
    thief = seated.station.acting_as(Actor(seat=honest.seat, key=SigningKey.generate()))

    with pytest.raises(RoleMissing, match="another key"):
        _may(thief, Act.LIST_SUBJECTS)


def test_a_seat_says_nothing_of_its_own_role(seated: Installation) -> None:
    officer = seated.acting("officer").actor
    assert officer is not None
    posing = replace(officer, seat=replace(officer.seat, role=Role.SUPERVISOR))

    with pytest.raises(RoleMissing):
        _may(seated.station.acting_as(posing), Act.LIST_SUBJECTS)


def test_a_revoked_or_expired_seat_does_nothing(seated: Installation) -> None:
    administrator = seated.acting("administrator")
    with pytest.raises(Conflict, match="no seat has had"):
        grant_seats(administrator, [_ask("observer")])
    until = replace(_ask("olga"), valid_until=Instant(seated.clock.now() + DAY_US))
    grant_seats(administrator, [until])
    station = replace(seated.station, keys=held(Path("none")))
    olga = station.acting_as("olga")
    assert _may(olga, Act.READ_STATUS)

    seated.clock.move(DAY_US)
    with pytest.raises(RoleMissing, match="expired"):
        _may(olga, Act.READ_STATUS)
    revoke_seat(administrator, "observer")
    with pytest.raises(RoleMissing, match="revoked"):
        _may(seated.acting("observer"), Act.READ_STATUS)


def test_the_last_administrator_stays(seated: Installation) -> None:
    administrator = seated.acting("administrator")
    revoke_seat(administrator, "administrator 2")

    with pytest.raises(Conflict, match="nobody"):
        revoke_seat(administrator, "administrator")
    with pytest.raises(Conflict, match="revoked before"):
        revoke_seat(administrator, "administrator 2")


def test_practice_seats_make_nothing_real(empty: Installation) -> None:
    made = version(empty.party_keys, empty.clock.now(), grant())
    from musterpoint.workflows.agreements import add_version

    with pytest.raises(RoleMissing, match="practice"):
        add_version(empty.acting("practice-supervisor"), made)
    assert _may(empty.acting("practice-administrator"), Act.CHECK)


def test_practice_seats_keep_no_keys_once_there_are_others(seated: Installation) -> None:
    with pytest.raises(RoleMissing, match="practice"):
        _may(seated.acting("practice-administrator"), Act.BACK_UP)
    assert _may(seated.acting("practice-officer"), Act.SCREEN, DEPARTURE).is_practice


def test_practice_is_over_for_good(real: Installation) -> None:
    real.clock.move(60 * DAY_US)

    for act in (Act.LIST_SUBJECTS, Act.ERASE):
        with pytest.raises(AgreementExpired, match="practice is over"):
            _may(real.acting("practice-supervisor"), act)


def test_a_seat_is_named_once_however_many_threads_act(seated: Installation) -> None:
    told: list[str] = []
    station = replace(seated.station, notice=told.append)
    revoke_seat(seated.acting("administrator"), "administrator 2")
    all_are_there = Barrier(3)

    def act() -> Permission:
        all_are_there.wait()
        return _may(station, Act.MANAGE_KEYS)

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(act) for _ in range(3)]:
            done.result()

    assert len(told) == 1


def test_the_only_seat_that_may_is_taken_and_named(seated: Installation, tmp_path: Path) -> None:
    told: list[str] = []
    station = replace(seated.station, notice=told.append)
    with pytest.raises(UnusableInput, match="administrator, administrator 2"):
        _may(station, Act.MANAGE_KEYS)
    revoke_seat(seated.acting("administrator"), "administrator 2")

    assert _may(station, Act.MANAGE_KEYS).actor.seat.name == "administrator"
    assert told == [f"Acting as administrator, administrator of {AGENCY}."]


def test_practising_is_told_loudly(empty: Installation) -> None:
    told: list[str] = []
    for station in (empty.station, empty.acting("practice-officer")):
        _may(replace(station, notice=told.append), Act.SCREEN, DEPARTURE)

    assert len(told) == 2
    assert all("PRACTICE" in one for one in told)


def test_a_key_that_is_elsewhere_is_missing(seated: Installation) -> None:
    nowhere = replace(seated.station, keys=HeldKeys(files={}))

    with pytest.raises(KeyMissing):
        nowhere.acting_as("supervisor")
    with pytest.raises(RoleMissing, match="none"):
        _may(nowhere, Act.LIST_SUBJECTS)


def _always(passphrase: bytes) -> Callable[[str], bytes]:
    return lambda _: passphrase


def test_a_sealed_key_opens_by_its_passphrase_only(tmp_path: Path) -> None:
    key = SigningKey.generate()
    path = keyfiles.write(tmp_path, "sam", key, b"correct horse")
    [file] = keyfiles.held(tmp_path).values()

    assert file.is_sealed
    assert key.pem(None).splitlines()[1] not in path.read_bytes()
    assert keyfiles.load(file, lambda _: b"correct horse").public_key == key.public_key
    for wrong in (b"wrong", b""):
        with pytest.raises(WrongPassphrase):
            keyfiles.load(file, _always(wrong))


def test_a_key_file_that_lies_about_its_key_is_refused(tmp_path: Path) -> None:
    path = keyfiles.write(tmp_path, "sam", SigningKey.generate())
    path.write_bytes(path.read_bytes().replace(path.stem[-8:].encode(), b"00000000", 1))
    [file] = keyfiles.held(tmp_path).values()

    with pytest.raises(WrongPassphrase, match="another key"):
        keyfiles.load(file, lambda _: b"")


def test_what_a_seat_confirms_can_be_checked_by_anybody(real: Installation) -> None:
    permission = _may(real.acting("supervisor", "supervisor 2"), Act.SET_THRESHOLD, DEPARTURE)
    facts = {"encounter": "one", "decision": "cleared"}
    signed = permission.confirmed(facts, "cleared")
    second = permission.actor.second
    assert second is not None

    message = confirmation_bytes(facts)
    assert is_signed_by(permission.actor.seat.public_key, message, bytes.fromhex(str(signed["confirmation"])))
    assert is_signed_by(second.seat.public_key, message, bytes.fromhex(str(signed["second_confirmation"])))
    other = confirmation_bytes(facts | {"decision": "denied"})
    assert not is_signed_by(second.seat.public_key, other, bytes.fromhex(str(signed["second_confirmation"])))
    assert "confirmation" not in permission.confirmed(facts, "something else")


def test_two_persons_are_two_keys(real: Installation) -> None:
    with pytest.raises(UnusableInput, match="twice"):
        real.acting("supervisor", "supervisor")
    supervisor = real.acting("supervisor").actor
    assert supervisor is not None
    with pytest.raises(SecondPersonMissing, match="one key twice"):
        _may(real.station.acting_as(supervisor.with_second(supervisor)), Act.SET_THRESHOLD, DEPARTURE)
    with pytest.raises(RoleMissing):
        _may(real.acting("supervisor", "officer"), Act.SET_THRESHOLD, DEPARTURE)


def test_broken_glass_opens_one_act_for_half_an_hour_for_all_to_see(real: Installation) -> None:
    officer = real.acting("officer", "supervisor")
    with pytest.raises(RoleMissing):
        list_subjects(officer)

    made = break_glass(officer, Act.LIST_SUBJECTS, "Fire in the hall")

    assert list_subjects(officer) == ()
    with pytest.raises(RoleMissing):
        _may(officer, Act.CLEAR)
    assert "break_glass" in real.kinds()
    assert read_status(real.acting("observer")).broken_glass == (made,)
    real.clock.move(GLASS_US)
    with pytest.raises(RoleMissing):
        list_subjects(officer)
    assert read_status(real.acting("observer")).broken_glass == ()
    assert list_broken_glass(real.acting("observer")) == (made,)


def test_broken_glass_lifts_limits_too(real: Installation) -> None:
    from tests.rights.test_agreements import _screen

    officer = real.acting("officer", "supervisor")
    _screen(officer, 1)
    break_glass(officer, Act.LIST_ENCOUNTERS, "Somebody has fainted")

    [view] = list_encounters(officer)

    assert not view.is_limited


def test_glass_is_broken_by_two_of_whom_one_supervises(real: Installation) -> None:
    with pytest.raises(SecondPersonMissing):
        break_glass(real.acting("officer"), Act.LIST_SUBJECTS, "alone")
    with pytest.raises(SecondPersonMissing, match="supervisor"):
        break_glass(real.acting("officer", "officer 2"), Act.LIST_SUBJECTS, "two officers")
    for act in (Act.MANAGE_KEYS, Act.JUDGE, Act.EXPORT_REGISTRY, Act.GRANT_SEAT):
        with pytest.raises(UnusableInput):
            break_glass(real.acting("officer", "supervisor"), act, "too much")


def test_a_seat_sees_what_an_agreement_of_its_party_covers(real: Installation, tmp_path: Path) -> None:
    from tests.rights.test_agreements import _screen

    _screen(real.acting("officer"), 1)
    stranger = SeatRequest(name="stranger", role=Role.SUPERVISOR, party="Another agency")
    grant_seats(real.acting("administrator"), [stranger])
    station = replace(real.station, keys=held(tmp_path / "registry" / "practice"))

    assert len(list_encounters(real.acting("supervisor"))) == 1
    assert len(list_subjects(real.acting("supervisor"))) == 1
    assert list_encounters(station.acting_as("stranger")) == ()
    assert list_subjects(station.acting_as("stranger")) == ()


def test_limits_hide_what_tells_people_apart(real: Installation) -> None:
    from tests.rights.test_agreements import _screen

    _screen(real.acting("officer"), 1)
    for seat in ("officer", "observer"):
        [view] = list_encounters(real.acting(seat))
        assert view.is_limited
        assert (view.encounter.subject_id, view.case, view.references) == (None, None, ())
        assert view.encounter.source_record == ""
    [full] = list_encounters(real.acting("supervisor"))
    assert full.encounter.subject_id is not None
    assert full.references


def test_errors_of_refusal_name_nobody(real: Installation) -> None:
    for act in (Act.SCREEN, Act.LIST_SUBJECTS, Act.GRANT_SEAT, Act.SET_THRESHOLD):
        with pytest.raises(RoleMissing) as refusal:
            _may(real.acting("transporter 2"), act)
        assert "transporter 2" not in str(refusal.value)
        assert AGENCY not in str(refusal.value)


def test_a_front_may_stay_silent() -> None:
    assert Front().notice is None
    with pytest.raises(KeyMissing):
        Front().passphrase("sam")


def test_a_seat_has_a_name_and_a_key() -> None:
    for changes in ({"public_key": b""}, {"name": ""}, {"party": "two\nlines"}):
        values = {"name": "sam", "party": AGENCY, "public_key": bytes(32)} | changes
        with pytest.raises(ValueError):
            Seat(role=Role.OBSERVER, **values)  # type: ignore[arg-type]  # that is what is tried


def test_seats_can_be_added_when_practice_has_begun(empty: Installation, tmp_path: Path) -> None:
    _may(empty.station, Act.SCREEN, DEPARTURE)
    installation = with_seats(empty, tmp_path)

    assert {one.party for one in list_seats(installation.acting("observer"))} == {AGENCY, PRACTICE_PARTY}
    agree(installation, version(installation.party_keys, installation.clock.now(), grant()))
    assert not _may(installation.acting("officer"), Act.SCREEN, DEPARTURE).is_practice
