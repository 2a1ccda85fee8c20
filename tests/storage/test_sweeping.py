"""Keys of encounters that never came to be go after a day, and no others."""

from __future__ import annotations

from pathlib import Path

from tests.storage.records import Person, SteppingClock, record

from musterpoint.storage import Database
from musterpoint.storage.sweeping import sweep_keys
from musterpoint.storage.vault import KeyScope

DAY_S = 86_400


def abandon(database: Database, person: Person) -> None:
    """A unit of work that is left after it has made a key."""
    with database.unit_of_work() as work:
        record(work, person)


def test_a_key_without_its_encounter_goes_after_a_day(folder: Path) -> None:
    clock = SteppingClock()
    with Database.open(folder, clock=clock) as database:
        kept, lost = Person(), Person()
        with database.unit_of_work() as work:
            record(work, kept)
            work.commit()
        abandon(database, lost)
        assert sweep_keys(database) == 0
        assert database.vault.has(KeyScope.encounter(lost.encounter_id))

        clock.seconds += DAY_S
        assert sweep_keys(database) == 1
        assert sweep_keys(database) == 0

        assert not database.vault.has(KeyScope.encounter(lost.encounter_id))
        with database.read() as snapshot:
            assert snapshot.encounter(kept.encounter_id) == kept.encounter
