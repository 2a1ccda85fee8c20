"""A damaged key store says so, and is never taken for a wrong secret."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.registries import KEYS, in_table
from tests.vault.vaults import Place, encounter

from musterpoint.errors import Corrupt, VersionMismatch
from musterpoint.storage.vault import KeyScope

FLIPS = 60
OF_SCOPE = "(SELECT number FROM key_scope WHERE identifier = ?)"

of_files = pytest.mark.sqlite_only("breaks the file; a server watches over its own")


@pytest.fixture
def filled(place: Place) -> tuple[Path, KeyScope]:
    """A key store at rest with a few keys, and the scope of one."""
    vault = place.open()
    scopes = [encounter() for _ in range(5)]
    vault.new_key(*scopes)
    vault.close()
    return place.folder, scopes[2]


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def change(folder: Path, statement: str, *values: object) -> None:
    in_table(folder, statement, *values, name=KEYS)


def value_of(folder: Path, statement: str, *values: object) -> bytes:
    [(value,)] = in_table(folder, statement, *values, name=KEYS)
    assert isinstance(value, bytes)
    return value


@pytest.mark.parametrize("chance", range(8))
def test_a_flipped_bit_in_a_wrapped_key_is_damage(
    place: Place, filled: tuple[Path, KeyScope], chance: int
) -> None:
    folder, scope = filled
    wrapped = value_of(folder, f"SELECT wrapped FROM data_key WHERE number = {OF_SCOPE}", scope.identifier)
    bit = random.Random(chance).randrange(8 * len(wrapped))
    changed = flipped(wrapped, bit)
    change(folder, f"UPDATE data_key SET wrapped = ? WHERE number = {OF_SCOPE}", changed, scope.identifier)
    vault = place.open()

    with pytest.raises(Corrupt):
        vault.open(scope, "r/1", bytes(40))
    vault.close()


@pytest.mark.parametrize("chance", range(8))
def test_a_flipped_bit_in_an_epochs_key_is_damage_not_a_wrong_secret(
    place: Place, filled: tuple[Path, KeyScope], chance: int
) -> None:
    folder, _ = filled
    envelope = value_of(folder, "SELECT envelope FROM key_epoch")
    change(
        folder,
        "UPDATE key_epoch SET envelope = ?",
        flipped(envelope, random.Random(chance).randrange(8 * len(envelope))),
    )

    with pytest.raises(Corrupt):
        place.open()


def test_keys_that_changed_places_are_damage(place: Place, filled: tuple[Path, KeyScope]) -> None:
    folder, scope = filled
    other = value_of(folder, "SELECT wrapped FROM data_key WHERE number = 2")
    change(folder, f"UPDATE data_key SET wrapped = ? WHERE number = {OF_SCOPE}", other, scope.identifier)
    vault = place.open()

    with pytest.raises(Corrupt):
        vault.open(scope, "r/1", bytes(40))
    vault.close()


def use(place: Place, scope: KeyScope, sealed: bytes) -> bytes:
    """Open a vault and a record in it; raises what either does."""
    vault = place.open()
    try:
        return vault.open(scope, "r/1", sealed)
    finally:
        vault.close()


CUTS: list[Callable[[bytes], bytes]] = [
    lambda _data: b"",
    lambda data: data[:50],
    lambda data: data[:4096],
    lambda data: data[: len(data) // 2],
    lambda data: data[:-4096],
]


@of_files
@pytest.mark.parametrize("cut", CUTS)
def test_a_truncated_key_store_is_damage(
    place: Place, filled: tuple[Path, KeyScope], cut: Callable[[bytes], bytes]
) -> None:
    folder, scope = filled
    path = folder / KEYS
    path.write_bytes(cut(path.read_bytes()))

    with pytest.raises(Corrupt):
        use(place, scope, bytes(40))


@of_files
def test_any_flipped_bit_is_found_or_does_no_harm(place: Place, filled: tuple[Path, KeyScope]) -> None:
    folder, scope = filled
    vault = place.open()
    sealed = vault.seal(scope, "r/1", b"x")
    vault.close()
    path = folder / KEYS
    data = path.read_bytes()
    chance = random.Random(1)

    for _ in range(FLIPS):
        path.write_bytes(flipped(data, chance.randrange(8 * len(data))))
        with suppress(Corrupt, VersionMismatch):
            assert use(place, scope, sealed) == b"x"


@of_files
def test_a_registry_is_not_taken_for_a_key_store(place: Place) -> None:
    place.folder.mkdir()
    connection = sqlite3.connect(place.folder / "keys.db")
    connection.execute("CREATE TABLE something (x)")
    connection.close()

    with pytest.raises(Corrupt):
        place.open()


def test_a_key_store_of_a_newer_version_is_left_alone(place: Place, filled: tuple[Path, KeyScope]) -> None:
    folder, _ = filled
    change(folder, "UPDATE key_store SET format = 2")

    with pytest.raises(VersionMismatch):
        place.open()


def test_a_forged_cost_does_not_take_all_memory(place: Place, filled: tuple[Path, KeyScope]) -> None:
    from musterpoint.storage.vault.envelopes import Envelope

    folder, _ = filled
    forged = Envelope(
        kind="passphrase", parameters={"n": 1 << 40, "r": 8, "p": 1, "salt": "00"}, sealed=bytes(60)
    )
    change(folder, "UPDATE key_epoch SET envelope = ?", forged.encode())

    with pytest.raises(Corrupt):
        place.open(place.sources(passphrase="whatever it may be"))
