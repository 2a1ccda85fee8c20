"""The cohort: templates that every template is compared with once.

The one that comes with the program is of synthetic fingers: `tools/make_cohort.py` makes its file from fixed
seeds, through the generator's images and the extractor. Real prints of the development sets served no better
(docs/explanation/comparison.md). A deployment may freeze one of its own people; means under that one are
never stored in templates, so that none can be taken for a mean under another.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from musterpoint.comparison.normalisation import bounded
from musterpoint.comparison.pack import Pack
from musterpoint.comparison.prepared import Prepared, make_ready
from musterpoint.templates import CohortMean, Template, decode, encode

COHORT: Final = 2
"""The number of the cohort in `cohort.bin`; means under different cohorts must not be mixed."""

HIGHEST: Final = 25
"""Of the scores against the cohort, this many of the highest count."""

OWN_MEMBERS_MIN: Final = 100
"""Members of a deployment's own cohort, each another person's finger of good quality."""

_LENGTH: Final = struct.Struct("<H")


OWN_FROM: Final = 5_000
"""Milli-nats: what scores so high against a member of a deployment's own cohort is that member's finger;
different ones do once in three hundred thousand comparisons. It says nothing of what anybody scores, and is
left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """A cohort of a deployment's own people.

    name  what tells it apart: a digest of its members' templates
    pack  its members
    """

    name: str
    pack: Pack

    @classmethod
    def of(cls, members: Sequence[Template]) -> Cohort:
        """The cohort of these templates. Raises ValueError where they are too few."""
        if len(members) < OWN_MEMBERS_MIN:
            raise ValueError(f"{len(members)} members, at least {OWN_MEMBERS_MIN} are needed")
        digest = hashlib.sha256()
        for one in members:
            digest.update(encode(replace(one, cohort_mean=None)))
        ready = [make_ready(one.minutiae) for one in members]
        return cls(f"own {digest.hexdigest()[:16]}", Pack.of(ready))

    def mean_of(self, template: Template) -> int:
        """The cohort mean of a template in milli-nats (6 milliseconds)."""
        return self._mean(make_ready(template.minutiae))

    def prepare(self, template: Template) -> Prepared:
        """The template ready for comparison under this cohort."""
        ready = make_ready(template.minutiae)
        return replace(ready, cohort_mean=self._mean(ready))

    def _mean(self, ready: Prepared) -> int:
        scores = self.pack.raw_scores(ready, np.arange(len(self.pack), dtype=np.int64))
        return mean_of_highest(scores[scores < OWN_FROM])


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
