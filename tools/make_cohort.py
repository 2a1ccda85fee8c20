"""Makes the cohort that normalises scores: templates of synthetic fingers, as the extractor finds them.

    python tools/make_cohort.py [FILE]

Without FILE the cohort of the package is written anew. The fingers come from fixed seeds, so the same
generator and the same extractor make the same cohort; give a new one the next number in
`musterpoint.comparison.cohort`, since scores under different cohorts must not be mixed.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from musterpoint.extraction import Extractor
from musterpoint.synthetic import Finger, Grade, Sensor
from musterpoint.templates import encode

FILE = Path(__file__).parent.parent / "src" / "musterpoint" / "comparison" / "cohort.bin"
SIZE = 100
FIRST_SEED = 50_000
GRADES: tuple[Grade, ...] = ("good", "fair", "poor")
SENSORS: tuple[Sensor, ...] = ("capacitive", "optical")


def templates() -> Iterator[bytes]:
    """The templates of the cohort, encoded."""
    extractor = Extractor()
    kinds = zip(range(FIRST_SEED, FIRST_SEED + SIZE), cycle(GRADES), cycle(SENSORS), strict=False)
    for seed, grade, sensor in islice(kinds, SIZE):
        impression = Finger(seed).impression(1, grade=grade, sensor=sensor)
        yield encode(extractor.extract(impression.image).template)


def main() -> None:
    """Write the file."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_bytes(b"".join(struct.pack("<H", len(one)) + one for one in templates()))
    print(f"{file.name}: {SIZE} templates, {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
