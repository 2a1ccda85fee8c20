"""Native decoders that crash, take memory without bound or write to the terminal run in their own process.

WSQ (NIST's C code) faults on some damaged files. JPEG 2000 takes memory by counts that lie deep in
the code stream, so no look at the header bounds it. libtiff, which decodes compressed TIFF, writes
its complaints to standard error by itself. Every such image gets a fresh process: it costs 35 ms
(WSQ) to 90 ms, no more than extraction does, and nothing of one image can reach the next.
PNG, BMP, JPEG and uncompressed TIFF are decoded in our own process, after their headers were bounded
and all but the pixels was removed (`headers`): no mutated file has crashed those decoders.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from PIL import Image

from musterpoint.errors import DecoderFailed, ImageError
from musterpoint.imaging import decoder_process
from musterpoint.imaging.headers.values import Header, truncated, unsupported
from musterpoint.imaging.values import ImageFormat

_MEMORY_BYTES: Final = 512 * 2**20
_MEMORY_BYTES_PER_PIXEL: Final = 32
"""Two planes of four bytes for each of four channels, as OpenJPEG needs."""

_PROCESSOR_S: Final = 5
_PIXELS_PER_PROCESSOR_S: Final = 2_000_000
_WALL_PER_PROCESSOR_S: Final = 3
"""A loaded machine must not fail what an idle one decodes."""

_BYTES_PER_PIXEL: Final = {
    "L": 1,
    "LA": 2,
    "RGB": 3,
    "RGBA": 4,
    "YCbCr": 3,
    "CMYK": 4,
    "I;16": 2,
    "I;16B": 2,
}
"""Of each mode of Pillow that the process may answer with."""
_OWN_FAULTS: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGXCPU}
)
"""Deaths that the file causes; any other comes from outside and may not happen again."""


def decode(data: bytes, header: Header) -> Image.Image:
    """The picture, of the size that the header states.

    Raises:
        ImageTruncated: the decoder refused the data, crashed on it or never came to an end.
        ImageUnsupported: the package that decodes WSQ is not installed.
        DecoderFailed: the process could not be started, took too long or was ended from outside.
    """
    pixels = header.width_px * header.height_px
    processor_s = _PROCESSOR_S + pixels // _PIXELS_PER_PROCESSOR_S
    output_bytes_max = decoder_process.HEAD.size + pixels * max(_BYTES_PER_PIXEL.values())
    process = _start(header.format, _MEMORY_BYTES + pixels * _MEMORY_BYTES_PER_PIXEL, processor_s)
    output, has_timed_out = _converse(process, data, output_bytes_max, processor_s * _WALL_PER_PROCESSOR_S)
    if has_timed_out:
        raise _failed("it took too long")
    if process.returncode != 0 and len(output) <= output_bytes_max:
        raise _error(process.returncode, header.format)
    return _picture(output, header)


def _start(format_: ImageFormat, memory_bytes_max: int, processor_s_max: int) -> subprocess.Popen[bytes]:
    # -S and the path of this process: what can be imported here can be imported there, no more.
    command = [sys.executable, "-B", "-P", "-S", str(Path(decoder_process.__file__))]
    try:
        return subprocess.Popen(
            [*command, format_, str(memory_bytes_max), str(processor_s_max)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError as failure:
        raise _failed(f"it could not be started ({failure.strerror})") from failure


def _converse(
    process: subprocess.Popen[bytes], data: bytes, output_bytes_max: int, wall_s_max: int
) -> tuple[bytes, bool]:
    """The output, at most one byte more than allowed, and whether the time ran out."""
    assert process.stdin is not None
    assert process.stdout is not None
    has_timed_out = threading.Event()

    def end() -> None:
        has_timed_out.set()
        process.kill()

    timer = threading.Timer(wall_s_max, end)
    with process:
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as sink:
                sink.write(data)
            output = process.stdout.read(output_bytes_max + 1)
            if len(output) <= output_bytes_max:
                process.wait()
        finally:
            timer.cancel()
            process.kill()
    return output, has_timed_out.is_set()


def _picture(output: bytes, header: Header) -> Image.Image:
    head = decoder_process.HEAD
    if len(output) < head.size:
        raise _failed("it gave no answer")
    padded_mode, width_px, height_px = head.unpack_from(output)
    mode = padded_mode.rstrip(b"\0").decode("ascii", "replace")
    promised = header.width_px * header.height_px * _BYTES_PER_PIXEL.get(mode, 0)
    if (width_px, height_px, len(output) - head.size) != (header.width_px, header.height_px, promised):
        raise truncated("the file contradicts its own header")
    return Image.frombytes(mode, (width_px, height_px), output[head.size :])


def _error(status: int, format_: ImageFormat) -> ImageError | DecoderFailed:
    if status == decoder_process.EXIT_REFUSED:
        return truncated(f"the {format_.upper()} file is damaged, or of a rare kind")
    if status == decoder_process.EXIT_MISSING:
        return unsupported(
            f"a {format_.upper()} file, whose decoder is not installed",
            "Install it with: ./run python -m pip install wsq",
        )
    if -status in _OWN_FAULTS:
        return truncated(f"the {format_.upper()} file is so damaged that its decoder gave up")
    return _failed("it was ended from outside, perhaps for lack of memory")


def _failed(found: str) -> DecoderFailed:
    return DecoderFailed(
        expected="the process that decodes the image to answer",
        found=found,
        hint="Close other programs and try again; if it happens again, save the image as PNG",
    )
