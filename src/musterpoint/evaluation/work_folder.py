"""What an evaluation keeps in a folder of the user's choice, so that an interrupted one can go on.

Templates and scores of real fingers are personal data: nothing is kept unless a folder was named, only its
owner can read what is written, and deleting the folder deletes all of it.

Guarantee: an entry is written completely or not at all. A damaged entry counts as missing. What is
written is not flushed to the disk at once: a lost entry is computed anew.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musterpoint.errors import RecordError, StorageFull, VersionMismatch
from musterpoint.imaging import FingerImage
from musterpoint.templates import Template, decode, encode

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """Templates and scores by what they were computed from; without a folder nothing is known or kept."""

    folder: Path | None

    def template(self, key: str) -> Template | None:
        """The template stored under `key`, or None."""
        try:
            return None if self.folder is None else decode(self._path("templates", key).read_bytes())
        except (OSError, RecordError, VersionMismatch):
            return None

    def keep_template(self, key: str, template: Template) -> None:
        """Keep a template. Raises StorageFull if the folder cannot take it."""
        self._write("templates", key, encode(template))

    def array(self, key: str, make: Callable[[], Array]) -> Array:
        """The array stored under `key`, or the one that `make` makes, which is kept then.

        Raises StorageFull if the folder cannot take it.
        """
        if self.folder is None:
            return make()
        try:
            known: Array = np.load(self._path("scores", key), allow_pickle=False)
            return known
        except (OSError, ValueError, EOFError):
            made = make()
        buffer = io.BytesIO()
        np.save(buffer, made, allow_pickle=False)
        self._write("scores", key, buffer.getvalue())
        return made

    def _path(self, kind: str, key: str) -> Path:
        assert self.folder is not None, "asked for only where there is a folder"
        return self.folder / kind / key[:2] / f"{key}.{kind[:-1]}"

    def _write(self, kind: str, key: str, data: bytes) -> None:
        if self.folder is None:
            return
        path = self._path(kind, key)
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.folder, path.parent.parent, path.parent):
                folder.mkdir(exist_ok=True, mode=0o700)  # with `parents`, the mode is the last one's only
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="part-")  # mode 0600
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
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


def template_key(image: FingerImage, extractor: str) -> str:
    """Hexadecimal digest of all that a template depends on.

    The pixels take part beside the file they came from: a new version of the decoder may make other
    pixels of the same bytes.
    """
    parts = [extractor, image.source.sha256, repr(image.source.ppi), repr(image.pixels.shape)]
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(image.pixels.tobytes())
    return digest.hexdigest()


def digest_of(words: Sequence[str], templates: Sequence[Template | None]) -> str:
    """Hexadecimal digest of templates in their order, and of what is done with them."""
    digest = hashlib.sha256("\n".join(words).encode())
    for template in templates:
        data = b"" if template is None else encode(template)
        digest.update(len(data).to_bytes(4, "little") + data)
    return digest.hexdigest()
