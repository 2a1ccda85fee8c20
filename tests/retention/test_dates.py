"""Dates: every record has one at its birth, and goes when it comes, whatever the clock says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registries import stored_bytes
from tests.retention.conftest import MovedClock, come, come_again, present
from tests.storage.records import tables_of

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, NotFound
from musterpoint.limits import RETENTION_DAYS_DEFAULT
from musterpoint.registry.erasure import RefusalReason
from musterpoint.registry.retention import DAY_US, HoldReason, Kept, RetentionRule, State
from musterpoint.storage import retention
from musterpoint.workflows.erasure import Erasable, find_erasable, refuse, request
from musterpoint.workflows.retention import hold, release, run, show
from musterpoint.workflows.station import Station


@pytest.fixture(autouse=True)
def _rules(station: Station) -> None:
    """Ten days for visits, three for images."""
    with station.database.unit_of_work() as work:
        retention.set_rules(
            work,
            "agreement",
            [
                RetentionRule(gallery="*", kept=Kept.ENCOUNTER, days=10),
                RetentionRule(gallery="*", kept=Kept.IMAGES, days=3),
            ],
        )
        work.append_journal("retention.rules", {"agreement": "agreement"})
        work.commit()


def erasable(station: Station, identifier: object) -> Erasable:
    with station.database.read() as snapshot:
        return find_erasable(snapshot, str(identifier))


def test_everybody_goes_when_their_date_comes_and_not_before(station: Station, clock: MovedClock) -> None:
    come(station, "early")
    clock.move(5)
    come(station, "late")

    clock.move(4.9)
    assert (run(station).erased, present(station)) == (0, {"early", "late"})
    clock.move(0.1)
    assert (run(station).erased, present(station)) == (1, {"late"})
    clock.move(5)
    assert (run(station).erased, present(station)) == (1, set())
    assert run(station).erased == 0


def test_images_go_first_and_templates_stay(station: Station, clock: MovedClock) -> None:
    person = come(station, "PLANTED")
    clock.move(3)

    assert (run(station).images, run(station).images) == (1, 0)
    with station.database.read() as snapshot:
        kept = snapshot.references(person.encounter_id)
    assert [one.image for one in kept] == [None, None]
    assert [one.template for one in kept] == [one.template for one in person.references]


def test_no_byte_of_images_that_had_to_go_remains_in_any_file(
    station: Station, clock: MovedClock, folder: Path
) -> None:
    come(station, "one")
    sealed = tables_of(folder)
    [(_, image)], [(_, template), _] = sealed["reference_image"], sealed["reference_template"]

    def is_anywhere(data: bytes) -> bool:
        return any(data[40:80] in content for content in stored_bytes(folder).values())

    assert is_anywhere(image)
    clock.move(3)
    run(station)
    assert (is_anywhere(image), is_anywhere(template)) == (False, True)


def test_a_visit_that_is_due_leaves_the_others_of_the_person(station: Station, clock: MovedClock) -> None:
    first = come(station, "first")
    clock.move(6)
    come_again(station, first.subject_id, "second")
    clock.move(4)

    assert run(station).erased == 1
    assert present(station) == {"second"}
    with station.database.read() as snapshot:
        [subject] = snapshot.subjects()
    assert subject.subject_id == first.subject_id


def test_a_clock_that_jumps_back_neither_deletes_early_nor_forgets(
    station: Station, clock: MovedClock
) -> None:
    come(station, "before")
    clock.move(-5000)
    come(station, "born with a wrong clock")
    # Born at the last time seen, not thousands of days ago, or this run would delete it.
    assert run(station).erased == 0
    assert len(present(station)) == 2

    clock.move(5009.9)
    assert run(station).erased == 0
    clock.move(0.2)
    assert run(station).erased == 2


def test_a_run_after_a_jump_back_says_so_and_deletes_what_was_due(
    station: Station, clock: MovedClock
) -> None:
    come(station, "one")
    clock.move(11)
    come(station, "two")
    clock.move(-8)

    done = run(station)
    assert (done.erased, done.went_back_s) == (1, 8 * 86_400)
    assert present(station) == {"two"}


def test_a_clock_far_ahead_deletes_nothing_without_a_confirmation(
    station: Station, clock: MovedClock
) -> None:
    come(station, "one")
    clock.move(4000)
    with pytest.raises(Conflict, match="4000 days ahead of"):
        run(station)
    assert present(station) == {"one"}
    assert run(station, accepts_clock=True).erased == 1


def test_a_clock_that_was_once_far_ahead_deletes_nothing_after_it_was_set_right(
    station: Station, clock: MovedClock
) -> None:
    come(station, "before")
    clock.move(4000)
    come(station, "while it was wrong")
    clock.move(-4000)
    with pytest.raises(Conflict, match="4000 days behind"):
        run(station)
    assert present(station) == {"before", "while it was wrong"}


def test_a_date_to_come_can_be_shown_and_not_carried_out(station: Station, clock: MovedClock) -> None:
    come(station, "one")
    coming = Instant(clock.now() + 10 * DAY_US)
    with pytest.raises(Conflict, match="before its date"):
        run(station, until=coming)
    assert run(station, until=coming, is_dry=True).erased == 1
    assert len(show(station, coming).due.encounters) == 1
    assert present(station) == {"one"}


def test_only_what_was_due_by_a_day_goes(station: Station, clock: MovedClock) -> None:
    come(station, "early")
    clock.move(5)
    come(station, "late")
    clock.move(20)
    assert run(station, until=Instant(clock.now() - 13 * DAY_US)).erased == 1
    assert present(station) == {"late"}


def test_a_hold_outlasts_the_date_until_its_end_or_release(station: Station, clock: MovedClock) -> None:
    one, two = come(station, "one"), come(station, "two")
    until = Instant(clock.now() + 30 * DAY_US)
    for person in (one, two):
        hold(station, erasable(station, person.subject_id), HoldReason.APPEAL, until)
    clock.move(12)

    assert (run(station).erased, run(station).held) == (0, 2)
    assert release(station, erasable(station, one.subject_id)) is State.DUE
    assert run(station).erased == 1
    clock.move(18)
    assert run(station).erased == 1
    assert present(station) == set()


def test_whoever_is_held_while_others_are_erased_is_spared(station: Station, clock: MovedClock) -> None:
    people = {mark: erasable(station, come(station, mark).subject_id) for mark in ("one", "two")}
    clock.move(11)

    def hold_the_other(done: int, _total: int) -> None:
        if done == 1:
            [left] = present(station)
            hold(station, people[left], HoldReason.LEGAL, Instant(clock.now() + DAY_US))

    run(station, advance=hold_the_other)
    assert len(present(station)) == 1


def test_a_hold_needs_a_day_to_come_and_a_release_needs_a_hold(station: Station, clock: MovedClock) -> None:
    person = erasable(station, come(station, "one").subject_id)
    with pytest.raises(Conflict, match="past"):
        hold(station, person, HoldReason.LEGAL, clock.now())
    with pytest.raises(NotFound, match="without a hold"):
        release(station, person)


def test_a_request_is_answered_and_may_be_refused_with_a_reason(station: Station) -> None:
    person = erasable(station, come(station, "one").subject_id)
    assert request(station, person) is State.ERASE_REQUESTED
    with pytest.raises(Conflict, match="waits for its answer"):
        request(station, person)
    assert show(station).requested == person.encounters
    assert refuse(station, person, RefusalReason.LEGAL_DUTY) is State.REFUSED
    with pytest.raises(Conflict, match="nobody who did"):
        refuse(station, person, RefusalReason.LEGAL_DUTY)
    assert request(station, person) is State.ERASE_REQUESTED


def test_what_an_agreement_does_not_limit_is_not_kept_for_ever(station: Station, clock: MovedClock) -> None:
    with station.database.unit_of_work() as work:
        retention.set_rules(work, "agreement", [])
        work.append_journal("retention.rules", {"agreement": "agreement"})
        work.commit()
    come(station, "one")
    clock.move(RETENTION_DAYS_DEFAULT - 0.1)
    assert run(station, accepts_clock=True).erased == 0
    clock.move(0.1)
    assert run(station, accepts_clock=True).erased == 1


def test_a_record_from_before_there_were_dates_is_due_all_the_same(
    station: Station, clock: MovedClock
) -> None:
    person = come(station, "one")
    with station.database.unit_of_work() as work:
        retention.forget_dates(work, [person.encounter_id])
        work.append_journal("retention.rules", {})
        work.commit()
    clock.move(RETENTION_DAYS_DEFAULT)
    assert run(station, accepts_clock=True).erased == 1


def test_the_facts_of_an_agreement_become_unreadable_when_its_date_comes(
    station: Station, clock: MovedClock, reopen: Callable[[], Station]
) -> None:
    from musterpoint.identifiers import new_uuid

    agreement = new_uuid()
    with station.database.unit_of_work() as work:
        retention.set_date(work, agreement, Kept.OPS, Instant(clock.now() + 20 * DAY_US))
        work.append_journal("retention.rules", {"agreement": str(agreement)})
        work.commit()
    clock.move(19)
    assert run(station).agreements == 0
    clock.move(1)
    assert (run(station).agreements, run(reopen()).agreements) == (1, 0)


def test_what_is_written_while_the_clock_is_wrong_does_not_make_it_right(
    station: Station, clock: MovedClock
) -> None:
    come(station, "before")
    clock.move(400)
    come(station, "while it was wrong")
    for _ in range(2):
        with pytest.raises(Conflict, match="400 days later the next"):
            run(station)
    assert present(station) == {"before", "while it was wrong"}

    assert run(station, accepts_clock=True).erased == 1
    clock.move(11)
    assert run(station).erased == 1, "once confirmed, it is not asked about again"
    with station.database.read() as snapshot:
        lines = [line for line in snapshot.journal() if line.kind == "retention.clock"]
    assert len(lines) == 1


def test_after_a_wrong_clock_was_set_right_what_is_due_for_sure_can_be_deleted(
    station: Station, clock: MovedClock
) -> None:
    come(station, "due")
    clock.move(11)
    come(station, "not due")
    clock.move(400)
    come(station, "while it was wrong")
    clock.move(-400)

    with pytest.raises(Conflict, match="behind"):
        run(station, until=clock.now())
    assert run(station, until=clock.now(), accepts_clock=True).erased == 1
    with pytest.raises(Conflict, match="behind"):
        run(station)
    clock.move(400)
    with pytest.raises(Conflict, match="400 days later the next"):
        run(station)
    assert present(station) == {"not due", "while it was wrong"}, "the present was not confirmed"
