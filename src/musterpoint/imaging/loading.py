"""Bytes to the one canonical image: the only way in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from musterpoint.errors import (
    ImageTooLarge,
    ImageTooSmall,
    ImageTruncated,
    MusterpointError,
    NotAnImage,
    UnusableInput,
)
from musterpoint.imaging import decoding, polarity, resampling, resolution, sniffing
from musterpoint.imaging.headers.values import Header, unsupported
from musterpoint.imaging.values import FingerImage, ImageFormat, ImageSource
from musterpoint.limits import (
    IMAGE_BYTES_MAX,
    IMAGE_PIXELS_MAX,
    IMAGE_SIDE_MAX_PX,
    IMAGE_SIDE_MIN_PX,
    PPI,
    PPI_MIN,
)

Grey = npt.NDArray[np.uint8]


def decode(
    data: bytes, *, ppi: float | None = None, where: str = "", inverted: bool | None = None
) -> FingerImage:
    """The image in encoded bytes; the format is told by the bytes alone.

    ppi       pixels per inch of the source, 250..1200; overrules what the file states
    where     name of the source for error messages
    inverted  whether the source has light ridges; None to find out

    Raises:
        ImageError: one of its kinds.
        DecoderFailed: the process that decodes gave no answer, or memory ran out.
    """
    with _named(where):
        _check_bytes(len(data))
        format_ = sniffing.sniff(data)
        if format_ is None:
            raise NotAnImage(
                expected="PNG, BMP, TIFF, JPEG, JPEG 2000 or WSQ",
                found=sniffing.other_name(data),
                hint="Choose the image file, or save it as PNG",
            )
        header = decoding.read_header(data, format_)
        _check_source_size(header.width_px, header.height_px)
        _check_variant(header)
        used_ppi, origin = resolution.resolve(header.resolution, ppi)
        _check_canonical_size(header.width_px, header.height_px, used_ppi)
        pixels = decoding.decode_grey(data, header)
        return _canonical(pixels, data, header, used_ppi, origin, inverted)


def raw(
    data: bytes,
    *,
    width_px: int,
    height_px: int,
    ppi: float,
    where: str = "",
    inverted: bool | None = None,
) -> FingerImage:
    """The image in bare 8-bit grey bytes, row by row from the top.

    Raises:
        ImageError: one of its kinds; ImageTruncated where the bytes do not fit the size.
    """
    with _named(where):
        _check_bytes(len(data))
        used_ppi = resolution.given(ppi)
        _check_source_size(width_px, height_px)
        _check_canonical_size(width_px, height_px, used_ppi)
        if len(data) != width_px * height_px:
            raise ImageTruncated(
                expected=f"{width_px * height_px} bytes for {width_px} x {height_px} px",
                found=f"{len(data)} bytes",
                hint="Check the width and height, and that one byte is one pixel",
            )
        pixels = np.frombuffer(data, np.uint8).reshape(height_px, width_px)
        header = Header(format=ImageFormat.RAW, width_px=width_px, height_px=height_px, bit_depth=8)
        return _canonical(pixels, data, header, used_ppi, "given", inverted)


def load_image(path: str | Path, *, ppi: float | None = None, inverted: bool | None = None) -> FingerImage:
    """The image in a file: see `decode`.

    Raises:
        UnusableInput: there is no such file, or it cannot be read.
        ImageError, DecoderFailed: as `decode`.
    """
    path = Path(path)
    return decode(read_file(path), ppi=ppi, where=str(path), inverted=inverted)


def from_pixels(pixels: Grey, ppi: float) -> FingerImage:
    """The image of pixels made by ourselves: uint8 (H, W), dark ridges on light ground.

    Raises:
        ImageError: size or resolution out of bounds.
    """
    pixels = np.ascontiguousarray(pixels, np.uint8)
    height_px, width_px = pixels.shape
    return raw(pixels.tobytes(), width_px=width_px, height_px=height_px, ppi=ppi, inverted=False)


def read_file(path: Path, *, bytes_max: int = IMAGE_BYTES_MAX) -> bytes:
    """The bytes of a file, at most one more than `bytes_max`, which tells that there are too many.

    Raises UnusableInput where there is no such file, or it cannot be read, or is none.
    """
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device may never end, or never begin.
            raise _unreadable(path, "a folder" if path.is_dir() else "a pipe, a device or the like")
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        is_missing = isinstance(error, FileNotFoundError)
        found = "no such file" if is_missing else f"a file that cannot be read ({_reason(error)})"
        raise _unreadable(path, found) from error


def _unreadable(path: Path, found: str) -> UnusableInput:
    return UnusableInput(
        expected="a file that can be read",
        found=found,
        hint="Check the name, and that you may read it",
        where=str(path),
    )


def _reason(unreadable: OSError | ValueError) -> str:
    words = unreadable.strerror if isinstance(unreadable, OSError) else "impossible name"
    return (words or type(unreadable).__name__).lower()


def _canonical(
    pixels: Grey,
    data: bytes,
    header: Header,
    ppi: float,
    origin: Literal["file", "given"],
    inverted: bool | None,
) -> FingerImage:
    pixels = resampling.to_canonical(pixels, ppi)
    is_inverted = polarity.has_light_ridges(pixels) if inverted is None else inverted
    return FingerImage(
        pixels=255 - pixels if is_inverted else pixels,
        source=ImageSource(
            format=header.format,
            width_px=header.width_px,
            height_px=header.height_px,
            ppi=ppi,
            ppi_origin=origin,
            inverted=is_inverted,
            bit_depth=_source_depth(header.bit_depth),
            sha256=hashlib.sha256(data).hexdigest(),
        ),
    )


def _source_depth(bits: int) -> int:
    return bits if bits in (1, 16) else 8


def _check_bytes(count: int) -> None:
    if count > IMAGE_BYTES_MAX:
        raise ImageTooLarge(
            expected=f"at most {IMAGE_BYTES_MAX // 2**20} MiB",
            found="a larger file",
            hint="Cut out the finger, or save the image in a compressed format",
        )


def _check_source_size(width_px: int, height_px: int) -> None:
    # A side that is too small even at the lowest resolution needs no resolution to be refused.
    if min(width_px, height_px) < IMAGE_SIDE_MIN_PX * PPI_MIN / PPI:
        raise _too_small(width_px, height_px)
    _check_not_too_large(width_px, height_px)


def _check_canonical_size(width_px: int, height_px: int, ppi: float) -> None:
    width_px, height_px = resampling.canonical_size(width_px, height_px, ppi)
    if min(width_px, height_px) < IMAGE_SIDE_MIN_PX:
        raise _too_small(width_px, height_px, f" at {PPI} ppi")
    _check_not_too_large(width_px, height_px)


def _too_small(width_px: int, height_px: int, at: str = "") -> ImageTooSmall:
    return ImageTooSmall(
        expected=f"a finger of at least {IMAGE_SIDE_MIN_PX} x {IMAGE_SIDE_MIN_PX} px at {PPI} ppi",
        found=f"{width_px} x {height_px} px{at}",
        hint="Capture the finger again, or check the resolution",
    )


def _check_not_too_large(width_px: int, height_px: int) -> None:
    if max(width_px, height_px) > IMAGE_SIDE_MAX_PX or width_px * height_px > IMAGE_PIXELS_MAX:
        raise ImageTooLarge(
            expected=f"at most {IMAGE_PIXELS_MAX // 10**6} megapixels and {IMAGE_SIDE_MAX_PX} px a side",
            found=f"{width_px} x {height_px} px ({width_px * height_px / 1e6:.0f} megapixels)",
            hint="Cut out the finger before sending the image",
        )


def _check_variant(header: Header) -> None:
    if header.is_multiple:
        raise unsupported("an animation or several pages in one file", "Save the one image you mean as PNG")
    if header.orientation != 1:
        raise unsupported(
            "an image stored turned, with a note how to turn it (EXIF orientation)",
            "Turn it upright in an image editor and save it as PNG without that note",
        )


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Errors raised inside carry the name of the source."""
    try:
        yield
    except MusterpointError as error:
        error.where = error.where or where
        raise
