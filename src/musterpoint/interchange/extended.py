"""Extended data of a finger view: ridge counts, cores, deltas, zonal quality, vendors' blocks.

A template has no place for them, so they are measured and passed over. Measuring is not idle:
real writers state wrong lengths, and the next view must still be found.
"""

from __future__ import annotations

import struct
from typing import Final

from musterpoint.interchange.cursor import Cursor, broken
from musterpoint.interchange.dialects import Dialect
from musterpoint.interchange.values import DeviationCode

_BLOCK_HEAD_BYTES: Final = 4
_CORES_AND_DELTAS: Final = 2
_POINT_BYTES: Final = 4
_COUNT_MASK: Final = 0x3F
_COUNT_MASK_INCITS: Final = 0x0F
_VIEW_HEAD_BYTES: Final = 6
_POSITION_MAX: Final = 50
"""The largest finger position code of any version: INCITS 378-2009/Am.1."""

_NOWHERE: Final = 1 << 32


def skip(cursor: Cursor, dialect: Dialect, is_last: bool) -> None:
    """Move behind the extended data, whose length field comes next.

    Where the stated length and the blocks' own counts disagree, the end is taken behind which the
    record can go on.

    Raises:
        RecordError: the data ends before any end that makes sense.
    """
    (total,) = cursor.take("H", "the length of the extended data")
    begin = cursor.offset
    stated_end = begin + total
    counted_end, is_exact = _counted_end(cursor.data, begin, stated_end, dialect)
    candidates = (stated_end,) if counted_end is None else (stated_end, counted_end)
    ends = [end for end in candidates if _can_go_on(cursor.data, end, is_last)]
    if not ends:
        raise broken(f"the record ends inside of its extended data, at byte {len(cursor.data)}")
    cursor.offset = max(ends) if is_last else ends[0]
    if counted_end is None:
        cursor.note(DeviationCode.EXTENDED_BROKEN, "extended data without sense", "left out", begin)
    elif counted_end != stated_end or not is_exact:
        found, used = f"extended data of length {total}", f"{cursor.offset - begin} bytes by its own counts"
        cursor.note(DeviationCode.EXTENDED_LENGTH, found, used, begin)


def _can_go_on(data: bytes, offset: int, is_last: bool) -> bool:
    """Whether a record may end here, or another view begin."""
    if is_last or offset > len(data):
        return offset <= len(data)
    return offset + _VIEW_HEAD_BYTES <= len(data) and data[offset] <= _POSITION_MAX


def _counted_end(data: bytes, begin: int, stated_end: int, dialect: Dialect) -> tuple[int | None, bool]:
    """Where the blocks end by their own counts (None where they make no sense), and if all lengths agree."""
    offset, is_exact = begin, True
    while offset + _BLOCK_HEAD_BYTES <= min(stated_end, len(data)):
        kind, length = struct.unpack_from(">HH", data, offset)
        end = offset + length
        counted = end
        if kind == _CORES_AND_DELTAS:
            counted = _points_end(data, offset + _BLOCK_HEAD_BYTES, dialect)
        elif end + _BLOCK_HEAD_BYTES == stated_end:
            counted = stated_end  # its length left out the block's head
        # Off by a byte or two is a slip of the writer; off by more is filling, or damage.
        if abs(counted - end) <= _BLOCK_HEAD_BYTES:
            is_exact &= counted == end
            end = counted
        if length < _BLOCK_HEAD_BYTES or end > len(data):
            return None, False
        offset = end
    return offset, is_exact


def _points_end(data: bytes, offset: int, dialect: Dialect) -> int:
    """Where the cores and deltas that begin at `offset` end; far beyond the data if they do not."""
    for angles in (1, 3):
        if offset >= len(data):
            return _NOWHERE
        head = data[offset]
        offset += 1
        if not dialect.is_flag_per_point:
            has_angles = head >> 6 == 1
            offset += (head & _COUNT_MASK_INCITS) * (_POINT_BYTES + has_angles * angles)
            continue
        for _ in range(head & _COUNT_MASK):
            if offset >= len(data):
                return _NOWHERE
            offset += _POINT_BYTES + (data[offset] >> 6 == 1) * angles
    return offset
