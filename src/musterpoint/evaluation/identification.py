"""Trials of searches: who is enrolled is searched, closed-set and open-set, and so is who is not.

The people of each set are dealt into two halves. One half is enrolled with one visit, and everybody is
searched with all other visits: the enrolled half gives the mated searches, the other the non-mated ones.
Then the halves change places. Synthetic decoys may make the gallery larger. The search is that of the
product, with its filter, its lists and its fusion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.errors import ListingError
from musterpoint.evaluation.comparing_people import visit_names
from musterpoint.evaluation.engine import Engine, Found, Search
from musterpoint.evaluation.people import PREFERRED, People
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.trials import Trials
from musterpoint.evaluation.work_folder import WorkFolder, digest_of
from musterpoint.templates import FingerPosition, Template

SEED: Final = 7
BATCH: Final = 16
"""Probes that share a pass over the gallery, and are kept together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """How searches are made.

    decoys    synthetic people in the gallery, besides those of the sets
    enrolled  visits that take turns in being enrolled, from the first on
    workers   threads of a search
    """

    decoys: int = 0
    enrolled: int = 1
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """One search that is to be made.

    person    whose it is, numbered over all people
    enrolled  the visit that the gallery holds
    place     where in the gallery that person is, None for a non-mated search
    """

    person: int
    visit: int
    enrolled: int
    place: int | None


@dataclass(slots=True, kw_only=True)
class _Gallery:
    """Enrolled people, opened when the first search is not known already."""

    engine: Engine
    people: Sequence[list[Template]]
    workers: int
    kept: WorkFolder
    key: str = ""
    search: Search | None = None

    def outcomes(self, probes: Sequence[tuple[list[Template], int | None]]) -> F64:
        """Rank and score of each search, float64 (n, 2), see `Trials`.

        probes  templates, and the place of the mate in the gallery
        """
        self.key = self.key or digest_of([self.engine.comparator, "gallery"], _flat(self.people))
        places = [str(place) for _, place in probes]
        key = digest_of([self.key, *places], _flat([templates for templates, _ in probes]))
        return self.kept.array(key, lambda: self._made(probes))

    def _made(self, probes: Sequence[tuple[list[Template], int | None]]) -> F64:
        usable = [number for number, templates in enumerate(self.people) if templates]
        if self.search is None:
            self.search = self.engine.open_gallery([self.people[k] for k in usable], self.workers)
        found = iter(self.search([templates for templates, _ in probes if templates]))
        lists = [next(found) if templates else [] for templates, _ in probes]
        return np.array(
            [
                _outcome([(usable[number], strength) for number, strength in one], place)
                for one, (_, place) in zip(lists, probes, strict=True)
            ]
        )


def _outcome(found: Sequence[Found], place: int | None) -> tuple[float, float]:
    if place is None:
        return 0.0, max((strength for _, strength in found), default=-np.inf)
    own = [strength for number, strength in found if number == place]
    if not own:
        return 0.0, -np.inf
    # Whoever is as strong comes first: the order of equals says nothing.
    return float(sum(strength >= own[0] for _, strength in found)), float(own[0])


