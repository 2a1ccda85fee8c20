"""What a search of a gallery is asked and what it answers, wherever the gallery is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from musterpoint.comparison import STANDARD, Calibration, Needed, fingers_among, prepare
from musterpoint.limits import CANDIDATES_MAX
from musterpoint.templates import FingerPosition, Template

TARGET_FPIR: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The fingers of somebody who is searched."""

    templates: tuple[Template, ...]

    @property
    def positions(self) -> tuple[FingerPosition, ...]:
        """Their positions."""
        return tuple(template.position for template in self.templates)

    def fingers(self) -> tuple[int, ...]:
        """For each template the number of its finger, see `musterpoint.comparison.fingers_among`."""
        if len(self.templates) < 2:
            return tuple(range(len(self.templates)))
        return fingers_among([prepare(template) for template in self.templates], self.positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a search is made.

    target_fpir  how many candidates chance may produce in a search, on average; in (0, 1]
    people       how many people are searched in all; None = those in the gallery
    occasions    how many people chance has, see `occasions`; None = what the search comes to
    limit        candidates returned at most
    at_least     the position that the answer must reflect
    is_whole     compare with every reference, whatever the size of the gallery
    calibration  what strengths are worth
    """

    target_fpir: float = TARGET_FPIR
    people: int | None = None
    occasions: float | None = None
    limit: int = CANDIDATES_MAX
    at_least: int = 0
    is_whole: bool = False
    calibration: Calibration = STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFinger:
    """One finger of a probe and the reference it was compared with.

    probe  index of the finger
    visit  the encounter that the reference belongs to
    score  milli-nats
    """

    probe: int
    reference: UUID
    visit: UUID
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """Somebody who may be the person of the probe.

    strength                  milli-nats, see `musterpoint.comparison.fuse`
    expected_false_positives  how many other people this search would find by chance who reach it
    """

    person: UUID
    strength: int
    expected_false_positives: float
    fingers: tuple[ComparedFinger, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search found, and in what.

    position           what the searched references reflect
    candidates         strongest first; those of equal strength by their identifier
    people             people who were searched in all; 0 is stated, never hidden
    people_comparable  those who have a finger in common with the probe, as far as positions are known
    examined           references seen by the filter, or compared where there is none
    compared           references compared in full with each finger
    needed             what a candidate needed, and what that says of chance
    """

    position: int
    candidates: tuple[FoundPerson, ...]
    people: int
    people_comparable: int
    examined: int
    compared: int
    needed: Needed


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryStatus:
    """How large a gallery is.

    position      what its references reflect
    people        people who have a reference
    references    references that were not removed
    filter_bytes  memory of the filter
    bytes         memory of everything else
    shards        parts that it consists of
    """

    position: int
    people: int
    references: int
    filter_bytes: int
    bytes: int
    shards: int = 1


class GallerySearch(Protocol):
    """A gallery that can be searched, in this process or in several.

    One gallery search serves one set of galleries: whoever is in it may be found. So the number of people
    that a threshold is set for is that of exactly those whose references are compared.
    """

    def search(self, probe: Probe, terms: Terms = ...) -> SearchResult:
        """Search one person. Raises GalleryBehind and GalleryIncomplete."""
        ...

    def search_many(self, probes: tuple[Probe, ...], terms: Terms = ...) -> tuple[SearchResult, ...]:
        """Search several people in one pass over the gallery; the results are those of single searches."""
        ...

    def status(self) -> GalleryStatus:
        """How large the gallery is. Raises GalleryIncomplete."""
        ...

    def close(self) -> None:
        """Give back threads, processes and connections."""
        ...
