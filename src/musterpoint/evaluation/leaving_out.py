"""For each set a comparator whose weights were trained on all other sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from musterpoint.comparison import COMPARATOR_VERSION, prepare
from musterpoint.evaluation.engine import Compare
from musterpoint.evaluation.protocol import Pairs
from musterpoint.evaluation.summing import Progress, Stage, Steps
from musterpoint.evaluation.training import ROUNDS, TrainingSet, comparator_under, train
from musterpoint.evaluation.work_folder import WorkFolder, digest_of
from musterpoint.templates import Template


@dataclass(frozen=True, slots=True)
class Prints:
    """The pairs of a set, which say whose finger a sample shows, and its templates, None where one failed."""

    plan: Pairs
    templates: Sequence[Template | None]


def comparators(
    sets: Sequence[Prints], beside: Sequence[Prints], kept: WorkFolder, progress: Progress | None
) -> list[Compare]:
    """A comparator for each of the sets, whose weights were trained on the other ones and all beside."""
    prepared = [_training_set(one) for one in [*sets, *beside]]
    step = Steps(progress, Stage.TRAINING, ROUNDS * len(sets))
    made = []
    for left_out in range(len(sets)):
        others = [k for k in range(len(prepared)) if k != left_out]
        shown = [one for k in others for one in (*[*sets, *beside][k].templates, None)]
        key = digest_of([COMPARATOR_VERSION, "training"], shown)
        make = partial(train, [prepared[k] for k in others], step.advance)
        made.append(comparator_under(kept.array(key, make)))
    return made


def _training_set(one: Prints) -> TrainingSet:
    usable = [k for k, template in enumerate(one.templates) if template is not None]
    found = [template for template in one.templates if template is not None]
    return TrainingSet(prepared=[prepare(each) for each in found], finger=one.plan.finger[usable])
