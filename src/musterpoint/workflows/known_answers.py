"""Known-answer pairs: made, mixed in, and what they say of each adjudicator."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from musterpoint import imaging, templates
from musterpoint.comparison import Prepared, compare, prepare
from musterpoint.errors import ListingError, UnusableInput
from musterpoint.limits import KNOWN_ANSWERS_MAX
from musterpoint.registry import Verdict
from musterpoint.registry.adjudication import Opinion, Pair, Standing
from musterpoint.registry.known_answers import (
    SEEDS_MIN,
    Impression,
    KnownAnswer,
    Proficiency,
    Rate,
    SeedOpinion,
    proficiency,
)
from musterpoint.registry.rights import Act, Extent
from musterpoint.storage import Snapshot, adjudication, known_answers
from musterpoint.synthetic import Grade, SyntheticImpression, person
from musterpoint.templates import FingerPosition
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.capturing import capture
from musterpoint.workflows.listing import ListedPerson
from musterpoint.workflows.station import Station

LOOKALIKES_TRIED: Final = 20
"""Others among whom the most similar finger is chosen: a search also brings lookalikes, not anybody."""

POSITIONS: Final = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
"""What synthetic people give where the agreement names no finger."""

_GRADES: Final[tuple[Grade, ...]] = ("good", "fair")

Advance = Callable[[int, int], None]
"""How many people are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Known-answer pairs that were added."""

    mated: int
    nonmated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Presses:
    """Fingers of one person, each pressed twice; both in the same order of fingers."""

    first: tuple[Impression, ...]
    second: tuple[Impression, ...]

    @property
    def positions(self) -> tuple[FingerPosition, ...]:
        """The fingers, in their order."""
        return tuple(one.position for one in self.first)


def add_synthetic(station: Station, people: int, advance: Advance) -> Added:
    """Make known-answer pairs of synthetic people: a mated and a non-mated one for each.

    They give the fingers that the agreement asks of everybody, and are read by the extractor as everybody is.
    Nobody can be told from them, and their fingers are drawn anew each time, so that no pair gets known.
    Raises UnusableInput and what `authorise` raises.
    """
    _check_number(people)
    with station.database.read() as snapshot:
        asked = authorise(station, snapshot, Act.ADD_SEED).screening.fingers_asked
    named = {FingerPosition.from_label(one): None for one in asked}
    positions = [one for one in named if one is not FingerPosition.UNKNOWN] or list(POSITIONS)
    drawn: list[_Presses] = []
    for number in range(people):
        drawn.append(_pressed(station, positions, _GRADES[number % len(_GRADES)]))
        advance(number + 1, people)
    return _add(station, drawn, "synthetic")


def _pressed(station: Station, positions: Sequence[FingerPosition], grade: Grade) -> _Presses:
    fingers = person(int.from_bytes(os.urandom(6)))
    return _Presses(
        first=tuple(_impression(station, fingers[one].impression(1, grade="good")) for one in positions),
        second=tuple(_impression(station, fingers[one].impression(2, grade=grade)) for one in positions),
    )


def _impression(station: Station, pressed: SyntheticImpression) -> Impression:
    template = station.extractor.extract(pressed.image, pressed.position).template
    return Impression(
        position=pressed.position,
        template=templates.encode(template),
        image=imaging.to_png(pressed.image),
    )


def add_people(station: Station, people: Sequence[ListedPerson], source: str, advance: Advance) -> Added:
    """Make known-answer pairs of consenting people, each with two impressions of the same finger.

    source  what the collection is called

    Raises ListingError where somebody has not two impressions of a finger, UnusableInput or NotCapturable
    for what cannot be used, and what `authorise` raises.
    """
    _check_number(len(people))
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.ADD_SEED)
    found: list[_Presses] = []
    for number, one in enumerate(people, start=1):
        found.append(_captured(station, one))
        advance(number, len(people))
    return _add(station, found, source)


def _captured(station: Station, listed: ListedPerson) -> _Presses:
    by_finger: dict[FingerPosition, list[Impression]] = {}
    for taken in capture(station.extractor, [file.read() for file in listed.files]):
        image = imaging.to_png(taken.image) if taken.image is not None else None
        made = Impression(
            position=taken.template.position, template=templates.encode(taken.template), image=image
        )
        by_finger.setdefault(made.position, []).append(made)
    twice = [made for made in by_finger.values() if len(made) > 1]
    if not twice:
        raise ListingError(
            expected="two impressions of one finger, as in NAME_right-index.png and NAME_right-index-2.png",
            found="no finger with two",
            hint="Add a second impression, or leave the person out",
            where=listed.files[0].path.name if listed.files else "",
        )
    return _Presses(first=tuple(made[0] for made in twice), second=tuple(made[1] for made in twice))


def _check_number(people: int) -> None:
    if not 2 <= people <= KNOWN_ANSWERS_MAX // 2:
        raise UnusableInput(
            expected=f"2 to {KNOWN_ANSWERS_MAX // 2} people",
            found=f"{people}",
            hint="Non-mated pairs need somebody else",
        )


def _add(station: Station, presses: Sequence[_Presses], source: str) -> Added:
    mated = [
        KnownAnswer(is_mated=True, probe=one.second, candidate=one.first, source=source) for one in presses
    ]
    nonmated = list(_lookalikes(presses, source))
    if not nonmated:
        raise UnusableInput(
            expected="at least two people who give the same finger, for a pair of different people",
            found="no finger that two of them have in common",
            hint="Have everybody give the same finger, such as the right index finger, twice",
        )
    with station.unit_of_work() as work:
        authorise(station, work, Act.ADD_SEED)
        for one in (*mated, *nonmated):
            known_answers.add(work, one)
        work.append_journal("seed.added", {"mated": len(mated), "nonmated": len(nonmated), "source": source})
        work.commit()
    return Added(mated=len(mated), nonmated=len(nonmated))


def _lookalikes(presses: Sequence[_Presses], source: str) -> Iterator[KnownAnswer]:
    """Each person with the most similar of some others who show the same fingers, or some of them."""
    kept = [_prepared(one.first) for one in presses]
    for number, one in enumerate(presses):
        shared = _shared(presses, number)
        if not shared:
            continue
        probe = _prepared(one.second)
        scores = {
            other: sum(compare(probe[mine], kept[other][theirs]).score for mine, theirs in common)
            for other, common in shared.items()
        }
        closest = max(scores, key=lambda other: scores[other])
        common = shared[closest]
        yield KnownAnswer(
            is_mated=False,
            probe=tuple(one.second[mine] for mine, _ in common),
            candidate=tuple(presses[closest].first[theirs] for _, theirs in common),
            source=source,
        )


def _shared(presses: Sequence[_Presses], number: int) -> dict[int, list[tuple[int, int]]]:
    """Others who have the most fingers in common with a person, and which of whose those are."""
    mine = presses[number].positions
    found = {
        other: [(mine.index(one), at) for at, one in enumerate(presses[other].positions) if one in mine]
        for other in _after(number, len(presses))
    }
    most = max((len(common) for common in found.values()), default=0)
    chosen = [other for other, common in found.items() if common and len(common) == most]
    return {other: found[other] for other in chosen[:LOOKALIKES_TRIED]}


def _prepared(impressions: Sequence[Impression]) -> list[Prepared]:
    return [prepare(templates.decode(one.template)) for one in impressions]


def _after(number: int, count: int) -> Iterable[int]:
    return ((number + step) % count for step in range(1, count))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjudicatorReport:
    """What is known of how an adjudicator does; the rates are None below `SEEDS_MIN` opinions.

    seat            empty for all together
    opinions        of real pairs
    proficiency     from known-answer pairs
    agreement       blind opinions that the other one shared, of those where both are there
    overturned      definite blind opinions that an arbiter contradicted, of those on decided pairs
    median_seconds  from being shown a pair to the opinion
    """

    seat: str
    opinions: int
    proficiency: Proficiency | None
    agreement: Rate | None
    overturned: Rate | None
    median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A real pair with everything that was said of it."""

    pair: Pair
    opinions: tuple[Opinion, ...]


