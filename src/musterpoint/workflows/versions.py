"""Which templates may meet in one search: a gallery of mixed versions is searched correctly or refused.

The comparator's calibration says how often chance produces a score. It was fitted on templates of known
origins; of any other, nobody knows what a score means. Such a template is refused before it is searched:
leaving it out would miss people, and comparing it would give numbers that mean nothing.
"""

from __future__ import annotations

from typing import Final

from musterpoint.errors import VersionMismatch
from musterpoint.extraction import EXTRACTOR_VERSION
from musterpoint.interchange import RecordFormat
from musterpoint.templates import Template

COMPARABLE: Final = frozenset({EXTRACTOR_VERSION, *(one.value for one in RecordFormat), "unknown"})
"""Origins of templates that are searched together: the extractor of this version, and minutiae of
standard records, whoever found them. An older extractor of ours enters when its templates were measured
against the present one's with this comparator (docs/accuracy.md); until then `reindex` replaces them."""

SYNTHETIC: Final = "musterpoint synthetic "
"""True minutiae of synthetic fingers begin so, in tests and demonstrations."""


def is_comparable(template: Template) -> bool:
    """Whether the calibration holds for a template."""
    return template.extractor in COMPARABLE or template.extractor.startswith(SYNTHETIC)


def comparable(template: Template) -> Template:
    """The template, where the calibration holds for it. Raises VersionMismatch."""
    if is_comparable(template):
        return template
    raise VersionMismatch(
        expected=f"templates that this version can compare, as those of {EXTRACTOR_VERSION}",
        found=f"one of the extractor {template.extractor}",
        hint="Extract again where images are kept: musterpoint reindex",
        where="gallery",
    )
