"""What is different where a registry lies on a PostgreSQL server."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from tests.registries import copied
from tests.storage.records import Person, record

from musterpoint.errors import Conflict, UnusableInput
from musterpoint.storage import Database, dialects
from musterpoint.workflows.backup import back_up
from musterpoint.workflows.station import Station

pytestmark = pytest.mark.server_only


def test_a_backup_names_the_commands_that_make_one(station: Station, tmp_path: Path) -> None:
    with pytest.raises(Conflict) as refused:
        back_up(station, tmp_path / "data", tmp_path / "keys")

    commands = dialects.commands_that_copy(station.database.folder)
    assert commands in str(refused.value.hint)
    station.database.close()
    for command in commands.split("; "):
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "registry.dump").stat().st_size > 0
    assert (tmp_path / "keys.dump").stat().st_size > 0


def test_an_erasure_does_not_wait_for_a_reader_of_another_registry(
    database: Database, empty_registry: Path, tmp_path: Path
) -> None:
    person = Person()
    assert person.subject_id
    with database.unit_of_work() as work:
        record(work, person)
        work.commit()
    with Database.open(copied(empty_registry, tmp_path / "other")) as other, other.read():
        with database.unit_of_work() as work:
            work.erase_subject(person.subject_id)
            work.append_journal("subject.erased", {})
            work.commit()

        assert database.wipe_residue()


@pytest.mark.parametrize(
    "address",
    ["mysql://somewhere/movements", "postgresql://db/movements?schema=Robert'); DROP", "words and words", ""],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    (tmp_path / dialects.SERVER_FILE).write_text(address)

    with pytest.raises(UnusableInput, match="postgresql://"):
        Database.open(tmp_path)
