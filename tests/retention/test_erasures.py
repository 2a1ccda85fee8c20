"""Erasures: the intent is lasting first, every store answers, and nothing brings anybody back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from tests.conftest import record
from tests.retention.conftest import DAY_US, MovedClock, come, come_again, present
from tests.workflows.requests import screening

from musterpoint.clock import Instant
from musterpoint.errors import AlreadyErased, Conflict, NotFound
from musterpoint.identifiers import new_uuid
from musterpoint.registry.agreements import PRACTICE_AGREEMENT
from musterpoint.registry.erasure import Erasure, StoreKind, Why, commit_to, new_salt
from musterpoint.registry.retention import HoldReason, State
from musterpoint.storage import erasing
from musterpoint.storage.vault import KeyScope
from musterpoint.workflows import erasure
from musterpoint.workflows.erasure import (
    Erasable,
    Erased,
    confirm,
    erase,
    find_erasable,
    find_erasure,
    resume,
)
from musterpoint.workflows.erasure_receipts import Receipt, check_proof, proof_of
from musterpoint.workflows.retention import destroy_ops, hold, release, run
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station


def found(station: Station, identifier: object) -> Erasable:
    with station.database.read() as snapshot:
        return find_erasable(snapshot, str(identifier))


def has_copy(station: Station, name: str, kind: StoreKind, expires_at: Instant | None = None) -> None:
    with station.database.unit_of_work() as work:
        erasing.add_holder(work, name, kind, expires_at=expires_at)
        work.append_journal("export", {"holder": name})
        work.commit()


def status(station: Station, done: Erased) -> Erasure:
    with station.database.read() as snapshot:
        return find_erasure(snapshot, str(done.erasure.erasure_id))


def test_without_copies_an_erasure_is_complete_at_once_and_the_log_says_so_twice(station: Station) -> None:
    person = come(station, "one")
    done = erase(station, found(station, person.subject_id))

    assert done.erasure.state is State.ERASED
    with station.database.read() as snapshot:
        lines = {line.kind: line for line in snapshot.journal() if line.kind.startswith("erasure.")}
    assert set(lines) == {"erasure.begun", "erasure.confirmed", "erasure.complete"}
    assert done.erasure.complete == lines["erasure.complete"].position
    for line in lines.values():
        assert str(person.subject_id) not in line.body
        assert str(person.encounter_id) not in line.body
    assert commit_to(done.record_id, done.salt) in lines["erasure.begun"].body


def test_the_keys_of_every_visit_are_destroyed_and_nobody_elses(station: Station) -> None:
    person, other = come(station, "one"), come(station, "other")
    again = come_again(station, person.subject_id)
    done = erase(station, found(station, person.subject_id))

    vault = station.database.vault
    for gone in (person, again):
        assert vault.is_destroyed(KeyScope.encounter(gone.encounter_id))
    assert vault.has(KeyScope.encounter(other.encounter_id))
    assert len(set(done.erasure.keys)) == 2


def test_everybody_with_a_copy_is_outstanding_until_they_answer(station: Station) -> None:
    has_copy(station, "station Gate 2", StoreKind.STATION)
    has_copy(station, "export 7", StoreKind.EXPORT)
    done = erase(station, found(station, come(station, "one").subject_id))
    assert done.erasure.state is State.PARTLY
    assert [one.name for one in done.erasure.outstanding] == ["export 7", "station Gate 2"]

    with pytest.raises(NotFound, match="not asked"):
        confirm(station, done.erasure.erasure_id, "station Gate 3")
    with pytest.raises(Conflict, match="answers for itself"):
        confirm(station, done.erasure.erasure_id, "keys")
    assert confirm(station, done.erasure.erasure_id, "export 7").state is State.PARTLY
    assert confirm(station, done.erasure.erasure_id, "export 7").state is State.PARTLY
    complete = confirm(station, done.erasure.erasure_id, "station Gate 2")
    assert (complete.state, complete.complete is not None) == (State.ERASED, True)
    assert resume(station) == 0


def test_a_backup_answers_by_its_expiry(station: Station, clock: MovedClock) -> None:
    has_copy(station, "backup 3", StoreKind.BACKUP, Instant(clock.now() + 30 * DAY_US))
    done = erase(station, found(station, come(station, "one").subject_id))
    assert status(station, done).state is State.PARTLY

    clock.move(29)
    resume(station)
    assert status(station, done).state is State.PARTLY
    clock.move(1)
    run(station)
    assert status(station, done).state is State.ERASED


def test_a_copy_that_expired_before_is_not_asked(station: Station, clock: MovedClock) -> None:
    has_copy(station, "backup 3", StoreKind.BACKUP, Instant(clock.now() + DAY_US))
    clock.move(2)
    assert erase(station, found(station, come(station, "one").subject_id)).erasure.state is State.ERASED


class Crash(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("arrow", ["_destroy_keys", "forget_erased", "_record_answers", "finish"])
def test_a_crash_at_any_arrow_is_resumed_at_the_next_opening(
    station: Station, reopen: Callable[[], Station], monkeypatch: pytest.MonkeyPatch, arrow: str
) -> None:
    person, other = come(station, "PLANTED"), come(station, "other")

    def die(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(erasure, arrow, die)
        with pytest.raises(Crash):
            erase(station, found(station, person.subject_id))
    assert present(station) == {"other"}
    station.database.close()

    again = reopen()
    with again.database.read() as snapshot:
        [begun] = erasing.erasures(snapshot)
    assert begun.state is State.ERASING
    assert resume(again) == 1
    with again.database.read() as snapshot:
        [complete] = erasing.erasures(snapshot)
        kinds = [line.kind for line in snapshot.journal()]
    assert complete.state is State.ERASED
    assert kinds.count("erasure.begun") == kinds.count("erasure.complete") == 1
    assert resume(again) == 0
    assert other.subject_id


def test_while_somebody_reads_the_old_state_the_erasure_is_not_said_to_be_done(
    station: Station, reopen: Callable[[], Station]
) -> None:
    person = found(station, come(station, "one").subject_id)
    other = reopen()
    with other.database.read() as snapshot:
        assert snapshot.encounters()
        done = erase(station, person)
        assert done.erasure.state is State.ERASING
        assert [store.name for store in done.erasure.outstanding] == ["registry"]
    assert present(station) == set()
    assert resume(reopen()) == 1
    assert status(station, done).state is State.ERASED


def test_a_crash_before_the_intent_changes_nothing(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    person = come(station, "one")
    with station.database.unit_of_work() as work:
        erasure.begin(work, found(station, person.subject_id), why=Why.REQUESTED, salt=new_salt())
    assert present(station) == {"one"}
    assert resume(station) == 0


def test_two_who_erase_the_same_person_at_once_get_one_erasure(
    station: Station, reopen: Callable[[], Station]
) -> None:
    person = found(station, come(station, "one").subject_id)
    stations, barrier, ends = [station, reopen()], threading.Barrier(2), []

    def go(one: Station) -> None:
        barrier.wait()
        try:
            ends.append(erase(one, person).erasure.state.value)
        except (AlreadyErased, NotFound) as error:
            ends.append(type(error).__name__)

    threads = [threading.Thread(target=go, args=(one,)) for one in stations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) in (["NotFound", "erased"], ["AlreadyErased", "erased"])
    with station.database.read() as snapshot:
        assert len(erasing.erasures(snapshot)) == 1


def test_a_visit_that_came_between_the_question_and_the_answer_is_erased_too(station: Station) -> None:
    person = come(station, "one")
    asked = found(station, person.subject_id)
    come_again(station, person.subject_id, "two")
    assert erase(station, asked).encounters == 2
    assert present(station) == set()


def test_an_encounter_that_was_given_to_somebody_meanwhile_is_not_erased_alone(station: Station) -> None:
    one = come(station, "one")
    pending = come(station, "pending", subject_id=None)
    asked = found(station, pending.encounter_id)
    with station.database.unit_of_work() as work:
        assert one.subject_id
        work.assign(pending.encounter_id, one.subject_id)
        work.append_journal("case.settled", {"encounter": str(pending.encounter_id)})
        work.commit()
    with pytest.raises(Conflict, match="meanwhile"):
        erase(station, asked)
    assert present(station) == {"one", "pending"}


def test_a_hold_stops_an_erasure_until_it_is_released(station: Station, clock: MovedClock) -> None:
    person = found(station, come(station, "one").subject_id)
    hold(station, person, HoldReason.REFERRAL, Instant(clock.now() + DAY_US))
    with pytest.raises(Conflict, match="Release the hold"):
        erase(station, person)
    release(station, person)
    assert erase(station, person).erasure.state is State.ERASED


def test_an_erasure_is_found_by_its_identifier_or_that_of_the_person(station: Station) -> None:
    person = come(station, "one")
    done = erase(station, found(station, person.subject_id))
    with station.database.read() as snapshot:
        assert find_erasure(snapshot, str(person.subject_id)) == find_erasure(
            snapshot, str(done.erasure.erasure_id)[-12:]
        )
        with pytest.raises(NotFound):
            find_erasure(snapshot, str(new_uuid()))


def test_the_line_of_an_erasure_can_be_opened_when_the_facts_of_its_agreement_have_gone(
    station: Station,
) -> None:
    person = screen(station, screening(record(1)))
    done = erase(station, found(station, person.subject))
    destroy_ops(station, PRACTICE_AGREEMENT)

    files = proof_of(station, done.erasure)
    receipt = Receipt(record_id=done.record_id, salt=done.salt)
    assert check_proof(station, receipt, {"leaf": files.leaf}, files.proof) == done.erasure.complete
    with station.database.read() as snapshot:
        bodies = {line.kind: line.body for line in snapshot.journal()}
    assert "searched" not in bodies
    assert receipt.commitment in bodies["erasure.begun"]
