"""Extracting again: with a new extractor, from the images that are kept, and compared before the switch.

1. Every reference with an image whose template is of another extractor is extracted again; the new
   template waits beside the old one. A run that is killed goes on where it stopped.
2. Each waiting template is compared with the one it would replace. They are of the same impression, so
   they have to be mated with certainty; where they are not, one of the two extractions went wrong.
3. Only then, and only when asked, the waiting ones take their places. What has no image, or could not be
   extracted again, stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from musterpoint import imaging, templates
from musterpoint.comparison import COMPARATOR_VERSION, compare, prepare, score_for, with_cohort_mean
from musterpoint.errors import Conflict, MusterpointError, NotFound, Unavailable
from musterpoint.extraction import EXTRACTOR_VERSION
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, reindexing
from musterpoint.storage.reindexing import Held
from musterpoint.templates import Template
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.station import Station
from musterpoint.workflows.versions import is_comparable

REFERENCES_A_UNIT: Final = 20
"""References extracted between two commits: some ten seconds of work are lost at most."""

SWITCHED_A_UNIT: Final = 200

MATED_RATE: Final = 1e-4
"""An old and a new template of one impression must be more alike than one in ten thousand of different
fingers are."""

AGREEING_MIN: Final = 0.98
"""Share of pairs that must be so; below it something is wrong with the new extractor, not with images."""

Advance = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A median of the old templates and of the new ones of the same references; None without any."""

    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """Where an extraction again stands.

    current       references whose templates are of the present extractor already
    waiting       those with a new template that has not taken its place yet
    failed        those from whose image nothing could be extracted; they keep what they have
    without_image those that keep what they have because no image is kept
    incomparable  those among the last two that make searches of their galleries impossible
    agreeing      waiting ones that are mated with what they would replace
    switched      those that took their places in this run
    """

    extractor: str
    comparator: str
    references: int
    current: int
    waiting: int
    failed: int
    without_image: int
    incomparable: int
    agreeing: int
    switched: int
    minutiae: Sides
    quality: Sides
    origins: dict[str, int]


def reindex(
    station: Station, *, switches: bool = False, accepts: bool = False, advance: Advance | None = None
) -> Reindexed:
    """Extract again what is due, compare, and switch where asked.

    switches  have the new templates take their places
    accepts   also where fewer agree than should

    Raises as `authorise` does, Conflict where too few agree, NetworkMissing.
    """
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.REINDEX)
        due = [one for one in reindexing.held(snapshot) if _is_due(one)]
    _stage(station, due, advance or _silent)
    with station.database.read() as snapshot:
        every = tuple(reindexing.held(snapshot))
        report = _report(snapshot, every)
    if not switches:
        return report
    if report.waiting and report.agreeing < AGREEING_MIN * report.waiting and not accepts:
        raise Conflict(
            expected=f"at least {AGREEING_MIN:.0%} of the new templates mated with those they replace",
            found=f"{report.agreeing} of {report.waiting}",
            hint="Look into the new extractor; nothing was switched. Confirm with --accept to go on",
        )
    return _switch(station, every, report)


def _silent(_done: int, _total: int) -> None:
    return None


def _is_due(one: Held) -> bool:
    return one.has_image and _extractor(one) != EXTRACTOR_VERSION and one.staged_by != EXTRACTOR_VERSION


def _extractor(one: Held) -> str:
    return templates.decode(one.template).extractor


def _stage(station: Station, due: Sequence[Held], advance: Advance) -> None:
    for begin in range(0, len(due), REFERENCES_A_UNIT):
        part = due[begin : begin + REFERENCES_A_UNIT]
        # Extraction takes seconds, so it happens before anybody has to wait for us.
        made = [(one, _extracted(station, one)) for one in part]
        with station.unit_of_work() as work:
            for one, template in made:
                if not _is_there(work, one):
                    continue
                if template is None:
                    reindexing.stage(work, one, EXTRACTOR_VERSION, None)
                else:
                    data = templates.encode(template)
                    reindexing.stage(work, one, EXTRACTOR_VERSION, data, template.quality)
            work.append_journal("reindex.staged", {"extractor": EXTRACTOR_VERSION, "references": len(part)})
            work.commit()
        advance(begin + len(part), len(due))


def _is_there(snapshot: Snapshot, one: Held) -> bool:
    """Whether the reference was not erased while it was extracted."""
    try:
        snapshot.encounter(one.encounter_id)
    except NotFound:
        return False
    return True


def _extracted(station: Station, one: Held) -> Template | None:
    try:
        with station.database.read() as snapshot:
            image = imaging.decode(reindexing.image_of(snapshot, one))
        return with_cohort_mean(station.extractor.extract(image, one.position).template)
    except Unavailable:
        raise
    except MusterpointError:
        # What was good enough for the old extractor may be none for the new one: the old template stays.
        return None


def _report(snapshot: Snapshot, every: Sequence[Held]) -> Reindexed:
    old = {one.number: templates.decode(one.template) for one in every}
    outdated = [one for one in every if old[one.number].extractor != EXTRACTOR_VERSION]
    waiting = {
        number: templates.decode(data)
        for number, data in reindexing.staged(snapshot, [one.number for one in outdated]).items()
    }
    without_image = [one for one in outdated if not one.has_image and one.number not in waiting]
    failed = [one for one in outdated if one.has_image and one.number not in waiting]
    origins: dict[str, int] = {}
    for template in old.values():
        origins[template.extractor] = origins.get(template.extractor, 0) + 1
    pairs = [(old[number], new) for number, new in waiting.items()]
    mated = score_for(MATED_RATE)
    return Reindexed(
        extractor=EXTRACTOR_VERSION,
        comparator=str(COMPARATOR_VERSION),
        references=len(every),
        current=len(every) - len(outdated),
        waiting=len(waiting),
        failed=len(failed),
        without_image=len(without_image),
        incomparable=sum(not is_comparable(old[one.number]) for one in (*without_image, *failed)),
        agreeing=sum(compare(prepare(one), prepare(new)).score >= mated for one, new in pairs),
        switched=0,
        minutiae=_sides([(len(one.minutiae), len(new.minutiae)) for one, new in pairs]),
        quality=_sides([(one.quality, new.quality) for one, new in pairs]),
        origins=dict(sorted(origins.items())),
    )


def _sides(pairs: Sequence[tuple[int | None, int | None]]) -> Sides:
    old = [one for one, _ in pairs if one is not None]
    new = [one for _, one in pairs if one is not None]
    return Sides(old=median(old) if old else None, new=median(new) if new else None)


def _switch(station: Station, every: Sequence[Held], report: Reindexed) -> Reindexed:
    switched = 0
    for begin in range(0, len(every), SWITCHED_A_UNIT):
        part = every[begin : begin + SWITCHED_A_UNIT]
        with station.unit_of_work() as work:
            done = reindexing.switch(work, [one for one in part if _is_there(work, one)])
            if done:
                work.append_journal("reindex.switched", {"extractor": EXTRACTOR_VERSION, "references": done})
                work.commit()
        switched += done
    with station.database.read() as snapshot:
        after = _report(snapshot, tuple(reindexing.held(snapshot)))
    return replace(
        after,
        switched=switched,
        agreeing=report.agreeing,
        minutiae=report.minutiae,
        quality=report.quality,
    )
