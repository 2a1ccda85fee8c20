"""Draws the pictures of the documentation: synthetic fingers, and the pipeline that the product uses.

    ./run python tools/draw_documentation.py [FOLDER]

FOLDER is docs/images where none is given. No real finger may ever be drawn here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from musterpoint.comparison import compare, false_match_rate, prepare
from musterpoint.depiction import (
    NO_PROBABILITY,
    FingerPairView,
    ImpressionView,
    describe_comparison,
    draw_comparison,
    draw_minutiae,
    draw_pair,
    to_png,
)
from musterpoint.extraction import Extractor
from musterpoint.imaging import FingerImage
from musterpoint.synthetic import Finger, person
from musterpoint.templates import FingerPosition, Template

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
BYTES_MAX = 300_000
"""A picture that is larger makes every clone larger."""

SEED, OTHER_SEED = 20, 21
POSITION = FingerPosition.RIGHT_INDEX
Impression = tuple[FingerImage, Template]


def pictures(extractor: Extractor) -> Iterator[tuple[str, Image.Image]]:
    """Each picture with its name."""
    finger, other = person(SEED)[POSITION], person(OTHER_SEED)[POSITION]
    good, again = (_impression(extractor, finger, number) for number in (1, 2))
    smudged = finger.smudged(1).image
    yield "minutiae-good", draw_minutiae(*good)
    yield "minutiae-smudged", draw_minutiae(smudged, extractor.extract(smudged, POSITION).template)
    yield "minutiae-record", draw_minutiae(None, good[1])
    yield "comparison-mated", _comparison(good, again)
    yield "comparison-non-mated", _comparison(good, _impression(extractor, other, 1))
    yield "pair", draw_pair([_pair(extractor, finger)])


def _impression(extractor: Extractor, finger: Finger, number: int) -> Impression:
    image = finger.impression(number).image
    return image, extractor.extract(image, POSITION).template


def _pair(extractor: Extractor, finger: Finger) -> FingerPairView:
    left, right = (_impression(extractor, finger, number) for number in (3, 1))
    return FingerPairView(
        position=POSITION,
        left=ImpressionView(image=left[0], template=left[1]),
        right=ImpressionView(image=right[0], template=right[1]),
    )


def _comparison(probe: Impression, reference: Impression) -> Image.Image:
    found = compare(prepare(probe[1]), prepare(reference[1]))
    words = describe_comparison(len(found.pairs), false_match_rate(found.score))
    return draw_comparison(*probe, *reference, found.pairs, caption=(*words, NO_PROBABILITY))


def main(folder: Path) -> int:
    """Draw all pictures anew. Returns 1 if one is too large, else 0."""
    folder.mkdir(parents=True, exist_ok=True)
    is_any_too_large = False
    for name, picture in pictures(Extractor()):
        data = to_png(picture)
        (folder / f"{name}.png").write_bytes(data)
        is_too_large = len(data) > BYTES_MAX
        is_any_too_large |= is_too_large
        note = f", more than {BYTES_MAX:,}" if is_too_large else ""
        print(f"{name}.png  {picture.width} x {picture.height} px, {len(data):,} bytes{note}")
    return int(is_any_too_large)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
