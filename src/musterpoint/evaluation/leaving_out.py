"""For each set a comparator whose weights were trained on all other sets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from musterpoint.comparison import COMPARATOR_VERSION, prepare
from musterpoint.evaluation.engine import Compare
from musterpoint.evaluation.protocol import Pairs
from musterpoint.evaluation.summing import Progress, Stage, Steps
from musterpoint.evaluation.training import ROUNDS, TrainingSet, comparator_under, train
from musterpoint.evaluation.work_folder import WorkFolder, digest_of
from musterpoint.templates import Template


def comparators(
    plans: Sequence[Pairs],
    templates: Sequence[Sequence[Template | None]],
    kept: WorkFolder,
    progress: Progress | None,
) -> list[Compare]:
    """A comparator for each set.

    plans      the pairs of each set, which say whose finger a sample shows
    templates  of the samples of each set, None where there is none
    """
    sets = [_training_set(plan, one) for plan, one in zip(plans, templates, strict=True)]
    step = Steps(progress, Stage.TRAINING, ROUNDS * len(sets))
    made = []
    for left_out in range(len(sets)):
        others = [k for k in range(len(sets)) if k != left_out]
        shown = [one for k in others for one in (*templates[k], None)]
        key = digest_of([COMPARATOR_VERSION, "training"], shown)
        make = partial(train, [sets[k] for k in others], step.advance)
        made.append(comparator_under(kept.array(key, make)))
    return made


def _training_set(plan: Pairs, templates: Sequence[Template | None]) -> TrainingSet:
    usable = [k for k, template in enumerate(templates) if template is not None]
    found = [template for template in templates if template is not None]
    return TrainingSet(prepared=[prepare(one) for one in found], finger=plan.finger[usable])
