"""People of a synthetic population as references, quick to make in thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from uuid import UUID

from musterpoint.comparison.cohort import COHORT
from musterpoint.comparison.normalisation import CENTRE
from musterpoint.gallery import Entry, LocalGallerySearch, Probe, References, SearchResult, Terms
from musterpoint.synthetic import population
from musterpoint.templates import CohortMean, FingerPosition, Template

SEED = 11
RIGHT = FingerPosition.RIGHT_INDEX
LEFT = FingerPosition.LEFT_INDEX


@cache
def fingers(count: int, number: int = 0) -> tuple[Template, ...]:
    """Impression `number` of the first fingers of the population.

    They count as ordinary, so that none is compared with the cohort: 6 ms each.
    """
    mean = CohortMean(cohort=COHORT, millinats=CENTRE)
    made = population(SEED, count, number=number, grade="fair")
    return tuple(replace(one, cohort_mean=mean, position=RIGHT) for one in made)


def entry(number: int, template: Template, *, finger: int = 0) -> Entry:
    """A reference of person `number`, of an encounter of the same name."""
    return Entry(
        reference=UUID(int=(1 << 64) + 16 * number + finger),
        visit=UUID(int=(2 << 64) + number),
        person=person_of(number),
        template=template,
    )


def person_of(number: int) -> UUID:
    """The identifier of person `number`."""
    return UUID(int=(3 << 64) + number)


def entries(count: int) -> list[Entry]:
    """One reference of each of the first people."""
    return [entry(k, template) for k, template in enumerate(fingers(count))]


def filled(added: Iterable[Entry], *, position: int = 0) -> References:
    """References with these entries."""
    references = References()
    references.add(added)
    references.position = position
    return references


def search(references: References, probe: Sequence[Template], terms: Terms | None = None) -> SearchResult:
    """Search with one thread."""
    gallery = LocalGallerySearch(references, threads=1)
    try:
        return gallery.search(Probe(templates=tuple(probe)), terms or Terms())
    finally:
        gallery.close()


def numbers_of(result: SearchResult) -> list[int]:
    """Numbers of the people found."""
    return [found.person.int & 0xFFFFFFFF for found in result.candidates]
