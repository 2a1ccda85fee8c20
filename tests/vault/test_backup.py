"""A backup is whole or refused, tells nobody anything, and brings back nobody who was erased."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.vault.registries import CANARY, Site, copy_folder, flip

from musterpoint.errors import Conflict, Corrupt, Locked, NotFound, Refused, WrongPassphrase
from musterpoint.identifiers import SubjectId
from musterpoint.registry.erasure import StoreKind
from musterpoint.storage import Database, erasing
from musterpoint.storage.vault import KeyScope, rotating
from musterpoint.workflows import keys as key_work
from musterpoint.workflows.erasure import erase, find_erasable


def test_neither_part_nor_anything_else_holds_a_canary_in_clear(site: Site) -> None:
    site.back_up()
    site.restore()

    for file in site.root.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file


def test_files_of_a_backup_are_their_owners_alone(site: Site) -> None:
    site.back_up()

    for path in (site.root / "backup").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_restored_registry_has_everything_under_a_new_name_and_secret(site: Site) -> None:
    visitor = site.visit()[0]
    before = site.open().database.vault
    site.back_up()

    done = site.restore()

    assert done.report.is_sound, done.report.findings
    assert done.station_id != before.station_id()
    with Database.open(site.root / "restored") as restored, restored.read() as snapshot:
        assert len(snapshot.encounters()) == 4
        [image] = {one.image for one in snapshot.references(visitor.encounter_id)}
        assert CANARY.encode() in (image or b"")
        assert snapshot.journal()[-1].kind == "backup.restored"
        assert restored.vault.store.store_id != before.store.store_id
    key_work.rotate_keys(site.open())
    Database.open(site.root / "restored").close()
    site.open().database.close()


def test_a_drill_leaves_nothing_behind(site: Site) -> None:
    site.back_up()
    files = sorted(site.root.rglob("*"))
    secret = site.key_file.read_bytes()

    done = site.restore(None)

    assert done.report.is_sound
    assert done.folder is None
    assert sorted(site.root.rglob("*")) == files
    assert site.key_file.read_bytes() == secret


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        os.truncate(path, path.stat().st_size - 100)

    return change


def flipped(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(flip((folder / name).read_bytes()))

    return change


def missing(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("data", remove_manifest),
        ("keys", remove_manifest),
        ("data", cut("registry.db")),
        ("keys", cut("keys.db")),
        ("data", flipped("registry.db")),
        ("keys", flipped("keys.db")),
        ("data", flipped("manifest.json")),
        ("keys", flipped("manifest.json")),
        ("data", missing("registry.db")),
        ("keys", missing("keys.db")),
    ],
)
def test_a_half_copied_or_changed_backup_is_refused_whole(
    site: Site, part: str, damage: Callable[[Path], None]
) -> None:
    site.back_up()
    damage(site.root / "backup" / part)
    secret = site.key_file.read_bytes()

    with pytest.raises((Corrupt, Conflict)):
        site.restore()

    assert not (site.root / "restored").exists()
    assert not list(site.root.glob(".restoring-*"))
    assert site.key_file.read_bytes() == secret


def test_a_changed_backup_with_a_manifest_to_match_is_refused(site: Site) -> None:
    import hashlib
    import json

    site.back_up()
    folder = site.root / "backup" / "data"
    planted = folder / "practice" / sorted(path.name for path in (folder / "practice").iterdir())[0]
    planted.write_bytes(b"another key")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    facts = manifest["files"][planted.relative_to(folder).as_posix()]
    facts |= {"size": 11, "sha256": hashlib.sha256(b"another key").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(Corrupt):
        site.restore()


def test_an_expired_backup_of_the_keys_is_refused(site: Site) -> None:
    site.back_up()

    assert site.restore("early", days=29).report.is_sound
    with pytest.raises(Conflict):
        site.restore("late", days=31)


def test_keys_from_before_the_data_or_of_another_registry_are_refused(site: Site, tmp_path: Path) -> None:
    site.back_up("monday")
    site.visit()
    site.back_up("tuesday")
    other = Site(tmp_path / "other", site.key_file)
    other.visit()
    other.back_up()

    with pytest.raises(Conflict):
        site.restore(name="tuesday", keys=site.root / "monday" / "keys")
    with pytest.raises(Conflict):
        site.restore(name="monday", keys=other.root / "backup" / "keys")
    assert site.restore(name="monday", keys=site.root / "tuesday" / "keys").report.is_sound


def test_without_the_secret_a_backup_is_locked(site: Site) -> None:
    site.back_up()
    site.key_file.unlink()

    with pytest.raises(Locked):
        site.restore()


def test_shares_restore_where_the_machine_is_lost(site: Site) -> None:
    station = site.open()
    shares = key_work.share_keys(station, needed=2, made=3)
    station.database.close()
    site.back_up()
    shutil.rmtree(site.folder)
    site.key_file.unlink()

    done = site.restore(shares=shares[1:])

    assert done.report.is_sound
    with Database.open(site.root / "restored") as restored, restored.read() as snapshot:
        assert len(snapshot.encounters()) == 3


def erase_person(site: Site, subject_id: SubjectId | None) -> None:
    station = site.open()
    with station.database.read() as snapshot:
        found = find_erasable(snapshot, str(subject_id))
    erase(station, found)
    station.database.close()


def test_nobody_who_was_erased_since_comes_back(site: Site) -> None:
    gone, stays = site.visit(2)
    site.back_up()
    later = site.visit()[0]
    erase_person(site, gone.subject_id)
    erase_person(site, later.subject_id)

    done = site.restore(newer=(site.folder,))

    assert done.erased == 1
    assert done.report.is_sound, done.report.findings
    with Database.open(site.root / "restored") as restored:
        with restored.read() as snapshot:
            left = {one.encounter_id for one in snapshot.encounters()}
            assert gone.encounter_id not in left
            assert stays.encounter_id in left
            assert snapshot.is_erased(SubjectId(gone.subject_id or gone.encounter_id))
            assert snapshot.is_erased(SubjectId(later.subject_id or later.encounter_id))
        for one in (gone, later):
            assert restored.vault.is_destroyed(KeyScope.encounter(one.encounter_id))


def test_the_keys_alone_say_who_was_erased(site: Site) -> None:
    gone = site.visit()[0]
    site.back_up()
    station = site.open()
    station.database.vault.destroy(KeyScope.encounter(gone.encounter_id))
    station.database.close()

    done = site.restore(newer=(site.folder,))

    assert done.erased == 1
    assert done.report.is_sound, done.report.findings


def test_somebody_erased_between_the_copies_of_data_and_keys_does_not_come_back(site: Site) -> None:
    gone = site.visit()[0]
    site.back_up("monday")
    erase_person(site, gone.subject_id)
    site.back_up("tuesday")

    done = site.restore(name="monday", keys=site.root / "tuesday" / "keys")

    assert done.erased == 1
    assert done.report.is_sound, done.report.findings


def test_who_was_erased_has_to_be_asked_somewhere(site: Site, tmp_path: Path) -> None:
    site.back_up()
    other = Site(tmp_path / "other", site.key_file)
    other.visit(20)

    with pytest.raises(Conflict):
        site.restore(nothing_newer=False)
    with pytest.raises(NotFound):
        site.restore(newer=(tmp_path / "nowhere",))
    with pytest.raises(Conflict):
        site.restore(newer=(other.folder,))


def test_a_copy_from_before_the_backup_does_not_say_who_was_erased_since(site: Site) -> None:
    site.visit()
    site.back_up("monday")
    gone = site.visit()[0]
    site.back_up("tuesday")
    erase_person(site, gone.subject_id)
    monday = site.root / "monday" / "data"

    for older in (monday, site.root / "tuesday" / "data"):
        with pytest.raises(Conflict, match="who was erased since"):
            site.restore(name="tuesday", newer=(older,))
    assert not (site.root / "restored").exists()
    assert site.restore(name="tuesday", newer=(monday, site.folder)).erased == 1


def test_a_receipt_names_the_date_of_the_backup_until_its_keys_are_worthless(site: Site) -> None:
    visitor = site.visit()[0]
    made = site.back_up()
    station = site.open()
    with station.database.read() as snapshot:
        found = find_erasable(snapshot, str(visitor.subject_id))
    receipt = erase(station, found)
    assert [one.expires_at for one in receipt.erasure.stores if one.kind is StoreKind.BACKUP] == [
        made.keys_expire_at
    ]

    key_work.rotate_keys(station)

    waiting = sa.select(erasing.holder.c.name).where(erasing.holder.c.gone_at.is_(None))
    with station.database.read() as snapshot:
        assert snapshot.fetch(waiting, lambda row: row.name) == ()
    station.database.close()
    with pytest.raises(WrongPassphrase):
        site.restore()


def test_writers_go_on_while_a_backup_is_made(site: Site) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(5):
                site.visit()
        except BaseException as error:  # noqa: BLE001 -- told to the test's own thread
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(3):
        site.back_up(f"backup-{number}")
    writer.join()

    assert failures == []
    for number in range(3):
        assert site.restore(None, name=f"backup-{number}").report.is_sound


def test_a_backup_that_fails_leaves_nothing_and_nobody_waits_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musterpoint.storage import backup

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "write_part", fail)
    with pytest.raises(KeyboardInterrupt):
        site.back_up()

    assert not (site.root / "backup" / "data").exists()
    station = site.open()
    waiting = sa.select(erasing.holder.c.name).where(erasing.holder.c.gone_at.is_(None))
    with station.database.read() as snapshot:
        assert snapshot.fetch(waiting, lambda row: row.name) == ()
    station.database.close()


def test_a_backup_goes_into_no_folder_that_is_in_use(site: Site) -> None:
    site.back_up()

    with pytest.raises(Conflict):
        site.back_up()
    with pytest.raises(Conflict):
        site.back_up("registry/backup")
    with pytest.raises(Conflict):
        site.restore("registry")


def test_only_an_administrator_makes_or_restores_backups(site: Site) -> None:
    site.back_up()
    station = site.open().acting_as("practice-supervisor")

    from musterpoint.workflows.backup import back_up

    with pytest.raises(Refused):
        back_up(station, site.root / "no" / "data", site.root / "no" / "keys")
    with pytest.raises(Refused):
        site.restore(seat="practice-supervisor")
    assert not (site.root / "restored").exists()
    station.database.close()


def test_a_backup_made_in_the_middle_of_a_rotation_can_be_restored(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = site.open()

    class Stopped(Exception):
        pass

    def step(name: str) -> None:
        if name == "end":
            raise Stopped

    with pytest.raises(Stopped):
        rotating.rotate(station.database.vault, step=step)
    station.database.close()
    site.back_up()
    copy_folder(site.root / "backup", site.root / "kept")

    assert site.restore().report.is_sound
    key_work.rotate_keys(site.open())
