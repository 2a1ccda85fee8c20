"""Open biometric identification: load a fingerprint, extract its minutiae, compare, search.

    image = musterpoint.load_image("right-index.png")
    template = musterpoint.extract(image).template
    musterpoint.compare(template, other).score

Names are loaded when they are first used, so that importing musterpoint costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musterpoint.comparison import Comparison
    from musterpoint.errors import MusterpointError
    from musterpoint.extraction import Extraction, QualityReport
    from musterpoint.gallery import Gallery
    from musterpoint.imaging import FingerImage, load_image
    from musterpoint.templates import FingerPosition, Template

__version__ = "0.3.0"
"""The version of the product; the same stands in pyproject.toml and on top of CHANGELOG.md."""

__all__ = [
    "Comparison",
    "Extraction",
    "FingerImage",
    "FingerPosition",
    "Gallery",
    "MusterpointError",
    "QualityReport",
    "Template",
    "__version__",
    "compare",
    "extract",
    "load_image",
]

_HOMES = {
    "Comparison": "musterpoint.comparison",
    "Extraction": "musterpoint.extraction",
    "FingerImage": "musterpoint.imaging",
    "FingerPosition": "musterpoint.templates",
    "Gallery": "musterpoint.gallery",
    "MusterpointError": "musterpoint.errors",
    "QualityReport": "musterpoint.extraction",
    "Template": "musterpoint.templates",
    "load_image": "musterpoint.imaging",
}


def extract(image: FingerImage, position: FingerPosition | None = None) -> Extraction:
    """Find the minutiae of one finger, and judge how useful the image is.

    The network is loaded once a process, on the first call.

    position  which finger it is, if that is known

    Raises NoFinger and SeveralFingers for an image that cannot serve as a sample, ImageTooSmall and
    ImageTooLarge, and NetworkMissing where the weights are not installed.
    """
    from musterpoint.extraction import Extractor
    from musterpoint.imaging import FingerImage
    from musterpoint.templates import FingerPosition

    if not isinstance(image, FingerImage):
        raise TypeError(f"an image from load_image is expected, found {type(image).__name__}")
    return Extractor().extract(image, FingerPosition.UNKNOWN if position is None else position)


def compare(probe: Template, reference: Template) -> Comparison:
    """How much two templates speak for one finger: a score in milli-nats, and the pairs of minutiae.

    The score is the same in either order.
    """
    from musterpoint import comparison
    from musterpoint.templates import Template

    for template in (probe, reference):
        if not isinstance(template, Template):
            raise TypeError(f"a Template is expected, found {type(template).__name__}")
    return comparison.compare(comparison.prepare(probe), comparison.prepare(reference))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # A checker knows the names from above, and would let any other pass.

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
