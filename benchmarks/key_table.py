"""Make the filter's table of rare keys from synthetic fingers, or check that the one kept is the same.

python benchmarks/key_table.py --write
python benchmarks/key_table.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import musterpoint.gallery
from musterpoint.gallery.key_table import make
from musterpoint.synthetic import GENERATOR_VERSION, Grade, population
from musterpoint.templates import Template

SEED = 7
FINGERS_A_GRADE = 4000


def main() -> int:
    """Make the table; returns 1 where the one that is kept differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="replace the table that is kept")
    is_writing = options.parse_args().write
    origin = f"synthetic {GENERATOR_VERSION}, seed {SEED}, {FINGERS_A_GRADE} fingers of each grade"
    text = make(_fingers(), origin=origin)
    path = Path(musterpoint.gallery.__file__).with_name("key_table.json")
    if is_writing:
        path.write_text(text, "utf-8")
    is_same = path.read_text("utf-8") == text
    print("the table is what these fingers make" if is_same else "the table that is kept differs")
    return 0 if is_same else 1


def _fingers() -> Iterator[Template]:
    for k, grade in enumerate(get_args(Grade)):
        yield from population(SEED, FINGERS_A_GRADE, first=k * FINGERS_A_GRADE, grade=grade)


if __name__ == "__main__":
    sys.exit(main())
