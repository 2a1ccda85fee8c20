"""What is evaluated: an extractor of templates and a comparator, as one replaceable port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import FingerImage
from musterpoint.templates import Template

I32 = npt.NDArray[np.int32]

Extract = Callable[[FingerImage], Template]
"""Finds the template of an image. Raises NotCapturable where the image holds none."""

CompareRow = Callable[[int], I32]
"""Scores of the reference of that index against all references after it, int32, in milli-nats."""


class Engine(Protocol):
    """An extractor and a comparator.

    The engine itself is sent to other processes, where equal engines share one extractor: it can be
    pickled and hashed. Both halves must give the same result for the same input, and `extractor` and
    `comparator` must change whenever results do.
    """

    @property
    def extractor(self) -> str:
        """Name and version of the extractor."""
        ...

    @property
    def comparator(self) -> str:
        """Name and version of the comparator."""
        ...

    def __hash__(self) -> int: ...

    def open_extractor(self) -> Extract:
        """Load what extraction needs, to be used by one thread."""
        ...

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        """Make templates ready for comparison; what is returned is called by several threads."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """The extractor and the comparator of musterpoint.

    Each half is imported where it is opened: the processes that extract need no comparator.
    """

    @property
    def extractor(self) -> str:
        """Version of `musterpoint.extraction`."""
        from musterpoint.extraction import EXTRACTOR_VERSION

        return EXTRACTOR_VERSION

    @property
    def comparator(self) -> str:
        """Version of `musterpoint.comparison`."""
        from musterpoint.comparison import COMPARATOR_VERSION

        return COMPARATOR_VERSION

    def open_extractor(self) -> Extract:
        """An extractor that uses one thread."""
        from musterpoint.extraction import Extractor

        extractor = Extractor(threads=1)
        return lambda image: extractor.extract(image).template

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        """All templates packed once, then scanned row by row."""
        from musterpoint.comparison import Pack, prepare, score_all

        references = [prepare(template) for template in templates]
        pack = Pack.of(references)
        return lambda row: score_all(references[row], pack, row + 1, len(references))