class Searches:
    """All searches of some groups of people in galleries of all of them."""

    def __init__(
        self,
        groups: Sequence[People],
        templates: Sequence[Template | None],
        engine: Engine,
        plan: SearchPlan,
    ) -> None:
        """Deal the people into halves.

        templates  of all samples of all sets, None where there is none
        """
        self._groups = [replace(one, people=tuple(p for p in one.people if not p.drawing)) for one in groups]
        self._people = [person for group in self._groups for person in group.people]
        self._is_first = _halves([len(group.people) for group in self._groups])
        self._templates = templates
        self._engine = engine
        self._plan = plan

    @cached_property
    def gallery_people(self) -> int:
        """People enrolled at a time, on average."""
        return len(self._people) // 2 + self._plan.decoys

    @cached_property
    def _rounds(self) -> list[tuple[list[int], list[_Probe]]]:
        """Of each gallery the enrolled people, and who is searched in it."""
        rounds = []
        for visit in range(self._plan.enrolled):
            for half in (True, False):
                enrolled = [
                    k
                    for k, person in enumerate(self._people)
                    if self._is_first[k] == half and len(person.visits) > visit
                ]
                rounds.append((enrolled, self._probes(enrolled, half, visit)))
        return rounds

    def _probes(self, enrolled: Sequence[int], half: bool, visit: int) -> list[_Probe]:
        places = {person: place for place, person in enumerate(enrolled)}
        return [
            _Probe(person=k, visit=shown, enrolled=visit, place=places.get(k))
            for k, person in enumerate(self._people)
            for shown in range(len(person.visits))
            if self._is_first[k] != half or (k in places and shown != visit)
        ]

    def refuse_empty_galleries(self) -> None:
        """Raise ListingError where at some visit nobody is there to be enrolled."""
        for number, (enrolled, _) in enumerate(self._rounds):
            if not enrolled:
                raise ListingError(
                    expected=f"people of both halves with a visit {number // 2 + 1}, to be enrolled with it",
                    found=f"at most {max(len(one.visits) for one in self._people)} visits of a person",
                    hint="Have fewer impressions take turns (--enrol), or give sets with more",
                )

    def __len__(self) -> int:
        """How many searches there are."""
        return sum(len(probes) for _, probes in self._rounds)

    def run(self, kept: WorkFolder, advance: Callable[[int], None]) -> list[Trials]:
        """The trials of each group."""
        decoys = _decoys(self._plan.decoys, self._fingers, self._engine)
        made: list[tuple[_Probe, float, float]] = []
        for enrolled, probes in self._rounds:
            gallery = _Gallery(
                engine=self._engine,
                people=[self._of(k, probes[0].enrolled) for k in enrolled] + decoys,
                workers=self._plan.workers,
                kept=kept,
            )
            for begin in range(0, len(probes), BATCH):
                batch = probes[begin : begin + BATCH]
                found = gallery.outcomes([(self._of(one.person, one.visit), one.place) for one in batch])
                made += [(one, *row) for one, row in zip(batch, found.tolist(), strict=True)]
                advance(len(batch))
        begins = np.cumsum([0] + [len(group.people) for group in self._groups]).tolist()
        return [
            _trials(group, begin, [one for one in made if 0 <= one[0].person - begin < len(group.people)])
            for group, begin in zip(self._groups, begins, strict=False)
        ]

    @property
    def _fingers(self) -> int:
        return max(len(person.positions) for person in self._people)

    def _of(self, person: int, visit: int) -> list[Template]:
        whose = self._people[person]
        found = zip(whose.positions, whose.visits[visit], strict=True)
        taken = [(position, self._templates[sample]) for position, sample in found]
        return [replace(one, position=position) for position, one in taken if one is not None]


def _halves(sizes: Sequence[int]) -> list[bool]:
    generator = np.random.default_rng(SEED)
    return [bool(place < size // 2) for size in sizes for place in generator.permutation(size).tolist()]


def _decoys(count: int, fingers: int, engine: Engine) -> list[list[Template]]:
    if not count:
        return []
    from musterpoint.synthetic import population

    positions = PREFERRED[:fingers] if fingers > 1 else (FingerPosition.UNKNOWN,)
    made = [engine.complete(template) for template in population(SEED, count * fingers)]
    return [
        [replace(made[k * fingers + i], position=position) for i, position in enumerate(positions)]
        for k in range(count)
    ]


def _trials(group: People, begin: int, made: Sequence[tuple[_Probe, float, float]]) -> Trials:
    labels = visit_names(group.people)
    firsts = np.cumsum([0] + [len(person.visits) for person in group.people]).tolist()
    owner = np.array([one.person - begin for one, _, _ in made], np.int32)
    return Trials(
        name=group.name,
        labels=labels,
        probe=_int32([firsts[one.person - begin] + one.visit for one, _, _ in made]),
        reference=_int32([_enrolled(group, firsts, one, begin) for one, _, _ in made]),
        is_mated=np.array([one.place is not None for one, _, _ in made], np.bool_),
        score=np.array([score for _, _, score in made], np.float64),
        first=owner,
        second=owner,
        units=tuple(person.name for person in group.people),
        drawing=np.zeros(len(group.people), np.int32),
        rank=_int32([int(rank) for _, rank, _ in made]),
    )


def _enrolled(group: People, firsts: Sequence[int], one: _Probe, begin: int) -> int:
    # Of a non-mated search too the number of the visit tells the gallery.
    place = one.person - begin
    return firsts[place] + min(one.enrolled, len(group.people[place].visits) - 1)


def _int32(values: Sequence[int]) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32)


def _flat(people: Sequence[Sequence[Template]]) -> list[Template | None]:
    """Templates end to end, None between two people."""
    flat: list[Template | None] = []
    for templates in people:
        flat += [*templates, None]
    return flat
