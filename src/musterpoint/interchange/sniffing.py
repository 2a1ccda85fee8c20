"""Which record some bytes hold, told by their beginning and their lengths, never by a file's name."""

from __future__ import annotations

import struct
from typing import Final

from musterpoint.interchange.values import RecordFormat

MAGIC: Final = b"FMR\x00"
VERSION_2: Final = b" 20\x00"
VERSION_2_MISSPELT: Final = b"020\x00"
"""As printed in the sample of INCITS 378-2004."""

VERSION_3: Final = b"030\x00"
VERSION_3_AMENDED: Final = b"035\x00"

_INCITS_HEADER_BYTES: Final = 26
_ISO_HEADER_BYTES: Final = 24
_ISO_2011_HEADER_BYTES: Final = 15
_ISO_2011_REPRESENTATION_BYTES_MIN: Final = 34

_OTHERS: Final = {
    b"FIR\x00": "a record of finger images (ISO/IEC 19794-4)",
    b"IIR\x00": "a record of iris images (ISO/IEC 19794-6)",
    b"FAC\x00": "a record of face images (ISO/IEC 19794-5)",
}


def sniff(data: bytes) -> RecordFormat | None:
    """The format of a record of finger minutiae, or None for anything else.

    ISO/IEC 19794-2:2005 and INCITS 378-2004 begin alike; where the length field stands tells them
    apart. So do ISO/IEC 19794-2:2011 and INCITS 378-2009; the lengths of its parts tell.
    """
    if data[:4] != MAGIC:
        return None
    version = data[4:8]
    if version in (VERSION_2, VERSION_2_MISSPELT):
        return RecordFormat.INCITS_378_2004 if _has_incits_length(data) else RecordFormat.ISO_19794_2_2005
    if version == VERSION_3:
        is_iso = _has_representations(data)
        return RecordFormat.ISO_19794_2_2011 if is_iso else RecordFormat.INCITS_378_2009
    return RecordFormat.INCITS_378_2009 if version == VERSION_3_AMENDED else None


def is_record(data: bytes) -> bool:
    """Whether some bytes begin as a biometric record, also of a version or kind that is not read here."""
    return data[:4] == MAGIC or data[:4] in _OTHERS


def other_name(data: bytes) -> str:
    """What bytes that hold no record of finger minutiae are, in words."""
    if not data:
        return "an empty file"
    if data[:4] == MAGIC:
        version = data[4:8].rstrip(b"\x00").decode("ascii", "replace").strip()
        return f"a record of finger minutiae of version {version!r}, which is not supported yet"
    if data[:1] == b"<":
        return "an XML file"
    return _OTHERS.get(data[:4], "a file that begins like no record known here")


def _has_incits_length(data: bytes) -> bool:
    """Two bytes of length, or 0 and four more, against the four of ISO."""
    if len(data) < 12:
        return False
    first, second = struct.unpack_from(">HH", data, 8)
    if first:
        return bool(first >= _INCITS_HEADER_BYTES)
    return bool(second < _ISO_HEADER_BYTES)


def _has_representations(data: bytes) -> bool:
    """Whether the lengths of the representations add up to the length of the record."""
    if len(data) < _ISO_2011_HEADER_BYTES:
        return False
    length, count = struct.unpack_from(">IH", data, 8)
    end = _ISO_2011_HEADER_BYTES
    for _ in range(count):
        if end + 4 > len(data):
            return False
        (representation,) = struct.unpack_from(">I", data, end)
        if representation < _ISO_2011_REPRESENTATION_BYTES_MIN:
            return False
        end += representation
    return bool(count and end == length)
