"""Killed at any step of a rotation: every key opens, and the next rotation finishes it."""

from __future__ import annotations

import signal

import pytest
from tests.vault.vaults import PASSPHRASE, Place, encounter, in_a_process

from musterpoint.storage.vault import sharing
from musterpoint.storage.vault.checking import check_keys
from musterpoint.storage.vault.rotating import rotate

STEPS = ("secret", "begin", "move 0", "move 4", "end", "wipe", "destroy secret")

DIE = """
import os, signal, sys
from pathlib import Path
from musterpoint.storage.vault import KeySources, PassphraseSource, Vault, rotating

root, at, passphrase = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
rotating.BATCH = 4

def step(name):
    if name == at:
        os.kill(os.getpid(), signal.SIGKILL)

vault = Vault.open_at(root / "registry", KeySources(key_folder=root / "keys"))
to = PassphraseSource(lambda: passphrase, 1024) if passphrase else None
rotating.rotate(vault, to, step=step)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_is_killed_loses_nothing_and_is_finished_by_the_next(place: Place, step: str) -> None:
    vault = place.open()
    scopes = [encounter() for _ in range(10)]
    vault.new_key(*scopes)
    records = [(scope, "r/1", vault.seal(scope, "r/1", b"x")) for scope in scopes]
    vault.close()

    killed = in_a_process(DIE, str(place.root), step, "")

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = place.open()
    assert after.open_many(records) == [b"x"] * 10
    scope = encounter()
    after.new_key(scope)
    done = rotate(after)
    assert done.was_resumed is (step not in {"secret", "begin", "wipe", "destroy secret"})
    assert after.open_many(records) == [b"x"] * 10
    assert check_keys(after).is_sound
    after.close()
    again = place.open()
    assert again.open(scope, "r/1", again.seal(scope, "r/1", b"y")) == b"y"
    again.close()
    (key_file,) = place.keys.iterdir()
    assert len(key_file.read_text().splitlines()) == 3, "one secret is left"


@pytest.mark.parametrize("step", ["begin", "move 0", "move 4", "end", "wipe"])
def test_a_change_to_a_passphrase_that_is_killed_opens_with_either_secret_it_says(
    place: Place, step: str
) -> None:
    vault = place.open()
    scopes = [encounter() for _ in range(10)]
    vault.new_key(*scopes)
    records = [(scope, "r/1", vault.seal(scope, "r/1", b"x")) for scope in scopes]
    vault.close()

    killed = in_a_process(DIE, str(place.root), step, PASSPHRASE)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = place.open(place.sources(passphrase=PASSPHRASE))
    assert after.open_many(records) == [b"x"] * 10
    rotate(after, place.sources(passphrase=PASSPHRASE).source("passphrase", ""))
    assert after.open_many(records) == [b"x"] * 10
    after.close()
    assert place.open(place.sources(passphrase=PASSPHRASE)).open_many(records) == [b"x"] * 10


def test_shares_from_before_open_a_registry_whose_rotation_was_killed(place: Place) -> None:
    vault = place.open()
    scope = encounter()
    vault.new_key(scope)
    sealed = vault.seal(scope, "r/1", b"x")
    shares = sharing.share(vault, needed=2, made=2)
    vault.close()
    in_a_process(DIE, str(place.root), "end", "")
    for path in place.keys.iterdir():
        path.unlink()

    opened = sharing.open_by_shares(place.folder, shares, place.sources())

    assert opened.open(scope, "r/1", sealed) == b"x"
    opened.close()
