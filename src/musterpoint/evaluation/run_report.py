"""Two runs compared, as a page with pictures of the worst pairs.

The pictures are fingerprints of people: a page with them is never written into a repository.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from musterpoint.evaluation.card import NAMES
from musterpoint.evaluation.comparing_runs import Change, RunComparison
from musterpoint.evaluation.data_set import DataSet

if TYPE_CHECKING:
    from jinja2 import Template as PageTemplate

    from musterpoint.extraction import Extractor
    from musterpoint.imaging import FingerImage
    from musterpoint.templates import Template

SHOWN_MAX: Final = 50
"""Trials of a list: the scores in their files tell the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPicture:
    """One pair as it is shown: a heading, what is known of it, and the picture as a data address."""

    title: str
    words: str
    address: str


def render_runs(report: RunComparison, pictures: Sequence[PairPicture] = ()) -> str:
    """The page as HTML with its pictures inside; it runs nothing and fetches nothing."""
    return _page().render(report=report, pictures=pictures, names=NAMES, shown_max=SHOWN_MAX)


@cache
def _page() -> PageTemplate:
    from musterpoint.depiction.pages import page_environment

    environment = page_environment("musterpoint.evaluation")
    environment.filters["percent"] = _percent
    environment.filters["signed"] = _signed
    return environment.get_template("run_report.html")


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.3f}"


def _signed(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:+.3f}"


def is_in_repository(path: Path) -> bool:
    """Whether a file at `path` would lie in a work tree of git."""
    return any((folder / ".git").exists() for folder in path.resolve().parents)


def worst_pictures(
    report: RunComparison, data_sets: Sequence[DataSet], count: int
) -> tuple[PairPicture, ...]:
    """Pictures of the pairs of images that are errors of the second run, the worst first.

    False non-matches and false matches take turns. Pairs of sets that are not given are left out.
    """
    sets = {data_set.name: data_set for data_set in data_sets}
    errors = [one for one in report.changes if one.is_error and _is_known(one, sets)]
    mated, nonmated = ([one for one in errors if one.is_mated is kind] for kind in (True, False))
    taken = max(count - min(len(nonmated), count // 2), 0)
    chosen = [*mated[:taken], *nonmated[: count - min(len(mated), taken)]]
    found: dict[tuple[str, str], tuple[FingerImage, Template]] = {}
    return tuple(_picture(one, sets[one.set], found) for one in chosen)


def _is_known(change: Change, sets: dict[str, DataSet]) -> bool:
    files = {sample.file for sample in sets[change.set].samples} if change.set in sets else set()
    return {change.probe, change.reference} <= files


def _picture(
    change: Change, data_set: DataSet, found: dict[tuple[str, str], tuple[FingerImage, Template]]
) -> PairPicture:
    from musterpoint.comparison import compare, prepare
    from musterpoint.depiction import draw_comparison, to_png

    (probe_image, probe), (reference_image, reference) = (
        _extracted(data_set, file, found) for file in (change.probe, change.reference)
    )
    compared = compare(prepare(probe), prepare(reference))
    picture = draw_comparison(probe_image, probe, reference_image, reference, compared.pairs)
    kind = "False non-match" if change.is_mated else "False match"
    cost = "FMR" if change.is_mated else "FNMR"
    return PairPicture(
        title=f"{kind}: {change.set}, {change.probe} and {change.reference}",
        words=(
            f"Score {change.after:.6g}, in A {change.before:.6g}"
            f"{' (an error there too)' if change.was_error else ''}. "
            f"Avoiding it by the threshold would take {cost} to {100 * change.badness:.2f} %."
        ),
        address="data:image/png;base64," + base64.b64encode(to_png(picture)).decode(),
    )


def _extracted(
    data_set: DataSet, file: str, found: dict[tuple[str, str], tuple[FingerImage, Template]]
) -> tuple[FingerImage, Template]:
    from musterpoint.imaging import load_image

    key = (data_set.name, file)
    if key not in found:
        image = load_image(data_set.folder / file, ppi=data_set.ppi)
        found[key] = (image, _extractor().extract(image).template)
    return found[key]


@cache
def _extractor() -> Extractor:
    from musterpoint.extraction import Extractor

    return Extractor()
