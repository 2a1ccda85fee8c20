"""Trials of comparisons: impressions with each other, with two of a finger, and people with people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from musterpoint.errors import ListingError
from musterpoint.evaluation.data_set import DataSet
from musterpoint.evaluation.engine import Engine
from musterpoint.evaluation.people import People, Person
from musterpoint.evaluation.protocol import Pairs, row_of
from musterpoint.evaluation.rates import F64
from musterpoint.evaluation.trials import I32, Trials
from musterpoint.limits import TRIALS_MAX

NOT_COMPARABLE = -30_000
"""Milli-nats: what a finger without a template counts as beside others that have one."""


def verification(data_set: DataSet, plan: Pairs, scores: F64) -> Trials:
    """Every pair of impressions of a set once; `scores` in the order of the pairs."""
    unit, units = units_of(data_set)
    return Trials(
        name=data_set.name,
        labels=tuple(sample.file for sample in data_set.samples),
        probe=plan.probe,
        reference=plan.reference,
        is_mated=plan.is_mated,
        score=scores,
        first=unit[plan.probe],
        second=unit[plan.reference],
        units=units,
        drawing=np.zeros(len(units), np.int32),
    )


def units_of(data_set: DataSet) -> tuple[I32, tuple[str, ...]]:
    """For each sample whom a bootstrap draws: the finger, or the person where all samples say whose it is."""
    is_named = all(sample.subject is not None for sample in data_set.samples)
    names = [str(sample.subject) if is_named else sample.finger for sample in data_set.samples]
    units = list(dict.fromkeys(names))
    numbers = {name: number for number, name in enumerate(units)}
    return np.array([numbers[name] for name in names], np.int32), tuple(units)


def two_impressions(data_set: DataSet, plan: Pairs, scores: F64, engine: Engine) -> Trials | None:
    """Every impression as a probe against each two others of every finger, scored as one finger.

    None where no finger has three impressions. `refuse_two_impressions` says beforehand whether it can be.
    """
    samples = data_set.samples
    table = square(scores, np.ones(len(samples), np.bool_))
    unit, units = units_of(data_set)
    by_finger = [np.flatnonzero(plan.finger == finger).tolist() for finger in range(plan.finger_count)]
    enrolled = np.array([pair for own in by_finger for pair in combinations(own, 2)], np.intp)
    probe, pair = (axis.ravel() for axis in np.indices((len(samples), len(enrolled))))
    is_other = (enrolled[pair] != probe[:, None]).all(axis=1)
    probe, pair = probe[is_other], pair[is_other]
    one, other = enrolled[pair].T
    is_mated = plan.finger[probe] == plan.finger[one]
    if not is_mated.any():
        return None
    names = [f"{samples[a].file} & {samples[b].file}" for a, b in enrolled]
    return Trials(
        name=data_set.name,
        labels=(*(sample.file for sample in samples), *names),
        probe=probe.astype(np.int32),
        reference=(len(samples) + pair).astype(np.int32),
        is_mated=is_mated,
        score=engine.as_one_finger(np.stack((table[probe, one], table[probe, other]), axis=1)),
        first=unit[probe],
        second=unit[one],
        units=units,
        drawing=np.zeros(len(units), np.int32),
    )


def fused(people: People, table: F64, engine: Engine, advance: Callable[[int], None]) -> Trials:
    """People with several fingers: each two visits of one, and each two of two people of one drawing.

    table  float64 (n, n), the scores of all samples of all sets, from `square`
    """
    visits = [(number, visit) for number, one in enumerate(people.people) for visit in one.visits]
    drawing = np.array([one.drawing for one in people.people], np.int32)
    owner = np.array([number for number, _ in visits], np.int32)
    probe, reference = np.triu_indices(len(visits), 1)
    is_one_drawing = drawing[owner[probe]] == drawing[owner[reference]]
    probe, reference = probe[is_one_drawing], reference[is_one_drawing]
    scores = np.empty(len(probe))
    for row, (i, j) in enumerate(zip(probe.tolist(), reference.tolist(), strict=True)):
        scores[row] = _strength(
            (people.people[visits[i][0]], visits[i][1]),
            (people.people[visits[j][0]], visits[j][1]),
            table,
            engine,
        )
        advance(1)
    return Trials(
        name=people.name,
        labels=visit_names(people.people),
        probe=probe.astype(np.int32),
        reference=reference.astype(np.int32),
        is_mated=owner[probe] == owner[reference],
        score=scores,
        first=owner[probe],
        second=owner[reference],
        units=tuple(one.name for one in people.people),
        drawing=drawing,
    )


def refuse_two_impressions(plans: Sequence[Pairs]) -> None:
    """Raise ListingError where no finger of any set has three impressions, or the trials are too many."""
    impressions = [np.bincount(plan.finger) for plan in plans]
    most = max(int(counts.max()) for counts in impressions)
    if most < 3:
        raise ListingError(
            expected="a finger with three impressions: two that are enrolled, and one to compare with them",
            found=f"at most {most} of a finger",
            hint="Give sets with more impressions, or leave out this protocol",
        )
    for counts in impressions:
        _refuse_too_many(int(counts.sum()) * int((counts * (counts - 1) // 2).sum()))


def refuse_fused(samples: int, groups: Sequence[People]) -> None:
    """Raise ListingError where so many samples, or the people made of them, are too many to be compared."""
    _refuse_too_many(max(samples * (samples - 1) // 2, *map(count_fused, groups), 0))


def _refuse_too_many(trials: int) -> None:
    if trials > TRIALS_MAX:
        raise ListingError(
            expected=f"at most {TRIALS_MAX:,} trials under one protocol",
            found=f"{trials:,}",
            hint="Give fewer sets at a time, or sets with fewer images",
        )


def count_fused(people: People) -> int:
    """How many trials `fused` makes."""
    visits: dict[int, int] = {}
    for one in people.people:
        visits[one.drawing] = visits.get(one.drawing, 0) + len(one.visits)
    return sum(count * (count - 1) // 2 for count in visits.values())


def visit_names(people: Sequence[Person]) -> tuple[str, ...]:
    """The visits of all people, one after another."""
    return tuple(f"{one.name} visit {k + 1}" for one in people for k in range(len(one.visits)))


def _strength(
    probe: tuple[Person, tuple[int, ...]],
    reference: tuple[Person, tuple[int, ...]],
    table: F64,
    engine: Engine,
) -> float:
    # On the diagonal stands minus infinity where a sample has no template.
    rows = [k for k, sample in enumerate(probe[1]) if table[sample, sample] > 0]
    columns = [k for k, sample in enumerate(reference[1]) if table[sample, sample] > 0]
    if not (rows and columns):
        return float("-inf")
    block = table[np.ix_([probe[1][k] for k in rows], [reference[1][k] for k in columns])]
    return engine.fuse(
        np.maximum(block, NOT_COMPARABLE).astype(np.int32),
        [probe[0].positions[k] for k in rows],
        [reference[0].positions[k] for k in columns],
    )


def square(scores: F64, is_usable: npt.NDArray[np.bool_]) -> F64:
    """float64 (n, n) from the scores of all pairs in their order.

    is_usable  bool (n,), which samples have a template; the others are minus infinity on the diagonal
    """
    samples = len(is_usable)
    table = np.diag(np.where(is_usable, np.inf, -np.inf))
    for probe in range(samples):
        row = scores[row_of(samples, probe)]
        table[probe, probe + 1 :] = row
        table[probe + 1 :, probe] = row
    return table
