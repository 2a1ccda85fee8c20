"""Extracts a template and its quality from the image of one finger."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from musterpoint.extraction import presence, quality
from musterpoint.extraction.quality import QualityReport
from musterpoint.imaging.values import FingerImage
from musterpoint.templates import FingerPosition, Template

if TYPE_CHECKING:
    from musterpoint.extraction.network import Network

EXTRACTOR_VERSION: Final = "leader-1"
"""Name and version of what finds the minutiae; raised whenever the same image would give other ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What was extracted from one image."""

    template: Template
    quality: QualityReport


class Extractor:
    """Finds minutiae with the network; safe to use from several threads.

    Making one costs nothing. The first extraction of a process takes about 0.7 s longer, and from
    then on the network holds 350 to 450 MB, shared by all extractors of as many threads.
    """

    def __init__(self, threads: int = 1) -> None:
        """threads  processor threads of one extraction."""
        self._threads = threads

    def extract(self, image: FingerImage, position: FingerPosition = FingerPosition.UNKNOWN) -> Extraction:
        """Minutiae and quality of one finger.

        Raises ImageTooSmall, ImageTooLarge, NoFinger, SeveralFingers and NetworkMissing.
        """
        # Imported here, so that the package's names cost neither OpenVINO nor Numba.
        from musterpoint.extraction import decoding, ridges

        height, width = image.pixels.shape
        presence.check_size(height, width)
        measured = ridges.measure(image.pixels)
        presence.check_ridges(measured, height, width)
        minutiae = decoding.find_minutiae_around(_network(self._threads), image.pixels, measured)
        presence.check_minutiae(minutiae, measured)
        report = quality.assess(minutiae, measured)
        template = Template(
            minutiae=minutiae,
            width_px=width,
            height_px=height,
            position=position,
            quality=report.score,
            extractor=EXTRACTOR_VERSION,
        )
        return Extraction(template=template, quality=report)


def _network(threads: int) -> Network:
    # Two threads that both need it must not both make it.
    with _making:
        return _made_network(threads)


_making: Final = threading.Lock()


@cache
def _made_network(threads: int) -> Network:
    from musterpoint.extraction import model_cache, network

    return network.Network(model_cache.converted_network(), threads)
