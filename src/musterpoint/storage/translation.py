"""Turns what the engine and the file system report into our errors: nothing of SQLAlchemy comes out."""

from __future__ import annotations

import errno
from typing import Final

import sqlalchemy as sa

from musterpoint.errors import (
    Conflict,
    Corrupt,
    MusterpointError,
    NotFound,
    RegistryBusy,
    StorageFull,
    UnusableInput,
)
from musterpoint.storage.dialects import Fault, fault_of, is_from_driver

WHERE: Final = "registry"


class translated:  # noqa: N801  (a block, as those of contextlib)
    """Errors of the engine that occur inside come out as `MusterpointError`.

    Raises RegistryBusy, StorageFull, Corrupt, Conflict, NotFound or UnusableInput; RuntimeError for what
    only a fault in musterpoint itself can cause.
    """

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        meant = None if error is None else _meaning(error)
        if meant is not None:
            raise meant from error


def _meaning(error: BaseException) -> Exception | None:
    """What an error means in a registry; None for one that means itself."""
    if isinstance(error, sa.exc.TimeoutError):
        return busy("all connections to it are in use")
    if isinstance(error, sa.exc.StatementError):
        return _of_engine(error.orig)
    if isinstance(error, sa.exc.SQLAlchemyError):
        return RuntimeError(f"the registry was used wrongly: {type(error).__name__}")
    if is_from_driver(error):
        return _of_engine(error)
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return unstorable()
    return _of_system(error) if isinstance(error, OSError) else None


class sound:  # noqa: N801  (a block, as those of contextlib)
    """What is read inside was checked when it was written: what is no value now was changed since.

    Raises Corrupt.
    """

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ValueError | TypeError | KeyError) and not isinstance(error, UnicodeEncodeError):
            raise damaged("a record holds a value that is not possible") from error


def _of_engine(error: BaseException | None) -> Exception:
    match fault_of(error):
        case Fault.BUSY:
            return busy("another program is writing to it")
        case Fault.UNREACHABLE:
            return busy("the database server does not answer")
        case Fault.UNSTORABLE:
            return unstorable()
        case Fault.UNWRITABLE:
            return unwritable("the disk is full, read-only or failing")
        case Fault.DAMAGED:
            return damaged("the file is damaged or no registry")
        case Fault.DUPLICATE:
            return Conflict(
                expected="a record that is new",
                found="one whose identifier is taken",
                hint="Nothing was changed",
                where=WHERE,
            )
        case Fault.DANGLING:
            return NotFound(
                expected="records that exist",
                found="a reference to a record that is not there",
                hint="Nothing was changed",
                where=WHERE,
            )
        case Fault.UNEXPECTED:
            name = getattr(error, "sqlite_errorname", None) or getattr(
                error, "sqlstate", type(error).__name__
            )
            return RuntimeError(f"the registry's engine reported {name}")


def _of_system(error: OSError) -> MusterpointError:
    if error.errno in {errno.EMFILE, errno.ENFILE, errno.EAGAIN}:
        return busy("this machine has no file handle left")
    return unwritable(error.strerror or "the file system refused")


def busy(found: str) -> RegistryBusy:
    """The registry cannot be had within the time that is waited."""
    return RegistryBusy(
        expected="the registry to be free", found=found, hint="Try again in a moment", where=WHERE
    )


def unwritable(found: str) -> StorageFull:
    """The registry's folder cannot take the data."""
    return StorageFull(
        expected="a folder that can be written, on a disk with free space",
        found=found,
        hint="Free space or correct the folder's permissions; nothing half done was left behind",
        where=WHERE,
    )


def damaged(found: str) -> Corrupt:
    """The registry's file is not what was once written."""
    return Corrupt(
        expected="a sound registry.db",
        found=found,
        hint="Keep the file as it is and restore the registry from a backup",
        where=WHERE,
    )


def unstorable() -> UnusableInput:
    """A text or number that no engine can hold."""
    return UnusableInput(
        expected="text in Unicode and numbers of 64 bits",
        found="a text or number that cannot be stored",
        hint="Correct names and texts that are not valid UTF-8",
        where=WHERE,
    )
