"""Native decoders with a record of crashes run in a process of their own."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.imaging.headers.values import Header, unsupported
from musterpoint.imaging.values import ImageFormat

ISOLATED: Final = frozenset({ImageFormat.WSQ, ImageFormat.JPEG2000})


def decode_grey(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    raise unsupported("")
