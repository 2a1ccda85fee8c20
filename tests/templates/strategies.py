"""Every template that is allowed, for properties."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from musterpoint.limits import IMAGE_SIDE_MAX_PX, MINUTIAE_MAX
from musterpoint.templates import CohortMean, FingerPosition, Impression, Minutiae, Template


@st.composite
def minutiae(draw: st.DrawFn) -> Minutiae:
    """0 to 255 minutiae with columns that use their whole range."""
    count = draw(st.one_of(st.integers(0, 12), st.sampled_from((64, MINUTIAE_MAX))))

    def column(dtype: type[np.generic], low: int, high: int) -> st.SearchStrategy[Any]:
        return arrays.arrays(dtype, count, elements=st.integers(low, high))

    return Minutiae(
        x=draw(column(np.int16, 0, IMAGE_SIDE_MAX_PX)),
        y=draw(column(np.int16, 0, IMAGE_SIDE_MAX_PX)),
        direction=draw(column(np.uint16, 0, 65535)),
        kind=draw(column(np.uint8, 0, 2)),
        quality=draw(column(np.uint8, 0, 255)),
    )


def templates() -> st.SearchStrategy[Template]:
    """Every template that is allowed."""
    cohort_means = st.builds(CohortMean, cohort=st.integers(1, 255), millinats=st.integers(-32768, 32767))
    names = st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1, max_size=64)
    return st.builds(
        Template,
        minutiae=minutiae(),
        width_px=st.integers(1, IMAGE_SIDE_MAX_PX),
        height_px=st.integers(1, IMAGE_SIDE_MAX_PX),
        position=st.sampled_from(FingerPosition),
        impression=st.sampled_from(Impression),
        quality=st.one_of(st.none(), st.integers(0, 100)),
        extractor=names,
        cohort_mean=st.one_of(st.none(), cohort_means),
    )


def small_template() -> Template:
    """A template with one of everything."""
    return Template(
        minutiae=Minutiae(
            x=np.array([0, 100, 16383], np.int16),
            y=np.array([16383, 14, 0], np.int16),
            direction=np.array([0, 20389, 65535], np.uint16),
            kind=np.array([0, 1, 2], np.uint8),
            quality=np.array([0, 230, 255], np.uint8),
        ),
        width_px=388,
        height_px=374,
        position=FingerPosition.LEFT_INDEX,
        impression=Impression.LIVE_ROLLED,
        quality=87,
        extractor="leader 1",
    )
