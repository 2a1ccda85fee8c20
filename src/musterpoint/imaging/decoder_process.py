"""The program of the process that decodes WSQ, JPEG 2000 and compressed TIFF; `isolation.py` starts it.

It is run as a file and imports nothing of musterpoint, so that it starts in tens of milliseconds.
Arguments: the format, and the most bytes of memory and seconds of processor time it may take.
The encoded image comes on standard input; `HEAD` and the pixels, as Pillow holds them, go to
standard output. Exit codes: 0 decoded, and those below.
"""

from __future__ import annotations

import contextlib
import resource
import struct
import sys
from typing import Final

HEAD: Final = struct.Struct("<8sII")
"""Mode of Pillow padded with NUL, width, height."""

EXIT_REFUSED: Final = 3
EXIT_MISSING: Final = 4


def main() -> int:
    """Decode one image."""
    format_, memory_bytes_max, processor_s_max = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    _limit(memory_bytes_max, processor_s_max)
    data = sys.stdin.buffer.read()
    try:
        mode, width_px, height_px, pixels = _wsq(data) if format_ == "wsq" else _pillow(data, format_)
    except ImportError:
        return EXIT_MISSING
    except Exception:  # noqa: BLE001 - the outermost frame of a process; its caller tells the user
        return EXIT_REFUSED
    sys.stdout.buffer.write(HEAD.pack(mode.encode(), width_px, height_px))
    sys.stdout.buffer.write(pixels)
    return 0


def _limit(memory_bytes_max: int, processor_s_max: int) -> None:
    limits = (
        (resource.RLIMIT_AS, memory_bytes_max),
        (resource.RLIMIT_CPU, processor_s_max),
        # A crash must not leave a fingerprint in a core file, nor anything write one.
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    )
    for kind, bound in limits:
        # macOS knows no bound on address space; the others hold there.
        with contextlib.suppress(ValueError, OSError):
            # One second between the soft and the hard bound tells running on from being killed.
            resource.setrlimit(kind, (bound, bound + 1 if kind == resource.RLIMIT_CPU else bound))


def _wsq(data: bytes) -> tuple[str, int, int, bytes]:
    # The public module of the package also patches Pillow; its decoder alone is wanted here.
    import _wsq

    pixels, width_px, height_px, _ = _wsq.decompress(data)
    return "L", width_px, height_px, pixels


def _pillow(data: bytes, format_: str) -> tuple[str, int, int, bytes]:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(data), formats=[format_.upper()]) as image:
        image.load()
        # Neither a palette nor packed bits travel as plain bytes.
        plain = image.convert({"1": "L", "P": "RGB", "PA": "RGBA"}.get(image.mode, image.mode))
        return plain.mode, plain.width, plain.height, plain.tobytes()


if __name__ == "__main__":
    sys.exit(main())
