"""Image files drawn here: ridges of no finger, wrapped by Pillow or by hand."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def ridges(width_px: int = 160, height_px: int = 200, period_px: float = 9.0) -> Pixels:
    """Dark rings on light ground that fill the frame."""
    y, x = np.mgrid[:height_px, :width_px]
    waves = np.cos(np.hypot(x - width_px * 0.55, y - height_px * 0.9) * 2 * np.pi / period_px)
    return np.asarray(np.rint(127 + 110 * waves), np.uint8)


def touched(size_px: int = 320) -> Pixels:
    """Dark, narrow ridges in an ellipse on bare light ground, as a finger leaves on a sensor."""
    y, x = np.mgrid[:size_px, :size_px]
    waves = np.cos(np.hypot(x - size_px * 0.5, y - size_px * 0.75) * 2 * np.pi / 9)
    distance = np.hypot((x - size_px / 2) / 0.36, (y - size_px / 2) / 0.44) / size_px
    contact = np.clip((1 - distance) * 6, 0, 1)
    depth = np.maximum(waves, -0.4) + 0.4
    return np.asarray(np.rint(235 - 140 * contact * depth), np.uint8)


def saved(pixels: Pixels | Image.Image, format_: str, **options: Any) -> bytes:
    """A file made by Pillow."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with a right checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width_px: int, height_px: int, *chunks: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """A grey PNG whose rows are all zero, with further chunks before its data."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    row = bytes(1 + width_px * channels * depth // 8)
    head = struct.pack(">IIBBBBB", width_px, height_px, depth, colour, 0, 0, 0)
    data = zlib.compress(row * height_px)
    parts = (png_chunk(b"IHDR", head), *chunks, png_chunk(b"IDAT", data), png_chunk(b"IEND", b""))
    return PNG_SIGNATURE + b"".join(parts)


def tiff(pixels: npt.NDArray[Any], *more: tuple[int, int, int], photometric: int = 1) -> bytes:
    """An uncompressed little-endian TIFF of one strip; `more` are (tag, type, value)."""
    height_px, width_px = pixels.shape[:2]
    stored = pixels.tobytes()
    stored += bytes(len(stored) % 2)
    entries = {
        256: (3, width_px),
        257: (3, height_px),
        258: (3, 8 * pixels.dtype.itemsize),
        259: (3, 1),
        262: (3, photometric),
        273: (4, 8),
        277: (3, 1),
        278: (3, height_px),
        279: (4, pixels.nbytes),
        **{tag: (kind, value) for tag, kind, value in more},
    }
    directory = struct.pack("<H", len(entries))
    for tag, (kind, value) in sorted(entries.items()):
        inline = struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)
        directory += struct.pack("<HHI", tag, kind, 1) + inline
    return b"II*\0" + struct.pack("<I", 8 + len(stored)) + stored + directory + bytes(4)


def jp2_with_resolution(pixels: Pixels, per_m: int, box: bytes = b"resc") -> bytes:
    """A JP2 file with a resolution box, which Pillow does not write."""
    plain = saved(pixels, "JPEG2000")
    inner = struct.pack(">I4sHHHHbb", 18, box, per_m // 100, 1, per_m // 100, 1, 2, 2)
    resolution = struct.pack(">I4s", 8 + len(inner), b"res ") + inner
    at = plain.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", plain, at)
    header = struct.pack(">I", length + len(resolution)) + plain[at + 4 : at + length] + resolution
    return plain[:at] + header + plain[at + length :]


def exif(orientation: int) -> bytes:
    """An EXIF block that states an orientation alone."""
    options = Image.Exif()
    options[274] = orientation
    return options.tobytes()
