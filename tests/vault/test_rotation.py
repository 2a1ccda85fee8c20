"""A rotation moves every key, destroys the old one, and nobody notices."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.registries import KEYS, copied, in_table
from tests.vault.vaults import PASSPHRASE, SECRET, Place, bytes_of, encounter, in_a_process

from musterpoint.clock import Instant
from musterpoint.errors import KeyDestroyed, Locked, RegistryBusy, UnusableInput, WrongPassphrase
from musterpoint.storage.vault import KeyScope, KeySource, Vault, rotating, sharing
from musterpoint.storage.vault.checking import check_keys
from musterpoint.storage.vault.rotating import rotate

Record = tuple[KeyScope, str, bytes]


def filled(vault: Vault, count: int = 12) -> list[Record]:
    """Keys and a record under each."""
    scopes = [encounter() for _ in range(count)]
    vault.new_key(*scopes)
    return [(scope, f"r/{n}", vault.seal(scope, f"r/{n}", b"%d" % n)) for n, scope in enumerate(scopes)]


def epochs_of(vault: Vault) -> list[tuple[int, bool]]:
    epochs = "SELECT number, destroyed_at IS NULL FROM key_epoch ORDER BY number"
    return [(number, bool(is_live)) for number, is_live in in_table(vault.store.folder, epochs, name=KEYS)]


def test_after_a_rotation_everything_opens_under_the_new_epoch_alone(
    place: Place, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "BATCH", 5)
    records = filled(vault)
    [(envelope,)] = in_table(place.folder, "SELECT envelope FROM key_epoch", name=KEYS)
    wrapped = [one for (one,) in in_table(place.folder, "SELECT wrapped FROM data_key", name=KEYS)]
    secret = next(place.keys.iterdir()).read_text().splitlines()[2][:64]

    done = rotate(vault)

    assert (done.epoch, done.keys, done.is_secret_gone) == (2, 13, True)
    assert epochs_of(vault) == [(1, False), (2, True)]
    assert vault.open_many(records) == [b"%d" % n for n in range(12)]
    again = place.open()
    assert again.open_many(records) == [b"%d" % n for n in range(12)]
    again.close()
    everything = bytes_of(place.folder) + bytes_of(place.keys)
    assert not any(one in everything for one in [envelope, *wrapped, secret.encode()])


def test_a_running_process_reads_and_writes_on_after_a_rotation(place: Place, vault: Vault) -> None:
    records = filled(vault)
    running = place.open()

    rotate(vault)
    rotate(vault)

    assert running.open_many(records)[3] == b"3"
    scope = encounter()
    running.new_key(scope)
    assert vault.open(scope, "r/1", running.seal(scope, "r/1", b"new")) == b"new"
    running.close()


def test_readers_and_writers_go_on_while_keys_move(
    place: Place, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "BATCH", 2)
    records = filled(vault)
    other, late = place.open(), []

    def step(_name: str) -> None:
        assert other.open_many(records)[5] == b"5"
        scope = encounter()
        other.new_key(scope)
        late.append((scope, "r/1", other.seal(scope, "r/1", b"late")))
        fresh = place.open()
        assert fresh.open_many(records)[5] == b"5"
        fresh.close()

    rotate(vault, step=step)

    assert len(late) > 6
    assert vault.open_many(late) == [b"late"] * len(late)
    assert check_keys(vault).is_sound
    other.close()


def test_a_key_that_is_destroyed_during_a_rotation_stays_destroyed(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "BATCH", 2)
    records = filled(vault, 40)
    gone = iter(records)

    rotate(vault, step=lambda _name: vault.destroy(next(gone)[0]))

    with pytest.raises(KeyDestroyed):
        vault.open(*records[0])
    opened = vault.open_many(records)
    assert opened[0] is None
    assert opened[-1] == b"39"
    assert opened == [None] * opened.count(None) + [b"%d" % n for n in range(opened.count(None), 40)]


def test_only_one_process_rotates_at_a_time(place: Place, vault: Vault) -> None:
    other = place.open()

    def step(name: str) -> None:
        if name == "end":
            with pytest.raises(RegistryBusy):
                rotate(other)

    assert rotate(vault, step=step).epoch == 2
    assert rotate(other).epoch == 3
    other.close()


def test_two_processes_that_rotate_at_once_leave_a_sound_key_store(place: Place, vault: Vault) -> None:
    records = filled(vault)
    code = """
