"""Backups as folders: the registry in one part, its keys in another, each closed by a manifest.

    manifest.json   the last file to come: what the part is, until when it is kept, size and SHA-256 of every
                    other file, signed by the station
    registry.db, log/…, practice/…      of the part `data`
    keys.db                             of the part `keys`

A part without a manifest was never finished. One in which a file is missing, cut off or changed is refused
as a whole. The parts belong in different places: with both, and the secret, everything can be read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import UUID

import rfc8785
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from musterpoint.clock import Instant
from musterpoint.errors import Conflict, Corrupt, NotFound, StorageFull, VersionMismatch
from musterpoint.lasting import sync_folder
from musterpoint.storage import dialects, moving
from musterpoint.storage.translation import translated

FORMAT: Final = "musterpoint-backup/1"
MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 1 << 20
DATA: Final = "data"
KEYS: Final = "keys"
BESIDE: Final = ("log", "practice")
"""Folders beside the registry that cannot be made again from it."""

_BLOCK_BYTES: Final = 1 << 20
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_SIGNED: Final = b"musterpoint/backup/v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """Size and hexadecimal SHA-256 of a file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a part of a backup is.

    store_id   of the key store, which names the registry
    position   journal lines of the registry when the part was made
    root       of the tree over these lines, in hexadecimal; empty for keys
    files      by path with forward slashes
    """

    part: str
    backup_id: UUID
    store_id: UUID
    station: str
    made_at: Instant
    expires_at: Instant
    position: int
    root: str
    files: Mapping[str, FileFacts]

    def to_bytes(self, key: Ed25519PrivateKey) -> bytes:
        """Canonical JSON, signed."""
        content = self._content()
        signature = key.sign(_SIGNED + rfc8785.dumps(content))
        return rfc8785.dumps(content | {"signature": signature.hex()})

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "part": self.part,
            "backup": str(self.backup_id),
            "key_store": str(self.store_id),
            "station": self.station,
            "made_at": self.made_at,
            "expires_at": self.expires_at,
            "position": self.position,
            "root": self.root,
            "files": {name: {"size": one.size, "sha256": one.sha256} for name, one in self.files.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A whole part of a backup, as it lies in a folder."""

    folder: Path
    manifest: Manifest
    signed: bytes
    signature: bytes

    def insist_on_signature(self, keys: Sequence[Ed25519PublicKey]) -> None:
        """Raise Corrupt unless one of the station's keys has signed the manifest."""
        for key in keys:
            try:
                key.verify(self.signature, self.signed)
            except InvalidSignature:
                continue
            return
        raise _broken(self.folder, "a manifest that this station has not signed")


def is_part(folder: Path) -> bool:
    """Whether a folder is a part of a backup, and not a registry."""
    return (folder / MANIFEST).exists()


def write_part(folder: Path, manifest: Manifest, key: Ed25519PrivateKey) -> None:
    """Close a part: from now on it is whole."""
    with translated():
        beside = folder / f".{MANIFEST}.new"
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(manifest.to_bytes(key))
            file.flush()
            os.fsync(file.fileno())
        beside.rename(folder / MANIFEST)
        for one in (folder, folder.parent):
            sync_folder(one)


def new_folder(folder: Path) -> None:
    """Make a folder that is not there yet, or take an empty one. Raises Conflict, StorageFull."""
    with translated():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise Conflict(
                expected="a folder that is new or empty",
                found="one with files in it, which were left as they are",
                hint="Name another folder",
                where=str(folder),
            )
        folder.chmod(0o700)


def copy_database(path: Path, to: Path) -> None:
    """A sound copy of a database as it is at one moment. Raises Corrupt where the original is damaged."""
    with translated():
        if dialects.is_on_server(path.parent):
            moving.copy_to_file(path, to)
        else:
            to.touch(mode=0o600)
            to.chmod(0o600)
            dialects.copy(path, to)
        engine = dialects.engine(to)
        try:
            with engine.connect() as connection:
                is_sound = dialects.is_sound(connection)
        finally:
            engine.dispose()
        with to.open("rb+") as file:
            os.fsync(file.fileno())
    if not is_sound:
        raise Corrupt(
            expected="a sound database",
            found="damage, of which no backup is made",
            hint="Run: musterpoint check",
            where=path.name,
        )


