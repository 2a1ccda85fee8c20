"""One evaluation: templates of all images, trials of each protocol, figures with their intervals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from musterpoint.errors import ListingError
from musterpoint.evaluation.comparing_people import (
    count_fused,
    fused,
    refuse_fused,
    refuse_two_impressions,
    square,
    two_impressions,
    verification,
)
from musterpoint.evaluation.comparison import compare_all
from musterpoint.evaluation.data_set import DESCRIPTION, DataSet
from musterpoint.evaluation.engine import Compare, Engine, OwnEngine
from musterpoint.evaluation.extraction import Failure, Outcome, extract_all
from musterpoint.evaluation.identification import Searches, SearchPlan
from musterpoint.evaluation.people import people_of
from musterpoint.evaluation.protocol import Pairs, Protocol, pairs
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.summing import Measured, Progress, Stage, Steps, summary
from musterpoint.evaluation.values import Evaluation
from musterpoint.evaluation.work_folder import WorkFolder
from musterpoint.templates import Template

FUSED_FINGERS = (2, 4, 10)


class Weights(StrEnum):
    """Whose weights the comparator has.

    SHIPPED             those of this version, which were trained on five public sets
    LEAVE_ONE_SET_OUT   for each set those trained on the others, and on sets beside them that are not
                        measured, without anything of that set
    """

    SHIPPED = "shipped"
    LEAVE_ONE_SET_OUT = "leave-one-set-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is measured, and how.

    fingers   of a person, for the protocols of people; None: 2, 4 and 10 as far as the sets have fingers
              enough when fused, one in a search
    decoys    synthetic people in the gallery that is searched
    enrolled  visits that take turns in being enrolled
    beside    sets that weights are trained with and that are not measured
    workers   processes for extraction and threads for the rest; None: one for each processor.
              More than one starts processes, so a script needs the `if __name__ == "__main__"` guard
    cache     folder in which templates and scores are kept, so that an interrupted evaluation can go on;
              None keeps nothing, because templates of real fingers are personal data
    """

    protocols: tuple[Protocol, ...] = (Protocol.VERIFICATION,)
    fingers: tuple[int, ...] | None = None
    decoys: int = 0
    enrolled: int = 1
    weights: Weights = Weights.SHIPPED
    beside: tuple[DataSet, ...] = ()
    workers: int | None = None
    cache: Path | None = None


