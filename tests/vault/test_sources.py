"""A missing or wrong secret is told apart from damage, and no secret can be read by others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.registries import KEYS, in_table
from tests.vault.vaults import PASSPHRASE, SECRET, Place, encounter

from musterpoint.errors import Corrupt, KeyExposed, KeyMissing, UnusableInput, WrongPassphrase
from musterpoint.storage.vault import KeySource, KeySources, Vault
from musterpoint.storage.vault.envelopes import Envelope
from musterpoint.storage.vault.rotating import rotate


def key_file(place: Place) -> Path:
    (path,) = place.keys.iterdir()
    return path


def test_the_first_start_makes_a_random_key_file_and_says_where(tmp_path: Path) -> None:
    said: list[Path] = []
    sources = KeySources(key_folder=tmp_path / "config" / "keys", notice=said.append)

    Vault.open_at(tmp_path / "one", sources).close()
    Vault.open_at(tmp_path / "one", sources).close()
    Vault.open_at(tmp_path / "two", sources).close()

    assert len(said) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in said} == {0o600}
    assert said[0].read_text().splitlines()[2] != said[1].read_text().splitlines()[2]


def test_registries_can_share_a_key_file_and_rotate_apart(place: Place, tmp_path: Path) -> None:
    sources = place.sources(key_file=tmp_path / "shared.key")
    first, second = (Vault.open_at(tmp_path / name, sources) for name in ("one", "two"))

    rotate(first)
    first.close()
    second.close()

    for name in ("one", "two"):
        Vault.open_at(tmp_path / name, sources).close()


def test_a_wrong_passphrase_is_locked_not_damaged(place: Place) -> None:
    vault = place.open()
    rotate(vault, place.sources(passphrase=PASSPHRASE).source("passphrase", ""))
    vault.close()

    place.open(place.sources(passphrase=PASSPHRASE)).close()
    with pytest.raises(WrongPassphrase) as caught:
        place.open(place.sources(passphrase=PASSPHRASE + "x"))
    with pytest.raises(KeyMissing):
        place.open()

    assert caught.value.exit_code == 8
    assert PASSPHRASE not in str(caught.value)


def test_a_passphrase_may_be_composed_otherwise_by_another_keyboard(place: Place) -> None:
    vault = place.open()
    rotate(vault, place.sources(passphrase="caf\u00e9 au lait, sil vous").source("passphrase", ""))
    vault.close()

    place.open(place.sources(passphrase="cafe\u0301 au lait, sil vous")).close()


def test_a_short_passphrase_is_refused(place: Place, vault: Vault) -> None:
    with pytest.raises(UnusableInput):
        rotate(vault, place.sources(passphrase="secret").source("passphrase", ""))

    place.open().close()


def test_a_passphrase_comes_from_a_file_of_its_owner_alone(place: Place, tmp_path: Path) -> None:
    written = tmp_path / "passphrase"
    written.write_text(f"{PASSPHRASE}\n")
    written.chmod(0o600)
    sources = KeySources(
        key_folder=place.keys, environment={"MUSTERPOINT_PASSPHRASE_FILE": str(written)}, cost_n=1024
    )
    place.open(sources).close()

    place.open(place.sources(passphrase=PASSPHRASE)).close()
    written.chmod(0o640)
    with pytest.raises(KeyExposed):
        place.open(sources)


def test_a_secret_of_the_environment_opens_and_a_short_one_is_refused(place: Place) -> None:
    place.open(place.sources(secret=SECRET)).close()

    place.open(place.sources(secret=SECRET)).close()
    with pytest.raises(WrongPassphrase):
        place.open(place.sources(secret=SECRET[::-1]))
    for secret in ("short", None):
        with pytest.raises(KeyMissing):
            place.open(place.sources(secret=secret))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_key_file_that_others_can_read_or_write_is_refused(place: Place, mode: int) -> None:
    place.open().close()
    key_file(place).chmod(mode)

    with pytest.raises(KeyExposed) as caught:
        place.open()

    assert "chmod 600" in caught.value.hint


def test_a_lost_key_file_is_locked_and_nothing_new_is_made(place: Place) -> None:
    place.open().close()
    key_file(place).unlink()

    with pytest.raises(KeyMissing):
        place.open()

    assert list(place.keys.iterdir()) == []


def test_the_key_file_of_another_registry_is_locked(place: Place, tmp_path: Path) -> None:
    place.open().close()
    other = Place(tmp_path / "other")
    other.open().close()

    with pytest.raises(WrongPassphrase):
        place.open(place.sources(key_file=key_file(other)))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"hello\n", b"x" * 2_000_000])
def test_a_file_of_another_form_is_no_key_file(place: Place, tmp_path: Path, content: bytes) -> None:
    place.open().close()
    other = tmp_path / "other.key"
    other.write_bytes(content)
    other.chmod(0o600)

    with pytest.raises(UnusableInput):
        place.open(place.sources(key_file=other))


def test_a_changed_secret_in_the_key_file_is_locked(place: Place) -> None:
    place.open().close()
    path = key_file(place)
    lines = path.read_text().splitlines()
    lines[2] = ("0" if lines[2][0] != "0" else "1") + lines[2][1:]
    path.write_text("\n".join(lines) + "\n")

    with pytest.raises(WrongPassphrase):
        place.open()


class Kms:
    """A service that keeps its secret to itself, as far as the vault can see."""

    kind = "kms"

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """Keep a key and hand out its number."""
        name = str(len(self._kept))
        self._kept[name] = key + about
        return Envelope(kind=self.kind, parameters={"name": name}, sealed=b"")

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """Give back the key of a number."""
        kept = self._kept[envelope.text("name")]
        if kept[32:] != about:
            raise Corrupt(expected="", found="", hint="")
        return kept[:32]


def test_a_kms_can_stand_behind_the_same_interface(place: Place) -> None:
    kms: KeySource = Kms()
    sources = KeySources(key_folder=place.keys, others=(kms,))
    vault = place.open(sources)
    scope = encounter()
    vault.new_key(scope)
    sealed = vault.seal(scope, "r/1", b"x")
    rotate(vault)
    vault.close()

    again = place.open(sources)

    assert again.open(scope, "r/1", sealed) == b"x"
    again.close()
    with pytest.raises(KeyMissing):
        place.open()


def test_nobody_waits_for_a_person_who_types_a_passphrase(place: Place) -> None:
    vault = place.open()
    scope = encounter()
    vault.new_key(scope)
    rotate(vault, place.sources(passphrase=PASSPHRASE).source("passphrase", ""))

    def ask() -> str:
        # While somebody types, another process destroys a key, and its bytes are wiped at once.
        vault.destroy(scope)
        return PASSPHRASE

    place.open(KeySources(key_folder=place.keys, ask=ask, cost_n=1024)).close()

    assert in_table(place.folder, "SELECT has_residue FROM key_store", name=KEYS) == [(False,)]
    vault.close()


def test_no_secret_is_shown_where_a_value_is_printed(place: Place) -> None:
    sources = place.sources(passphrase=PASSPHRASE, secret=SECRET)
    passphrase = sources.source("passphrase", "")
    passphrase.wrap(bytes(32), b"")

    shown = repr((sources, passphrase, sources.source("environment", ""), sources.source("file", "")))

    assert SECRET not in shown
    assert PASSPHRASE not in shown
