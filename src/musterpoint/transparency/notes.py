"""Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, replace
from typing import Final

from musterpoint.errors import LogFormatError

NOTE_BYTES_MAX: Final = 128 * 1024
"""Bytes of a note: 32 signatures of ML-DSA-44, and room for the text."""

SIGNATURES_MAX: Final = 32
"""Signatures of a note: the specification asks for 16 at least."""

KEY_ID_BYTES: Final = 4
"""Bytes that say which key has signed; they identify, and prove nothing."""

_SIGNATURE_MIN: Final = KEY_ID_BYTES + 1
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    name       name of the key
    key_id     4 bytes
    signature  what the algorithm made, with its time in front where the algorithm has one
    """

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands in a note, with its newline."""
        return f"\u2014 {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, none of which has been verified by being here.

    text  ends with a newline
    """

    text: str
    signatures: tuple[NoteSignature, ...] = ()

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or _CONTROL.search(self.text):
            raise _refused("a text that does not end with its line, or has control characters")

    def to_bytes(self) -> bytes:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join([one.line for one in self.signatures])}".encode()

    def signed_by(self, *signatures: NoteSignature) -> Note:
        """The note with these too, in the place of older ones by the same keys."""
        fresh = {(one.name, one.key_id) for one in signatures}
        kept = [one for one in self.signatures if (one.name, one.key_id) not in fresh]
        return replace(self, signatures=(*kept, *signatures))


def parse_note(data: bytes) -> Note:
    """The note in these bytes. Raises LogFormatError."""
    if len(data) > NOTE_BYTES_MAX:
        raise _refused(f"more than {NOTE_BYTES_MAX} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise _refused("bytes that are not UTF-8") from None
    text, parting, lines = whole.rpartition("\n\n")
    if not parting:
        raise _refused("no empty line before the signatures")
    return Note(f"{text}\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """The signatures in one or more whole lines. Raises LogFormatError."""
    if not lines.endswith("\n") or lines.count("\n") > SIGNATURES_MAX:
        raise _refused(f"no signature lines, or more than {SIGNATURES_MAX}")
    return tuple([_signature_of(line) for line in lines[:-1].split("\n")])


def _signature_of(line: str) -> NoteSignature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "\u2014" or not is_key_name(name):
        raise _refused("a line that is no signature")
    value = from_base64(encoded)
    if len(value) < _SIGNATURE_MIN:
        raise _refused("a signature without its bytes")
    return NoteSignature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, without spaces of any kind, `+` and control characters."""
    return (
        bool(name) and len(name) < 256 and "+" not in name and name.isprintable() and name.split() == [name]
    )


def from_base64(text: str) -> bytes:
    """The bytes of standard base64 in its only right spelling. Raises LogFormatError."""
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise _refused("a text that is no base64") from None
    # Bits that do not count could otherwise differ, and one signature have several spellings.
    if b64encode(value).decode() != text:
        raise _refused("base64 in another spelling")
    return value


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="a signed note (C2SP signed-note)",
        found=found,
        hint="Ask for the file again; do not edit it, since every byte is signed",
        where="signed note",
    )