def report(station: Station) -> tuple[AdjudicatorReport, ...]:
    """How each adjudicator does; who may see no names sees all of them together.

    Raises what `authorise` raises.
    """
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_ADJUDICATOR_RATES)
        seats = adjudication.judging_seats(snapshot)
        if permission.extent is Extent.LIMITED:
            return (_report(snapshot, "", seats),)
        return tuple(_report(snapshot, seat, [seat]) for seat in seats)


def _report(snapshot: Snapshot, name: str, seats: Sequence[str]) -> AdjudicatorReport:
    seeds: list[SeedOpinion] = []
    own: list[tuple[Opinion, _Judged]] = []
    seconds: list[float] = []
    for seat in seats:
        for pair in adjudication.judged_by(snapshot, seat):
            said = adjudication.opinions(snapshot, pair)
            mine = next(one for one in said if one.seat == seat)
            seconds.append((mine.given_at - mine.shown_at) / 1_000_000)
            known = adjudication.known_answer_of(snapshot, pair.number)
            if known:
                truth = known_answers.of_number(snapshot, known).is_mated
                seeds.append(SeedOpinion(is_mated=truth, verdict=mine.verdict))
            else:
                own.append((mine, _Judged(pair=pair, opinions=said)))
    return AdjudicatorReport(
        seat=name,
        opinions=len(own),
        proficiency=proficiency(seeds),
        agreement=_agreement(own),
        overturned=_overturned(own),
        median_seconds=statistics.median(seconds) if len(seconds) >= SEEDS_MIN else None,
    )


def _agreement(own: Sequence[tuple[Opinion, _Judged]]) -> Rate | None:
    both = [
        (mine, other)
        for mine, judged in own
        if not mine.is_arbiter
        for other in judged.opinions
        if other.seat != mine.seat and not other.is_arbiter
    ]
    if len(both) < SEEDS_MIN:
        return None
    return Rate.of(sum(mine.verdict is other.verdict for mine, other in both), len(both))


def _overturned(own: Sequence[tuple[Opinion, _Judged]]) -> Rate | None:
    definite = [
        (mine.verdict, judged.pair.verdict)
        for mine, judged in own
        if not mine.is_arbiter
        and mine.verdict is not Verdict.CANNOT_TELL
        and judged.pair.standing is Standing.DECIDED
    ]
    if len(definite) < SEEDS_MIN:
        return None
    contradicted = sum(
        decided is not said and decided is not Verdict.CANNOT_TELL for said, decided in definite
    )
    return Rate.of(contradicted, len(definite))
