"""Templates kept in a folder of the user's choice, so that an interrupted evaluation can go on.

Templates of real fingers are personal data: nothing is kept unless a folder was named, only its
owner can read what is written, and deleting the folder deletes all of it.

Guarantee: an entry is written completely or not at all. A damaged entry counts as missing. What is
written is not flushed to the disk at once: a lost entry is computed anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from musterpoint.errors import RecordError, StorageFull, VersionMismatch
from musterpoint.imaging import FingerImage
from musterpoint.templates import Template, decode, encode


@dataclass(frozen=True, slots=True)
class TemplateCache:
    """Templates by what they were computed from."""

    folder: Path

    def load(self, key: str) -> Template | None:
        """The template stored under `key`, or None."""
        try:
            return decode(self._path(key).read_bytes())
        except (OSError, RecordError, VersionMismatch):
            return None

    def store(self, key: str, template: Template) -> None:
        """Keep a template. Raises StorageFull if the folder cannot take it."""
        path = self._path(key)
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.folder, path.parent.parent, path.parent):
                folder.mkdir(exist_ok=True, mode=0o700)  # with `parents`, the mode is the last one's only
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="part-")  # mode 0600
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(encode(template))
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StorageFull(
                expected="a folder that can be written",
                found=f"the system says {error.strerror!r}",
                hint="Free some space or name another folder for the intermediate results",
                where=str(self.folder),
            ) from error

    def _path(self, key: str) -> Path:
        return self.folder / "templates" / key[:2] / f"{key}.template"


def cache_key(image: FingerImage, extractor: str) -> str:
    """Hexadecimal digest of all that a template depends on.

    The pixels take part beside the file they came from: a new version of the decoder may make other
    pixels of the same bytes.
    """
    parts = [extractor, image.source.sha256, repr(image.source.ppi), repr(image.pixels.shape)]
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(image.pixels.tobytes())
    return digest.hexdigest()
