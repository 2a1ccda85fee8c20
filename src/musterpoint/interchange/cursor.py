"""Big-endian fields one after the other, never past the end of the data."""

from __future__ import annotations

import struct

from musterpoint.errors import RecordError
from musterpoint.interchange.values import Deviation, DeviationCode


class Cursor:
    """A place in a record, and the deviations met on the way."""

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self.data = data
        self.offset = offset
        self.deviations: list[Deviation] = []

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        return len(self.data) - self.offset

    def take(self, layout: str, what: str) -> tuple[int, ...]:
        """The next integers, of a `struct` layout without its byte order.

        Raises:
            RecordError: the data ends before.
        """
        fields = struct.Struct(f">{layout}")
        self.need(fields.size, what)
        values = fields.unpack_from(self.data, self.offset)
        self.offset += fields.size
        return values

    def need(self, count: int, what: str) -> None:
        """Raise RecordError unless `count` bytes are left: before anything of that size is made."""
        if count > self.left:
            raise broken(f"the record ends inside of {what}, at byte {len(self.data)}")

    def note(self, code: DeviationCode, found: str, used: str, offset: int | None = None) -> None:
        """Keep a deviation, at the present place unless another is given."""
        self.deviations.append(Deviation(code, self.offset if offset is None else offset, found, used))


def broken(found: str) -> RecordError:
    """The error for a record that breaks its standard beyond what is forgiven."""
    return RecordError(
        expected="a complete record of finger minutiae",
        found=found,
        hint="Ask for the record again, or extract a template from the image",
    )
