"""A folder of an export: written file by file, closed by a manifest, and read only where it is whole.

The manifest is the last file to come and holds size and SHA-256 of every other. A folder without one was
never finished; one in which any file is missing, added, cut off or changed is refused as a whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import UUID

from musterpoint.errors import Conflict, Corrupt, NotFound, RecordError, StorageFull, VersionMismatch
from musterpoint.limits import EXPORT_FILES_MAX, EXPORT_LINE_BYTES_MAX

MANIFEST: Final = "manifest.json"
UNFINISHED: Final = "unfinished.json"
_PART: Final = ".part"
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size and hexadecimal SHA-256 of a file."""

    size: int
    sha256: str


@dataclass(slots=True)
class Folder:
    """A folder that is being written; files appear in it whole, by renaming.

    export_id   what names the export in the journal and in the list of those who have copies
    is_resumed  an earlier run has begun it
    written     what is in it so far, by path with forward slashes
    """

    path: Path
    format: str
    export_id: str
    is_resumed: bool = False
    written: dict[str, FileFacts] = field(default_factory=dict)

    @classmethod
    def begin(cls, path: Path, kind: str, export_id: str) -> Folder:
        """A new folder, or one of the same kind that was never finished. Raises Conflict, StorageFull.

        export_id  names a new export; one that goes on keeps its own
        """
        with _written_to(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            there = sorted(one.name for one in path.iterdir())
        if there and UNFINISHED not in there:
            raise Conflict(
                expected="a new or empty folder, or an export that was interrupted",
                found="a folder with other files",
                hint="Name another folder",
                where=str(path),
            )
        if there:
            begun = _begun(path, kind)
            return cls(path, kind, begun, is_resumed=True)
        folder = cls(path, kind, export_id)
        folder._put(UNFINISHED, json.dumps({"format": kind, "export": export_id}).encode())
        return folder

    def write(self, name: str, data: bytes) -> str:
        """Write a file; returns its name. Raises StorageFull."""
        self._put(name, data)
        self.written[name] = FileFacts(len(data), hashlib.sha256(data).hexdigest())
        return name

    def keep(self, name: str, data: bytes) -> str:
        """Have a file with this content, which an earlier run may have written already."""
        facts = FileFacts(len(data), hashlib.sha256(data).hexdigest())
        path = self.path / name
        if not (path.is_file() and path.stat().st_size == facts.size and _digest(path) == facts.sha256):
            self._put(name, data)
        self.written[name] = facts
        return name

    def write_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write one object of JSON a line; returns how many. Raises StorageFull."""
        hashed, size, count = hashlib.sha256(), 0, 0
        path = self.path / name
        with _written_to(path):
            with _opened(path) as file:
                for row in rows:
                    line = json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n"
                    file.write(line)
                    hashed.update(line)
                    size, count = size + len(line), count + 1
                file.flush()
                os.fsync(file.fileno())
            _part(path).replace(path)
        self.written[name] = FileFacts(size, hashed.hexdigest())
        return count

    def _put(self, name: str, data: bytes) -> None:
        path = self.path / name
        with _written_to(path):
            for folder in reversed(path.relative_to(self.path).parents):
                (self.path / folder).mkdir(exist_ok=True, mode=0o700)
            with _opened(path) as file:
                file.write(data)
            _part(path).replace(path)

    def finish(self, facts: Mapping[str, Any]) -> str:
        """Remove what does not belong, write the manifest last; returns its SHA-256."""
        known = {*self.written, UNFINISHED}
        for path in sorted(self.path.rglob("*"), reverse=True):
            name = path.relative_to(self.path).as_posix()
            if path.is_file() and name not in known:
                path.unlink()
        files = {
            name: {"bytes": one.size, "sha256": one.sha256} for name, one in sorted(self.written.items())
        }
        data = json.dumps(
            {"format": self.format, "export": self.export_id, **facts, "files": files},
            indent=1,
            sort_keys=True,
        ).encode()
        self._put(MANIFEST, data)
        (self.path / UNFINISHED).unlink()
        return hashlib.sha256(data).hexdigest()


def _begun(path: Path, kind: str) -> str:
    """The identifier of an export that was interrupted."""
    try:
        facts = json.loads((path / UNFINISHED).read_bytes())
        if facts["format"] == kind:
            return str(UUID(facts["export"]))
    except (ValueError, TypeError, KeyError):
        pass
    raise Conflict(
        expected="an interrupted export of the same kind",
        found="one of another kind, or a damaged one",
        hint="Name another folder",
        where=str(path),
    )


def _part(path: Path) -> Path:
    return path.with_name(path.name + _PART)


def _opened(path: Path) -> Any:
    # Templates, images and facts about people are for nobody but whoever asked for them.
    return os.fdopen(os.open(_part(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


@contextmanager
def _written_to(path: Path) -> Iterator[None]:
    """Errors of the file system inside come out as StorageFull."""
    try:
        yield
    except OSError as error:
        raise StorageFull(
            expected="a place where the file can be written",
            found=(error.strerror or "an error").lower(),
            hint="Free space or name another folder; run it again to go on where it stopped",
            where=str(path),
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A folder whose every file is what its manifest says.

    facts   everything in the manifest but the list of files
    digest  SHA-256 of the manifest, which names this export
    """

    path: Path
    facts: Mapping[str, Any]
    files: Mapping[str, FileFacts]
    digest: str

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises Corrupt where it was changed since it was checked."""
        facts = self.files.get(name)
        if facts is None:
            raise _broken("a file that its manifest does not name", str(self.path / name))
        data = (self.path / name).read_bytes()
        if len(data) != facts.size or hashlib.sha256(data).hexdigest() != facts.sha256:
            raise _broken("a file that was changed", str(self.path / name))
        return data

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects of a file of lines. Raises Corrupt, RecordError."""
        if name not in self.files:
            return
        with (self.path / name).open("rb") as file:
            for line in iter(lambda: file.readline(EXPORT_LINE_BYTES_MAX), b""):
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                if not isinstance(row, dict):
                    raise RecordError(
                        expected="one object of JSON on each line",
                        found="a line that is no object",
                        hint="Export again; nothing was taken in",
                        where=name,
                    )
                yield row


def opened(path: Path, kind: str) -> Finished:
    """A finished export, after every file was checked against the manifest.

    Raises NotFound without a manifest, Corrupt where anything is not as it was written, VersionMismatch
    for an export of another format.
    """
    manifest = path / MANIFEST
    if not manifest.is_file():
        has_begun = (path / UNFINISHED).exists()
        raise NotFound(
            expected="the folder of a finished export",
            found="an export that was interrupted" if has_begun else "no manifest.json in the folder",
            hint="Run the export again until it says that it is done, then copy the whole folder",
            where=str(path),
        )
    data = manifest.read_bytes()
    facts, files = _parsed(data, str(manifest))
    if facts.get("format") != kind:
        raise VersionMismatch(
            expected=f"an export of format {kind}",
            found=f"one of format {facts.get('format')}",
            hint="Use the version of musterpoint that wrote it, or the command for that kind of export",
            where=str(manifest),
        )
    there = {one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir()} - {MANIFEST}
    if there != set(files):
        missing, added = sorted(set(files) - there), sorted(there - set(files))
        raise _broken(
            f"{len(missing)} files missing and {len(added)} that do not belong", (missing + added)[0]
        )
    for name, one in files.items():
        file = path / name
        if file.is_symlink() or file.stat().st_size != one.size or _digest(file) != one.sha256:
            raise _broken("a file that is cut off or was changed", name)
    return Finished(path=path, facts=facts, files=files, digest=hashlib.sha256(data).hexdigest())


def _parsed(data: bytes, where: str) -> tuple[dict[str, Any], dict[str, FileFacts]]:
    try:
        facts = json.loads(data)
        listed = facts.pop("files")
        files = {str(name): FileFacts(int(one["bytes"]), str(one["sha256"])) for name, one in listed.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _broken("a manifest that is cut off or was changed", where) from error
    if len(files) > EXPORT_FILES_MAX:
        raise _broken(f"more than {EXPORT_FILES_MAX} files", where)
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
            raise _broken("the name of a file outside of the folder", where)
    return facts, files


def _digest(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK_BYTES), b""):
            hashed.update(block)
    return hashed.hexdigest()


def _broken(found: str, where: str) -> Corrupt:
    return Corrupt(
        expected="every file of the export as it was written",
        found=found,
        hint="Copy the whole folder again; nothing was taken in",
        where=where,
    )
