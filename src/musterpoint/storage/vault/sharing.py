"""Shares of the key: words for several offices, of which some together open the registry.

SLIP-39 (SatoshiLabs, Shamir's secret sharing over GF(256) with checksummed words) by the library
`shamir-mnemonic`. Shared is the key of the present epoch, so a rotation makes all shares void, and with
them whoever has kept enough of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from musterpoint.clock import Clock, SystemClock
from musterpoint.errors import UnusableInput, WrongPassphrase
from musterpoint.storage.vault import epochs, sealing
from musterpoint.storage.vault.epochs import EpochKeys
from musterpoint.storage.vault.key_tables import key_share
from musterpoint.storage.vault.keystore import KeyStore
from musterpoint.storage.vault.sources import KeySources
from musterpoint.storage.vault.vault import Vault

SHARES_MAX: Final = 16
"""Of SLIP-39."""

WORDS: Final = 33
"""Of one share of 256 bits."""

_CLOCK: Final = SystemClock()


def share(vault: Vault, *, needed: int, made: int) -> tuple[str, ...]:
    """Shares of the present epoch's key, of which `needed` together open the registry.

    They are random anew with every call, and shares of different calls do not go together. Raises
    UnusableInput where the numbers make no sense.
    """
    from shamir_mnemonic import generate_mnemonics

    if not 2 <= needed <= made <= SHARES_MAX:
        raise UnusableInput(
            expected=f"2 to {SHARES_MAX} shares, of which at least 2 and at most all are needed",
            found=f"{needed} of {made}",
            hint="Take 2 of 3, so that one may be lost and none is enough",
            where="shares",
        )
    number, key = _newest(vault)
    (words,) = generate_mnemonics(1, [(needed, made)], key)
    with vault.store.writing() as connection:
        last = sa.select(sa.func.coalesce(sa.func.max(key_share.c.number), 0))
        row = {"number": connection.execute(last).scalar_one() + 1, "epoch": number, "needed": needed}
        row |= {"made": made, "made_at": vault.clock.now(), "rehearsed_at": None}
        connection.execute(sa.insert(key_share).values(row))
    return tuple(words)


def _newest(vault: Vault) -> tuple[int, bytes]:
    def look(connection: sa.Connection) -> tuple[int, bytes]:
        number = epochs.newest_number(connection)
        key = vault.epoch_keys.open(connection, number)
        assert key is not None, "the newest epoch is live"
        return number, key

    return vault.read(look)


def joined(shares: Sequence[str]) -> bytes:
    """The key that shares make together. Raises UnusableInput where they do not go together."""
    from shamir_mnemonic import MnemonicError, Share, combine_mnemonics

    try:
        read = {Share.from_mnemonic(" ".join(one.lower().split())): None for one in shares}
        # The library refuses more than are needed.
        needed = next(iter(read)).member_threshold if read else 0
        key: bytes = combine_mnemonics([one.mnemonic() for one in read][:needed])
    except (MnemonicError, ValueError, IndexError) as error:
        # The library's own words quote those of the share.
        raise UnusableInput(
            expected=f"enough shares of one set, each of {WORDS} words",
            found="too few shares, shares of different sets, or a word that was misread",
            hint="Compare each word with the paper; every share checks itself by its last words",
            where="shares",
        ) from error
    if len(key) != sealing.KEY_BYTES:
        raise UnusableInput(
            expected=f"shares of {WORDS} words",
            found="shares of something else",
            hint="Use the shares that musterpoint made",
            where="shares",
        )
    return key


def rehearse(vault: Vault, shares: Sequence[str]) -> None:
    """See whether shares open this registry, and note when; nothing else is changed.

    Raises UnusableInput, and WrongPassphrase where they are of another registry or epoch.
    """
    number, key = _newest(vault)
    if joined(shares) != key:
        raise _of_another()
    with vault.store.writing() as connection:
        newest = sa.select(sa.func.max(key_share.c.number)).where(key_share.c.epoch == number)
        last = connection.execute(newest).scalar()
        done = sa.update(key_share).where(key_share.c.number == last)
        connection.execute(done.values(rehearsed_at=vault.clock.now()))


def open_by_shares(
    folder: Path, shares: Sequence[str], sources: KeySources, *, clock: Clock = _CLOCK
) -> Vault:
    """Open a key store whose secret is lost; rotate at once, so that it has a secret again.

    Raises UnusableInput, WrongPassphrase, and as `Vault.open_at` does.
    """
    key = joined(shares)
    store = KeyStore.open(folder)
    try:
        with store.reading() as connection:
            live = epochs.live(connection)
        number = next((one.number for one in live if one.check_value == epochs.check_of(key)), None)
        if number is None:
            raise _of_another()
        epoch_keys = EpochKeys(store.store_id, sources)
        epoch_keys.remember(number, key)
        return Vault(store, epoch_keys, clock)
    except BaseException:
        store.close()
        raise


def _of_another() -> WrongPassphrase:
    return WrongPassphrase(
        expected="shares of the present key of this registry",
        found="shares of another registry, or of a time before the last rotation",
        hint="Use the newest shares; a backup of the keys from the time of these still opens with them",
        where="shares",
    )
