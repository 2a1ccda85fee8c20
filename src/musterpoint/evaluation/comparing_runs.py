"""Two runs on the same trials: what became better and what worse, figure by figure and pair by pair.

A difference is judged by the paired bootstrap: both runs are resampled with the same fingers or people, and
the interval is that of the difference. Two intervals that overlap say nothing about a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from musterpoint.errors import ListingError
from musterpoint.evaluation import intervals as resampling
from musterpoint.evaluation.intervals import Interval
from musterpoint.evaluation.rates import COMPARISON, F64, SEARCH, Measures, fnmr_at
from musterpoint.evaluation.summing import Progress, Stage, Steps, values_of
from musterpoint.evaluation.trials import Trials, joined
from musterpoint.evaluation.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure in both runs, as fractions; None where it is undefined.

    interval  of `after` - `before`, 95 %
    """

    name: str
    before: float | None
    after: float | None
    interval: Interval | None

    @property
    def difference(self) -> float | None:
        """What was added to the figure."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChange:
    """The figures of one set, of their mean, or of all trials under one threshold."""

    name: str
    figures: tuple[FigureChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One trial in both runs.

    before, after  its scores, each on the scale of its run
    was_error, is_error  at the threshold of each run
    badness        how far the second run is off: of a false non-match the FMR that accepting it would cost,
                   of a false match the FNMR that rejecting it would cost
    """

    set: str
    probe: str
    reference: str
    is_mated: bool
    before: float
    after: float
    was_error: bool
    is_error: bool
    badness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Two runs under one protocol.

    trials     trials that both have
    left_out   trials that only one of them has
    at         the figure whose threshold decides what an error is
    changes    trials that are an error in one of the runs, those that are worst in the second first
    """

    protocol: str
    before: str
    after: str
    sets: tuple[SetChange, ...]
    trials: int
    left_out: int
    at: str
    changes: tuple[Change, ...]

    @property
    def better(self) -> tuple[Change, ...]:
        """Errors of the first run alone."""
        return tuple(one for one in self.changes if one.was_error and not one.is_error)

    @property
    def worse(self) -> tuple[Change, ...]:
        """Errors of the second run alone."""
        return tuple(one for one in self.changes if one.is_error and not one.was_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What each run is called, and the protocol under which they are compared."""

    protocol: str
    before: str
    after: str


def compare_runs(
    before: Sequence[Trials],
    after: Sequence[Trials],
    sides: Sides,
    *,
    at: str | None = None,
    progress: Progress | None = None,
) -> RunComparison:
    """Compare two runs on the trials that both have.

    at  a figure at a rate of false positives, such as `fmr1000`; None: that, or `fnir100` for searches

    Raises ListingError where they have no trials in common, or take them for different things; ValueError
    for a figure that the protocol does not have.
    """
    pairs, left_out = _in_common(before, after)
    is_search = all(one.rank is not None and other.rank is not None for one, other in pairs)
    measures = SEARCH if is_search else COMPARISON
    chosen = at or ("fnir100" if is_search else "fmr1000")
    if chosen not in measures.odds:
        raise ValueError(f"{chosen!r} is none of {', '.join(measures.odds)}")
    return RunComparison(
        protocol=sides.protocol,
        before=sides.before,
        after=sides.after,
        sets=tuple(_set_changes(pairs, measures, progress)),
        trials=sum(len(one) for one, _ in pairs),
        left_out=left_out,
        at=chosen,
        changes=tuple(_changes(pairs, measures.odds[chosen])),
    )


def _in_common(before: Sequence[Trials], after: Sequence[Trials]) -> tuple[list[tuple[Trials, Trials]], int]:
    others = {trials.name: trials for trials in after}
    pairs, left_out = [], sum(map(len, before)) + sum(map(len, after))
    for one in before:
        if one.name not in others:
            continue
        rows, other_rows = _matching(one, others[one.name])
        if len(rows):
            mine, theirs = one.take(rows), others[one.name].take(other_rows)
            # Both are resampled alike, so whom a trial concerns is taken from the first run.
            same = replace(theirs, first=mine.first, second=mine.second, units=one.units, drawing=one.drawing)
            pairs.append((mine, same))
            left_out -= 2 * len(rows)
    if not any(one.is_mated.any() for one, _ in pairs) or all(one.is_mated.all() for one, _ in pairs):
        raise ListingError(
            expected="two runs with mated and non-mated trials in common",
            found="none of one kind",
            hint="Compare runs of the same sets under the same protocol",
        )
    return pairs, left_out


