"""The one form in which payloads are hashed, sealed and shown: RFC 8785, and stricter rules at the border.

Texts are NFC-normalised, since RFC 8785 does not do it and two spellings of one name would differ. Whole
numbers lie within 2^53 - 1. There are no floating-point numbers: 1.0 would become 1, and a type be lost.
Keys are ASCII, so that sorting by UTF-16 units and by code points agree. Times are RFC 3339 texts in UTC,
bytes are lower-case hexadecimal: that is up to the caller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from unicodedata import is_normalized, normalize

from musterpoint.errors import LogFormatError

PayloadValue: TypeAlias = "str | int | bool | Sequence[PayloadValue] | Mapping[str, PayloadValue] | None"
"""What a payload may hold."""

Payload: TypeAlias = Mapping[str, PayloadValue]
"""Named facts."""

INTEGER_MAX: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""

_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode
_CONSTANTS: Final = {None: "null", True: "true", False: "false"}

DEPTH_MAX: Final = 8
"""Lists and objects inside one another: payloads are flat facts."""


def canonical(payload: Payload) -> bytes:
    """The bytes of a payload, with its texts normalised. Raises LogFormatError where a rule is broken.

    >>> canonical({"b": 1, "a": ["x"]})
    b'{"a":["x"],"b":1}'
    """
    return _encoded(_text(payload, 0))


def canonical_field(name: str, value: PayloadValue) -> bytes:
    """The bytes of one field by itself, for its own commitment. Raises LogFormatError."""
    return _encoded(f"[{_quoted(_key(name))},{_text(value, 1)}]")


def parse_canonical(data: bytes) -> dict[str, Any]:
    """The payload that `canonical` wrote; any other bytes, however alike, raise LogFormatError."""
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused("no JSON") from None
    if not isinstance(payload, dict) or canonical(payload) != data:
        raise _refused("JSON in another form")
    return payload


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _refused("half of a character") from None


def _text(value: Any, depth: int) -> str:
    # RFC 8785 written out, many times as quick as by the package: what passes this border has no fractions,
    # keys whose order is that of their characters, and texts that Python's own encoder quotes alike.
    if isinstance(value, str):
        return _quoted(value if is_normalized("NFC", value) else normalize("NFC", value))
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise _refused("a whole number beyond 2^53 - 1")
        return str(int(value))
    if depth == DEPTH_MAX:
        raise _refused(f"more than {DEPTH_MAX} levels")
    if isinstance(value, Mapping):
        names = sorted(map(_key, value))
        return f"{{{','.join([f'{_quoted(name)}:{_text(value[name], depth + 1)}' for name in names])}}}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return f"[{','.join([_text(one, depth + 1) for one in value])}]"
    raise _refused(f"a value of type {type(value).__name__}")


def _key(name: object) -> str:
    if not isinstance(name, str) or not name.isascii():
        raise _refused("a name that is not ASCII")
    return name


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="canonical JSON (RFC 8785) of texts, whole numbers, lists and objects with ASCII names",
        found=found,
        hint="Give numbers with fractions, times and bytes as texts",
        where="payload",
    )
