"""A station that was lost writes nothing more, and a line of its that is there all the same is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.registries import behind_its_back
from tests.rights.installations import Installation

from musterpoint.errors import Conflict, NotFound, StationRevoked, UnusableInput
from musterpoint.storage import Database, UnitOfWork, stations
from musterpoint.storage.log_checking import faults_of_log
from musterpoint.workflows.station import Station
from musterpoint.workflows.stations import list_stations, revoke_station


@pytest.fixture
def lost(empty: Installation) -> str:
    """The name under which the registry began; it has gone on under another one since."""
    vault = empty.station.database.vault
    before = vault.station_id().hex
    vault.renew_station()
    return before


@pytest.fixture
def administrator(empty: Installation, lost: str) -> Iterator[Station]:
    """Whoever acts for the station that goes on."""
    folder = empty.station.database.folder
    with Database.open(folder, clock=empty.clock) as database:
        database.provision_station()
        yield replace(empty.station, database=database).acting_as("practice-administrator")


def _write(work: UnitOfWork) -> None:
    work.append_journal("audit.measured", {"site": "north"})
    work.commit()


def test_what_a_revoked_station_would_write_is_refused_and_what_it_wrote_stands(
    empty: Installation, administrator: Station, lost: str
) -> None:
    done = revoke_station(administrator, lost[:12], "stolen on the road")

    here, known = list_stations(administrator)
    assert [(one.station_id, one.revoked is not None) for one in known] == [(lost, True), (here.hex, False)]
    assert (done.reason, done.revoked_by) == ("stolen on the road", "practice-administrator")
    with administrator.database.read() as snapshot:
        line = snapshot.journal(since=(done.revoked or 0) - 1, limit=1)[0]
        assert line.kind == "station.revoked"
        assert list(faults_of_log(snapshot, signatures=True)) == []
    # The database that was opened before still signs as the lost station.
    with pytest.raises(StationRevoked), empty.station.database.unit_of_work() as work:
        _write(work)
    with administrator.database.unit_of_work() as work:
        _write(work)


def test_a_line_that_a_revoked_station_wrote_all_the_same_is_found(
    empty: Installation, administrator: Station, lost: str
) -> None:
    revoke_station(administrator, lost, "stolen")
    with behind_its_back(administrator.database.folder) as connection:
        # As if it had been revoked before it wrote its last lines.
        connection.execute(sa.update(stations.station_revocation).values(position=2))

    with administrator.database.read() as snapshot:
        faults = list(faults_of_log(snapshot, signatures=False))

    assert faults
    assert {fault for fault, _ in faults} == {"the station of the event had been revoked"}
    assert min(position for _, position in faults) == 3


def test_nobody_revokes_the_station_they_act_on_nor_one_twice_nor_without_a_reason(
    administrator: Station, lost: str
) -> None:
    here, _ = list_stations(administrator)
    with pytest.raises(Conflict, match="this one"):
        revoke_station(administrator, here.hex, "stolen")
    with pytest.raises(UnusableInput, match="reason"):
        revoke_station(administrator, lost, " ")
    with pytest.raises(NotFound):
        revoke_station(administrator, "0" * 32, "stolen")
    revoke_station(administrator, lost, "stolen")
    with pytest.raises(Conflict, match="was revoked"):
        revoke_station(administrator, lost, "stolen")
