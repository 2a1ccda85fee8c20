"""The cohort: templates of synthetic fingers that every template is compared with once.

`tools/make_cohort.py` makes its file from fixed seeds, through the generator's images and the extractor.
Real prints of the development sets served no better (docs/explanation/comparison.md).
"""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.normalisation import bounded
from musterpoint.comparison.pack import Pack
from musterpoint.comparison.prepared import Prepared, make_ready
from musterpoint.templates import CohortMean, Template, decode

COHORT: Final = 2
"""The number of the cohort in `cohort.bin`; means under different cohorts must not be mixed."""

HIGHEST: Final = 25
"""Of the scores against the cohort, this many of the highest count."""

_LENGTH: Final = struct.Struct("<H")


def prepare(template: Template) -> Prepared:
    """Make a template ready for comparison (about 30 microseconds and what NumPy adds).

    Minutiae of a reported quality below 26/255 are left out; of the others the best 64 are kept,
    among equals those nearest to their centre. Quality that was not reported counts as 230/255.
    Any template can be prepared, also one without minutiae. A template that does not carry its cohort
    mean is compared with the cohort first, which takes 6 milliseconds: see `with_cohort_mean`.
    """
    ready = make_ready(template.minutiae)
    known = template.cohort_mean
    is_known = known is not None and known.cohort == COHORT
    return replace(ready, cohort_mean=known.millinats if known and is_known else _mean_of(ready))


def with_cohort_mean(template: Template) -> Template:
    """The template with its cohort mean, to be stored; the same one where it has that already."""
    known = template.cohort_mean
    if known is not None and known.cohort == COHORT:
        return template
    mean = CohortMean(cohort=COHORT, millinats=_mean_of(make_ready(template.minutiae)))
    return replace(template, cohort_mean=mean)


def mean_of_highest(scores: npt.NDArray[Any]) -> int:
    """The cohort mean that scores against the members make; scores and result in milli-nats."""
    return bounded(float(np.sort(scores)[-HIGHEST:].mean(dtype=np.float64)))


@cache
def members() -> tuple[Prepared, ...]:
    """The templates of the cohort, ready for comparison."""
    data = files("musterpoint.comparison").joinpath("cohort.bin").read_bytes()
    found, begin = [], 0
    while begin < len(data):
        end = begin + _LENGTH.size + int(_LENGTH.unpack_from(data, begin)[0])
        found.append(make_ready(decode(data[begin + _LENGTH.size : end]).minutiae))
        begin = end
    return tuple(found)


def _mean_of(ready: Prepared) -> int:
    cohort = _packed()
    return mean_of_highest(cohort.raw_scores(ready, np.arange(len(cohort), dtype=np.int64)))


@cache
def _packed() -> Pack:
    return Pack.of(members())
