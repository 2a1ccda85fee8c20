"""People with several fingers: real ones where a data set says who is who, else chimeric ones.

A chimeric person is made of fingers of different people. Real fingers of one person resemble each other in
quality, so chimeric people are missed less often than real ones: figures of them are estimates that flatter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from musterpoint.errors import ListingError
from musterpoint.evaluation.data_set import DataSet
from musterpoint.templates import FingerPosition

DRAWINGS: Final = 8
"""How often chimeric people are made anew of the same fingers."""

SEED: Final = 1

MIXED: Final = "fingers of all sets"

PREFERRED: Final = (
    FingerPosition.RIGHT_INDEX,
    FingerPosition.LEFT_INDEX,
    FingerPosition.RIGHT_MIDDLE,
    FingerPosition.LEFT_MIDDLE,
    FingerPosition.RIGHT_THUMB,
    FingerPosition.LEFT_THUMB,
    FingerPosition.RIGHT_RING,
    FingerPosition.LEFT_RING,
    FingerPosition.RIGHT_LITTLE,
    FingerPosition.LEFT_LITTLE,
)
"""The order in which fingers are taken, as they are captured at a gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with some fingers.

    positions  of the fingers
    visits     for each visit the sample of each finger, numbered over all sets in their order
    drawing    chimeric people of different drawings may share fingers, those of one never do
    """

    name: str
    positions: tuple[FingerPosition, ...]
    visits: tuple[tuple[int, ...], ...]
    drawing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people of one set, or of fingers of several sets.

    is_chimeric  they are made of fingers of different people
    """

    name: str
    people: tuple[Person, ...]
    is_chimeric: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finger:
    """One finger: its name, and its samples by the number of the impression."""

    name: str
    samples: dict[int, int]
    subject: str | None
    position: FingerPosition


def people_of(data_sets: Sequence[DataSet], fingers: int) -> list[People]:
    """People with so many fingers each.

    Of a set that gives `subject` and `position` throughout they are its subjects. Else they are chimeric,
    within a set if it has fingers for two people; the sets that have not are mixed, in such a way that the
    fingers at one position are of one sensor. With one finger each finger is a person.

    Raises ListingError where there are not two people with two visits.
    """
    by_set = _fingers(data_sets)
    made, mixed = [], []
    for data_set, group in zip(data_sets, by_set, strict=True):
        if fingers > 1 and all(one.subject is not None and one.position for one in group):
            people, is_chimeric = _real(group, fingers), False
        else:
            people, is_chimeric = [*_chimeric([group] * fingers)], fingers > 1
        if _is_enough(people):
            made.append(People(name=data_set.name, people=tuple(people), is_chimeric=is_chimeric))
        else:
            mixed.append(group)
    if mixed:
        people = [*_chimeric([mixed[place % len(mixed)] for place in range(fingers)])]
        if _is_enough(people):
            made.append(People(name=MIXED, people=tuple(people), is_chimeric=True))
    if not made:
        raise _too_little(by_set, fingers)
    return made


def _too_little(by_set: Sequence[Sequence[_Finger]], fingers: int) -> ListingError:
    own = [finger for group in by_set for finger in group]
    twice = sum(len(finger.samples) > 1 for finger in own)
    is_one_impression = len(own) >= 2 * fingers and twice < fingers
    more = "Give more sets, or ask for fewer fingers" if fingers > 1 else "Give more sets"
    sets = "1 set" if len(by_set) == 1 else f"{len(by_set)} sets"
    each = "1 finger" if fingers == 1 else f"{fingers} fingers"
    return ListingError(
        expected=f"fingers for two people with {each} each, one of whom gave them in two impressions",
        found=f"{len(own)} fingers in {sets}, {twice} of them in two impressions or more",
        hint="Add a second impression of the fingers" if is_one_impression else more,
    )


def _is_enough(people: Sequence[Person]) -> bool:
    in_first = [person for person in people if person.drawing == 0]
    return len(in_first) > 1 and any(len(person.visits) > 1 for person in in_first)


def _fingers(data_sets: Sequence[DataSet]) -> list[list[_Finger]]:
    first, by_set = 0, []
    for data_set in data_sets:
        found: dict[str, _Finger] = {}
        for number, sample in enumerate(data_set.samples, first):
            finger = found.setdefault(
                sample.finger,
                _Finger(name=sample.finger, samples={}, subject=sample.subject, position=sample.position),
            )
            finger.samples[sample.impression] = number
        first += len(data_set.samples)
        by_set.append(list(found.values()))
    return by_set


def _real(group: Sequence[_Finger], fingers: int) -> list[Person]:
    subjects: dict[str, list[_Finger]] = {}
    for finger in group:
        subjects.setdefault(str(finger.subject), []).append(finger)
    people = []
    for name, own in subjects.items():
        chosen = sorted(own, key=lambda finger: PREFERRED.index(finger.position))[:fingers]
        shared = sorted(set.intersection(*(set(finger.samples) for finger in chosen)))
        if len(chosen) == fingers and shared:
            visits = tuple(tuple(finger.samples[visit] for finger in chosen) for visit in shared)
            positions = tuple(finger.position for finger in chosen)
            people.append(Person(name=name, positions=positions, visits=visits, drawing=0))
    return people


def _chimeric(slots: Sequence[list[_Finger]]) -> Iterator[Person]:
    """People whose finger at each place comes from the group of that place; a group may stand at several."""
    generator = np.random.default_rng(SEED)
    if len(slots) == 1:
        orders = [list(range(len(slots[0])))]
    else:
        most = max(len(group) for group in slots)
        orders = [generator.permutation(most).tolist() for _ in range(DRAWINGS)]
    positions = PREFERRED[: len(slots)] if len(slots) > 1 else (FingerPosition.UNKNOWN,)
    for drawing, order in enumerate(orders):
        left = {id(group): [group[i] for i in order if i < len(group)] for group in slots}
        needed = {key: sum(id(group) == key for group in slots) for key in left}
        for _ in range(min(len(left[key]) // needed[key] for key in left)):
            chosen = [left[id(group)].pop() for group in slots]
            visits = zip(*([*finger.samples.values()] for finger in chosen), strict=False)
            name = "+".join(finger.name for finger in chosen)
            yield Person(
                name=name if len(orders) == 1 else f"{drawing + 1}: {name}",
                positions=positions,
                visits=tuple(visits),
                drawing=drawing,
            )