def _matching(one: Trials, other: Trials) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows of the trials that both have, in the order of the first."""
    places = {key: row for row, key in enumerate(_keys(other))}
    found = [(row, places[key]) for row, key in enumerate(_keys(one)) if key in places]
    rows, other_rows = np.array(found, np.intp).reshape(-1, 2).T
    if (one.is_mated[rows] != other.is_mated[other_rows]).any():
        raise ListingError(
            expected="trials that are mated in both runs, or in none",
            found="one that is mated in one run only",
            hint="The descriptions of the sets have changed; run both again",
            where=one.name,
        )
    return rows, other_rows


def _keys(trials: Trials) -> list[tuple[str, str, bool]]:
    probes = [trials.labels[place] for place in trials.probe.tolist()]
    references = [trials.labels[place] for place in trials.reference.tolist()]
    # Somebody is searched with the same visit where they are enrolled and where they are not.
    kinds = trials.is_mated.tolist() if trials.rank is not None else [False] * len(trials)
    return [(min(a, b), max(a, b), kind) for a, b, kind in zip(probes, references, kinds, strict=True)]


def _set_changes(
    pairs: Sequence[tuple[Trials, Trials]], measures: Measures, progress: Progress | None
) -> list[SetChange]:
    step = Steps(progress, Stage.INTERVALS, 2 * (len(pairs) + 1) * resampling.RUNS)
    weights = resampling.draws([one for one, _ in pairs])
    runs = [
        tuple(resampling.resampled(trials, weight, measures, step.advance) for trials in pair)
        for pair, weight in zip(pairs, weights, strict=True)
    ]
    values = [tuple(values_of(trials, measures) for trials in pair) for pair in pairs]
    made = [
        SetChange(name=pair[0].name, figures=_figures(measures, both[0], both[1], run[1] - run[0]))
        for pair, both, run in zip(pairs, values, runs, strict=True)
    ]
    if len(pairs) == 1:
        return made
    means = [_mean([both[side] for both in values], measures) for side in (0, 1)]
    mean_runs = np.mean([run[1] - run[0] for run in runs], axis=0)
    whole = [joined([pair[side] for pair in pairs]) for side in (0, 1)]
    weight = np.concatenate(weights, axis=1)
    pooled = [resampling.resampled(trials, weight, measures, step.advance) for trials in whole]
    pooled_values = [values_of(trials, measures) for trials in whole]
    return [
        *made,
        SetChange(name="mean", figures=_figures(measures, means[0], means[1], mean_runs)),
        SetChange(
            name="all, one threshold",
            figures=_figures(measures, pooled_values[0], pooled_values[1], pooled[1] - pooled[0]),
        ),
    ]


def _figures(measures: Measures, before: Values, after: Values, differences: F64) -> tuple[FigureChange, ...]:
    found = resampling.intervals(differences, measures.names)
    return tuple(
        FigureChange(name=name, before=before[name], after=after[name], interval=found[name])
        for name in measures.names
    )


def _mean(values: Sequence[Values], measures: Measures) -> Values:
    columns = {name: [one[name] for one in values] for name in measures.names}
    return {
        name: None if None in column else sum(v for v in column if v is not None) / len(column)
        for name, column in columns.items()
    }


def _changes(pairs: Sequence[tuple[Trials, Trials]], odds: int | None) -> list[Change]:
    before, after = (joined([pair[side] for pair in pairs]) for side in (0, 1))
    was_error, is_error = _errors(before, odds), _errors(after, odds)
    badness = _badness(after)
    names = [pair[0].name for pair in pairs for _ in range(len(pair[0]))]
    rows = np.flatnonzero(was_error | is_error)
    order = np.lexsort((rows, -badness[rows], ~is_error[rows]))
    return [
        Change(
            set=names[row],
            probe=before.labels[before.probe[row]],
            reference=before.labels[before.reference[row]],
            is_mated=bool(before.is_mated[row]),
            before=float(before.score[row]),
            after=float(after.score[row]),
            was_error=bool(was_error[row]),
            is_error=bool(is_error[row]),
            badness=float(badness[row]),
        )
        for row in rows[order].tolist()
    ]


def _errors(trials: Trials, odds: int | None) -> npt.NDArray[np.bool_]:
    point = fnmr_at(trials.mated, trials.nonmated, odds)
    if point is None:
        # So few non-mated trials: none of them may be a false match.
        point = fnmr_at(trials.mated, trials.nonmated, None)
    assert point is not None, "there are trials of both kinds"
    is_match = (trials.score > point.score) & ~np.isneginf(trials.score)
    return np.where(trials.is_mated, ~is_match, is_match)


def _badness(trials: Trials) -> F64:
    mated, nonmated = np.sort(trials.mated), np.sort(trials.nonmated)
    fmr = 1 - np.searchsorted(nonmated, trials.score, "left") / len(nonmated)
    fnmr = np.searchsorted(mated, trials.score, "right") / len(mated)
    return np.where(trials.is_mated, fmr, fnmr)
