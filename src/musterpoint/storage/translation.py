"""Turns what the engine and the file system report into our errors: nothing of SQLAlchemy comes out."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
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
from musterpoint.storage.dialects import EngineError, Fault, fault_of

WHERE: Final = "registry"


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the engine that occur inside come out as `MusterpointError`.

    Raises RegistryBusy, StorageFull, Corrupt, Conflict, NotFound or UnusableInput; RuntimeError for what
    only a fault in musterpoint itself can cause.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise busy("all connections to it are in use") from error
    except sa.exc.StatementError as error:
        raise _of_engine(error.orig) from error
    except sa.exc.SQLAlchemyError as error:
        raise RuntimeError(f"the registry was used wrongly: {type(error).__name__}") from error
    except EngineError as error:
        raise _of_engine(error) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise unstorable() from error
    except OSError as error:
        raise _of_system(error) from error


@contextmanager
def sound() -> Iterator[None]:
    """What is read inside was checked when it was written: what is no value now was changed since.

    Raises Corrupt.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise
    except (ValueError, TypeError, KeyError) as error:
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
