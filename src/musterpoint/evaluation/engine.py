"""What is evaluated: an extractor of templates, a comparator, fusion and gallery, as one replaceable port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import FingerImage
from musterpoint.templates import FingerPosition, Template

I32 = npt.NDArray[np.int32]

Extract = Callable[[FingerImage], Template]
"""Finds the template of an image. Raises NotCapturable where the image holds none."""

CompareRow = Callable[[int], I32]
"""Scores of the reference of that index against all references after it, int32, in milli-nats."""

Found = tuple[int, int]
"""Somebody whom a search lists: number of the person, and the strength in milli-nats."""

Search = Callable[[Sequence[Sequence[Template]]], list[list[Found]]]
"""Searches several people, each with the templates of their fingers: everybody found, strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """A comparator, under a name that changes whenever its scores do."""

    name: str
    open: Callable[[Sequence[Template]], CompareRow]


class Engine(Protocol):
    """An extractor, a comparator and what is made of several scores.

    The engine itself is sent to other processes, where equal engines share one extractor: it can be
    pickled and hashed. All parts must give the same result for the same input, and `extractor` and
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

    def complete(self, template: Template) -> Template:
        """A template with all that can be computed of it once, for comparisons that follow."""
        ...

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        """Make templates ready for comparison; what is returned is called by several threads."""
        ...

    def as_one_finger(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores of a probe against several impressions of one finger, as one score.

        scores  float64 (n, impressions), milli-nats; minus infinity where an impression has no template
        """
        ...

    def fuse(self, scores: I32, probe: Sequence[FingerPosition], reference: Sequence[FingerPosition]) -> int:
        """The strength of several fingers together, milli-nats, from scores int32 (P, R)."""
        ...

    def open_gallery(self, people: Sequence[Sequence[Template]], threads: int) -> Search:
        """Enrol people, each with the templates of their fingers."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """The extractor, the comparator and the gallery of musterpoint.

    Each part is imported where it is opened: the processes that extract need no comparator.
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

    def complete(self, template: Template) -> Template:
        """With its cohort mean."""
        from musterpoint.comparison import with_cohort_mean

        return with_cohort_mean(template)

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        """All templates packed once, then scanned row by row."""
        from musterpoint.comparison import Pack, prepare, score_all

        references = [prepare(template) for template in templates]
        pack = Pack.of(references)
        return lambda row: score_all(references[row], pack, row + 1, len(references))

    def as_one_finger(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """As `musterpoint.comparison.fuse` weighs them: -1000 ln of the rate at which chance gives such."""
        from musterpoint.comparison import together_nats

        def weighed(row: list[float]) -> float:
            known = [round(score) for score in row if score > float("-inf")]
            return 1000 * together_nats(known) if known else float("-inf")

        return np.array([weighed(row) for row in scores.tolist()], np.float64)

    def fuse(self, scores: I32, probe: Sequence[FingerPosition], reference: Sequence[FingerPosition]) -> int:
        """Fusion as in a search."""
        from musterpoint.comparison import fuse

        return fuse(scores, probe, reference).strength

    def open_gallery(self, people: Sequence[Sequence[Template]], threads: int) -> Search:
        """The gallery of a registry, searched for everybody whom it finds, however weak."""
        from musterpoint.gallery import Entry, LocalGallerySearch, Probe, References, Terms

        references = References()
        references.add(
            Entry(
                reference=UUID(int=(number << 8) + place),
                visit=UUID(int=number),
                person=UUID(int=number),
                template=template,
            )
            for number, templates in enumerate(people)
            for place, template in enumerate(templates)
        )
        gallery = LocalGallerySearch(references, threads=threads)
        terms = Terms(target_fpir=1.0, people=1, limit=len(people))

        def search(probes: Sequence[Sequence[Template]]) -> list[list[Found]]:
            results = gallery.search_many(tuple(Probe(templates=tuple(probe)) for probe in probes), terms)
            return [[(one.person.int, one.strength) for one in result.candidates] for result in results]

        return search
