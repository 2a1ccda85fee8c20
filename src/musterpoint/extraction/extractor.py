"""Extracts a template and its quality from the image of one finger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from musterpoint.extraction import presence, quality
from musterpoint.extraction.quality import QualityReport
from musterpoint.imaging.values import FingerImage
from musterpoint.templates import FingerPosition, Template

EXTRACTOR_VERSION: Final = "leader-1"
"""Name and version of what finds the minutiae; raised whenever the same image would give other ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What was extracted from one image."""

    template: Template
    quality: QualityReport


class Extractor:
    """The minutiae network, compiled; safe to use from several threads.

    Making one takes about 0.7 s, and it holds 350 to 450 MB: make one and keep it.
    """

    def __init__(self, threads: int = 1) -> None:
        """threads  processor threads of one extraction. Raises NetworkMissing."""
        # Imported here, so that the package's names cost neither OpenVINO nor Numba.
        from musterpoint.extraction import decoding, model_cache, network, ridges

        self._network = network.Network(model_cache.converted_network(), threads)
        self._measure_ridges = ridges.measure
        self._find_minutiae = decoding.find_minutiae_around

    def extract(self, image: FingerImage, position: FingerPosition = FingerPosition.UNKNOWN) -> Extraction:
        """Minutiae and quality of one finger.

        Raises ImageTooSmall, ImageTooLarge, NoFinger and SeveralFingers.
        """
        height, width = image.pixels.shape
        presence.check_size(height, width)
        measured = self._measure_ridges(image.pixels)
        presence.check_ridges(measured, height, width)
        minutiae = self._find_minutiae(self._network, image.pixels, measured)
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
