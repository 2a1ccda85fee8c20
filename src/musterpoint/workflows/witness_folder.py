"""A witness in a folder: its keys, the logs that it knows, and the latest checkpoint of each.

    name                 of its keys
    key.pem              Ed25519, PKCS #8
    key-mldsa44.pem      ML-DSA-44, PKCS #8, where there is one
    logs                 a policy whose `log` lines are the logs that it knows
    state/DIGEST/checkpoint   the latest that it has cosigned of the log whose origin has this SHA-256

Guarantees, on a local disk: one request at a time sees and replaces a checkpoint, across threads and
processes; a checkpoint is there as a whole or not at all, and lasting before the answer is given.

Not guaranteed: anything after the folder is put back to an older state. A witness that was restored from a
backup may cosign a second history; make a new one instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from musterpoint.errors import Conflict, LogFormatError, NotFound
from musterpoint.storage.locking import WriterLock
from musterpoint.storage.translation import translated
from musterpoint.transparency.note_keys import KeyKind, NoteKey, NoteSigner, PrivateKey
from musterpoint.transparency.notes import is_key_name
from musterpoint.transparency.policies import Policy, parse_policy
from musterpoint.transparency.witnessing import Record, Witness, origin_digest
from musterpoint.workflows.lasting_files import write_lasting

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KEYS: Final = {
    KeyKind.ED25519_COSIGNATURE: "key.pem",
    KeyKind.MLDSA44_COSIGNATURE: "key-mldsa44.pem",
}


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """The latest checkpoint of one log, while its lock is held."""

    folder: Path

    def latest(self) -> bytes | None:
        """The signed note, or None where none was cosigned."""
        with translated():
            path = self.folder / "checkpoint"
            return path.read_bytes() if path.exists() else None

    def replace(self, note: bytes) -> None:
        """Write beside, sync, rename, sync the folder. Raises StorageFull."""
        write_lasting(self.folder / "checkpoint", note)


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The memory of a witness in its folder."""

    folder: Path

    @contextmanager
    def held(self, origin: str) -> Iterator[Record]:
        """The record of one log. Raises RegistryBusy where others hold it for too long."""
        folder = self.folder / "state" / origin_digest(origin)
        with translated():
            for one in (self.folder, folder.parent, folder):
                one.mkdir(parents=True, exist_ok=True, mode=0o700)
        with WriterLock(folder, name="witness").held():
            yield FolderRecord(folder)

    def published(self, origin_digest: str) -> bytes | None:
        """The latest cosigned checkpoint of the log whose origin has this SHA-256."""
        if not _DIGEST.fullmatch(origin_digest):
            return None
        return FolderRecord(self.folder / "state" / origin_digest).latest()


def make_witness(folder: Path, name: str, logs: Policy, *, with_mldsa44: bool = True) -> Witness:
    """Make a witness with fresh keys in a new folder.

    logs  whose `logs` it will know

    Raises Conflict where the folder holds one, LogFormatError for a name that no key may have.
    """
    if not is_key_name(name):
        raise LogFormatError(
            expected="a name without spaces and plus signs, such as witness.example/w1",
            found="another text",
            hint="Name the witness by an address of yours, which need not exist",
            where="name",
        )
    with translated():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with WriterLock(folder, name="witness").held():
            if (folder / "name").exists():
                raise Conflict(
                    expected="a folder without a witness",
                    found="one that has its keys already",
                    hint="Choose another folder; a key is never made anew in its place",
                    where=str(folder),
                )
            _write_key(folder, KeyKind.ED25519_COSIGNATURE, Ed25519PrivateKey.generate())
            if with_mldsa44:
                _write_key(folder, KeyKind.MLDSA44_COSIGNATURE, MLDSA44PrivateKey.generate())
            write_lasting(folder / "logs", Policy(logs.logs).to_bytes())
            # Last, since it says that the rest is there.
            write_lasting(folder / "name", f"{name}\n".encode())
    return open_witness(folder)


def open_witness(folder: Path) -> Witness:
    """The witness in a folder. Raises NotFound, LogFormatError where a file of it is damaged."""
    with translated():
        if not (folder / "name").exists():
            raise NotFound(
                expected="the folder of a witness",
                found="a folder without one",
                hint="Make one with musterpoint log witness init",
                where=str(folder),
            )
        name = (folder / "name").read_text(encoding="utf-8").strip()
        logs = parse_policy((folder / "logs").read_bytes()).logs
        signers = [
            NoteSigner.of(name, kind, _read_key(folder / file))
            for kind, file in _KEYS.items()
            if (folder / file).exists()
        ]
    return Witness(tuple(signers), logs, FolderStore(folder))


def trust_log(folder: Path, log: NoteKey) -> None:
    """Have the witness in a folder know one more log."""
    with translated(), WriterLock(folder, name="witness").held():
        known = parse_policy((folder / "logs").read_bytes()).logs
        if log not in known:
            write_lasting(folder / "logs", Policy((*known, log)).to_bytes())


def _write_key(folder: Path, kind: KeyKind, private: PrivateKey) -> None:
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_lasting(folder / _KEYS[kind], pem)


def _read_key(path: Path) -> PrivateKey:
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, PrivateKey):
        raise LogFormatError(
            expected="a private key in PEM, not encrypted",
            found="other content",
            hint="Take the file from where it was backed up; never the rest of the folder",
            where=str(path),
        )
    return private
