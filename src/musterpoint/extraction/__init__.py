"""Extraction of minutiae and image quality.

Importing the package is cheap; the network and its runtime are loaded when an `Extractor` is made.
"""

from musterpoint.extraction.extractor import EXTRACTOR_VERSION, Extraction, Extractor
from musterpoint.extraction.quality import SEARCH_FLOOR, QualityReason, QualityReport

__all__ = [
    "EXTRACTOR_VERSION",
    "SEARCH_FLOOR",
    "Extraction",
    "Extractor",
    "QualityReason",
    "QualityReport",
]