import sys
from pathlib import Path
from musterpoint.errors import RegistryBusy
from musterpoint.storage.vault import KeySources, Vault, rotating
root = Path(sys.argv[1])
rotating.BATCH = 1
for _ in range(3):
    vault = Vault.open_at(root / "registry", KeySources(key_folder=root / "keys"))
    try:
        print(rotating.rotate(vault).epoch)
    except RegistryBusy:
        print("busy")
    vault.close()
"""
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(in_a_process(code, str(place.root)))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    said = [word for result in results for word in result.stdout.split()]
    assert len(said) == 6, [result.stderr for result in results]
    assert vault.open_many(records) == [b"%d" % n for n in range(12)]
    assert check_keys(vault).is_sound
    assert sum(is_live for _, is_live in epochs_of(vault)) == 1


def source(place: Place, kind: str, store_id: str) -> KeySource:
    at_hand = place.sources(passphrase=PASSPHRASE, secret=SECRET, key_file=place.keys / "other.key")
    return at_hand.source(kind, store_id)


@pytest.mark.parametrize("kind", ["passphrase", "environment", "file"])
def test_after_a_change_only_the_new_secret_opens(place: Place, vault: Vault, kind: str) -> None:
    records = filled(vault)
    (old,) = place.keys.iterdir()
    kept = old.read_bytes()

    done = rotate(vault, source(place, kind, str(vault.store.store_id)))

    assert done.is_secret_gone
    assert not old.exists()
    again = place.open(place.sources(passphrase=PASSPHRASE, secret=SECRET, key_file=place.keys / "other.key"))
    assert again.open_many(records)[7] == b"7"
    again.close()
    old.write_bytes(kept)
    old.chmod(0o600)
    with pytest.raises(Locked):
        place.open()


def test_a_change_that_cannot_be_made_changes_nothing(place: Place, vault: Vault) -> None:
    records = filled(vault)

    with pytest.raises(UnusableInput):
        rotate(vault, place.sources(passphrase="short").source("passphrase", ""))

    again = place.open()
    assert again.open_many(records)[7] == b"7"
    again.close()


def copy_of(place: Place, to: Path) -> Place:
    to.mkdir()
    copied(place.folder, to / "registry")
    return Place(to)


def test_an_old_copy_of_the_keys_is_worthless_after_a_rotation(
    place: Place, vault: Vault, tmp_path: Path
) -> None:
    filled(vault)
    vault.note_backup(Instant(2**60))
    copied = copy_of(place, tmp_path / "copy")
    assert vault.backups_expire_on() == 2**60

    rotate(vault)

    with pytest.raises(WrongPassphrase):
        copied.open(place.sources())
    assert vault.backups_expire_on() is None


def test_an_old_copy_whose_secret_somebody_knows_keeps_its_date(place: Place, vault: Vault) -> None:
    rotate(vault, source(place, "passphrase", ""))
    vault.note_backup(Instant(2**60))

    rotate(vault)

    assert vault.backups_expire_on() == 2**60


def test_an_old_copy_of_whose_key_there_are_shares_keeps_its_date(
    place: Place, vault: Vault, tmp_path: Path
) -> None:
    records = filled(vault)
    shares = sharing.share(vault, needed=2, made=3)
    vault.note_backup(Instant(2**60))
    copied = copy_of(place, tmp_path / "copy")

    rotate(vault)

    assert vault.backups_expire_on() == 2**60
    opened = sharing.open_by_shares(copied.folder, shares[:2], place.sources())
    assert opened.open_many(records)[7] == b"7"
    opened.close()
