"""Killed at any step of a rotation: every key opens, and the next rotation finishes it."""

from __future__ import annotations

import os
import signal

import pytest
from tests.storage.records import ended_by, fork
from tests.vault.vaults import PASSPHRASE, Place, encounter

from musterpoint.storage.vault import rotating, sharing
from musterpoint.storage.vault.checking import check_keys
from musterpoint.storage.vault.rotating import rotate

STEPS = ("secret", "begin", "move 0", "move 4", "end", "wipe", "destroy secret")


def kill(place: Place, at: str, passphrase: str = "") -> None:
    """Have a process begin a rotation and die right before a step."""

    def rotate_and_die() -> None:
        rotating.BATCH = 4  # type: ignore[misc]
        vault = place.open()
        to = place.sources(passphrase=passphrase).source("passphrase", "") if passphrase else None

        def step(name: str) -> None:
            if name == at:
                os.kill(os.getpid(), signal.SIGKILL)

        rotate(vault, to, step=step)

    assert ended_by(fork(rotate_and_die)) == -signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_that_is_killed_loses_nothing_and_is_finished_by_the_next(place: Place, step: str) -> None:
    vault = place.open()
    scopes = [encounter() for _ in range(10)]
    vault.new_key(*scopes)
    records = [(scope, "r/1", vault.seal(scope, "r/1", b"x")) for scope in scopes]
    vault.close()

    kill(place, step)

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

    kill(place, step, PASSPHRASE)

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
    kill(place, "end")
    for path in place.keys.iterdir():
        path.unlink()

    opened = sharing.open_by_shares(place.folder, shares, place.sources())

    assert opened.open(scope, "r/1", sealed) == b"x"
    opened.close()
