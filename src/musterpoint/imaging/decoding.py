"""Encoded bytes to grey pixels, each format by its own decoder."""

from __future__ import annotations

import io
import struct
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from musterpoint.errors import DecoderFailed
from musterpoint.imaging import grey, isolation
from musterpoint.imaging.headers import bmp, jpeg, jpeg2000, png, tiff, wsq
from musterpoint.imaging.headers.values import Header, truncated
from musterpoint.imaging.values import ImageFormat

_READERS: Final = {
    ImageFormat.PNG: png.read,
    ImageFormat.BMP: bmp.read,
    ImageFormat.TIFF: tiff.read,
    ImageFormat.JPEG: jpeg.read,
    ImageFormat.JPEG2000: jpeg2000.read,
    ImageFormat.WSQ: wsq.read,
}
_ESSENTIALS: Final = {
    ImageFormat.PNG: png.essentials,
    ImageFormat.TIFF: tiff.essentials,
    ImageFormat.JPEG: jpeg.essentials,
}
_DECODER_ERRORS: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, LookupError, TypeError, AttributeError),
    *(ArithmeticError, RuntimeError, Warning, Image.DecompressionBombError),
)
"""What Pillow's decoders raise on damaged data."""


def read_header(data: bytes, format_: ImageFormat) -> Header:
    """The head of an image whose format was told by `sniff`."""
    return _READERS[format_](data)


def decode_grey(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    """uint8 (height, width), of exactly the size that the header states."""
    try:
        return _decode_grey(data, header)
    except _DECODER_ERRORS as broken:
        raise truncated(f"the {header.format.upper()} file is damaged, or of a rare kind") from broken
    except MemoryError as full:
        raise DecoderFailed(
            expected="memory for the image",
            found="not enough memory to decode it",
            hint="Close other programs and try again",
        ) from full


def _decode_grey(data: bytes, header: Header) -> npt.NDArray[np.uint8]:
    essentials = _ESSENTIALS.get(header.format)
    bare = essentials(data) if essentials else data
    pixels = grey.to_grey(isolation.decode(bare, header) if header.is_isolated else _load(bare, header))
    if header.is_negative and header.bit_depth == 16:
        return 255 - pixels  # Pillow turns all but this variant round
    return pixels


def _load(data: bytes, header: Header) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=[header.format.upper()])
    if image.size != (header.width_px, header.height_px):
        raise truncated("the file contradicts its own header")
    image.load()
    return image
