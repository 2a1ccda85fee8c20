"""What can go wrong with keys, in words for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from musterpoint.errors import (
    Corrupt,
    KeyDestroyed,
    KeyExposed,
    KeyMissing,
    RegistryBusy,
    StorageFull,
    WrongPassphrase,
)
from musterpoint.storage.translation import translated

WHERE: Final = "keys.db"


@contextmanager
def of_keys() -> Iterator[None]:
    """Errors of the engine that occur inside are said of the key store.

    Raises RegistryBusy, StorageFull, Corrupt and what else `translated` raises.
    """
    try:
        with translated():
            yield
    except Corrupt as error:
        raise error if error.where == WHERE else damaged(error.found) from error
    except (RegistryBusy, StorageFull) as error:
        raise type(error)(
            expected=error.expected.replace("registry", "key store"),
            found=error.found,
            hint=error.hint,
            where=WHERE,
        ) from error


def damaged(found: str) -> Corrupt:
    """The key store is not what was once written."""
    return Corrupt(
        expected="a sound keys.db",
        found=found,
        hint="Keep the file as it is and restore the key store from its backup",
        where=WHERE,
    )


def does_not_open(where: str) -> Corrupt:
    """A sealed record that its own key does not open."""
    return Corrupt(
        expected="a record as it was sealed",
        found="one that its key does not open: it was changed, or put in the place of another",
        hint="Run: musterpoint check",
        where=where,
    )


def no_key(where: str) -> Corrupt:
    """A sealed record for which there never was a key here."""
    return Corrupt(
        expected="a key for every sealed record",
        found="a record whose key is not in the key store",
        hint="The key store is older than the registry, or another's: restore both from one backup",
        where=where,
    )


def destroyed(where: str) -> KeyDestroyed:
    """A key that an erasure destroyed."""
    return KeyDestroyed(
        expected="a record that was not erased",
        found="one whose key was destroyed",
        hint="Nobody can open it again; nothing was changed",
        where=where,
    )


def wrong_secret(found: str, hint: str, where: str = WHERE) -> WrongPassphrase:
    """A secret that is not the one with which the keys were wrapped."""
    return WrongPassphrase(
        expected="the secret that wraps the keys of this registry", found=found, hint=hint, where=where
    )


def missing(expected: str, found: str, hint: str, where: str = WHERE) -> KeyMissing:
    """A secret that is not at hand."""
    return KeyMissing(expected=expected, found=found, hint=hint, where=where)


def exposed(path: Path, found: str) -> KeyExposed:
    """A file with a secret that others can read."""
    return KeyExposed(
        expected="a file that only its owner can read and write",
        found=found,
        hint=f"Run: chmod 600 {path.name}; if others may have read it, also: musterpoint key rotate",
        where=str(path),
    )


def place(record: str) -> str:
    """The kind of a record without its identifier, which may be a person's."""
    return record.partition("/")[0] or "record"