def evaluate(
    data_sets: Sequence[DataSet],
    *,
    workers: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Evaluation:
    """Extract every image, compare every pair of a set once, and compute the figures.

    As `evaluate_all`, of verification alone.
    """
    return evaluate_all(data_sets, Settings(workers=workers, cache=cache), progress=progress, engine=engine)[
        0
    ]


def evaluate_all(
    data_sets: Sequence[DataSet],
    settings: Settings,
    *,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> tuple[Evaluation, ...]:
    """Extract every image once, and measure under every protocol; one evaluation for each number of fingers.

    progress  called in this thread
    engine    what is measured; None: the extractor, comparator and gallery of musterpoint

    The result depends on neither the workers nor the order of the sets' descriptions.

    Raises ListingError if a set has no mated or no non-mated pair, two sets share a name, or the sets have
    not the people that a protocol needs; ValueError for weights that a protocol does not know;
    StorageFull, Unavailable.
    """
    _refuse_unusable([*data_sets, *settings.beside])
    _refuse_unknown(data_sets, settings)
    run = _Run(data_sets, settings, engine or OwnEngine(), progress)
    return tuple(evaluation for protocol in settings.protocols for evaluation in run.evaluations(protocol))


class _Run:
    """The steps that protocols share, each done once."""

    def __init__(
        self, data_sets: Sequence[DataSet], settings: Settings, engine: Engine, progress: Progress | None
    ) -> None:
        self._data_sets = data_sets
        self._settings = settings
        self._engine = engine
        self._progress = progress
        self._workers = settings.workers or os.cpu_count() or 1
        self._plans = [pairs(data_set) for data_set in data_sets]
        self._beside = [pairs(data_set) for data_set in settings.beside]
        self._refuse_what_cannot_be_measured()
        self._kept = WorkFolder(settings.cache)
        self._outcomes = self._extracted(data_sets)
        self._scores: list[F64] | None = None

    def _refuse_what_cannot_be_measured(self) -> None:
        """Before anything is extracted, which may take hours. Raises ListingError."""
        for protocol in self._settings.protocols:
            if protocol == Protocol.TWO_IMPRESSIONS:
                refuse_two_impressions(self._plans)
            for fingers in self._numbers(protocol):
                groups = people_of(self._data_sets, fingers)
                if protocol == Protocol.FUSED:
                    refuse_fused(sum(len(one.samples) for one in self._data_sets), groups)
                else:
                    Searches(groups, (), self._engine, self._search_plan).refuse_empty_galleries()

    @property
    def _search_plan(self) -> SearchPlan:
        asked = self._settings
        return SearchPlan(decoys=asked.decoys, enrolled=asked.enrolled, workers=self._workers)

    def _numbers(self, protocol: Protocol) -> Sequence[int]:
        """How many fingers people have under a protocol, one after another; none where it knows no people."""
        asked = self._settings.fingers
        if protocol == Protocol.FUSED:
            return asked or self._possible(FUSED_FINGERS)
        return asked or (1,) if protocol == Protocol.IDENTIFICATION else ()

    def evaluations(self, protocol: Protocol) -> list[Evaluation]:
        """All evaluations under one protocol."""
        if protocol == Protocol.VERIFICATION:
            return [self._verified()]
        if protocol == Protocol.TWO_IMPRESSIONS:
            return [self._two_impressions()]
        if protocol == Protocol.FUSED:
            return [self._fused(k) for k in self._numbers(protocol)]
        return [self._identified(k) for k in self._numbers(protocol)]

    def _possible(self, fingers: Sequence[int]) -> list[int]:
        possible = []
        for count in fingers:
            try:
                people_of(self._data_sets, count)
            except ListingError:
                continue
            possible.append(count)
        return possible or [*fingers[:1]]

    def _extracted(self, data_sets: Sequence[DataSet]) -> list[list[Outcome]]:
        step = Steps(self._progress, Stage.EXTRACTION, sum(len(one.samples) for one in data_sets))
        return extract_all(
            data_sets,
            self._engine,
            workers=self._workers,
            cache_folder=self._settings.cache,
            advance=step.advance,
        )

    def _verified(self) -> Evaluation:
        return self._summed(
            Protocol.VERIFICATION,
            [
                Measured(verification(data_set, plan, scores), failures)
                for data_set, plan, scores, failures in self._by_set()
            ],
        )

    def _two_impressions(self) -> Evaluation:
        made = [
            (two_impressions(data_set, plan, scores, self._engine), failures)
            for data_set, plan, scores, failures in self._by_set()
        ]
        measured = [Measured(trials, failures) for trials, failures in made if trials is not None]
        return self._summed(Protocol.TWO_IMPRESSIONS, measured)

    def _by_set(self) -> list[tuple[DataSet, Pairs, F64, tuple[Failure, ...]]]:
        if self._scores is None:
            self._scores = self._compared()
        failures = [tuple(one for one in outcomes if isinstance(one, Failure)) for outcomes in self._outcomes]
        return [*zip(self._data_sets, self._plans, self._scores, failures, strict=True)]

    def _compared(self) -> list[F64]:
        comparators = self._comparators()
        step = Steps(self._progress, Stage.COMPARISON, sum(len(plan.probe) for plan in self._plans))
        return [
            compare_all(
                _templates(outcomes), one, workers=self._workers, kept=self._kept, advance=step.advance
            )
            for outcomes, one in zip(self._outcomes, comparators, strict=True)
        ]

    def _comparators(self) -> list[Compare]:
        if self._settings.weights == Weights.SHIPPED:
            own = Compare(name=self._engine.comparator, open=self._engine.open_comparator)
            return [own] * len(self._data_sets)
        # Loaded here: most evaluations train nothing.
        from musterpoint.evaluation.leaving_out import Prints, comparators

        beside = self._settings.beside
        prints = [
            Prints(plan, _templates(one)) for plan, one in zip(self._plans, self._outcomes, strict=True)
        ]
        others = [
            Prints(plan, _templates(one))
            for plan, one in zip(self._beside, self._extracted(beside) if beside else [], strict=True)
        ]
        return comparators(prints, others, self._kept, self._progress)

    def _fused(self, fingers: int) -> Evaluation:
        groups = people_of(self._data_sets, fingers)
        templates = [template for outcomes in self._outcomes for template in _templates(outcomes)]
        count = len(templates)
        step = Steps(self._progress, Stage.COMPARISON, count * (count - 1) // 2)
        scores = compare_all(
            templates,
            Compare(name=self._engine.comparator, open=self._engine.open_comparator),
            workers=self._workers,
            kept=self._kept,
            advance=step.advance,
        )
        table = square(scores, np.array([template is not None for template in templates]))
        step = Steps(self._progress, Stage.FUSION, sum(map(count_fused, groups)))
        measured = [
            Measured(fused(group, table, self._engine, step.advance), is_chimeric=group.is_chimeric)
            for group in groups
        ]
        return replace(self._summed(Protocol.FUSED, measured), unit="person", fingers=fingers)

    def _identified(self, fingers: int) -> Evaluation:
        groups = people_of(self._data_sets, fingers)
        templates = [
            template and self._engine.complete(template)
            for outcomes in self._outcomes
            for template in _templates(outcomes)
        ]
        searches = Searches(groups, templates, self._engine, self._search_plan)
        step = Steps(self._progress, Stage.SEARCH, len(searches))
        measured = [
            Measured(trials, is_chimeric=group.is_chimeric)
            for trials, group in zip(searches.run(self._kept, step.advance), groups, strict=True)
        ]
        return replace(
            self._summed(Protocol.IDENTIFICATION, measured),
            unit="person" if fingers > 1 else "finger",
            fingers=fingers,
            gallery_people=searches.gallery_people,
            decoys=self._settings.decoys,
        )

    def _summed(self, protocol: Protocol, measured: Sequence[Measured]) -> Evaluation:
        is_named = all(
            sample.subject is not None for data_set in self._data_sets for sample in data_set.samples
        )
        made = summary(protocol, measured, self._progress)
        return replace(
            made,
            extractor=self._engine.extractor,
            comparator=self._engine.comparator,
            weights=str(self._settings.weights),
            unit="person" if is_named else "finger",
            failures=tuple(
                (data_set.name, one)
                for data_set, outcomes in zip(self._data_sets, self._outcomes, strict=True)
                for one in outcomes
                if isinstance(one, Failure)
            ),
        )


def _templates(outcomes: Sequence[Outcome]) -> list[Template | None]:
    return [None if isinstance(outcome, Failure) else outcome for outcome in outcomes]


def _refuse_unknown(data_sets: Sequence[DataSet], settings: Settings) -> None:
    if settings.weights == Weights.SHIPPED:
        return
    of_people = {Protocol.FUSED, Protocol.IDENTIFICATION} & set(settings.protocols)
    if of_people:
        raise ValueError("weights of the other sets are known to comparisons within a set only")
    if len(data_sets) < 2:
        raise ListingError(
            expected="two sets at least, of which one is left out at a time",
            found="one set",
            hint="Give more sets, or take the shipped weights",
        )


def _refuse_unusable(data_sets: Sequence[DataSet]) -> None:
    if not data_sets:
        raise ValueError("no data set to evaluate")
    folders: dict[str, Path] = {}
    for data_set in data_sets:
        if data_set.name in folders:
            raise ListingError(
                expected="a name of its own for every data set",
                found=f"the name {data_set.name!r} again, first in {folders[data_set.name]}",
                hint="Name each folder once, or rename one of the sets in its description",
                where=str(data_set.folder / DESCRIPTION),
            )
        folders[data_set.name] = data_set.folder
