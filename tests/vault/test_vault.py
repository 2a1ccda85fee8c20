"""A vault seals, opens, and destroys keys for good."""

from __future__ import annotations

import resource
import stat
import threading

import pytest
from tests.registries import KEYS, behind_its_back, in_table
from tests.vault.vaults import Place, bytes_of, encounter, in_a_process

from musterpoint.errors import Corrupt, KeyDestroyed, KeyMissing
from musterpoint.storage.vault import KeyKind, KeyScope, Vault, bulk


def test_what_one_process_sealed_opens_in_the_next(place: Place) -> None:
    scope = encounter()
    with_first = place.open()
    with_first.new_key(scope)
    sealed = with_first.seal(scope, "image/1", b"ridges")
    with_first.close()

    again = place.open()

    assert again.open(scope, "image/1", sealed) == b"ridges"
    again.close()


def test_making_a_key_again_keeps_it(vault: Vault) -> None:
    scope = encounter()
    vault.new_key(scope)
    sealed = vault.seal(scope, "image/1", b"ridges")

    vault.new_key(scope, encounter(), scope)

    assert vault.open(scope, "image/1", sealed) == b"ridges"


@pytest.mark.parametrize("few", [1, 1000])
def test_many_open_at_once_and_destroyed_ones_are_none(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(bulk, "_FEW", few)
    monkeypatch.setattr(bulk, "CHUNK", 30)
    scopes = [encounter() for _ in range(100)] + [KeyScope.agreement("a"), KeyScope.installation()]
    vault.new_key(*scopes)
    records = [(one, f"r/{n}", vault.seal(one, f"r/{n}", b"%d" % n)) for n, one in enumerate(scopes)]
    vault.destroy(*scopes[10:12])

    opened = vault.open_many(records)
    some = vault.open_many(records[8:13])

    expected = [None if n in {10, 11} else b"%d" % n for n in range(len(scopes))]
    assert opened == expected
    assert some == expected[8:13]


def test_a_changed_record_among_many_is_damage(vault: Vault) -> None:
    scopes = [encounter() for _ in range(3)]
    vault.new_key(*scopes)
    records = [(one, "r/1", vault.seal(one, "r/1", b"x")) for one in scopes]
    records[1] = (scopes[1], "r/2", records[1][2])

    with pytest.raises(Corrupt):
        vault.open_many(records)


def test_a_destroyed_key_opens_nothing_and_never_comes_back(vault: Vault, place: Place) -> None:
    scope = encounter()
    vault.new_key(scope)
    sealed = vault.seal(scope, "image/1", b"ridges")
    other = place.open()
    other.open(scope, "image/1", sealed)

    vault.destroy(scope)
    vault.destroy(scope)

    for one in (vault, other):
        with pytest.raises(KeyDestroyed):
            one.open(scope, "image/1", sealed)
        with pytest.raises(KeyDestroyed):
            one.new_key(scope)
        assert one.is_destroyed(scope)
        assert not one.has(scope)
    other.close()


def test_a_key_that_never_was_can_be_destroyed_before_it_is_made(vault: Vault) -> None:
    scope = encounter()

    vault.destroy(scope)

    with pytest.raises(KeyDestroyed):
        vault.new_key(scope)
    assert vault.destroyed(KeyKind.ENCOUNTER) == {scope.identifier}


def test_the_bytes_of_a_destroyed_key_are_gone_from_all_files(vault: Vault, place: Place) -> None:
    scopes = [encounter() for _ in range(400)]
    vault.new_key(*scopes)
    every = "SELECT wrapped FROM data_key WHERE number > 1 ORDER BY number"
    wrapped = [one for (one,) in in_table(place.folder, every, name=KEYS)]
    everything = bytes_of(place.folder)
    assert all(one in everything for one in wrapped)

    vault.destroy(*scopes[::2])

    everything = bytes_of(place.folder)
    assert not any(one in everything for one in wrapped[::2])
    assert all(one in everything for one in wrapped[1::2])


def test_a_destroyed_key_that_a_reader_held_up_is_wiped_at_the_next_start(place: Place) -> None:
    vault = place.open()
    scope = encounter()
    vault.new_key(scope)
    with behind_its_back(place.folder, name=KEYS, is_writer=False) as reader:
        (wrapped,) = reader.exec_driver_sql("SELECT wrapped FROM data_key WHERE number = 2").one()
        vault.destroy(scope)
        vault.close()
        assert wrapped in bytes_of(place.folder)

    place.open().close()

    assert wrapped not in bytes_of(place.folder)


def test_a_record_without_a_key_is_damage_not_erasure(vault: Vault) -> None:
    scope = encounter()
    vault.new_key(KeyScope.agreement("a"))
    sealed = vault.seal(KeyScope.agreement("a"), "r/1", b"x")

    with pytest.raises(Corrupt):
        vault.open(scope, "r/1", sealed)


def test_errors_do_not_name_the_record(vault: Vault) -> None:
    scope = encounter()
    vault.new_key(scope)

    with pytest.raises(Corrupt) as caught:
        vault.open(scope, "image/4711-anna", b"\x01" + bytes(40))

    assert "4711" not in str(caught.value)


def test_nothing_sealed_can_be_read_in_the_key_store(vault: Vault, place: Place) -> None:
    scope = encounter()
    vault.new_key(scope)

    vault.seal(scope, "image/1", b"canary-in-a-record")

    assert b"canary-in-a-record" not in bytes_of(place.folder)
    assert b"canary-in-a-record" not in bytes_of(place.keys)


def test_files_are_their_owners_alone(vault: Vault, place: Place) -> None:
    vault.new_key(encounter())

    modes = {
        file.name: stat.S_IMODE(file.stat().st_mode)
        for folder in (place.folder, place.keys)
        for file in (folder, *folder.iterdir())
    }

    assert modes.pop("registry") == modes.pop("keys") == 0o700
    assert set(modes.values()) == {0o600}, modes


def test_a_process_that_opens_a_vault_dumps_no_core(vault: Vault) -> None:
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_a_registry_without_its_key_store_does_not_get_a_new_one(place: Place) -> None:
    place.folder.mkdir()
    (place.folder / "registry.db").write_bytes(b"")

    with pytest.raises(KeyMissing):
        place.open()
    assert not (place.folder / "keys.db").exists()


def test_the_station_keeps_its_name_and_key_until_it_is_renewed(place: Place) -> None:
    first = place.open()
    name, key = first.station_id(), first.station_key().public_key().public_bytes_raw()
    first.close()
    again = place.open()
    assert (again.station_id(), again.station_key().public_key().public_bytes_raw()) == (name, key)

    fresh = again.renew_station()

    assert fresh == again.station_id() != name
    assert again.station_key().public_key().public_bytes_raw() != key
    again.close()


def test_a_signature_of_the_station_verifies(vault: Vault) -> None:
    key = vault.station_key()

    key.public_key().verify(key.sign(b"event"), b"event")


def test_threads_make_and_open_keys_at_once(vault: Vault) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(15):
                scope = encounter()
                vault.new_key(scope)
                assert vault.open(scope, "r/1", vault.seal(scope, "r/1", b"x")) == b"x"
        except BaseException as error:  # noqa: BLE001 -- told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_two_processes_that_start_at_once_agree_on_one_key_store(place: Place) -> None:
    code = """
import sys, threading, uuid
from pathlib import Path
from musterpoint.storage.vault import KeySources, Vault
root = Path(sys.argv[1])
ids = []
def start():
    vault = Vault.open_at(root / "registry", KeySources(key_folder=root / "keys"))
    ids.append(str(vault.station_id()))
threads = [threading.Thread(target=start) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*ids)
"""
    result = in_a_process(code, str(place.root))

    names = result.stdout.split()
    assert len(names) == 6, result.stderr
    assert len(set(names)) == 1