def copy_beside(folder: Path, to: Path) -> None:
    """Copy what lies beside a registry and cannot be made again."""
    for name in BESIDE:
        for path in sorted(folder.glob(f"{name}/**/*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                copy_file(path, to / path.relative_to(folder))


def copy_file(path: Path, to: Path) -> str:
    """Copy one file, lastingly; returns its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with translated():
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with path.open("rb") as source, os.fdopen(handle, "wb") as copied:
            while block := source.read(_BLOCK_BYTES):
                digest.update(block)
                copied.write(block)
            copied.flush()
            os.fsync(copied.fileno())
    return digest.hexdigest()


def files_in(folder: Path) -> dict[str, FileFacts]:
    """Size and hash of every file in a folder but its manifest."""
    with translated():
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
        return {path.relative_to(folder).as_posix(): _facts(path) for path in paths}


def _facts(path: Path) -> FileFacts:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, hashlib.sha256).hexdigest()
    return FileFacts(size=path.stat().st_size, sha256=digest)


def read_part(folder: Path, part: str, now: Instant) -> Part:
    """A part that is whole: every file is there, as it was.

    Raises NotFound, Corrupt for one that was half copied or changed, Conflict for an expired or another
    one, VersionMismatch.
    """
    if not folder.is_dir():
        raise NotFound(
            expected=f"a folder with the {part} of a backup",
            found="no folder",
            hint="Name the folder that musterpoint backup has made",
            where=str(folder),
        )
    found = _manifest_in(folder)
    if found.manifest.part != part:
        raise Conflict(
            expected=f"the {part} of a backup",
            found=f"the {found.manifest.part} of one",
            hint="Name the folder with the other part",
            where=str(folder),
        )
    with translated():
        for name, facts in found.manifest.files.items():
            path = folder / name
            if not path.is_file() or path.is_symlink() or path.stat().st_size != facts.size:
                raise _broken(folder, f"{PurePosixPath(name).name} is missing or cut off")
            if _facts(path) != facts:
                raise _broken(folder, f"{PurePosixPath(name).name} was changed")
    if found.manifest.expires_at <= now:
        raise Conflict(
            expected="a backup that has not expired",
            found="one whose date is past; receipts of erasures say that nobody opens it any more",
            hint="Use a newer backup, and destroy this one",
            where=str(folder),
        )
    return found


def _manifest_in(folder: Path) -> Part:
    path = folder / MANIFEST
    with translated():
        if not path.is_file() or path.stat().st_size > MANIFEST_BYTES_MAX:
            raise _broken(folder, "its manifest is missing, so it was never finished or only half copied")
        data = path.read_bytes()
    try:
        content = json.loads(data)
        if isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
            raise _newer(folder)
        signature = bytes.fromhex(content.pop("signature"))
        manifest = _manifest_of(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(folder, "its manifest was changed") from error
    return Part(
        folder=folder, manifest=manifest, signed=_SIGNED + rfc8785.dumps(content), signature=signature
    )


def _manifest_of(content: Mapping[str, Any]) -> Manifest:
    files = {str(name): FileFacts(**facts) for name, facts in content["files"].items()}
    for name, facts in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or path.parts[0] not in _PLACES:
            raise ValueError("a path that leads elsewhere")
        if not isinstance(facts.size, int) or not _HEX.fullmatch(facts.sha256):
            raise ValueError("facts that are none")
    return Manifest(
        part=str(content["part"]),
        backup_id=UUID(content["backup"]),
        store_id=UUID(content["key_store"]),
        station=str(content["station"]),
        made_at=Instant(int(content["made_at"])),
        expires_at=Instant(int(content["expires_at"])),
        position=int(content["position"]),
        root=str(content["root"]),
        files=files,
    )


_PLACES: Final = {"registry.db", "keys.db", *BESIDE}


def lay_out(part: Part, to: Path) -> None:
    """Copy a part's files into a folder, and insist that they still are what the manifest says."""
    for name, facts in part.manifest.files.items():
        if copy_file(part.folder / name, to / name) != facts.sha256:
            raise _broken(part.folder, f"{PurePosixPath(name).name} changed while it was read")


def head_in(path: Path) -> tuple[int, bytes]:
    """Lines and root of the journal in the file of a registry that nobody has open."""
    from musterpoint.storage import tables
    from musterpoint.transparency.hashing import Frontier

    head = sa.select(tables.journal_head.c.size, tables.journal_head.c.frontier)
    engine = dialects.engine(path)
    try:
        with translated(), engine.connect() as connection:
            size, frontier = connection.execute(head).one()
    finally:
        engine.dispose()
    return int(size), Frontier.from_bytes(frontier).root()


def _broken(folder: Path, found: str) -> Corrupt:
    return Corrupt(
        expected="a whole backup",
        found=f"a damaged or half-copied one: {found}",
        hint="Copy it again from where it was made, or use another; nothing was restored",
        where=str(folder),
    )


def _newer(folder: Path) -> VersionMismatch:
    return VersionMismatch(
        expected=f"a backup of the format {FORMAT}",
        found="one of another format",
        hint="Use the version of musterpoint that made it",
        where=str(folder),
    )


def unwritable(folder: Path) -> StorageFull:
    """A place where nothing can be restored to."""
    return StorageFull(
        expected="a folder that does not exist yet, on a disk with free space",
        found="one that cannot be made",
        hint="Name another folder",
        where=str(folder),
    )
