"""WSQ (FBI IAFIS-IC-0110, version 3): the head of a file, its segments in any order."""

from __future__ import annotations

import re
from typing import Final

from musterpoint.imaging.headers.values import Header, Resolution, truncated, unpack
from musterpoint.imaging.values import ImageFormat

MARK: Final = b"\xff\xa0"

_END: Final = 0xFFA1
_FRAME: Final = 0xFFA2
_BLOCK: Final = 0xFFA3
_COMMENT: Final = 0xFFA8
_SEGMENTS: Final = frozenset(range(0xFFA0, 0xFFA9))
_PPI_LINE: Final = re.compile(rb"^PPI (\d{1,5})\s*$", re.MULTILINE)
_PPI_OF_THE_FORMAT: Final = 500


def read(data: bytes) -> Header:
    """The head of a WSQ file; 500 ppi unless its NIST comment says otherwise, as the format implies."""
    size: tuple[int, int] | None = None
    ppi: int | None = None
    offset = len(MARK)
    while True:
        marker, length = unpack(">HH", data, offset)
        if marker not in _SEGMENTS or length < 2:
            raise truncated("a damaged WSQ file")
        content = data[offset + 4 : offset + 2 + length]
        if len(content) < length - 2:
            raise truncated("the WSQ file ends early")
        if marker == _FRAME:
            _, _, height_px, width_px = unpack(">BBHH", content, 0)
            size = width_px, height_px
        elif marker == _COMMENT and ppi is None:
            ppi = _ppi(content)
        elif marker in (_BLOCK, _END):
            break
        offset += 2 + length
    if size is None:
        raise truncated("a WSQ file without a frame")
    return Header(
        format=ImageFormat.WSQ,
        width_px=size[0],
        height_px=size[1],
        bit_depth=8,
        resolution=Resolution(ppi or _PPI_OF_THE_FORMAT, ppi or _PPI_OF_THE_FORMAT),
        is_isolated=True,
    )


def _ppi(comment: bytes) -> int | None:
    """What a comment of NIST's form states; its encoder writes 0 or -1 where it was told nothing."""
    found = _PPI_LINE.search(comment) if comment.startswith(b"NIST_COM") else None
    return (int(found.group(1)) or None) if found else None
