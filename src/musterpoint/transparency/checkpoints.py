"""Checkpoints (C2SP tlog-checkpoint): how many entries a log has, and the root over them."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from musterpoint.errors import LogFormatError
from musterpoint.transparency.hashing import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from musterpoint.transparency.notes import from_base64

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_ORIGIN_BYTES_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    origin      which log
    size        entries
    root        over them
    extensions  further lines; this product writes none
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        is_sound = (
            0 < len(self.origin.encode()) <= _ORIGIN_BYTES_MAX
            and 0 <= self.size <= SIZE_MAX
            and len(self.root) == HASH_BYTES
            and (self.size > 0 or self.root == EMPTY_ROOT)
            and all((self.origin, *self.extensions))
            and "\n" not in "".join((self.origin, *self.extensions))
        )
        if not is_sound:
            raise _refused("an origin, size or root that no log has")

    @property
    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join([f"{line}\n" for line in lines])


def checkpoint_of(text: str) -> Checkpoint:
    """The checkpoint in the text of a note. Raises LogFormatError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop():
        raise _refused("fewer than three lines")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, parse_size(size), from_base64(root), tuple(extensions))


def parse_size(text: str) -> int:
    """A number in decimal without leading zeros, below 2^63. Raises LogFormatError."""
    if not _DECIMAL.fullmatch(text) or int(text) > SIZE_MAX:
        raise _refused("a number in another form, or beyond 2^63 - 1")
    return int(text)


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="origin, number of entries and root, each on its line (C2SP tlog-checkpoint)",
        found=found,
        hint="Ask for the checkpoint again",
        where="checkpoint",
    )
