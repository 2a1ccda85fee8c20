"""The plots of evaluations, under the names of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from musterpoint.evaluation.cmc_plot import draw_cmc
from musterpoint.evaluation.det_plot import COMPARISON_AXES, SEARCH_AXES, Curve, draw_det
from musterpoint.evaluation.protocol import Protocol
from musterpoint.evaluation.rates import cmc, det
from musterpoint.evaluation.trials import Trials
from musterpoint.evaluation.values import Evaluation, Values

LONGEST_LIST = 20


def plots(evaluations: Sequence[Evaluation], path: Path) -> Iterator[tuple[Path, str]]:
    """Name and text of each plot; the names of several evaluations' are made of `path` and the protocol."""
    for evaluation in evaluations:
        name = path.stem if len(evaluations) == 1 else f"{path.stem}-{slug_of(evaluation)}"
        yield path.with_name(f"{name}{path.suffix}"), det_of(evaluation)
        if evaluation.protocol == Protocol.IDENTIFICATION:
            yield path.with_name(f"{name}-cmc{path.suffix}"), cmc_of(evaluation)


def slug_of(evaluation: Evaluation) -> str:
    """The protocol and the number of fingers, as a part of a file's name."""
    fingers = f"-{evaluation.fingers}" if evaluation.fingers > 1 else ""
    return f"{evaluation.protocol}{fingers}"


def det_of(evaluation: Evaluation) -> str:
    """The detection error trade-off of each set and of all together."""
    is_search = evaluation.protocol == Protocol.IDENTIFICATION
    curves = [
        Curve(label=_label(each.name, each.values), det=det(each.trials.mated, each.trials.nonmated))
        for each in evaluation.sets
        if _has_both(each.trials)
    ]
    pooled = evaluation.pooled
    if len(curves) > 1:
        label = _label("all, one threshold", pooled.values)
        trade_off = det(pooled.trials.mated, pooled.trials.nonmated)
        curves.append(Curve(label=label, det=trade_off, is_summary=True))
    return draw_det(
        curves,
        title=f"Detection error trade-off, {evaluation.title}",
        axes=SEARCH_AXES if is_search else COMPARISON_AXES,
    )


def cmc_of(evaluation: Evaluation) -> str:
    """Share of the mates among the first of the list, over its length."""
    curves = [
        (each.name, cmc(rank[each.trials.is_mated], LONGEST_LIST), False)
        for each in evaluation.sets
        if (rank := each.trials.rank) is not None and each.trials.is_mated.any()
    ]
    rank = evaluation.pooled.trials.rank
    if len(curves) > 1 and rank is not None:
        curves.append(("all", cmc(rank[evaluation.pooled.trials.is_mated], LONGEST_LIST), True))
    title = f"Cumulative match characteristic, {evaluation.gallery_people} people enrolled"
    return draw_cmc(curves, title=title)


def _has_both(trials: Trials) -> bool:
    return bool(trials.is_mated.any() and not trials.is_mated.all())


def _label(name: str, values: Values) -> str:
    if "eer" in values:
        rate = values["eer"]
        return f"{name}: EER {'-' if rate is None else f'{100 * rate:.3f}'} %"
    rate = values["fnir100"] if values["fnir100"] is not None else values["fnir10"]
    at = "1 %" if values["fnir100"] is not None else "10 %"
    return f"{name}: FNIR {'-' if rate is None else f'{100 * rate:.2f}'} % at FPIR {at}"
